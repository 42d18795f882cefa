package identity

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"freehold"
)

// TestAnySequence: whatever happens to a case, in whatever order, a code is handed
// over only where somebody who checks it by other means than Evaluate agrees.
func TestAnySequence(t *testing.T) {
	handedOver = 0
	rapid.Check(t, anySequence)
	if handedOver < 10 {
		t.Errorf("only %d sequences let a name go: the others prove nothing", handedOver)
	}
}

// FuzzSequence looks for what the drawn sequences did not meet.
func FuzzSequence(f *testing.F) { f.Fuzz(rapid.MakeFuzz(anySequence)) }

var everyContact = []freehold.Contact{contactMail(), phone, post, bank, login, key, spare, agencyPhone,
	{ID: "new", Of: freehold.SideHolder, Channel: freehold.ChannelMail, Address: "new@ailleurs.ru", Since: monday.Add(-2 * day)},
	{ID: "old", Of: freehold.SideHolder, Channel: freehold.ChannelPhone, Address: "+41 1", Since: monday.AddDate(-9, 0, 0), Previous: true},
	{ID: "undated", Of: freehold.SideHolder, Channel: freehold.ChannelPost, Address: "rue X"},
	{ID: "athost", Of: freehold.SideHolder, Channel: freehold.ChannelMail, Address: "info@verrine.com", Since: monday.AddDate(-5, 0, 0), AtHost: true}}

func anySequence(t *rapid.T) {
	tb := &quiet{}
	at := place{name: rapid.SampledFrom([]string{"verrine.com", "verrine.ch", "verrine.pl"}).Draw(t, "name"), profile: rapid.SampledFrom([]string{Normal, Crisis}).Draw(t, "profile"),
		contacts: everyContact, high: rapid.Bool().Draw(t, "high"), requester: rapid.SampledFrom([]freehold.Party{verrine, verrine, agency, thief}).Draw(t, "requester"),
		act: rapid.SampledFrom([]freehold.Act{freehold.ActCode, freehold.ActRepoint}).Draw(t, "act")}
	w := open(tb, at)
	w.onHanded = func(before freehold.Case, at time.Time) { handedOver++; oracle(t, before, w, at) }
	for range rapid.IntRange(1, 40).Draw(t, "steps") {
		w.now = w.now.Add(seconds(rapid.SampledFrom([]int64{0, 1, 60, 3600, 26 * 3600, 50 * 3600, -3600}).Draw(t, "later")))
		if rapid.Bool().Draw(t, "by the book") {
			w.byTheBook()
			continue
		}
		w.try(rapid.SampledFrom([]string{"ana", "bruno", "work"}).Draw(t, "who"), anything(t, w))
	}
	for range 2 {
		folded, err := freehold.FoldCase(w.events)
		if err != nil || fmt.Sprintf("%+v", folded) != fmt.Sprintf("%+v", w.c) {
			t.Fatalf("folded again it is another case: %v\n%+v\n%+v", err, folded, w.c)
		}
	}
}

// handedOver counts the names that the drawn sequences let go: none would prove nothing.
var handedOver int

// byTheBook does the next thing an honest desk would do.
func (w *world) byTheBook() {
	defer func() {
		if r := recover(); r != nil {
			if _, ours := r.(string); !ours { // what cannot be done now is left
				panic(r)
			}
		}
	}()
	a := Evaluate(w.c, w.keeper.Policy, w.now)
	if !a.Enough && len(a.Missing) > 0 {
		for _, m := range a.Missing[0].Methods {
			for _, k := range everyContact {
				if method, _ := MethodOf(m); k.Channel == method.Channel && k.Of == freehold.SideHolder && method.Life > 0 {
					w.answers(m, k.ID, freehold.SideHolder, "")
					return
				}
			}
		}
	}
	w.told("post")
	w.release()
}

func handed(c freehold.Case) bool {
	return c.State == freehold.CaseRevealed || c.State == freehold.CaseDone
}

// oracle knows what a release needs, told by hand: no helper of the judgement is used.
func oracle(t *rapid.T, before freehold.Case, w *world, at time.Time) {
	worthIt := map[string]bool{"mail": true, "phone": true, "post": true, "bank": true, "key": true, "login": before.Incident.IsZero(), "athost": before.Incident.IsZero(), "spare": true, "undated": true}
	carrying := []string{"contact_mail", "call_back", "letter_code", "payment_reference", "account_login", "mandate_key", "recovery_contact"}
	proof, requester := false, before.Requester.Is(before.Holder)
	for _, d := range before.Checks {
		if d.Outcome == freehold.CheckPassed && d.Of == freehold.SideHolder && d.Ref == "" && worthIt[d.Contact] && slices.Contains(carrying, d.Method) {
			proof = true
		}
	}
	for _, m := range before.Mandates {
		requester = requester || m.To.Is(before.Requester) && m.Covers(before.Name, before.Act, at)
	}
	for _, d := range before.Disputes {
		if d.Settled && d.Upheld {
			t.Fatalf("released against an objection that was upheld")
		}
	}
	signers := map[string]bool{}
	for _, d := range before.Decisions {
		if d.Decision.Kind == freehold.DecisionRelease && slices.Contains(before.Release.Approvals, d.Decision.Digest()) {
			signers[d.Decision.Operator] = true
		}
	}
	if !proof || !requester || len(signers) == 0 || before.HighValue && len(signers) < 2 {
		t.Fatalf("released with proof %v, authority %v, signers %v: %+v", proof, requester, signers, before)
	}
	if before.Act == freehold.ActCode && at.Before(before.OpenedAt.Add(day)) && at.Before(w.keeper.Policy.Deadline(&before).At.Add(-day)) {
		t.Fatalf("released %s after it was opened", at.Sub(before.OpenedAt))
	}
}

