// Package move takes a zone from one DNS operator to another in the order that
// loses nothing, or says before the first step what will be lost.
//
//	plan.go    the order, from what is known of both sides
//	apply.go   doing it: each act written down before, read back after
//	state.go   what was done, so that a killed move goes on
//
// The order is that of RFC 6781 §4.3.5.2 for a signed zone whose operator does
// not help: the DS goes first, then the delegation, and the new DS comes last.
package move

import (
	"maps"
	"slices"
	"time"

	"freehold"
	"freehold/dnsexport"
)

// A Situation is all that a plan is made from.
type Situation struct {
	Name freehold.Name
	// Zone is what is to be served: the old operator's zone, or the last copy of it.
	Zone *freehold.Zone
	// Parent is what the zone above says today.
	Parent Parent
	// Target is where it goes, and NameServers the new operator's servers.
	Target      dnsexport.Traits
	NameServers []freehold.Host
	// Edits: the old operator's zone can be changed from here.
	Edits bool
	// Delegates: the delegation can be changed from here, by a registrar's adapter;
	// otherwise somebody does it by hand.
	Delegates bool
	// Resigns: the zone is to be signed at the new operator.
	Resigns bool
	// Cooperates: the zone is signed, and the old operator publishes the new one's
	// keys and the reverse, so that it stays signed all the way.
	Cooperates bool
	// Rescue: the old operator is dead, since Down where that is known.
	Rescue bool
	Down   time.Time
	Now    time.Time
}

// Parent is a delegation as the zone above has it.
type Parent struct {
	NS           []freehold.Host
	Signed       bool
	NSTTL, DSTTL time.Duration
}

const (
	lowTTL = 5 * time.Minute // what TTLs are lowered to
	// margin is added to every wait: resolvers that round up, servers that are late.
	margin = 10 * time.Minute
	// queueLife is how long senders keep mail that cannot be delivered before they
	// give up (RFC 5321 §4.5.4.1: at least four to five days).
	queueLife = 4 * 24 * time.Hour
)

