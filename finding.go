package freehold

// Severity says how much a finding matters for keeping the name.
type Severity uint8

// The severities, lightest first.
const (
	SeverityInfo     Severity = iota // worth knowing
	SeverityNotice                   // worth doing in a quiet hour
	SeverityWarning                  // the name or its services would suffer with the host
	SeverityCritical                 // the name can be lost, or is being lost
)

var severities = names[Severity]{"info", "notice", "warning", "critical"}

func (s Severity) String() string               { return severities.name(s) }
func (s Severity) MarshalText() ([]byte, error) { return severities.marshal(s) }
func (s *Severity) UnmarshalText(b []byte) error {
	return severities.unmarshal(b, s, "severity")
}

// Finding is the result of one rule on one name. A rule without evidence says
// nothing.
type Finding struct {
	Rule     string // stable identifier: "registrar-is-host"
	Severity Severity
	Title    Text
	Why      Text // what was seen, with the names
	Remedy   Text // what to do
	Evidence []EvidenceID
}
