package zonefile

import (
	"slices"

	"freehold"
)

// finish checks what can only be seen of the whole zone, puts it into canonical
// order and says what servers would miss.
func (p *parser) finish(name string) error {
	z := p.zone
	if z.Origin == "" {
		return &freehold.Error{Kind: freehold.KindInvalid, Msg: name + ": it holds no zone"}
	}
	if err := p.checkSingles(); err != nil {
		return err
	}
	soa, ns := false, false
	for _, r := range z.Records {
		if r.Type == freehold.TypeSOA || r.Type == freehold.TypeNS {
			apex := r.Owner.Equal(z.Origin)
			soa, ns = soa || apex && r.Type == freehold.TypeSOA, ns || apex && r.Type == freehold.TypeNS
		}
	}
	if !soa {
		p.note("", freehold.T("There is no SOA record: servers refuse such a file, and the serial is not known."))
	}
	if !ns {
		p.note("", freehold.T("There is no NS record at the origin: servers refuse such a file."))
	}
	p.servable()
	if p.pastNotes > 0 {
		z.Notes = append(z.Notes, freehold.ZoneNote{Text: freehold.T("There are %d more notes like these.", p.pastNotes)})
	}
	z.Coverage = freehold.CoverageUnknown
	z.Reasons = []freehold.Text{freehold.T("A file does not say what it lacks.")}
	z.Sort()
	p.lines = nil
	return nil
}

// beside are the types that may stand beside a CNAME (RFC 4034, RFC 3007).
var beside = []freehold.RRType{freehold.TypeCNAME, freehold.TypeRRSIG, freehold.TypeNSEC, 24, 25, 30}

// checkSingles refuses an SOA away from the origin or a second one, CNAME beside
// other data, a second CNAME or DNAME.
func (p *parser) checkSingles() error {
	type single struct {
		data  string
		place where
	}
	alias := map[freehold.Owner]bool{}
	seen := map[freehold.Record]single{}
	for i, r := range p.zone.Records {
		switch r.Type {
		case freehold.TypeSOA, freehold.TypeCNAME, freehold.TypeDNAME:
		default:
			continue
		}
		owner := r.Owner.Canonical()
		if r.Type == freehold.TypeSOA && !r.Owner.Equal(p.zone.Origin) {
			return p.errorAt(i, "an SOA record at %q, which is not the origin %q", r.Owner, p.zone.Origin)
		}
		if r.Type == freehold.TypeCNAME {
			alias[owner] = true
		}
		key := freehold.Record{Owner: owner, Type: r.Type}
		if first, ok := seen[key]; ok && first.data != r.CanonicalData() {
			return p.errorAt(i, "a second %s record at %q, the first is at %s", r.Type, r.Owner, p.place(first.place))
		} else if !ok {
			seen[key] = single{r.CanonicalData(), p.lines[i]}
		}
	}
	if len(alias) == 0 {
		return nil
	}
	for i, r := range p.zone.Records {
		if !slices.Contains(beside, r.Type) && alias[r.Owner.Canonical()] {
			return p.errorAt(i, "%s record beside a CNAME at %q", r.Type, r.Owner)
		}
	}
	return nil
}

func (p *parser) errorAt(i int, format string, args ...any) error {
	w := p.lines[i]
	l := lexer{name: p.files[w.file]}
	return l.errorf(int(w.line), format, args...)
}

// servable notes what servers refuse to load although each record is right.
func (p *parser) servable() {
	z := p.zone
	type set struct {
		owner  freehold.Owner
		rrtype freehold.RRType
	}
	// Only the sets around name servers matter, so few are kept of a large zone.
	wanted := map[freehold.Owner]bool{}
	for _, r := range z.Records {
		if r.Type == freehold.TypeNS {
			wanted[freehold.Owner(r.Data).Canonical()] = true
		}
	}
	has := map[set]bool{}
	var dnames []freehold.Owner
	for _, r := range z.Records {
		owner := r.Owner.Canonical()
		if wanted[owner] || r.Type == freehold.TypeNS {
			has[set{owner, r.Type}] = true
		}
		if r.Type == freehold.TypeDNAME {
			dnames = append(dnames, owner)
		}
	}
	told := map[freehold.Owner]bool{}
	for i, r := range z.Records {
		at, apex := p.place(p.lines[i]), r.Owner.Equal(z.Origin)
		switch {
		case r.Type == freehold.TypeDS && apex:
			p.note(at, freehold.T("A DS record at the origin belongs to the parent zone: servers refuse it."))
		case r.Type == freehold.TypeCDS || r.Type == freehold.TypeCDNSKEY:
			if !told[r.Owner] && !has[set{r.Owner.Canonical(), freehold.TypeDNSKEY}] {
				told[r.Owner] = true
				p.note(at, freehold.T("%s without a key in the zone that it stands for: some servers refuse it.", r.Type))
			}
		case r.Type == freehold.TypeNS && r.Owner.Wildcard():
			p.note(at, freehold.T("An NS record at a wildcard has no meaning: some servers refuse it."))
		case r.Type == freehold.TypeNS && apex:
			p.nameServer(at, freehold.Owner(r.Data), dnames, func(t freehold.RRType) bool {
				return has[set{freehold.Owner(r.Data).Canonical(), t}]
			}, !freehold.Owner(r.Data).Equal(z.Origin) && has[set{freehold.Owner(r.Data).Canonical(), freehold.TypeNS}])
		}
	}
}

// nameServer notes what is wrong with a name server inside the zone.
func (p *parser) nameServer(at string, host freehold.Owner, dnames []freehold.Owner, has func(freehold.RRType) bool, delegated bool) {
	if !host.Within(p.zone.Origin) {
		return
	}
	for _, d := range dnames {
		if host.Within(d) && !host.Equal(d) {
			p.note(at, freehold.T("The name server %q lies below a DNAME: servers refuse such a zone.", host))
			return
		}
	}
	switch {
	case has(freehold.TypeCNAME):
		p.note(at, freehold.T("The name server %q is a CNAME: servers refuse such a zone.", host))
	case !has(freehold.TypeA) && !has(freehold.TypeAAAA) && !delegated:
		p.note(at, freehold.T("The name server %q lies in the zone and has no address there.", host))
	}
}
