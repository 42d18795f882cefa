package rules

import (
	"slices"

	"freehold"
)

// CDSDiffers: the zone says which DS records it wants, and the parent has others.
var CDSDiffers = Rule{
	ID: "cds-differs", Severity: freehold.SeverityNotice, Since: "0.1",
	Title: freehold.T("The parent does not follow what the zone asks for"), Cite: "RFC 7344 section 4, RFC 8078 section 4",
	Reason: freehold.T("With CDS records a zone tells its parent which keys to vouch for. Where the parent does not follow, a change of keys stops half-way, and the next step can make the name go dark."),
	Advice: freehold.T("Have the records at the parent brought into line before anything else is changed."),
	Looks:  []freehold.Text{needCDS, needDS},
	Check: func(c *Case) Result {
		cds, ds := c.dns().CDS, c.dns().DS
		switch {
		case cds.State == freehold.Absent:
			return silent
		case cds.State != freehold.Value || ds.State != freehold.Value && ds.State != freehold.Absent:
			return decided(c.free())
		}
		remedy := freehold.T("Ask %m whether it reads CDS records. If it does not, have it enter the DS records that the zone asks for.", c.registrar())
		remove := len(cds.Value) == 1 && cds.Value[0].Algorithm == 0
		switch {
		case remove && ds.State == freehold.Value:
			return firing(freehold.T("The zone of %s asks the parent to take out its DS records (CDS), and they still stand. If the operator stops signing now, the name goes dark for many.", c.name()),
				freehold.T("Have the DS records taken out at %m before anything else is changed.", c.registrar()), cds.Evidence, ds.Evidence)
		case remove:
			return silent
		case ds.State == freehold.Absent:
			return firing(freehold.T("The zone of %s is signed and asks for a DS record (CDS), and the parent has none: nobody checks its signatures.", c.name()), remedy, cds.Evidence, ds.Evidence).softer()
		case !sameKeys(cds.Value, ds.Value):
			return firing(freehold.T("The zone of %s asks the parent to vouch for other keys (CDS) than the parent does (DS).", c.name()), remedy, cds.Evidence, ds.Evidence)
		}
		return silent
	},
}

// sameKeys compares by key: a parent may take one digest of several.
func sameKeys(a, b []freehold.DS) bool {
	in := func(list []freehold.DS, d freehold.DS) bool {
		return slices.ContainsFunc(list, func(e freehold.DS) bool { return e.KeyTag == d.KeyTag && e.Algorithm == d.Algorithm })
	}
	for _, d := range a {
		if !in(b, d) {
			return false
		}
	}
	for _, d := range b {
		if !in(a, d) {
			return false
		}
	}
	return true
}
