package report

import (
	"strings"
	"time"

	"freehold"
)

// The JSON contract as Go structs: field order and names are those of
// docs/json.md. A value that does not exist is null, a list that is empty is [].

type run struct {
	ID            string   `json:"id"`
	Started       string   `json:"started"`
	Finished      *string  `json:"finished"`
	Version       string   `json:"version"`
	PolicyDate    *string  `json:"policy_date"`
	PolicyAgeDays *int     `json:"policy_age_days"`
	Lang          string   `json:"lang"`
	Args          []string `json:"args"`
	Names         int      `json:"names"`
}

type summary struct {
	Names    int            `json:"names"`
	OK       int            `json:"ok"`
	Partial  int            `json:"partial"`
	Failed   int            `json:"failed"`
	CanLeave canLeaveCounts `json:"can_leave"`
	Findings findingCounts  `json:"findings"`
	Finished *string        `json:"finished"`
	Complete bool           `json:"complete"`
}

type canLeaveCounts struct {
	Alone     int `json:"alone"`
	WithHost  int `json:"with_host"`
	NotBefore int `json:"not_before"`
	No        int `json:"no"`
	Unknown   int `json:"unknown"`
}

type findingCounts struct {
	Critical int `json:"critical"`
	Warning  int `json:"warning"`
	Notice   int `json:"notice"`
	Info     int `json:"info"`
}

type name struct {
	Name         string       `json:"name"`
	Unicode      string       `json:"unicode"`
	Status       string       `json:"status"`
	Error        *string      `json:"error"`
	Registration registration `json:"registration"`
	DNS          dns          `json:"dns"`
	Control      []claim      `json:"control"`
	Verdict      verdict      `json:"verdict"`
	Findings     []finding    `json:"findings"`

	Asked             string        `json:"asked"`
	Hint              *string       `json:"hint"`
	At                *string       `json:"at"`
	Network           []address     `json:"network"`
	NameserverDomains []nsDomain    `json:"nameserver_domains"`
	Attestations      []attestation `json:"attestations"`
	Asks              []ask         `json:"asks"`
	Notes             []note        `json:"notes"`
	Client            *string       `json:"client"`
	Tags              []string      `json:"tags"`
}

type claim struct {
	Layer    string                `json:"layer"`
	Holder   *string               `json:"holder"`
	Standing string                `json:"standing"`
	Evidence []freehold.EvidenceID `json:"evidence"`
	Mine     bool                  `json:"mine"`
	At       *string               `json:"at"`
	Stale    bool                  `json:"stale"`
	Against  *string               `json:"against"`
}

type verdict struct {
	CanLeave   string      `json:"can_leave"`
	NotBefore  *string     `json:"not_before"`
	Waivable   bool        `json:"waivable"`
	Path       *string     `json:"path"`
	Who        *string     `json:"who"`
	HowLong    *string     `json:"how_long"`
	Question   *string     `json:"question"`
	Conditions []condition `json:"conditions"`
	Why        []reason    `json:"why"`
	Policy     *string     `json:"policy"`
}

type condition struct {
	What     string                `json:"what"`
	Standing string                `json:"standing"`
	Evidence []freehold.EvidenceID `json:"evidence"`
}

type reason struct {
	Text     string                `json:"text"`
	Citation *string               `json:"citation"`
	Evidence []freehold.EvidenceID `json:"evidence"`
}

type finding struct {
	Rule     string                `json:"rule"`
	Severity string                `json:"severity"`
	Title    string                `json:"title"`
	Why      string                `json:"why"`
	Remedy   string                `json:"remedy"`
	Evidence []freehold.EvidenceID `json:"evidence"`
}

type ask struct {
	About    string  `json:"about"`
	Kind     string  `json:"kind"`
	Source   string  `json:"source"`
	Outcome  string  `json:"outcome"`
	Error    *string `json:"error"`
	Evidence *string `json:"evidence"`
	Kept     *string `json:"kept,omitempty"`
}

type note struct {
	Fact string `json:"fact"`
	Text string `json:"text"`
}

type attestation struct {
	Name     string  `json:"name"`
	Subject  string  `json:"subject"`
	Value    string  `json:"value"`
	By       string  `json:"by"`
	At       *string `json:"at"`
	Proven   bool    `json:"proven"`
	Stale    bool    `json:"stale"`
	Evidence *string `json:"evidence"`
}

func runDoc(r freehold.Run) run {
	d := run{
		ID: r.ID, Finished: moment(r.Finished), Version: r.Version,
		Lang: orDefault(r.Lang, "en"), Args: list(r.Args), Names: r.Names,
	}
	if at := moment(r.Started); at != nil {
		d.Started = *at
	}
	if !r.PolicyDate.IsZero() {
		day, age := r.PolicyDate.UTC().Format(time.DateOnly), r.PolicyAge()
		d.PolicyDate, d.PolicyAgeDays = &day, &age
	}
	return d
}

