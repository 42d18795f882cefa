package freehold

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

var caseStart = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

func caseName(t testing.TB) Name {
	t.Helper()
	n, err := ParseName("verrine.com")
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// story folds bodies, an hour apart, on a case that was opened before them.
type story struct {
	t   testing.TB
	now time.Time
	c   Case
	all []CaseEvent
}

func newStory(t testing.TB, act Act) *story {
	s := &story{t: t, now: caseStart}
	s.do(Opened{Request{Name: caseName(t), Act: act, FirstRequest: caseStart, Contacts: []Contact{{ID: "mail", Channel: ChannelMail}, {ID: "mail2", Channel: ChannelMail}}}})
	return s
}

func (s *story) try(b CaseBody) error {
	e := CaseEvent{Case: "c1", At: s.now, Actor: "ana", Body: b}
	next, err := s.c.With(e)
	if err == nil {
		s.c, s.all, s.now = next, append(s.all, e), s.now.Add(time.Hour)
	}
	return err
}

func (s *story) do(bodies ...CaseBody) *story {
	s.t.Helper()
	for _, b := range bodies {
		if err := s.try(b); err != nil {
			s.t.Fatalf("%s: %v", b.Kind(), err)
		}
	}
	return s
}

func (s *story) refused(b CaseBody, why string) {
	s.t.Helper()
	before := fmt.Sprintf("%+v", s.c)
	if err := s.try(b); err == nil || !strings.Contains(err.Error(), why) {
		s.t.Errorf("%s: %v, want %q", b.Kind(), err, why)
	}
	if after := fmt.Sprintf("%+v", s.c); after != before {
		s.t.Errorf("%s was refused and changed the case", b.Kind())
	}
}

// decision is one by an operator on the case as it stands.
func (s *story) decision(kind DecisionKind, who string, edit ...func(*Decision)) Decided {
	d := Decision{Case: "c1", Name: s.c.Name, Act: s.c.Act, Kind: kind, Basis: s.c.Basis(), Operator: who, Time: s.now}
	for _, f := range edit {
		f(&d)
	}
	return Decided{Decision: d, Key: "SHA256:" + who}
}

func (s *story) begun() ReleaseBegun {
	b := ReleaseBegun{Basis: s.c.Basis()}
	for _, d := range s.c.Standing(DecisionRelease) {
		b.Approvals = append(b.Approvals, d.Decision.Digest())
	}
	return b
}

var asked = CheckAsked{ID: "q1", Method: "contact_mail", Of: SideHolder, Contact: "mail", Salt: []byte{1}, Hash: []byte{2}, Expires: caseStart.Add(24 * time.Hour)}
var answered = CheckEnded{Ask: "q1", Method: "contact_mail", Of: SideHolder, Contact: "mail", Outcome: CheckPassed}

// TestCaseFromRequestToTransfer is a case without trouble.
func TestCaseFromRequestToTransfer(t *testing.T) {
	s := newStory(t, ActCode).do(asked, answered, NoticeEnded{Contact: "mail", Channel: ChannelMail, Sent: true})
	s.do(s.decision(DecisionRelease, "ana"), s.decision(DecisionRelease, "bruno"))
	states := ""
	for _, b := range []CaseBody{s.begun(), CodeSet{Expires: s.now.Add(48 * time.Hour)}, CodeRevealed{Delivery: "age file"},
		TransferSeen{State: "pending", Gaining: "1234"}, TransferSeen{State: "serverApproved"}, Closed{Outcome: "gone"}} {
		s.do(b)
		states += s.c.State.String() + " "
	}
	if states != "releasing set revealed revealed done closed " {
		t.Error(states)
	}
	folded, err := FoldCase(s.all)
	if err != nil || fmt.Sprintf("%+v", folded) != fmt.Sprintf("%+v", s.c) {
		t.Errorf("folded at once it is another case: %v", err)
	}
	s.refused(CodeSet{Expires: s.now.Add(time.Hour)}, "is closed")
	s.do(Noted{"asked how it went"})
}

// TestWhatCannotHappen: every transition that is none, with its reason.
func TestWhatCannotHappen(t *testing.T) {
	fresh := func(t *testing.T) *story { return newStory(t, ActCode) }
	approved := func(t *testing.T) *story {
		s := fresh(t)
		return s.do(s.decision(DecisionRelease, "ana"))
	}
	releasing := func(t *testing.T) *story { s := approved(t); return s.do(s.begun()) }
	set := func(t *testing.T) *story {
		s := releasing(t)
		return s.do(CodeSet{Expires: s.now.Add(48 * time.Hour)})
	}
	revealed := func(t *testing.T) *story { return set(t).do(CodeRevealed{}) }
	refusedCase := func(t *testing.T) *story {
		s := fresh(t)
		return s.do(s.decision(DecisionRefuse, "ana", func(d *Decision) { d.Reason = "fraud" }))
	}
	for _, c := range []struct {
		from func(*testing.T) *story
		body func(*story) CaseBody
		why  string
	}{
		{fresh, func(s *story) CaseBody { return Opened{s.c.Request} }, "opened once"},
		{fresh, func(s *story) CaseBody { return EarlierRequest{At: caseStart} }, "earlier request only"},
		{fresh, func(s *story) CaseBody { return MandateShown{} }, "needs an identifier"},
		{fresh, func(s *story) CaseBody { return MandateWithdrawn{"m1"} }, "no mandate"},
		{fresh, func(s *story) CaseBody { return answered }, "another question"},
		{fresh, func(s *story) CaseBody { a := asked; a.Hash = nil; return a }, "a hash with its salt"},
		{fresh, func(s *story) CaseBody { a := asked; a.Contact = "x"; return a }, "no contact"},
		{fresh, func(s *story) CaseBody { a := asked; a.Expires = caseStart; return a }, "and an end"},
		{fresh, func(s *story) CaseBody { return CheckEnded{Method: "invoice"} }, "somebody it is about"},
		{fresh, func(s *story) CaseBody {
			return CheckEnded{Method: "invoice", Of: SideObjector, Outcome: CheckPassed}
		}, "no objection or claim"},
		{fresh, func(s *story) CaseBody {
			return CheckEnded{Method: "invoice", Of: SideHolder, Outcome: CheckWithdrawn}
		}, "no such check"},
		{fresh, func(s *story) CaseBody { return DoubtRecorded{ID: "d"} }, "concrete reason"},
		{fresh, func(s *story) CaseBody { return DoubtCleared{"d", "x"} }, "a doubt that stands"},
		{fresh, func(s *story) CaseBody { return SignalSeen{ID: "s", Points: -1} }, "points from 0"},
		{fresh, func(s *story) CaseBody { return Objected{} }, "identifier of its own"},
		{fresh, func(s *story) CaseBody { return NoticeEnded{Contact: "x"} }, "no contact"},
		{fresh, func(s *story) CaseBody { return ReleaseBegun{Basis: s.c.Basis()} }, "rests on approvals"},
		{fresh, func(s *story) CaseBody {
			return ReleaseBegun{Basis: s.c.Basis(), Approvals: []string{"sha256:0"}}
		}, "does not stand"},
		{fresh, func(s *story) CaseBody { return ReleaseFailed{} }, "no release is under way"},
		{fresh, func(s *story) CaseBody { return CodeSet{Expires: s.now.Add(time.Hour)} }, "in a release only"},
		{fresh, func(s *story) CaseBody { return CodeRevealed{} }, "no code to hand over"},
		{fresh, func(s *story) CaseBody { return CodeUnset{} }, "no code to unset"},
		{fresh, func(s *story) CaseBody { return ActDone{} }, "in a release only"},
		{fresh, func(s *story) CaseBody { return Reopened{"x"} }, "only a refused case"},
		{fresh, func(s *story) CaseBody { return s.decision(DecisionNone, "ana") }, "needs a kind"},
		{fresh, func(s *story) CaseBody { return s.decision(DecisionRefuse, "ana") }, "needs a reason"},
		{fresh, func(s *story) CaseBody { return s.decision(DecisionSettle, "ana") }, "no open objection"},
		{fresh, func(s *story) CaseBody { return s.decision(DecisionRejectTransfer, "ana") }, "no transfer is pending"},
		{fresh, func(s *story) CaseBody {
			return s.decision(DecisionRelease, "ana", func(d *Decision) { d.Act = ActRepoint })
		}, "another case, name or act"},
		{fresh, func(s *story) CaseBody {
			return s.decision(DecisionRelease, "ana", func(d *Decision) { d.Time = s.now.Add(time.Hour) })
		}, "dated before the case or after today"},
		{fresh, func(s *story) CaseBody {
			return s.decision(DecisionRelease, "ana", func(d *Decision) { d.Basis = "sha256:0" })
		}, "has changed since"},
		{approved, func(s *story) CaseBody { return s.c.Decisions[0] }, "entered already"},
		{approved, func(s *story) CaseBody { b := s.begun(); b.Basis = ""; return b }, "rests on approvals"},
		{releasing, func(s *story) CaseBody { return s.begun() }, "cannot be released"},
		{releasing, func(s *story) CaseBody { return s.decision(DecisionRelease, "bruno") }, "cannot be approved"},
		{releasing, func(s *story) CaseBody { return Closed{} }, "under way"},
		{releasing, func(s *story) CaseBody { return CodeSet{Expires: s.now} }, "after which it is gone"},
		{releasing, func(s *story) CaseBody { return ActDone{} }, "in a release only"},
		{set, func(s *story) CaseBody { return Closed{} }, "a code stands"},
		{set, func(s *story) CaseBody { return ReleaseFailed{} }, "no release is under way"},
		{revealed, func(s *story) CaseBody { return CodeRevealed{} }, "handed over already"},
		{revealed, func(s *story) CaseBody { return CodeSet{Expires: s.now.Add(time.Hour)} }, "in a release only"},
		{refusedCase, func(s *story) CaseBody { return s.decision(DecisionRelease, "ana") }, "cannot be approved"},
	} {
		s := c.from(t)
		s.refused(c.body(s), c.why)
	}
	if _, err := FoldCase([]CaseEvent{{Case: "c1", At: caseStart, Body: Noted{}}}); err == nil {
		t.Error("a case begins with a note")
	}
	s := fresh(t)
	s.now = caseStart.Add(-time.Second)
	s.refused(Noted{}, "clock was set back")
	if _, err := s.c.With(CaseEvent{Case: "c2", At: s.now.Add(time.Hour), Body: Noted{}}); err == nil {
		t.Error("an event of another case was taken")
	}
}

// TestTokens: good once, in time, for three attempts.
func TestTokens(t *testing.T) {
	wrong := answered
	wrong.Outcome = CheckFailed
	s := newStory(t, ActCode).do(asked, answered)
	s.refused(answered, "used already")
	elsewhere := answered
	elsewhere.Contact = "mail2"
	s = newStory(t, ActCode).do(asked)
	s.refused(elsewhere, "another question")
	s = newStory(t, ActCode).do(asked, wrong, wrong, wrong)
	s.refused(answered, "after 3 wrong answers")
	s = newStory(t, ActCode).do(asked)
	s.now = caseStart.Add(24 * time.Hour)
	s.refused(answered, "has expired")
	gone := answered
	gone.Outcome = CheckExpired
	s.do(gone)
}

// TestBasis: what bears on a decision voids those taken before it; what a stranger can
// send at will does not.
func TestBasis(t *testing.T) {
	wrong := answered
	wrong.Outcome = CheckFailed
	for _, c := range []struct {
		body  CaseBody
		voids bool
	}{
		{answered, true}, {wrong, false}, {DoubtRecorded{ID: "d", Reason: "odd"}, true}, {MandateShown{Mandate{ID: "m"}}, true}, {EarlierRequest{At: caseStart.Add(-time.Hour)}, true},
		{Objected{ID: "o"}, false}, {SecondClaim{ID: "s"}, false}, {SignalSeen{ID: "x"}, false}, {NoticeEnded{Contact: "mail"}, false}, {Noted{"x"}, false}, {asked, false},
	} {
		s := newStory(t, ActCode)
		if c.body.Kind() != asked.Kind() {
			s.do(asked)
		}
		s.do(s.decision(DecisionRelease, "ana")).do(c.body)
		if voided := len(s.c.Standing(DecisionRelease)) == 0; voided != c.voids {
			t.Errorf("%s: the approval is void: %v, want %v", c.body.Kind(), voided, c.voids)
		}
	}
}

// TestStanding: two approvals are two operators with two keys.
func TestStanding(t *testing.T) {
	for _, c := range []struct {
		who, key string
		want     int
	}{{"ana", "SHA256:ana", 1}, {"ana", "SHA256:other", 1}, {"bruno", "SHA256:ana", 1}, {"bruno", "SHA256:bruno", 2}} {
		s := newStory(t, ActCode)
		s.do(s.decision(DecisionRelease, "ana"))
		d := s.decision(DecisionRelease, c.who, func(d *Decision) { d.Words = "again" })
		d.Key = c.key
		s.do(d)
		if n := len(s.c.Standing(DecisionRelease)); n != c.want {
			t.Errorf("%s with %s: %d approvals stand", c.who, c.key, n)
		}
	}
}

// TestCodeIsUnset: what comes up after a code was set keeps it from being handed over;
// its approvals are used up all the same.
func TestCodeIsUnset(t *testing.T) {
	s := newStory(t, ActCode).do(asked)
	s.do(s.decision(DecisionRelease, "ana")).do(s.begun()).do(CodeSet{Expires: s.now.Add(48 * time.Hour)}, DoubtRecorded{ID: "d", Reason: "odd"})
	s.refused(CodeRevealed{}, "something came up")
	s.do(CodeUnset{Why: "doubt", Relocked: true})
	if s.c.State != CaseOpen || len(s.c.Standing(DecisionRelease)) != 0 || !s.c.CodeUntil.IsZero() {
		t.Errorf("%+v", s.c)
	}
	s = newStory(t, ActCode)
	s.do(s.decision(DecisionRelease, "ana")).do(s.begun()).do(CodeSet{Expires: s.now.Add(2 * time.Hour)})
	s.now = s.now.Add(24 * time.Hour)
	s.refused(CodeRevealed{}, "has expired")
	s = newStory(t, ActPush)
	s.do(s.decision(DecisionRelease, "ana")).do(s.begun(), ReleaseFailed{"the registry is down"})
	s.do(s.begun(), ActDone{}, Closed{})
}

// TestRefusals: a free reason takes two operators; a refused case can be taken up again.
func TestRefusals(t *testing.T) {
	free := func(d *Decision) { d.Free, d.Words = true, "the registry forbids it" }
	s := newStory(t, ActCode)
	s.do(s.decision(DecisionRefuse, "ana", free))
	if s.c.State != CaseOpen {
		t.Error("one operator refused for a free reason")
	}
	s.do(s.decision(DecisionRefuse, "bruno", free))
	if s.c.State != CaseRefused {
		t.Error("two operators did not refuse")
	}
	s.do(Reopened{"new papers"}).do(s.decision(DecisionNotProven, "ana"))
	if s.c.State != CaseOpen {
		t.Error("not proven yet is no refusal")
	}
	s.do(s.decision(DecisionNotOurs, "ana"))
	if s.c.State != CaseNotOurs {
		t.Error(s.c.State)
	}
	s = newStory(t, ActCode).do(TransferSeen{State: "pending"})
	s.refused(s.decision(DecisionApproveTransfer, "ana"), "where the code was handed over")
	s.do(s.decision(DecisionRejectTransfer, "ana", func(d *Decision) { d.Reason = "fraud" }))
}

// TestFlood: who floods a case with one kind of event keeps nothing else out.
func TestFlood(t *testing.T) {
	s := newStory(t, ActCode)
	for i := range maxOpenDisputes {
		s.do(Objected{ID: fmt.Sprint("o", i)})
	}
	s.refused(Objected{ID: "more"}, "more events of this kind")
	late := asked
	late.Expires = s.now.Add(24 * time.Hour)
	s.do(late, answered).do(s.decision(DecisionSettle, "ana", func(d *Decision) { d.Dispute = "o0" }), Objected{ID: "more"})
}

// TestStatement: what is signed, to the letter; a change of it voids every signature
// there is.
func TestStatement(t *testing.T) {
	d := Decision{Case: "c1", Name: caseName(t), Act: ActCode, Kind: DecisionRelease, Basis: "sha256:00", Policy: "crisis of 2026-11-22", Operator: "ana", Words: "a\nKind: \"none\"", Time: caseStart}
	want := `freehold-decision: 1
Case: "c1"
Name: "verrine.com"
Act: "code"
Kind: "release"
Words: "a\nKind: \"none\""
Basis: "sha256:00"
Policy: "crisis of 2026-11-22"
Operator: "ana"
Time: 2026-11-23T09:00:00Z
`
	if got := string(d.Statement()); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	seen := map[string]string{}
	for _, e := range []CaseEvent{
		{Case: "c1", At: caseStart, Body: Noted{"a"}}, {Case: "c1", At: caseStart, Body: Noted{"b"}}, {Case: "c2", At: caseStart, Body: Noted{"a"}},
		{Case: "c1", At: caseStart, Body: Closed{Why: "a"}}, {Case: "c1", At: caseStart, Body: Closed{Outcome: "a"}}, {Case: "c1", At: caseStart, Body: CodeUnset{Why: "a"}},
		{Case: "c1", At: caseStart, Body: ReleaseBegun{Approvals: []string{"a", ""}}}, {Case: "c1", At: caseStart, Body: ReleaseBegun{Approvals: []string{"a"}}},
		{Case: "c1", At: caseStart, Body: CheckAsked{Salt: []byte("a")}}, {Case: "c1", At: caseStart, Body: CheckAsked{Hash: []byte("a")}},
	} {
		what := fmt.Sprintf("%+v", e)
		if other, ok := seen[e.Digest()]; ok {
			t.Errorf("%s and %s have one digest", other, what)
		}
		seen[e.Digest()] = what
	}
}

// TestWords: the words that are stored read back.
func TestCaseWords(t *testing.T) {
	for a := range Act(len(acts)) {
		var back Act
		if err := back.UnmarshalText([]byte(a.String())); err != nil || back != a {
			t.Error(a)
		}
	}
	for k := range DecisionKind(len(decisionKinds)) {
		var back DecisionKind
		if err := back.UnmarshalText([]byte(k.String())); err != nil || back != k {
			t.Error(k)
		}
	}
	if len(CaseBodies) != 23 {
		t.Errorf("%d kinds of events", len(CaseBodies))
	}
	for kind, b := range CaseBodies {
		if b.Kind() != kind || kind == "" {
			t.Error(kind)
		}
	}
}