// anything draws an event: good ones, and ones nobody may enter.
func anything(t *rapid.T, w *world) freehold.CaseBody {
	method := rapid.SampledFrom(Methods()).Draw(t, "method")
	of := rapid.SampledFrom([]freehold.Side{freehold.SideHolder, freehold.SideHolder, freehold.SideHolder, freehold.SideRequester, freehold.SideObjector, freehold.SideClaimant}).Draw(t, "of")
	ref := ""
	if of == freehold.SideObjector || of == freehold.SideClaimant {
		ref = "o1"
	}
	var contact string
	if fit := slices.DeleteFunc(slices.Clone(everyContact), func(k freehold.Contact) bool { return k.Channel != method.Channel }); method.ByContact && len(fit) > 0 {
		contact = rapid.SampledFrom(fit).Draw(t, "contact").ID
	}
	switch rapid.IntRange(0, 16).Draw(t, "what") {
	case 0, 1, 2, 3:
		ended := freehold.CheckEnded{Method: method.ID, Of: of, Ref: ref, Contact: contact, Outcome: freehold.CheckPassed}
		if method.Life > 0 {
			w.asked++
			q, err := Ask(&w.rand, w.c, freehold.CheckAsked{ID: fmt.Sprint("q", w.asked), Method: method.ID, Of: of, Ref: ref, Contact: contact}, w.now)
			if err != nil {
				return freehold.Noted{}
			}
			if w.try("desk", q.Event) == nil {
				ended.Ask = q.Event.ID
			}
		}
		ended.Outcome = rapid.SampledFrom([]freehold.CheckOutcome{freehold.CheckPassed, freehold.CheckPassed, freehold.CheckPassed, freehold.CheckFailed, freehold.CheckWithdrawn}).Draw(t, "outcome")
		return ended
	case 4:
		return freehold.MandateShown{Mandate: mandate(func(m *freehold.Mandate) { m.ID = fmt.Sprint("m", len(w.c.Mandates)) })}
	case 5:
		return freehold.Objected{ID: "o1", Party: verrine, Claims: rapid.SampledFrom([]freehold.Side{freehold.SideHolder, freehold.SideNone}).Draw(t, "claims")}
	case 6:
		return freehold.SecondClaim{ID: "o1", Party: thief}
	case 7:
		return freehold.DoubtRecorded{ID: fmt.Sprint("d", len(w.c.Doubts)), Reason: "odd"}
	case 8:
		return freehold.NoticeEnded{Contact: rapid.SampledFrom(everyContact).Draw(t, "told").ID, Sent: rapid.Bool().Draw(t, "sent")}
	case 9, 10, 11:
		kind := rapid.SampledFrom([]freehold.DecisionKind{freehold.DecisionRelease, freehold.DecisionRelease, freehold.DecisionRelease, freehold.DecisionSettle, freehold.DecisionRevoke}).Draw(t, "kind")
		who := rapid.SampledFrom([]string{"ana", "bruno", "mallory"}).Draw(t, "operator")
		d := w.keeper.Policy.Decide(w.c, kind, who, w.now)
		if kind == freehold.DecisionSettle {
			d.Dispute, d.Upheld = "o1", rapid.Bool().Draw(t, "upheld")
		}
		return w.signed(who, d)
	case 12:
		begun := freehold.ReleaseBegun{Basis: w.c.Basis()}
		for _, d := range w.c.Standing(freehold.DecisionRelease) {
			begun.Approvals = append(begun.Approvals, d.Decision.Digest())
		}
		return begun
	case 13:
		if w.c.Act == freehold.ActRepoint {
			return freehold.ActDone{}
		}
		return freehold.CodeSet{Expires: w.now.Add(7 * day)}
	case 14:
		return freehold.CodeRevealed{}
	case 15:
		return freehold.CodeUnset{Why: "objection"}
	}
	return freehold.SignalSeen{ID: rapid.SampledFrom([]string{"a", "b"}).Draw(t, "signal"), Points: 3}
}

// TestOrderOfApprovals: of two operators who approve at once, it does not matter whose
// decision is written down first.
func TestOrderOfApprovals(t *testing.T) {
	at := place{name: "verrine.com", profile: Normal, high: true, contacts: []freehold.Contact{contactMail(), phone}}
	var cases []string
	for _, order := range [][]string{{"ana", "bruno"}, {"bruno", "ana"}} {
		w := open(t, at)
		w.answers("contact_mail", "mail", freehold.SideHolder, "").told("phone").wait(3 * day)
		both := map[string]freehold.Decided{}
		for _, who := range order {
			both[who] = w.signed(who, w.keeper.Policy.Decide(w.c, freehold.DecisionRelease, who, w.now))
		}
		for _, who := range order {
			w.do("desk", both[who])
		}
		begun, err := w.keeper.MayRelease(w.c, w.now)
		if err != nil {
			t.Fatal(err)
		}
		cases = append(cases, fmt.Sprintf("%+v %+v", w.c, begun))
	}
	if cases[0] != cases[1] {
		t.Errorf("the order of approvals matters:\n%s\n%s", cases[0], cases[1])
	}
}