func summaryDoc(r freehold.Run, s freehold.Summary) summary {
	c, f := s.CanLeave, s.Severities
	return summary{
		Names: s.Names, OK: s.OK, Partial: s.Partial, Failed: s.Failed,
		CanLeave: canLeaveCounts{
			Alone: c[freehold.LeaveAlone], WithHost: c[freehold.LeaveWithHost], NotBefore: c[freehold.LeaveNotBefore],
			No: c[freehold.LeaveNo], Unknown: c[freehold.LeaveUnknown],
		},
		Findings: findingCounts{
			Critical: f[freehold.SeverityCritical], Warning: f[freehold.SeverityWarning],
			Notice: f[freehold.SeverityNotice], Info: f[freehold.SeverityInfo],
		},
		Finished: moment(r.Finished),
		Complete: !r.Finished.IsZero(),
	}
}

// nameDoc makes the names[] object. What a user wrote that is no domain name
// stands in "name" as it was written, so that every object can be matched to
// the list it came from.
func nameDoc(r *freehold.Result, s freehold.Speaker) *name {
	o := &r.Observed
	ascii, unicode := r.Name.ASCII(), r.Name.Unicode()
	if r.Name.IsZero() {
		ascii, unicode = r.Asked, r.Asked
	}
	d := &name{
		Name: ascii, Unicode: unicode, Status: r.Status.String(), Error: textOrNull(freehold.OneLine(r.Error)),
		Asked: orDefault(r.Asked, ascii), Hint: textOrNull(freehold.OneLine(r.Hint)), At: moment(r.At),
		Verdict:  verdictDoc(&r.Verdict, s),
		Control:  make([]claim, 0, len(r.Control)),
		Findings: make([]finding, 0, len(r.Findings)),
		Network:  networkDoc(o.Network), NameserverDomains: nsDomainsDoc(o.NameserverDomains),
		Attestations: make([]attestation, 0, len(o.Attestations)),
		Asks:         asksDoc(o), Notes: notesDoc(o),
		Client: textOrNull(r.Client), Tags: list(r.Tags),
	}
	fillRegistration(&d.Registration, &o.Registration)
	fillDNS(&d.DNS, &o.DNS)
	for i := range r.Control {
		d.Control = append(d.Control, claimDoc(&r.Control[i]))
	}
	for i := range r.Findings {
		f := &r.Findings[i]
		d.Findings = append(d.Findings, finding{
			Rule: f.Rule, Severity: f.Severity.String(), Title: f.Title.Render(s), Why: f.Why.Render(s), Remedy: f.Remedy.Render(s),
			Evidence: list(f.Evidence),
		})
	}
	for _, a := range o.Attestations {
		d.Attestations = append(d.Attestations, attestationDoc(a, o.At))
	}
	return d
}

func claimDoc(c *freehold.Claim) claim {
	return claim{
		Layer: string(c.Layer), Holder: textOrNull(c.Holder), Standing: c.Standing.String(), Evidence: list(c.Evidence),
		Mine: c.Mine, At: moment(c.At), Stale: c.Stale, Against: textOrNull(c.Against),
	}
}

func verdictDoc(v *freehold.Verdict, s freehold.Speaker) verdict {
	text := func(t freehold.Text) *string { return textOrNull(t.Render(s)) }
	d := verdict{
		CanLeave: v.CanLeave.String(), NotBefore: moment(v.NotBefore), Waivable: v.Waivable,
		Path: text(v.Path), Who: text(v.Who), HowLong: text(v.HowLong), Question: text(v.Question), Policy: textOrNull(v.Policy),
		Conditions: make([]condition, 0, len(v.Conditions)), Why: make([]reason, 0, len(v.Why)),
	}
	for _, c := range v.Conditions {
		d.Conditions = append(d.Conditions, condition{What: c.What.Render(s), Standing: c.Standing.String(), Evidence: list(c.Evidence)})
	}
	for _, w := range v.Why {
		d.Why = append(d.Why, reason{Text: w.Text.Render(s), Citation: textOrNull(w.Citation), Evidence: list(w.Evidence)})
	}
	return d
}

func attestationDoc(a freehold.Attestation, now time.Time) attestation {
	return attestation{
		Name: a.Name.ASCII(), Subject: a.Subject, Value: a.Value, By: a.By, At: moment(a.At), Proven: a.Proven,
		Stale: !now.IsZero() && a.IsStale(now), Evidence: textOrNull(string(a.Evidence)),
	}
}

func asksDoc(o *freehold.Observed) []ask {
	docs := make([]ask, 0, len(o.Registration.Asks)+len(o.DNS.Asks)+len(o.Network.Asks))
	for _, group := range []struct {
		about string
		asks  []freehold.Ask
	}{{"registration", o.Registration.Asks}, {"dns", o.DNS.Asks}, {"network", o.Network.Asks}} {
		for _, a := range group.asks {
			docs = append(docs, ask{
				About: group.about, Kind: string(a.Kind), Source: a.Source, Outcome: a.Outcome.String(),
				Error: textOrNull(freehold.OneLine(a.Error)), Evidence: textOrNull(string(a.Evidence)),
				Kept: moment(a.Kept),
			})
		}
	}
	return docs
}

// moment writes a time in RFC 3339, in UTC; null for the zero time and for one
// whose year RFC 3339 cannot hold.
func moment(t time.Time) *string {
	t = t.UTC()
	if t.IsZero() || t.Year() < 0 || t.Year() > 9999 {
		return nil
	}
	s := t.Format(time.RFC3339Nano)
	return &s
}

// list returns s as a list that is never null.
func list[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}

func orDefault(s, def string) string {
	if strings.TrimSpace(s) == "" {
		return def
	}
	return s
}
