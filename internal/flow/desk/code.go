package desk

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"freehold"
	"freehold/registrar/transfer"
)

// A Delivery is how a code is handed over, as the decision says that releases it.
// There is none by plain mail (RFC 9154 §4.3).
type Delivery struct {
	way string // "key", "phrase", "aloud"
	key string
}

// ParseDelivery reads "key age1…", "key ssh-ed25519 …", "phrase" or "aloud".
func ParseDelivery(s string) (Delivery, error) {
	way, key, _ := strings.Cut(strings.TrimSpace(s), " ")
	key = strings.TrimSpace(key)
	switch {
	case way == "key" && key != "" && !strings.ContainsAny(key, "\n\r"):
		return Delivery{way, key}, nil
	case (way == "phrase" || way == "aloud") && key == "":
		return Delivery{way, ""}, nil
	case way == "mail":
		return Delivery{}, &freehold.Error{Kind: freehold.KindPermission, Text: freehold.T("a code is not sent by plain mail (RFC 9154, section 4.3)"),
			Advice: freehold.T("seal it to a key, or to a phrase that is spoken")}
	}
	return Delivery{}, &freehold.Error{Kind: freehold.KindInvalid, Text: freehold.T("%q is no way to hand a code over", freehold.OneLine(s)), Advice: freehold.T("use one of %s", "key KEY, phrase, aloud")}
}

// String is how the decision says it.
func (d Delivery) String() string { return strings.TrimSpace(d.way + " " + d.key) }

// attended tells whether an operator has to speak with the requester meanwhile.
func (d Delivery) attended() bool { return d.way != "key" }

var errAttend = &freehold.Error{Kind: freehold.KindWaiting, Text: freehold.T("an operator has to be on the telephone with the requester for this"), Advice: freehold.T("call back, then run it by hand: %s", "freehold desk release CASE")}

// deliveryOf is what all approvals say of the delivery. Operators who signed for
// different ways have not approved the same thing.
func deliveryOf(c *freehold.Case, approvals []string) (Delivery, error) {
	said, found := "", false
	for _, d := range c.Decisions {
		if !slices.Contains(approvals, d.Decision.Digest()) {
			continue
		}
		if found && d.Decision.Delivery != said {
			return Delivery{}, &freehold.Error{Kind: freehold.KindPermission, Text: freehold.T("the approvals name different ways to hand the code over"), Advice: freehold.T("revoke, then approve anew")}
		}
		said, found = d.Decision.Delivery, true
	}
	return ParseDelivery(said)
}

func fields(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == ',' || r == '\t' })
}

// maxDraws bounds how many codes are tried in one go.
const maxDraws = 5

// sealed is a code under way: in clear here, sealed in the store.
type sealed struct {
	code, phrase freehold.TransferCode
	text         []byte
}

func (s sealed) destroy() {
	s.code.Destroy()
	s.phrase.Destroy()
}

// seal makes the text that is kept. What is read aloud is not kept at all.
func (w *work) seal(code freehold.TransferCode, d Delivery) (s sealed, err error) {
	s.code = code
	switch d.way {
	case "key":
		s.text, err = w.Seal.ToKeys(code, d.key)
	case "phrase":
		if s.phrase, err = w.Seal.NewPhrase(w.Random); err == nil {
			s.text, err = w.Seal.WithPhrase(code, s.phrase)
		}
	}
	return s, err
}

// attempt is the state of a try to set a code.
type attempt struct {
	*work
	reg       transfer.Registrar
	delivery  Delivery
	wasLocked bool
	locked    bool // now
	// uncertain: a code of ours may stand at the registry already.
	uncertain bool
	expires   time.Time
}

