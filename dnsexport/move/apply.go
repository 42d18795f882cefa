package move

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"freehold"
	"freehold/dnsexport"
	"freehold/internal/resolve"
)

// A Registrar changes a delegation. An outcome that is not known is an error; the
// parent tells how it went.
type Registrar interface {
	Delegate(ctx context.Context, name freehold.Name, ns []freehold.Host) error
	// SetDS makes these the DS records; none removes them.
	SetDS(ctx context.Context, name freehold.Name, ds []freehold.DS) error
}

// A Look sees the world as others do.
type Look interface {
	Parent(ctx context.Context, name freehold.Name) (resolve.Parent, error)
	// Serves asks each address of each server for each record set and returns what
	// is not as it should be, one line each.
	Serves(ctx context.Context, ns []freehold.Host, z *freehold.Zone) ([]string, error)
	// Keys returns the key tags that every server of a list publishes, and the tags
	// of those among them that are meant for the parent (RFC 4034 §2.1.1: SEP).
	Keys(ctx context.Context, name freehold.Name, ns []freehold.Host) (all, entry []freehold.DNSKEY, err error)
}

// A Signer is a target that can sign a zone.
type Signer interface {
	// Sign makes the target sign the zone and returns the DS records for its parent.
	Sign(ctx context.Context, name freehold.Name) ([]freehold.DS, error)
}

// A Mover carries out plans.
type Mover struct {
	Target dnsexport.Target
	// Old is the old operator where it can be edited, else nil.
	Old dnsexport.Target
	// Registrar is nil where the delegation is changed by hand.
	Registrar Registrar
	Look      Look
	Memory    Memory
	Now       func() time.Time
	// Told is called as steps begin and end; nil is allowed.
	Told func(step freehold.MoveStep, done bool)

	record *Record
	// first: the step under way was never begun before.
	first bool
}

// Waiting is the error of a move that cannot go on yet. Its kind is KindWaiting.
type Waiting struct {
	Step freehold.MoveStep
	// Until is when to come back; zero: when what Step asks for by hand was done.
	Until time.Time
}

func (w *Waiting) Error() string {
	if w.Until.IsZero() {
		return "somebody has to act first: " + w.Step.Title.Render(freehold.English{})
	}
	return "caches keep what was before the step \"" + w.Step.Kind.String() + "\" until " + w.Until.UTC().Format("2006-01-02 15:04") + " UTC"
}

func waiting(step freehold.MoveStep, until time.Time) error {
	w := &Waiting{step, until}
	return &freehold.Error{Kind: freehold.KindWaiting, Msg: "the move waits", Err: w, Hint: "run the same command again then"}
}

// Begin writes the plan down before anything is done. approved is the digest that
// somebody read and agreed to.
func (m *Mover) Begin(ctx context.Context, p *freehold.MovePlan, approved string) error {
	if p.Digest() != approved {
		return invalid("the plan is not the one that was approved: its digest is %s", p.Digest())
	}
	parent, err := m.Look.Parent(ctx, p.Name)
	if err != nil {
		return err
	}
	r := &Record{Plan: *p, Digest: approved, Marks: map[freehold.StepKind]Mark{}}
	for _, ns := range parent.NS {
		r.OldNS = ns
	}
	for _, ds := range parent.DS {
		r.OldDS = ds
	}
	return m.Memory.Save(r)
}

// Apply goes on with a move as far as it can today. It is safe to call again at
// any time, after a crash too: a step that was done is not repeated, and one that
// was begun is first looked at. A nil error means that the move is over; one of
// KindWaiting says what it waits for.
func (m *Mover) Apply(ctx context.Context, z *freehold.Zone) error {
	r, err := m.Memory.Load()
	if err != nil {
		return err
	}
	m.record = r
	switch {
	case r.Back:
		return invalid("the move of %q is being taken back", r.Plan.Name.ASCII())
	case r.Plan.Digest() != r.Digest:
		return &freehold.Error{Kind: freehold.KindDamaged, Msg: "the record of the move was changed: it is not the plan that was approved"}
	case Content(z).Digest() != r.Plan.Content:
		return &freehold.Error{Kind: freehold.KindInvalid, Msg: `the zone of "` + r.Plan.Name.ASCII() + `" is not what it was when the move was planned`, Hint: "plan again", Err: dnsexport.ErrChanged}
	}
	for i, step := range r.Plan.Steps {
		if r.Marks[step.Kind].Done.IsZero() {
			if err := m.step(ctx, step, z); err != nil {
				return err
			}
		}
		if until := r.Marks[step.Kind].Done.Add(step.After); i+1 < len(r.Plan.Steps) && m.Now().Before(until) {
			return waiting(step, until)
		}
	}
	return nil
}

