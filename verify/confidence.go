package verify

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"freehold"
	"freehold/internal/policy"
)

// switchNews is how long a change of the rules stays worth a word.
const switchNews = 180 * 24 * time.Hour

// saySwitch tells that the rules of the name's registry change, or just have, and
// how sure the day is. A day read in the press may move.
func (j *judgement) saySwitch() {
	tld := j.o.Name.TLD()
	secondHand := func(s policy.Source) bool { return s.Confidence != policy.Verified }
	switch {
	case j.o.Registration.State == freehold.NotRegistered:
	case !j.p.Until.IsZero() && secondHand(j.p.UntilSource):
		j.why(freehold.T("The way names move under .%s changes on %t. That day was not read at %m itself: ask before you rely on it.", tld, j.p.Until, j.registryName()), j.p.UntilSource.Citation)
	case !j.p.Until.IsZero():
		j.why(freehold.T("The way names move under .%s changes on %t.", tld, j.p.Until), j.p.UntilSource.Citation)
	case j.p.From.IsZero() || !j.o.At.Before(j.p.From.Add(switchNews)):
	case secondHand(j.p.FromSource):
		j.why(freehold.T("The way names move under .%s changed on %t. That day was not read at %m itself: the old way may still hold.", tld, j.p.From, j.registryName()), j.p.FromSource.Citation)
	default:
		j.why(freehold.T("The way names move under .%s changed on %t.", tld, j.p.From), j.p.FromSource.Citation)
	}
}

// sayConfidence tells which of the rules above were not read in the original, so
// that nobody quotes them as if they were.
func (j *judgement) sayConfidence() {
	read := func(c policy.Confidence) string {
		var all []string
		for _, s := range j.used {
			if s.Confidence == c && !slices.Contains(all, s.Citation) {
				all = append(all, s.Citation)
			}
		}
		if more := len(all) - maxListed; more > 0 {
			all = append(all[:maxListed], "+"+strconv.Itoa(more))
		}
		return strings.Join(all, "; ") // a citation may hold commas
	}
	if list := read(policy.Secondary); list != "" {
		j.why(freehold.T("Read in sources that quote the original, and not in the original itself: %s.", list), "")
	}
	if list := read(policy.Old); list != "" {
		j.why(freehold.T("Read in pages that are years old, and not verified since: %s.", list), "")
	}
}