// setCode sets a code: draw, seal, keep the sealed text, set, write it down. A code
// whose fate is not known is followed by a fresh one; one that stood longer than its
// time without an event is taken back.
func (w *work) setCode(ctx context.Context, reg transfer.Registrar) error {
	c := w.c()
	now := w.at(c)
	a := attempt{work: w, reg: reg, expires: now.Add(w.ttl())}
	before, err := w.Store.Sealed(ctx, c.ID)
	switch {
	case err == nil:
		// Its time runs from the first attempt: that one's code may stand since then.
		a.uncertain, a.wasLocked, a.expires = true, before.WasLocked, before.Expires
		if !now.Before(before.Expires) {
			return w.abort(ctx, reg, &freehold.Error{Kind: freehold.KindUnavailable, Text: freehold.T("the registry did not take a code in time")})
		}
	case freehold.KindOf(err) != freehold.KindNotFound:
		return err
	}
	how := reg.Able(c.Name)
	if how.How != transfer.HowMails {
		if a.delivery, err = deliveryOf(c, c.Release.Approvals); err == nil && a.delivery.attended() && w.Attendant == nil {
			return w.rest(ctx, before.Expires, errAttend) // an earlier attempt is taken back in time
		}
	}
	if err != nil {
		return w.abort(ctx, reg, err)
	}
	state, err := reg.Look(ctx, c.Name)
	if err != nil {
		return w.again(ctx, soon, err)
	}
	if err := released(c.Name, state); err != nil {
		return w.abort(ctx, reg, err)
	}
	a.locked, a.wasLocked = state.Locked, a.wasLocked || state.Locked
	switch how.How {
	case transfer.HowSet:
		return a.draw(ctx, how.Shapes)
	case transfer.HowFetch:
		return a.fetch(ctx)
	case transfer.HowMails:
		return a.mail(ctx)
	}
	return w.abort(ctx, reg, errNoCode(c.Name, reg))
}

// keep stores the sealed text before the registry is asked.
func (a *attempt) keep(ctx context.Context, text []byte) error {
	return a.Store.PutSealed(ctx, freehold.SealedCode{Case: a.c().ID, Delivery: a.delivery.String(), Text: text, Made: a.at(a.c()), Expires: a.expires, WasLocked: a.wasLocked}, a.fence)
}

// draw sets codes that we draw until the registry takes one.
func (a *attempt) draw(ctx context.Context, shapes []freehold.CodeShape) error {
	setter := a.reg.(transfer.Setter)
	var last error
	for i := range maxDraws {
		code, err := shapes[i%len(shapes)].Generate(a.Random)
		if err != nil {
			return a.again(ctx, soon, err)
		}
		s, err := a.seal(code, a.delivery)
		if err != nil {
			s.destroy()
			return a.abort(ctx, a.reg, err)
		}
		if err := a.keep(ctx, s.text); err != nil {
			s.destroy()
			return err
		}
		last = setter.Set(ctx, a.c().Name, code, a.locked)
		if last == nil {
			err := a.stands(ctx, s)
			s.destroy()
			return err
		}
		s.destroy()
		switch {
		case errors.Is(last, transfer.ErrUnknown):
			a.uncertain = true
		case errors.Is(last, transfer.ErrOtherCode):
		case freehold.KindOf(last) == freehold.KindUnavailable:
			return a.again(ctx, soon, last)
		default:
			return a.abort(ctx, a.reg, last)
		}
	}
	if a.uncertain {
		return a.again(ctx, soon, last)
	}
	return a.abort(ctx, a.reg, last)
}

// fetch has the registrar make the code. Asking is what changes it, so the intent is
// stored first.
func (a *attempt) fetch(ctx context.Context) error {
	if err := a.keep(ctx, nil); err != nil {
		return err
	}
	code, err := a.reg.(transfer.Fetcher).Fetch(ctx, a.c().Name, a.locked)
	switch {
	case err != nil && freehold.KindOf(err) == freehold.KindWaiting:
		return a.rest(ctx, a.expires, err)
	case err != nil:
		return a.again(ctx, delay(err), err)
	case code.IsZero():
		return a.again(ctx, seldom, &freehold.Error{Kind: freehold.KindInvalid, Text: freehold.T("the code that was typed is empty")})
	}
	s, err := a.seal(code, a.delivery)
	defer s.destroy()
	if err != nil {
		return a.abort(ctx, a.reg, err)
	}
	if err := a.keep(ctx, s.text); err != nil {
		return err
	}
	return a.stands(ctx, s)
}