// Make plans a move. It returns an error of KindInvalid where the situation makes
// no move: nothing to serve, nobody to serve it, or servers that serve it already.
func Make(s Situation) (*freehold.MovePlan, error) {
	switch {
	case s.Zone == nil || len(s.Zone.Records) == 0:
		return nil, invalid("there is no copy of %q to serve", s.Name.ASCII())
	case len(s.NameServers) == 0:
		return nil, invalid("no name servers of the new operator are known")
	case sameHosts(s.NameServers, s.Parent.NS):
		return nil, invalid("%q is delegated to these name servers already", s.Name.ASCII())
	}
	p := &freehold.MovePlan{Name: s.Name, To: s.Target.Name, Made: s.Now, NameServers: slices.Clone(s.NameServers), Content: Content(s.Zone).Digest()}
	p.Losses = losses(s)
	p.Warnings = warnings(s)
	longest := s.longestTTL()
	if s.Edits && !s.Rescue && longest > lowTTL {
		p.Steps = append(p.Steps, freehold.MoveStep{Kind: freehold.StepLowerTTL, Title: freehold.T("Lower the TTLs at the old operator to %s.", Span(lowTTL)), After: longest + margin,
			Why:  freehold.T("Resolvers keep today's answers for up to %s; the move can only be taken back quickly once they ask more often.", Span(longest)),
			Undo: freehold.T("Set the TTLs back."), Visible: true})
	}
	if s.Target.Creates {
		p.Steps = append(p.Steps, freehold.MoveStep{Kind: freehold.StepCreate, Title: freehold.T("Make the zone at %s.", s.Target.Name), Why: freehold.T("Nobody is sent there yet."),
			Undo: freehold.T("Delete the new zone.")})
	} else {
		p.Steps = append(p.Steps, freehold.MoveStep{Kind: freehold.StepCreate, ByHand: true, Title: freehold.T("Set up an empty zone %s at the new operator, and allow the key to transfer and update it.", s.Name.Unicode()),
			Why: freehold.T("%s cannot make zones.", s.Target.Name), Undo: freehold.T("Delete the new zone.")})
	}
	p.Steps = append(p.Steps,
		freehold.MoveStep{Kind: freehold.StepWrite, Title: freehold.T("Write %d records to it.", len(Content(s.Zone).Records)), Why: freehold.T("Everything but the old operator's SOA, name servers and signatures."),
			Undo: freehold.T("Delete the new zone.")},
		freehold.MoveStep{Kind: freehold.StepVerify, Title: freehold.T("Ask every new name server for every record."), Why: freehold.T("A server that lags behind or refuses would be noticed by customers first.")})
	if s.Cooperates && (!s.Parent.Signed || s.Rescue) {
		return nil, invalid("only a signed zone whose old operator is alive can stay signed on its way")
	}
	if s.Cooperates {
		p.Steps = append(p.Steps,
			freehold.MoveStep{Kind: freehold.StepShareKeys, ByHand: true, Visible: true, After: s.Parent.DSTTL + margin, Title: freehold.T("Have both operators sign, and each publish the other's zone-signing keys as well."),
				Why:  freehold.T("While some resolvers ask one and some the other, each must find the keys of both (RFC 8901, section 2.2.2)."),
				Undo: freehold.T("Take the other operator's keys out again.")},
			freehold.MoveStep{Kind: freehold.StepAddDS, ByHand: !s.Delegates, Visible: true, After: s.Parent.DSTTL + margin, Title: freehold.T("Put the new operator's DS record beside the old one, at the registrar."),
				Why:  freehold.T("A resolver that learns the new servers' keys has to find them vouched for."),
				Undo: freehold.T("Take the new DS record out again.")})
	} else if s.Parent.Signed {
		p.Steps = append(p.Steps, freehold.MoveStep{Kind: freehold.StepUnsign, ByHand: !s.Delegates, Visible: true, After: s.Parent.DSTTL + margin,
			Title: freehold.T("Take the DS record of %s out of the parent zone, at the registrar.", s.Name.Unicode()),
			Why:   freehold.T("Whoever validates would refuse the new servers' answers as forged as long as the old DS is remembered: for %s after it is gone (RFC 6781, section 4.3.5.2).", Span(s.Parent.DSTTL)),
			Undo:  freehold.T("Put the same DS record back, as long as the old operator signs.")})
	}
	p.Steps = append(p.Steps, freehold.MoveStep{Kind: freehold.StepDelegate, ByHand: !s.Delegates, Visible: true,
		Title: freehold.T("Have the registrar name the new servers for %s: %s.", s.Name.Unicode(), hosts(s.NameServers)),
		Why:   freehold.T("From here on new askers are sent to the new operator."), Undo: freehold.T("Name the old servers again: %s.", hosts(s.Parent.NS))})
	if !s.Rescue {
		p.Steps = append(p.Steps, freehold.MoveStep{Kind: freehold.StepKeep, After: max(s.Parent.NSTTL, s.apexNSTTL(), longest) + margin,
			Title: freehold.T("Leave the old zone as it is."), Why: freehold.T("Resolvers remember the old servers for up to %s and go on asking them.", Span(max(s.Parent.NSTTL, s.apexNSTTL())))})
	}
	if s.Cooperates {
		p.Steps = append(p.Steps, freehold.MoveStep{Kind: freehold.StepDropDS, ByHand: !s.Delegates, Visible: true, Title: freehold.T("Take the old operator's DS record out of the parent zone."),
			Why: freehold.T("Nobody asks the old servers any more, and a key that nobody guards should not be vouched for.")})
	} else if s.Resigns {
		p.Steps = append(p.Steps, freehold.MoveStep{Kind: freehold.StepSign, ByHand: !s.Delegates, Visible: true, Title: freehold.T("Sign the zone at the new operator and put its DS record into the parent zone."),
			Why: freehold.T("Until then the name is not protected by DNSSEC."), Undo: freehold.T("Take the new DS record out again.")})
	}
	if !s.Rescue {
		p.Steps = append(p.Steps, freehold.MoveStep{Kind: freehold.StepRetire, ByHand: true, Title: freehold.T("Delete the zone at the old operator."),
			Why: freehold.T("A forgotten zone answers wrongly for the old operator's other customers.")})
	}
	return p, nil
}