func (m *Mover) step(ctx context.Context, step freehold.MoveStep, z *freehold.Zone) error {
	m.first = m.record.Marks[step.Kind].Started.IsZero()
	if err := m.mark(step.Kind, false); err != nil {
		return err
	}
	m.tell(step, false)
	do := map[freehold.StepKind]func(context.Context, freehold.MoveStep, *freehold.Zone) error{
		freehold.StepLowerTTL: m.lowerTTL, freehold.StepCreate: m.create, freehold.StepWrite: m.write, freehold.StepVerify: m.verify,
		freehold.StepUnsign: m.unsign, freehold.StepDelegate: m.delegate, freehold.StepKeep: m.keep, freehold.StepSign: m.sign, freehold.StepRetire: m.retire,
		freehold.StepShareKeys: m.shareKeys, freehold.StepAddDS: m.addDS, freehold.StepDropDS: m.dropDS,
	}[step.Kind]
	if do == nil {
		return invalid("this version does not know the step %q", step.Kind.String())
	}
	if err := do(ctx, step, z); err != nil {
		return err
	}
	if err := m.mark(step.Kind, true); err != nil {
		return err
	}
	m.tell(step, true)
	return nil
}

func (m *Mover) tell(step freehold.MoveStep, done bool) {
	if m.Told != nil {
		m.Told(step, done)
	}
}

// lowerTTL changes the TTLs of the old zone and nothing else.
func (m *Mover) lowerTTL(ctx context.Context, _ freehold.MoveStep, z *freehold.Zone) error {
	at, err := m.Old.Read(ctx, m.record.Plan.Name)
	if err != nil {
		return err
	}
	var changes []dnsexport.Change
	for s := range at.RRsets() {
		if s.Type == freehold.TypeSOA || s.Type.Signer() || time.Duration(s.TTL)*time.Second <= lowTTL {
			continue
		}
		low := s
		low.TTL = uint32(lowTTL / time.Second)
		changes = append(changes, dnsexport.Change{Was: s, Set: low})
	}
	return m.Old.Change(ctx, m.record.Plan.Name, changes)
}

func (m *Mover) create(ctx context.Context, step freehold.MoveStep, _ *freehold.Zone) error {
	err := m.Target.Create(ctx, m.record.Plan.Name)
	switch {
	case errors.Is(err, dnsexport.ErrExists):
		return nil // made by hand, or by a run that was interrupted; the next step finds out what is in it
	case freehold.KindOf(err) == freehold.KindWaiting:
		return waiting(step, time.Time{})
	}
	return err
}

// write makes the target hold the content and reads it back.
func (m *Mover) write(ctx context.Context, _ freehold.MoveStep, z *freehold.Zone) error {
	name, want := m.record.Plan.Name, m.wanted(z)
	for range 2 {
		at, err := m.Target.Read(ctx, name)
		if err != nil {
			return err
		}
		changes := dnsexport.Plan(at, m.with(want, at), m.Target.Traits())
		if len(changes) == 0 {
			return nil
		}
		if err := m.Target.Change(ctx, name, changes); err != nil {
			return err
		}
	}
	at, err := m.Target.Read(ctx, name)
	if err != nil {
		return err
	}
	if left := dnsexport.Plan(at, m.with(want, at), m.Target.Traits()); len(left) > 0 {
		return invalid("%s does not hold what was written to it: %d record sets differ, the first is %q", m.record.Plan.To, len(left), left[0].Set.Owner.String()+" "+left[0].Set.Type.String())
	}
	return nil
}

