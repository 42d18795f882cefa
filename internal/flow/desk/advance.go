package desk

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"freehold"
	"freehold/registrar/transfer"
	"freehold/verify/identity"
)

// How long to wait before looking again.
const (
	soon   = time.Minute      // the registry did not answer
	later  = 10 * time.Minute // it refuses for now: a transfer is pending
	seldom = time.Hour        // somebody has to change something first
)

// maxSteps bounds what one Advance does: begin, set, and what follows.
const maxSteps = 8

// work is one worker on one case, under a lease.
type work struct {
	*Desk
	row   freehold.CaseRow
	fence int64
	// waits says what the case waits for, beside time.
	waits error
	// ended: what failed is not tried again at once.
	ended bool
}

func (w *work) c() *freehold.Case { return &w.row.Case }

func (w *work) keeper() identity.Keeper {
	return w.Keeper(w.c().Name, w.at(w.c()))
}

// put writes what happened, again where a person entered something meanwhile.
func (w *work) put(ctx context.Context, a addition) error {
	a.id, a.fence = w.c().ID, w.fence
	if a.actor == "" {
		a.actor = "desk"
	}
	row, err := w.retried(ctx, a.id, a)
	if err == nil {
		w.row = row
	}
	return err
}

// again has the case looked at after a while, and says why nothing was done.
func (w *work) again(ctx context.Context, after time.Duration, why error) error {
	w.waits = why
	next := w.at(w.c()).Add(after)
	return w.put(ctx, addition{next: &next})
}

// rest has nobody look until something happens, or until a moment.
func (w *work) rest(ctx context.Context, until time.Time, why error) error {
	w.waits = why
	if w.row.Next.Equal(until) {
		return nil
	}
	return w.put(ctx, addition{next: &until})
}

// An Outcome is how far Advance got.
type Outcome struct {
	Row freehold.CaseRow
	// Waits says what has to happen first: an error of KindWaiting for time or a
	// person, of KindPermission for proof, of KindUnavailable for the registry. Nil:
	// nothing is left to do.
	Waits error
}

// Advance goes on with a case as far as it can now. Errors are of KindBusy where
// somebody else works on it, and those of the store; that the registry refused or
// did not answer is an outcome.
func (d *Desk) Advance(ctx context.Context, id string) (Outcome, error) {
	w, end, err := d.start(ctx, id)
	if err != nil {
		return Outcome{}, err
	}
	defer end()
	ctx, cancel := context.WithTimeout(ctx, d.lease()*2/3)
	defer cancel()
	for range maxSteps {
		before := w.row.Version()
		if err := w.step(ctx); err != nil {
			return Outcome{w.row, w.waits}, err
		}
		if w.row.Version() == before || w.ended {
			break
		}
	}
	return Outcome{w.row, w.waits}, nil
}

// start takes the lease of a case and reads it.
func (d *Desk) start(ctx context.Context, id string) (*work, func(), error) {
	// Or leases would be made for cases that are none.
	if _, err := d.Store.Case(ctx, id); err != nil {
		return nil, nil, err
	}
	now := d.Now()
	l, err := d.Store.TakeLease(ctx, "case "+id, d.Worker, now, now.Add(d.lease()))
	if err != nil {
		return nil, nil, err
	}
	end := func() {
		if err := d.Store.EndLease(context.WithoutCancel(ctx), l); err != nil {
			d.tell(freehold.T("the lease of the case %q runs out by itself: %s", id, err))
		}
	}
	row, err := d.Store.Case(ctx, id)
	if err != nil {
		end()
		return nil, nil, err
	}
	return &work{Desk: d, row: row, fence: l.Fence}, end, nil
}

// step does the next thing.
func (w *work) step(ctx context.Context) error {
	w.waits = nil
	c := w.c()
	if n := len(c.Transfers); n > 0 && c.Transfers[n-1].State == "pending" {
		if done, err := w.answer(ctx); done || err != nil {
			return err
		}
	}
	switch {
	case c.State == freehold.CaseReleasing:
		return w.release(ctx)
	case !c.CodeUntil.IsZero():
		return w.guard(ctx)
	case c.State == freehold.CaseOpen:
		return w.begin(ctx)
	}
	return w.rest(ctx, time.Time{}, nil)
}

