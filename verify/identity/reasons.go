package identity

import (
	"fmt"
	"io/fs"
	"slices"
	"sync"
	"time"

	"github.com/BurntSushi/toml"

	"freehold"
	"freehold/internal/policy"
)

// How a rule stands to a reason.
const (
	May     = "may"      // may be refused for it
	Must    = "must"     // has to be refused for it
	MustNot = "must_not" // must not be refused for it
)

// A Reason is one for which requests are refused, or must not be: dated data.
type Reason struct {
	ID     string
	Family string // of top-level domains; "every" for our own
	Rule   string
	Acts   []freehold.DecisionKind
	Text   freehold.Text
	policy.Source
}

var reasonTexts = map[string]freehold.Text{
	"fraud":                  freehold.T("There is evidence of fraud."),
	"identity_dispute":       freehold.T("There is a reasonable dispute over the identity of the registrant or of who approves the transfer."),
	"previous_period_unpaid": freehold.T("An earlier registration period was not paid, and the name was put on hold for it before."),
	"holder_objects":         freehold.T("The registrant has expressly objected, knowing what it means, and can take that back."),
	"young_name":             freehold.T("The name was registered less than 60 days ago."),
	"moved_lately":           freehold.T("The name came from another registrar less than 60 days ago."),
	"udrp":                   freehold.T("A UDRP proceeding over the name is pending."),
	"court_order":            freehold.T("A court has ordered it."),
	"transfer_dispute":       freehold.T("A dispute over an earlier transfer is pending (TDRP)."),
	"urs":                    freehold.T("A URS proceeding over the name is pending, or has suspended it."),
	"registrant_changed":     freehold.T("The registrant was changed less than 60 days ago, without having opted out of the lock before."),
	"next_period_unpaid":     freehold.T("A pending or future registration period is not paid."),
	"holder_silent":          freehold.T("The registrant has not answered."),
	"locked":                 freehold.T("The name is locked, and the registrant had no reasonable way to unlock it."),
	"other_time_limit":       freehold.T("A time limit other than the three of 60 days."),
	"reseller_debt":          freehold.T("A reseller or another partner owes money, though the registrant has paid."),
	"payment_dispute":        freehold.T("There is a dispute over payment."),
	"transfer_fee_unpaid":    freehold.T("A fee for leaving is not paid."),
}

var loadReasons = sync.OnceValues(func() ([]Reason, error) {
	var data struct {
		Read   time.Time `toml:"read"`
		Reason []struct {
			ID         string                  `toml:"id"`
			Family     string                  `toml:"family"`
			Rule       string                  `toml:"rule"`
			Acts       []freehold.DecisionKind `toml:"acts"`
			Citation   string                  `toml:"citation"`
			Confidence policy.Confidence       `toml:"confidence"`
		} `toml:"reason"`
	}
	if err := strict("data/reasons.toml", &data); err != nil {
		return nil, err
	}
	var all []Reason
	for _, r := range data.Reason {
		text, ok := reasonTexts[r.ID]
		if !ok || !slices.Contains([]string{May, Must, MustNot}, r.Rule) || r.Citation == "" || len(r.Acts) == 0 || r.Confidence == policy.Unverified || r.Confidence == "" {
			return nil, fmt.Errorf("the reason %q of %q is not whole", r.ID, r.Family)
		}
		all = append(all, Reason{r.ID, r.Family, r.Rule, r.Acts, text, policy.Source{Citation: r.Citation, Confidence: r.Confidence}})
	}
	return all, nil
})

// strict decodes an embedded file and refuses keys that nobody reads.
func strict(name string, into any) error {
	body, err := fs.ReadFile(embedded, name)
	if err != nil {
		return err
	}
	meta, err := toml.Decode(string(body), into)
	if err == nil && len(meta.Undecoded()) > 0 {
		err = fmt.Errorf("unknown key %q", meta.Undecoded()[0].String())
	}
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// Reasons returns the reasons that are known for the names of this policy, and
// whether they are a closed list: where they are not, a reason in free words with a
// second operator takes their place.
func (p Policy) Reasons() (all []Reason, closed bool) {
	known, err := loadReasons()
	if err != nil {
		return nil, false
	}
	for _, r := range known {
		own := r.Family == p.Transfer.Family
		if own || r.Family == everyFamily && !slices.ContainsFunc(known, func(o Reason) bool { return o.Family == p.Transfer.Family && o.ID == r.ID }) {
			all = append(all, r)
		}
		closed = closed || own && r.Rule != MustNot
	}
	return all, closed
}

const everyFamily = "every"

// MayRefuse says why a refusal cannot be given for the reason it names; nil if it
// can. A forbidden reason is refused with its citation.
func (p Policy) MayRefuse(d freehold.Decision) error {
	if d.Kind != freehold.DecisionRefuse && d.Kind != freehold.DecisionRejectTransfer {
		return nil
	}
	all, closed := p.Reasons()
	for _, r := range all {
		if r.ID != d.Reason {
			continue
		}
		switch {
		case r.Rule == MustNot:
			return &freehold.Error{Kind: freehold.KindPermission, Text: freehold.T("%q is no reason to keep a name: %s", r.ID, r.Citation)}
		case !slices.Contains(r.Acts, d.Kind):
			return &freehold.Error{Kind: freehold.KindPermission, Text: freehold.T("%q is a reason for another act than %q: %s", r.ID, d.Kind, r.Citation)}
		case d.Free:
			return &freehold.Error{Kind: freehold.KindInvalid, Text: freehold.T("%q is on the list, so it is not a reason in free words", r.ID)}
		}
		return nil
	}
	switch {
	case closed:
		return &freehold.Error{Kind: freehold.KindPermission, Text: freehold.T("%q is not on the closed list of reasons for .%s", d.Reason, d.Name.TLD()), Advice: freehold.T("what is not proven yet is not refused: say what would suffice")}
	case d.Reason != "" || !d.Free || d.Words == "":
		return &freehold.Error{Kind: freehold.KindInvalid, Text: freehold.T("no list of reasons for .%s was verified: a refusal needs its reason in words and a second operator", d.Name.TLD())}
	}
	return nil
}

// Retention is how long one kind of thing is kept after the end of a case.
type Retention struct {
	Jurisdiction string            `toml:"jurisdiction"`
	What         string            `toml:"what"` // "decision", "check", "contact", "document"
	Keep         policy.Span       `toml:"keep"`
	Citation     string            `toml:"citation"`
	Confidence   policy.Confidence `toml:"confidence"`
}

// Retentions returns what is kept how long, and the day the rows were read.
func Retentions() ([]Retention, time.Time, error) {
	var data struct {
		Read time.Time   `toml:"read"`
		Row  []Retention `toml:"row"`
	}
	if err := strict("data/retention.toml", &data); err != nil {
		return nil, time.Time{}, err
	}
	for _, r := range data.Row {
		if r.Jurisdiction == "" || r.What == "" || r.Citation == "" || r.Confidence == "" || r.Confidence == policy.Unverified || r.Keep.Open() {
			return nil, time.Time{}, fmt.Errorf("the retention of %q for %q is not whole", r.What, r.Jurisdiction)
		}
	}
	return data.Row, data.Read, nil
}