// wanted is the content with the new operator's name servers at its apex.
func (m *Mover) wanted(z *freehold.Zone) *freehold.Zone {
	want := Content(z)
	kept := m.Target.Traits()
	want.Records = slices.DeleteFunc(slices.Clone(want.Records), func(r freehold.Record) bool { return kept.Holds != nil && !kept.Holds(r.Type) })
	if kept.Cannot != nil {
		lost := map[string]bool{}
		for s := range want.RRsets() {
			lost[string(s.Owner.Canonical())+" "+s.Type.String()] = !kept.Cannot(s).IsZero()
		}
		want.Records = slices.DeleteFunc(want.Records, func(r freehold.Record) bool { return lost[string(r.Owner.Canonical())+" "+r.Type.String()] })
	}
	for _, h := range m.record.Plan.NameServers {
		want.Records = append(want.Records, freehold.Record{Owner: z.Origin, Class: freehold.ClassIN, Type: freehold.TypeNS, TTL: 3600, Data: string(freehold.OwnerOf(h))})
	}
	want.Sort()
	return want
}

// with adds the target's own SOA, so that it counts as wanted.
func (m *Mover) with(want, at *freehold.Zone) *freehold.Zone {
	out := *want
	out.Records = slices.Clone(want.Records)
	if soa, ok := at.SOA(); ok {
		out.Records = append(out.Records, soa)
	}
	out.Sort()
	return &out
}

func (m *Mover) verify(ctx context.Context, _ freehold.MoveStep, z *freehold.Zone) error {
	wrong, err := m.Look.Serves(ctx, m.record.Plan.NameServers, m.wanted(z))
	if err != nil {
		return err
	}
	if len(wrong) > 0 {
		return &freehold.Error{Kind: freehold.KindUnavailable, Msg: fmt.Sprintf("the new name servers do not yet answer as they should in %d cases: %s", len(wrong), freehold.OneLine(wrong[0])),
			Hint: "nothing has been changed for anybody yet; run the same command again when they do"}
	}
	return nil
}

// unsign takes the DS out, and is done once no server of the parent has it.
func (m *Mover) unsign(ctx context.Context, step freehold.MoveStep, _ *freehold.Zone) error {
	return m.atParent(ctx, step, func(p resolve.Parent) bool { return p.Unsigned() }, func() error {
		return m.Registrar.SetDS(ctx, m.record.Plan.Name, nil)
	})
}

// delegate changes the name servers, and is done once every server of the parent
// has them. Nobody is sent to servers that stopped answering meanwhile.
func (m *Mover) delegate(ctx context.Context, step freehold.MoveStep, z *freehold.Zone) error {
	parent, err := m.Look.Parent(ctx, m.record.Plan.Name)
	if err != nil {
		return err
	}
	if !parent.Delegates(m.record.Plan.NameServers) {
		if m.first && !parent.Delegates(m.record.OldNS) {
			return &freehold.Error{Kind: freehold.KindInvalid, Msg: `the delegation of "` + m.record.Plan.Name.ASCII() + `" is not what it was when the move was planned`, Hint: "plan again", Err: dnsexport.ErrChanged}
		}
		if !parent.Unsigned() && m.record.Marks[freehold.StepAddDS].Done.IsZero() {
			return invalid("%q still has a DS record: naming other servers now would make it unreachable for whoever validates", m.record.Plan.Name.ASCII())
		}
		if err := m.verify(ctx, step, z); err != nil {
			return err
		}
	}
	return m.atParent(ctx, step, func(p resolve.Parent) bool { return p.Delegates(m.record.Plan.NameServers) }, func() error {
		return m.Registrar.Delegate(ctx, m.record.Plan.Name, m.record.Plan.NameServers)
	})
}

// atParent does something at the parent and believes what the parent shows.
func (m *Mover) atParent(ctx context.Context, step freehold.MoveStep, there func(resolve.Parent) bool, do func() error) error {
	parent, err := m.Look.Parent(ctx, m.record.Plan.Name)
	if err != nil {
		return err
	}
	if there(parent) && parent.Silent == 0 {
		return nil
	}
	if step.ByHand || m.Registrar == nil {
		return waiting(step, time.Time{})
	}
	if err := do(); err != nil {
		return err
	}
	if parent, err = m.Look.Parent(ctx, m.record.Plan.Name); err != nil {
		return err
	}
	if !there(parent) || parent.Silent > 0 {
		return waiting(step, m.Now().Add(margin)) // registries publish every few minutes
	}
	return nil
}