// Content is what the new operator is to serve of a zone: not the old SOA, the
// old apex NS set, nor what the old signer made.
func Content(z *freehold.Zone) *freehold.Zone {
	kept, _ := z.Split()
	out := *z
	out.Records = slices.DeleteFunc(slices.Clone(kept), func(r freehold.Record) bool {
		return r.Owner.Equal(z.Origin) && (r.Type == freehold.TypeSOA || r.Type == freehold.TypeNS)
	})
	return &out
}

// losses are told before the first step.
func losses(s Situation) []freehold.Text {
	var out []freehold.Text
	if s.Zone.Partial() {
		out = append(out, freehold.T("The copy is PARTIAL (%s): records that it lacks will be gone.", s.Zone.Coverage.String()))
	}
	for _, f := range s.Zone.Foreign {
		out = append(out, freehold.T("%s %s is the old operator's own kind of record and is not taken along. %m", f.Owner.String(), f.Kind, f.Note))
	}
	refused := map[freehold.RRType]int{}
	raised := 0
	for _, r := range Content(s.Zone).Records {
		if s.Target.Holds != nil && !s.Target.Holds(r.Type) {
			refused[r.Type]++
		}
		if r.TTL < s.Target.MinTTL {
			raised++
		}
	}
	for _, t := range slices.Sorted(maps.Keys(refused)) {
		out = append(out, freehold.T("%s cannot hold records of the type %s: %d are lost.", s.Target.Name, t.String(), refused[t]))
	}
	if s.Target.Cannot != nil {
		content := Content(s.Zone)
		for set := range content.RRsets() {
			if why := s.Target.Cannot(set); !why.IsZero() && (s.Target.Holds == nil || s.Target.Holds(set.Type)) {
				out = append(out, freehold.T("%s cannot hold %q: it is lost. %m", s.Target.Name, set.Owner.String()+" "+set.Type.String(), why.Format))
			}
		}
	}
	if raised > 0 {
		out = append(out, freehold.T("%s keeps no TTL below %s: %d records get a longer one.", s.Target.Name, Span(time.Duration(s.Target.MinTTL)*time.Second), raised))
	}
	return out
}

// warnings say what caching makes impossible.
func warnings(s Situation) []freehold.Text {
	var out []freehold.Text
	if !s.Rescue {
		return out
	}
	out = append(out, freehold.T("Whoever asks for the first time after the change at the registrar gets the new answers at once; whoever remembers the old servers, up to %s later.", Span(s.Parent.NSTTL)))
	if s.Parent.Signed {
		out = append(out, freehold.T("The zone is signed and its signer is gone. Once its last signatures end, whoever validates gets no answer, and that lasts until %s after the DS record is out.", Span(s.Parent.DSTTL)))
	}
	if !s.Down.IsZero() {
		out = append(out, freehold.T("Mail sent since %t waits with its senders; it starts to bounce about %t.", s.Down, s.Down.Add(queueLife)))
	}
	return out
}

// longestTTL is the longest time that an answer of the old zone is kept.
func (s Situation) longestTTL() time.Duration {
	var longest time.Duration
	for _, r := range Content(s.Zone).Records {
		longest = max(longest, time.Duration(r.TTL)*time.Second)
	}
	return longest
}

func (s Situation) apexNSTTL() time.Duration {
	var longest time.Duration
	for _, r := range s.Zone.Records {
		if r.Type == freehold.TypeNS && r.Owner.Equal(s.Zone.Origin) {
			longest = max(longest, time.Duration(r.TTL)*time.Second)
		}
	}
	return longest
}
