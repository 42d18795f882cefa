package report

import (
	"fmt"
	"time"

	"freehold"
)

// keptAge returns how old the registration of a result was when the name was
// audited, where it was kept from an earlier run: "12 min", in every language.
func keptAge(r *freehold.Result) (age string, kept bool) {
	oldest, kept := oldestKept(r)
	return minutes(oldest), kept
}

func oldestKept(r *freehold.Result) (age time.Duration, kept bool) {
	for _, a := range r.Observed.Registration.Asks {
		if !a.Kept.IsZero() {
			age, kept = max(age, r.At.Sub(a.Kept)), true
		}
	}
	return age, kept
}

func minutes(d time.Duration) string { return fmt.Sprintf("%d min", int(d.Minutes())) }

// keptTally counts the names of a list whose registration was kept.
type keptTally struct {
	names  int
	oldest time.Duration
}

func (k *keptTally) add(r *freehold.Result) {
	if age, kept := oldestKept(r); kept {
		k.names++
		k.oldest = max(k.oldest, age)
	}
}

func (k *keptTally) lines(p *printer) []line {
	if k.names == 0 {
		return nil
	}
	return p.paragraph(nil, p.say("For %d of them the registry's answer is kept from an earlier run, at most %s old (%s asks again)", k.names, minutes(k.oldest), command("--fresh")), dim, p.o.Width)
}