// keep does nothing, and that for long enough.
func (m *Mover) keep(context.Context, freehold.MoveStep, *freehold.Zone) error { return nil }

func (m *Mover) sign(ctx context.Context, step freehold.MoveStep, _ *freehold.Zone) error {
	signer, ok := m.Target.(Signer)
	if !ok {
		return waiting(step, time.Time{})
	}
	ds, err := signer.Sign(ctx, m.record.Plan.Name)
	if err != nil {
		return err
	}
	return m.atParent(ctx, step, func(p resolve.Parent) bool { return signedBy(p, ds) }, func() error {
		return m.Registrar.SetDS(ctx, m.record.Plan.Name, ds)
	})
}

func signedBy(p resolve.Parent, ds []freehold.DS) bool {
	for _, set := range p.DS {
		for _, d := range set {
			if !slices.ContainsFunc(ds, func(want freehold.DS) bool { return sameDS(want, d) }) {
				return false
			}
		}
		if len(set) == 0 {
			return false
		}
	}
	return len(p.DS) > 0
}

// shareKeys is done once the old servers publish all keys of the new ones, and the
// new ones those of the old.
func (m *Mover) shareKeys(ctx context.Context, step freehold.MoveStep, _ *freehold.Zone) error {
	name := m.record.Plan.Name
	before, _, err := m.Look.Keys(ctx, name, m.record.OldNS)
	if err != nil {
		return err
	}
	after, _, err := m.Look.Keys(ctx, name, m.record.Plan.NameServers)
	if err != nil {
		return err
	}
	if len(before) == 0 || len(after) == 0 || !sharesZoneKeys(before, after) {
		return waiting(step, time.Time{})
	}
	return nil
}

// sharesZoneKeys tells whether the two sets of keys have the same zone-signing
// keys. Each operator keeps its own key-signing one (RFC 8901 §2.2.2, model 2).
func sharesZoneKeys(a, b []freehold.DNSKEY) bool {
	zone := func(keys []freehold.DNSKEY) map[freehold.DNSKEY]bool {
		out := map[freehold.DNSKEY]bool{}
		for _, k := range keys {
			if k.Flags&1 == 0 {
				out[k] = true
			}
		}
		return out
	}
	za, zb := zone(a), zone(b)
	return len(za) >= 2 && maps.Equal(za, zb)
}

// addDS is done once the parent vouches for a key of the new operator beside the
// old ones.
func (m *Mover) addDS(ctx context.Context, step freehold.MoveStep, _ *freehold.Zone) error {
	_, entry, err := m.Look.Keys(ctx, m.record.Plan.Name, m.record.Plan.NameServers)
	if err != nil {
		return err
	}
	both := func(p resolve.Parent) bool {
		return vouchesFor(p, entry) && slices.ContainsFunc(m.record.OldDS, func(d freehold.DS) bool { return vouches(p, d) })
	}
	return m.atParent(ctx, step, both, func() error {
		signer, ok := m.Target.(Signer)
		if !ok {
			return waiting(step, time.Time{})
		}
		ds, err := signer.Sign(ctx, m.record.Plan.Name)
		if err != nil {
			return err
		}
		return m.Registrar.SetDS(ctx, m.record.Plan.Name, append(slices.Clone(m.record.OldDS), ds...))
	})
}

// dropDS is done once the parent vouches for no key but the new operator's.
func (m *Mover) dropDS(ctx context.Context, step freehold.MoveStep, _ *freehold.Zone) error {
	parent, err := m.Look.Parent(ctx, m.record.Plan.Name)
	if err != nil {
		return err
	}
	gone := func(p resolve.Parent) bool {
		return !p.Unsigned() && !slices.ContainsFunc(m.record.OldDS, func(d freehold.DS) bool { return vouches(p, d) })
	}
	return m.atParent(ctx, step, gone, func() error {
		var kept []freehold.DS
		for _, d := range parent.DS[0] {
			if !slices.ContainsFunc(m.record.OldDS, func(old freehold.DS) bool { return sameDS(d, old) }) {
				kept = append(kept, d)
			}
		}
		if len(kept) == 0 {
			return invalid("without the old DS record there would be none")
		}
		return m.Registrar.SetDS(ctx, m.record.Plan.Name, kept)
	})
}