// begin begins the release, once all that it needs is there. It looks at the
// registry first: approvals are not used up for what cannot be done.
func (w *work) begin(ctx context.Context) error {
	c := w.c()
	now := w.at(c)
	k := w.keeper()
	begun, err := k.MayRelease(*c, now)
	if err != nil {
		// Without an approval no time that passes releases anything.
		until := time.Time{}
		if len(c.Standing(freehold.DecisionRelease)) > 0 {
			until = identity.Evaluate(*c, k.Policy, now).Hold
		}
		return w.rest(ctx, until, err)
	}
	reg, err := w.Registrar(c.Name)
	if err != nil {
		return w.again(ctx, seldom, err)
	}
	if err := w.able(reg, begun.Approvals); err != nil {
		return w.rest(ctx, time.Time{}, err)
	}
	state, err := reg.Look(ctx, c.Name)
	if err == nil {
		err = released(c.Name, state)
	}
	switch {
	case freehold.KindOf(err) == freehold.KindWaiting && err != nil:
		return w.rest(ctx, time.Time{}, err)
	case err != nil:
		return w.again(ctx, delay(err), err)
	}
	return w.put(ctx, addition{bodies: []freehold.CaseBody{begun}, wake: true})
}

// delay is how long to wait after an error before asking again.
func delay(err error) time.Duration {
	if freehold.KindOf(err) == freehold.KindUnavailable || errors.Is(err, transfer.ErrUnknown) {
		return soon
	}
	return seldom
}

// released says why a name cannot be let go as it stands at the registry.
func released(name freehold.Name, s transfer.State) error {
	switch {
	case !s.Ours:
		return &freehold.Error{Kind: freehold.KindPermission, Text: freehold.T("%q is not in our account at the registry", name.Unicode()), Advice: freehold.T("decide that it is not ours: %s", "freehold desk deny CASE --as not_ours")}
	case len(s.Barred) > 0:
		return &freehold.Error{Kind: freehold.KindPermission, Text: freehold.T("a lock on %q forbids it: %s", name.Unicode(), s.Barred[0]), Advice: freehold.T("only who set the lock lifts it")}
	case s.Pending:
		return &freehold.Error{Kind: freehold.KindPermission, Text: freehold.T("a transfer of %q is pending already", name.Unicode())}
	}
	return nil
}

// able says why an act cannot be done with this adapter, in the way that was signed.
func (w *work) able(reg transfer.Registrar, approvals []string) error {
	c := w.c()
	no := func() error {
		return &freehold.Error{Kind: freehold.KindPermission, Text: freehold.T("this cannot be done through %s", reg.Title()), Advice: freehold.T("do it in the registrar's panel, or by another account")}
	}
	switch c.Act {
	case freehold.ActCode:
		how := reg.Able(c.Name)
		if how.How == transfer.HowNone || how.How == transfer.HowTag {
			return errNoCode(c.Name, reg)
		}
		if how.How == transfer.HowMails {
			return nil
		}
		delivery, err := deliveryOf(c, approvals)
		if err == nil && delivery.attended() && w.Attendant == nil {
			err = errAttend
		}
		return err
	case freehold.ActUnlock:
		if _, ok := reg.(transfer.Locker); !ok {
			return no()
		}
	case freehold.ActRepoint:
		if _, ok := reg.(transfer.Repointer); !ok {
			return no()
		}
		_, err := hosts(c.Target)
		return err
	case freehold.ActPush, freehold.ActTag:
		if _, ok := reg.(transfer.Tagger); !ok {
			return no()
		}
	}
	return nil
}