// mail has the registry send the code to the holder: we never see it.
func (a *attempt) mail(ctx context.Context) error {
	if err := a.keep(ctx, nil); err != nil {
		return err
	}
	if err := a.reg.(transfer.Mailer).Mail(ctx, a.c().Name); err != nil {
		return a.again(ctx, delay(err), err)
	}
	return a.put(ctx, addition{bodies: []freehold.CaseBody{freehold.CodeSet{Expires: a.expires, Unlocked: a.wasLocked}, freehold.CodeRevealed{Delivery: "mailed by the registry"}}, next: &a.expires, drop: true})
}

// stands writes down that the code stands, and tells the operator on the telephone
// what is to be spoken.
func (a *attempt) stands(ctx context.Context, s sealed) error {
	if err := a.put(ctx, addition{bodies: []freehold.CaseBody{freehold.CodeSet{Expires: a.expires, Unlocked: a.wasLocked}}, next: &a.expires}); err != nil {
		return err
	}
	switch a.delivery.way {
	case "phrase":
		return a.Attendant.Phrase(ctx, *a.c(), s.phrase)
	case "aloud":
		return a.aloud(ctx, s.code)
	}
	return nil
}

// aloud hands the code over by voice. That it was handed over is written down
// before the first character is said; what was not heard well is worthless.
func (a *attempt) aloud(ctx context.Context, code freehold.TransferCode) error {
	if err := a.put(ctx, addition{bodies: []freehold.CaseBody{freehold.CodeRevealed{Delivery: "aloud"}}, next: &a.expires, drop: true}); err != nil {
		return err
	}
	heard, err := a.Attendant.Aloud(ctx, *a.c(), code)
	if err == nil && heard {
		return nil
	}
	return errors.Join(err, a.unset(ctx, a.reg, "it was not read back without a fault"))
}

// abort ends a release that cannot be done: whatever code may stand is taken back
// first, so that the case never says less than the registry holds.
func (w *work) abort(ctx context.Context, reg transfer.Registrar, why error) error {
	c := w.c()
	w.waits, w.ended = why, true
	before, err := w.Store.Sealed(ctx, c.ID)
	if err != nil && freehold.KindOf(err) != freehold.KindNotFound {
		return err
	}
	if err == nil && c.Act == freehold.ActCode {
		if err := w.takeBack(ctx, reg, before.WasLocked); err != nil {
			return w.again(ctx, soon, err)
		}
	}
	next := w.at(c).Add(seldom)
	return w.put(ctx, addition{bodies: []freehold.CaseBody{freehold.ReleaseFailed{Why: freehold.OneLine(why.Error())}}, next: &next, drop: true})
}

// Reveal hands the sealed code over: once. That it was is stored before it is
// returned; if it is lost after that, the code is revoked and another released.
func (d *Desk) Reveal(ctx context.Context, id, actor string) ([]byte, freehold.CaseRow, error) {
	w, end, err := d.start(ctx, id)
	if err != nil {
		return nil, freehold.CaseRow{}, err
	}
	defer end()
	if w.c().State == freehold.CaseSet {
		if why := w.moved(); why != nil {
			return nil, w.row, why
		}
	}
	code, err := d.Store.Sealed(ctx, id)
	if err != nil && freehold.KindOf(err) != freehold.KindNotFound {
		return nil, w.row, err
	}
	way, _, _ := strings.Cut(code.Delivery, " ")
	until := w.c().CodeUntil
	if err := w.put(ctx, addition{actor: actor, bodies: []freehold.CaseBody{freehold.CodeRevealed{Delivery: way}}, next: &until, drop: true}); err != nil {
		return nil, w.row, err
	}
	return code.Text, w.row, nil
}