// vouchesFor tells whether every server of the parent has a DS of one of the keys.
func vouchesFor(p resolve.Parent, keys []freehold.DNSKEY) bool {
	for _, set := range p.DS {
		if !slices.ContainsFunc(set, func(d freehold.DS) bool {
			return slices.ContainsFunc(keys, func(k freehold.DNSKEY) bool { return k.KeyTag == d.KeyTag && k.Algorithm == d.Algorithm })
		}) {
			return false
		}
	}
	return len(p.DS) > 0
}

// vouches tells whether every server of the parent has the DS.
func vouches(p resolve.Parent, ds freehold.DS) bool {
	for _, set := range p.DS {
		if !slices.ContainsFunc(set, func(d freehold.DS) bool { return sameDS(d, ds) }) {
			return false
		}
	}
	return len(p.DS) > 0
}

func sameDS(a, b freehold.DS) bool {
	return a.KeyTag == b.KeyTag && a.Algorithm == b.Algorithm && a.DigestType == b.DigestType && a.Digest == b.Digest
}

// retire is somebody else's act: the old zone is not ours to delete.
func (m *Mover) retire(context.Context, freehold.MoveStep, *freehold.Zone) error { return nil }

// TakeBack undoes a move: the old servers are named again, and the old DS put back
// if the old operator's are named and it was taken out. The new zone is left as
// it is: nobody is sent there any more once caches have forgotten it.
func (m *Mover) TakeBack(ctx context.Context) error {
	r, err := m.Memory.Load()
	if err != nil {
		return err
	}
	m.record = r
	if !r.Back {
		r.Back = true
		if err := m.Memory.Save(r); err != nil {
			return err
		}
	}
	for _, step := range slices.Backward(r.Plan.Steps) {
		if r.Marks[step.Kind].Started.IsZero() {
			continue
		}
		var err error
		switch step.Kind {
		case freehold.StepSign:
			err = m.atParent(ctx, undo(step), resolve.Parent.Unsigned, func() error { return m.Registrar.SetDS(ctx, r.Plan.Name, nil) })
		case freehold.StepDelegate:
			err = m.atParent(ctx, undo(step), func(p resolve.Parent) bool { return p.Delegates(r.OldNS) }, func() error { return m.Registrar.Delegate(ctx, r.Plan.Name, r.OldNS) })
			if err == nil && r.BackAt.IsZero() {
				r.BackAt = m.Now().UTC()
				err = m.Memory.Save(r)
			}
		case freehold.StepAddDS:
			err = m.atParent(ctx, undo(step), func(p resolve.Parent) bool { return signedBy(p, r.OldDS) }, func() error { return m.Registrar.SetDS(ctx, r.Plan.Name, r.OldDS) })
		case freehold.StepUnsign:
			// While a resolver remembers the new servers, whose zone has no such signatures,
			// the old DS would make their answers bogus.
			if until := r.BackAt.Add(r.keep()); !r.BackAt.IsZero() && m.Now().Before(until) {
				return waiting(undo(step), until)
			}
			err = m.atParent(ctx, undo(step), func(p resolve.Parent) bool { return signedBy(p, r.OldDS) }, func() error { return m.Registrar.SetDS(ctx, r.Plan.Name, r.OldDS) })
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// keep is how long resolvers remember name servers.
func (r *Record) keep() time.Duration {
	for _, s := range r.Plan.Steps {
		if s.Kind == freehold.StepKeep {
			return s.After
		}
	}
	return 2 * 24 * time.Hour // what the largest registries publish
}

// undo is a step as its way back is told.
func undo(step freehold.MoveStep) freehold.MoveStep {
	step.Title = step.Undo
	return step
}