func errNoCode(name freehold.Name, reg transfer.Registrar) error {
	e := &freehold.Error{Kind: freehold.KindPermission, Text: freehold.T("no code for %q can be had through %s", name.Unicode(), reg.Title())}
	if why := reg.Able(name).Why.Text; !why.IsZero() {
		e.Err = &freehold.Error{Kind: freehold.KindPermission, Text: why}
	}
	return e
}

// release does the act whose release has begun.
func (w *work) release(ctx context.Context) error {
	c := w.c()
	reg, err := w.Registrar(c.Name)
	if err != nil {
		return w.again(ctx, seldom, err)
	}
	if why := w.moved(); why != nil {
		return w.abort(ctx, reg, why)
	}
	if c.Act == freehold.ActCode {
		return w.setCode(ctx, reg)
	}
	if err := w.able(reg, c.Release.Approvals); err != nil {
		return w.abort(ctx, reg, err)
	}
	switch c.Act {
	case freehold.ActUnlock:
		err = reg.(transfer.Locker).Lock(ctx, c.Name, false)
	case freehold.ActRepoint:
		servers, _ := hosts(c.Target) // able has read them
		err = reg.(transfer.Repointer).Repoint(ctx, c.Name, servers)
	default:
		err = reg.(transfer.Tagger).Push(ctx, c.Name, c.Target)
	}
	switch {
	case err == nil:
		return w.put(ctx, addition{bodies: []freehold.CaseBody{freehold.ActDone{Receipt: reg.Title()}}, next: &time.Time{}})
	case errors.Is(err, transfer.ErrUnknown), freehold.KindOf(err) == freehold.KindUnavailable:
		return w.again(ctx, soon, err) // each of these acts may be done twice
	case freehold.KindOf(err) == freehold.KindWaiting:
		return w.rest(ctx, time.Time{}, err)
	}
	return w.abort(ctx, reg, err)
}

var errMoved = &freehold.Error{Kind: freehold.KindPermission, Text: freehold.T("something came up since the release began"), Advice: freehold.T("look at the case, then approve anew")}

// moved says what came up since the release began that forbids to go on; nil if
// nothing did.
func (w *work) moved() error {
	c := w.c()
	if len(c.Release.Approvals) == 0 || c.Release.Basis != c.Basis() {
		return errMoved
	}
	if err := w.keeper().MayReveal(*c, w.at(c)); err != nil && freehold.KindOf(err) == freehold.KindPermission {
		return err
	}
	return nil
}

// hosts reads the name servers of a target: "ns1.new.example ns2.new.example".
func hosts(target string) ([]freehold.Host, error) {
	var all []freehold.Host
	for _, word := range fields(target) {
		h, err := freehold.ParseHost(word)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(all, h) {
			all = append(all, h)
		}
	}
	if len(all) == 0 {
		return nil, &freehold.Error{Kind: freehold.KindInvalid, Text: freehold.T("the case names no name servers to point to")}
	}
	return all, nil
}

// Sweep advances all cases that are due, several at a time, and returns how many it
// looked at. One that fails is told and never stops the rest.
func (d *Desk) Sweep(ctx context.Context, parallel int) (int, error) {
	total := 0
	for ctx.Err() == nil {
		ids, err := d.Store.DueCases(ctx, d.Now(), max(1, parallel)*16)
		if err != nil || len(ids) == 0 {
			return total, err
		}
		if moved := d.each(ctx, ids, parallel); moved == 0 {
			return total, nil // all of these are somebody else's, or failed
		}
		total += len(ids)
	}
	return total, ctx.Err()
}

// each advances cases and returns how many of them went without an error.
func (d *Desk) each(ctx context.Context, ids []string, parallel int) int {
	var wg sync.WaitGroup
	var mu sync.Mutex
	good := 0
	slots := make(chan struct{}, max(1, parallel))
	for _, id := range ids {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			_, err := d.Advance(ctx, id)
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				good++
			} else if freehold.KindOf(err) != freehold.KindBusy {
				d.tell(freehold.T("the case %q: %s", id, err))
			}
		})
	}
	wg.Wait()
	return good
}
