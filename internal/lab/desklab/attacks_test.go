package desklab

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"filippo.io/age"
	"golang.org/x/crypto/ssh"

	"freehold"
	"freehold/internal/lab/eppd"
	"freehold/internal/lab/threats"
	"freehold/internal/policy"
	"freehold/internal/seal"
	"freehold/registrar/epp"
	"freehold/registrar/transfer"
	"freehold/verify/identity"
)

// attack is played against the name shop, or other where the holder is to be served
// meanwhile. try returns what it was stopped by.
type attack struct {
	threats.Attack
	try func(t *testing.T, w *attacked) error
}

const other = "other-shop.com"

// attacked is the world of an attack.
type attacked struct {
	*World
	path string // of the database
	said strings.Builder
}

var mallory = func() ssh.Signer {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		panic(err)
	}
	s, err := ssh.NewSignerFromKey(private)
	if err != nil {
		panic(err)
	}
	return s
}()

// waits advances a case and returns what it waits for.
func (w *attacked) waits(t *testing.T, id string) error {
	t.Helper()
	o, err := w.Desk.Advance(t.Context(), id)
	must(t, err)
	return o.Waits
}

// change changes the database as somebody does who has its file.
func (w *attacked) change(t *testing.T, query string, args ...any) {
	t.Helper()
	db, err := sql.Open("sqlite", w.path)
	must(t, err)
	defer db.Close()
	res, err := db.ExecContext(t.Context(), query, args...)
	must(t, err)
	if n, _ := res.RowsAffected(); n == 0 {
		t.Fatal("nothing was changed")
	}
}

// opens opens a case of a name by somebody else than the holder.
func (w *attacked) opens(t *testing.T, name, who string) string {
	t.Helper()
	r := Request(name, w.Clock.Now().Add(-time.Hour))
	r.Requester = freehold.Party{Name: who}
	row, err := w.Desk.Open(t.Context(), r, identity.Surroundings{}, "anne", freehold.ChannelMail)
	must(t, err)
	return row.Case.ID
}

// hostile has the registry answer the next command with something else.
func hostile(write func(io.Writer)) func(*testing.T, *attacked) error {
	return func(t *testing.T, w *attacked) error {
		id := w.ready(t, other, "")
		w.Registry.Fail(eppd.Faults{Instead: slices.Repeat([]func(io.Writer){write}, 4)})
		err := w.waits(t, id)
		w.Registry.Fail(eppd.Faults{})
		return err
	}
}

func frame(doc string) func(io.Writer) {
	return func(w io.Writer) {
		_, _ = w.Write(append(binary.BigEndian.AppendUint32(nil, uint32(4+len(doc))), doc...))
	}
}

// answer is a response with something in the place of its message.
func answer(message, data string) string {
	return `<epp xmlns="urn:ietf:params:xml:ns:epp-1.0"><response><result code="1000"><msg>` + message + `</msg></result>` + data + `<trID><svTRID>x</svTRID></trID></response></epp>`
}

var attacks = []attack{
	{threats.Attack{Who: "operator", Does: "approves a valuable name in two sessions at the same moment", Stops: "two different operators and keys", Says: "1 of 2 operators"},
		func(t *testing.T, w *attacked) error {
			r := Request(other, w.Clock.Now().Add(-time.Hour))
			r.HighValue = true
			row, err := w.Desk.Open(t.Context(), r, identity.Surroundings{}, "anne", freehold.ChannelPhone)
			must(t, err)
			must(t, w.Prove(t.Context(), row.Case.ID))
			w.Clock.Add(25 * time.Hour)
			var both sync.WaitGroup
			for i := range 2 {
				both.Go(func() {
					_, _ = w.Decide(t.Context(), row.Case.ID, "anne", freehold.DecisionRelease, func(d *freehold.Decision) {
						d.Delivery, d.Words = "key "+w.Key, fmt.Sprint("session ", i)
					})
				})
			}
			both.Wait()
			return w.waits(t, row.Case.ID)
		}},
	{threats.Attack{Who: "operators", Does: "two approve at the same moment, and two workers see it", Stops: "one worker has the case, and a code is handed over once", Says: "handed over already"},
		func(t *testing.T, w *attacked) error {
			r := Request(other, w.Clock.Now().Add(-time.Hour))
			r.HighValue = true
			row, err := w.Desk.Open(t.Context(), r, identity.Surroundings{}, "anne", freehold.ChannelPhone)
			must(t, err)
			id := row.Case.ID
			must(t, w.Prove(t.Context(), id))
			w.Clock.Add(25 * time.Hour)
			var both sync.WaitGroup
			for _, who := range []string{"anne", "bruno"} {
				both.Go(func() {
					if _, err := w.Decide(t.Context(), id, who, freehold.DecisionRelease, func(d *freehold.Decision) { d.Delivery = "key " + w.Key }); err != nil {
						t.Error(err)
					}
				})
			}
			both.Wait()
			var revealed int
			var mu sync.Mutex
			var last error
			for range 4 {
				both.Go(func() {
					_, _ = w.Desk.Advance(t.Context(), id)
					_, _, err := w.Desk.Reveal(t.Context(), id, "anne")
					mu.Lock()
					defer mu.Unlock()
					if err == nil {
						revealed++
					}
				})
			}
			both.Wait()
			if revealed == 0 { // each found the case with somebody else
				w.advance(t, id, freehold.CaseSet)
				w.reveal(t, id)
				revealed++
			}
			if _, _, last = w.Desk.Reveal(t.Context(), id, "anne"); revealed != 1 {
				t.Errorf("handed over %d times", revealed)
			}
			return last
		}},
	{threats.Attack{Who: "insider", Does: "writes an approval past the desk, without a good signature", Stops: "decisions are verified again before the registry is asked", Says: "0 of 1 operators"},
		func(t *testing.T, w *attacked) error {
			id := w.proven(t, other)
			row, err := w.Store.Case(t.Context(), id)
			must(t, err)
			d := w.Keeper(row.Case.Name, w.Clock.Now()).Policy.Decide(row.Case, freehold.DecisionRelease, "anne", w.Clock.Now())
			d.Delivery = "key " + w.Key
			_, err = w.Store.WriteCase(t.Context(), freehold.CaseEntry{Case: id, Version: row.Version(), Events: []freehold.CaseEvent{{Case: id, At: w.Clock.Now(), Actor: "anne",
				Body: freehold.Decided{Decision: d, Signature: []byte("x"), Key: "SHA256:x"}}}})
			must(t, err)
			return w.waits(t, id)
		}},
	{threats.Attack{Who: "insider", Does: "approves with a signers' file of his own, which the worker does not have", Stops: "only the worker's file is trusted", Says: "0 of 1 operators"},
		func(t *testing.T, w *attacked) error {
			id := w.proven(t, other)
			trusted, keys := w.Signers, w.Operators
			swapped, err := identity.ParseSigners(fmt.Appendf(nil, "anne namespaces=%q %s", identity.Namespace, ssh.MarshalAuthorizedKey(mallory.PublicKey())))
			must(t, err)
			w.Signers, w.Operators = swapped, map[string]ssh.Signer{"anne": mallory}
			must(t, w.Approve(t.Context(), id, ""))
			w.Signers, w.Operators = trusted, keys
			return w.waits(t, id)
		}},
	{threats.Attack{Who: "insider", Does: "swaps the requester's key in an approval for his own", Stops: "the delivery is signed with the rest", Says: "has no key that made this signature"},
		func(t *testing.T, w *attacked) error {
			id := w.proven(t, other)
			d, signature := w.decision(t, id)
			d.Delivery = "key " + thiefsKey.Recipient().String()
			_, err := w.Desk.Add(t.Context(), id, "anne", freehold.ChannelDesk, freehold.Decided{Decision: d, Signature: signature, Key: ssh.FingerprintSHA256(w.Operators["anne"].PublicKey())})
			return err
		}},
	{threats.Attack{Who: "insider", Does: "enters an approval again that was revoked", Stops: "a decision rests on the case as it was", Says: "has changed since"},
		func(t *testing.T, w *attacked) error {
			id := w.proven(t, other)
			d, signature := w.decision(t, id)
			old := freehold.Decided{Decision: d, Signature: signature, Key: ssh.FingerprintSHA256(w.Operators["anne"].PublicKey())}
			_, err := w.Desk.Add(t.Context(), id, "anne", freehold.ChannelDesk, old)
			must(t, err)
			_, err = w.Decide(t.Context(), id, "bruno", freehold.DecisionRevoke, nil)
			must(t, err)
			_, err = w.Desk.Add(t.Context(), id, "anne", freehold.ChannelDesk, old)
			return err
		}},
	{threats.Attack{Who: "insider", Does: "enters an approval that was signed days ago and kept", Stops: "a decision is entered when it is signed", Says: "was not signed just now"},
		func(t *testing.T, w *attacked) error {
			id := w.proven(t, other)
			d, signature := w.decision(t, id)
			w.Clock.Add(48 * time.Hour)
			_, err := w.Desk.Add(t.Context(), id, "anne", freehold.ChannelDesk, freehold.Decided{Decision: d, Signature: signature, Key: ssh.FingerprintSHA256(w.Operators["anne"].PublicKey())})
			return err
		}},
	{threats.Attack{Who: "insider", Does: "edits an event of his friend's case in the database", Stops: "events are chained, and the holder's case is another one", Says: "there is damage"},
		func(t *testing.T, w *attacked) error {
			id := w.opens(t, shop, "M. Escroc")
			w.change(t, `UPDATE case_events SET doc = replace(doc, 'M. Escroc', 'Rosa Abegg') WHERE case_id = $1 AND seq = 1`, id)
			_, err := w.Desk.Advance(t.Context(), id)
			return said(err, "there is damage", freehold.KindDamaged)
		}},
	{threats.Attack{Who: "insider", Does: "takes an objection out of the database", Stops: "events are chained", Says: "there is damage"},
		func(t *testing.T, w *attacked) error {
			id := w.opens(t, shop, "M. Escroc")
			for i := range 2 {
				_, err := w.Desk.Add(t.Context(), id, "anne", freehold.ChannelPhone, freehold.Objected{ID: fmt.Sprint("o", i), Claims: freehold.SideHolder})
				must(t, err)
			}
			w.change(t, `DELETE FROM case_events WHERE case_id = $1 AND seq = (SELECT max(seq) - 1 FROM case_events WHERE case_id = $1)`, id)
			_, err := w.Desk.Advance(t.Context(), id)
			return said(err, "there is damage", freehold.KindDamaged)
		}},
	{threats.Attack{Who: "insider", Does: "reads every file of the desk while a code stands", Stops: "what is kept opens with the requester's key alone", Says: "does not open with this key"},
		func(t *testing.T, w *attacked) error {
			id := w.ready(t, other, "")
			w.advance(t, id, freehold.CaseSet)
			kept, err := w.Store.Sealed(t.Context(), id)
			must(t, err)
			_, err = seal.Open(kept.Text, thiefsKey)
			return err
		}},
	{threats.Attack{Who: "insider", Does: "writes a code of his own sealing under a lease that is over", Stops: "leases have fences", Says: "another worker has taken"},
		func(t *testing.T, w *attacked) error {
			id := w.ready(t, other, "")
			l, err := w.Store.TakeLease(t.Context(), "case "+id, "another", w.Clock.Now(), w.Clock.Now().Add(time.Minute))
			must(t, err)
			w.Clock.Add(2 * time.Minute)
			w.advance(t, id, freehold.CaseSet)
			return w.Store.PutSealed(t.Context(), freehold.SealedCode{Case: id, Text: []byte("x")}, l.Fence)
		}},
	{threats.Attack{Who: "thief", Does: "guesses the token that the holder was sent", Stops: "a token is void after three wrong answers; the holder is sent another", Says: "void after 3 wrong answers"},
		func(t *testing.T, w *attacked) error {
			id := w.opened(t, shop)
			var err error
			for range 9 { // three questions, all of them guessed at
				asked := w.asks(t, id)
				for i := range 4 {
					if err = w.answers(t, id, asked.Event, fmt.Sprint("guess ", i)); err != nil {
						break
					}
				}
			}
			return err
		}},
	{threats.Attack{Who: "thief", Does: "asks for a code that was handed over already", Stops: "a code is handed over once", Says: "handed over already"},
		func(t *testing.T, w *attacked) error {
			id := w.ready(t, other, "")
			w.advance(t, id, freehold.CaseSet)
			w.reveal(t, id)
			_, _, err := w.Desk.Reveal(t.Context(), id, "anne")
			return err
		}},
	{threats.Attack{Who: "thief", Does: "has the case of another name's holder approved, and asks for this one's code", Stops: "a decision names case, name and act", Says: "about another case, name or act"},
		func(t *testing.T, w *attacked) error {
			mine, theirs := w.proven(t, other), w.opened(t, shop)
			must(t, w.Prove(t.Context(), theirs))
			d, signature := w.decision(t, mine)
			_, err := w.Desk.Add(t.Context(), theirs, "anne", freehold.ChannelDesk, freehold.Decided{Decision: d, Signature: signature, Key: ssh.FingerprintSHA256(w.Operators["anne"].PublicKey())})
			return err
		}},
	{threats.Attack{Who: "false claimant", Does: "asks for the name under thirty names", Stops: "a claim that proves nothing counts for nothing", Says: "not enough is proven"},
		func(t *testing.T, w *attacked) error {
			w.opened(t, shop)
			var id string
			for i := range 30 {
				id = w.opens(t, shop, fmt.Sprint("M. Escroc ", i))
			}
			return w.waits(t, id)
		}},
	{threats.Attack{Who: "false claimant", Does: "objects until the case takes no more", Stops: "without proof an objection holds until a day before the deadline", Says: "more events of this kind than anybody reads"},
		func(t *testing.T, w *attacked) error {
			id := w.opened(t, shop)
			for i := range 101 {
				if _, err := w.Desk.Add(t.Context(), id, "desk", freehold.ChannelMail, freehold.Objected{ID: fmt.Sprint("o", i), Party: freehold.Party{Name: "M. Escroc"}, Claims: freehold.SideHolder}); err != nil {
					w.opens(t, shop, "M. Escroc") // and a claim has no place either
					return err
				}
			}
			return nil
		}},
	{threats.Attack{Who: "thief", Does: "gives name servers with markup in them", Stops: "what is no host name goes to no registry", Says: "is not a host name"},
		func(t *testing.T, w *attacked) error {
			r := Request(other, w.Clock.Now().Add(-time.Hour))
			r.Act, r.Target = freehold.ActRepoint, `ns1.x.example</domain:hostObj><domain:hostObj>ns1.thief.example`
			row, err := w.Desk.Open(t.Context(), r, identity.Surroundings{}, "anne", freehold.ChannelPhone)
			must(t, err)
			must(t, w.Prove(t.Context(), row.Case.ID))
			w.Clock.Add(25 * time.Hour)
			_, err = w.Decide(t.Context(), row.Case.ID, "anne", freehold.DecisionRelease, nil)
			must(t, err)
			err = w.waits(t, row.Case.ID)
			if d, _ := w.Registry.Get(other); !slices.Equal(d.NameServers, []string{"ns1.host.example"}) {
				t.Errorf("name servers %q", d.NameServers)
			}
			return said(err, "is not a host name", freehold.KindInvalid)
		}},
	{threats.Attack{Who: "another registrar", Does: "asks for the name with a leaked code", Stops: "a transfer without a case is an alarm, and is rejected in time", Says: "nobody was given a code here"},
		func(t *testing.T, w *attacked) error {
			w.Registry.Add(eppd.Domain{Name: other, Sponsor: Loser, Created: Start, Expires: Start.AddDate(1, 0, 0)}, "leaked-code-1")
			_, err := w.Gain(t.Context(), other, freehold.NewTransferCode([]byte("leaked-code-1")))
			must(t, err)
			_, err = w.Desk.Poll(t.Context(), w.EPP)
			must(t, err)
			lines, err := w.Store.CasesOf(t.Context(), Name(other))
			must(t, err)
			if len(lines) != 1 {
				t.Fatalf("%d cases", len(lines))
			}
			out, err := w.Store.Outbox(t.Context(), w.Clock.Now(), 9)
			must(t, err)
			_, err = w.Decide(t.Context(), lines[0].ID, "anne", freehold.DecisionRejectTransfer, func(d *freehold.Decision) { d.Reason = "fraud" })
			must(t, err)
			w.advance(t, lines[0].ID, freehold.CaseOpen)
			if d, err := w.EPP.Look(t.Context(), Name(other)); err != nil || d.Pending || !d.Ours {
				t.Errorf("after the rejection: %+v, %v", d, err)
			}
			return errors.New(out[0].Text.String())
		}},
	{threats.Attack{Who: "another registrar", Does: "has a name for itself that forges lines, in a message of the registry", Stops: "what a registry writes is made harmless, and no message keeps the next waiting", Says: "nobody was given a code here"},
		func(t *testing.T, w *attacked) error {
			messages := &scripted{messages: []transfer.Message{{ID: "1", Name: Name(other), State: "pending", Gaining: "evil\r\nBcc: all@x.example" + strings.Repeat("!", 5000), At: Start.AddDate(-9, 0, 0)}, {ID: "2", Name: Name(other), State: "serverRejected"}}}
			n, err := w.Desk.Poll(t.Context(), messages)
			if err != nil || n != 2 || messages.acked != 2 {
				t.Errorf("%d messages read, %d taken off, %v", n, messages.acked, err)
			}
			out, err := w.Store.Outbox(t.Context(), w.Clock.Now(), 9)
			must(t, err)
			if text := out[0].Text.String(); strings.ContainsAny(text, "\r\n") || len(text) > 2000 {
				t.Errorf("the alarm says %.100q", text)
			}
			return errors.New(out[0].Text.String())
		}},
	{threats.Attack{Who: "registry", Does: "answers another command than the one it was sent", Stops: "what is out of step is believed nothing", Says: "another command"},
		func(t *testing.T, w *attacked) error {
			id := w.ready(t, other, "")
			w.Registry.Fail(eppd.Faults{Lie: 4})
			err := w.waits(t, id)
			w.Registry.Fail(eppd.Faults{})
			return err
		}},
	{threats.Attack{Who: "registry", Does: "answers with an entity bomb", Stops: "a document with a DOCTYPE is not read", Says: "document"},
		hostile(frame(`<!DOCTYPE epp [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]>` + answer("&c;", "")))},
	{threats.Attack{Who: "registry", Does: "answers with an entity that names a file", Stops: "no entity is fetched", Says: "document"},
		hostile(frame(`<!DOCTYPE epp [<!ENTITY x SYSTEM "file:///etc/passwd">]>` + answer("&x;", "")))},
	{threats.Attack{Who: "registry", Does: "nests elements without end", Stops: "depth has a bound", Says: "too deep or has too many elements"},
		hostile(frame(answer("", "<resData>"+strings.Repeat("<a>", 20000)+strings.Repeat("</a>", 20000)+"</resData>")))},
	{threats.Attack{Who: "registry", Does: "says that its answer has four thousand million octets", Stops: "frames have a bound, and no memory is taken on a word", Says: "frame"},
		hostile(func(w io.Writer) { _, _ = w.Write([]byte{0xff, 0xff, 0xff, 0xff, '<'}) })},
	{threats.Attack{Who: "registry", Does: "says that its answer has no octets", Stops: "frames have a bound", Says: "frame"},
		hostile(func(w io.Writer) { _, _ = w.Write([]byte{0, 0, 0, 0}) })},
	{threats.Attack{Who: "registry", Does: "sends half an answer and ends", Stops: "a lost answer is unknown, never done", Says: "got no answer"},
		hostile(func(w io.Writer) { _, _ = w.Write([]byte{0, 0, 2, 0, '<', 'e', 'p', 'p'}) })},
	{threats.Attack{Who: "registry", Does: "sends one octet at a time and never ends", Stops: "a command has an end, whatever trickles in", Says: "got no answer"},
		func(t *testing.T, w *attacked) error {
			patient := w.Desk.Registrar
			hasty := transfer.NewEPP(transfer.EPPConfig{Rules: func(n freehold.Name) policy.Profile { return w.Policy.For(n, w.Clock.Now()) },
				Config: epp.Config{Addr: w.Registry.Addr, TLS: w.Registry.TLS, User: Loser, Password: freehold.NewTransferCode([]byte(LoserPassword)), ID: "lab", Timeout: time.Second}})
			defer hasty.Close()
			w.Desk.Registrar = func(freehold.Name) (transfer.Registrar, error) { return hasty, nil }
			defer func() { w.Desk.Registrar = patient }()
			return hostile(func(w io.Writer) {
				_, _ = w.Write([]byte{0, 0, 2, 0})
				for {
					if _, err := w.Write([]byte{' '}); err != nil {
						return
					}
					<-time.After(20 * time.Millisecond) // the peer's own pace
				}
			})(t, w)
		}},
	{threats.Attack{Who: "insider", Does: "sets the clock back, to hand over what was taken back by then", Stops: "events are dated one after another", Says: "clock was set back"},
		func(t *testing.T, w *attacked) error {
			id := w.ready(t, other, "")
			w.advance(t, id, freehold.CaseSet)
			now := w.Clock.Now()
			w.Clock.Add(-30 * time.Minute)
			_, _, err := w.Desk.Reveal(t.Context(), id, "anne")
			w.Clock.Set(now)
			return err
		}},
	{threats.Attack{Who: "insider", Does: "has a code sent by plain mail", Stops: "there is no such delivery (RFC 9154, section 4.3)", Says: "not sent by plain mail"},
		func(t *testing.T, w *attacked) error {
			return w.waits(t, w.ready(t, other, "mail thief@post.example"))
		}},
	{threats.Attack{Who: "insider", Does: "approves for one key, and has a colleague approve for another", Stops: "approvals have to name the same delivery", Says: "different ways"},
		func(t *testing.T, w *attacked) error {
			r := Request(other, w.Clock.Now().Add(-time.Hour))
			r.HighValue = true
			row, err := w.Desk.Open(t.Context(), r, identity.Surroundings{}, "anne", freehold.ChannelPhone)
			must(t, err)
			must(t, w.Prove(t.Context(), row.Case.ID))
			w.Clock.Add(25 * time.Hour)
			for who, key := range map[string]string{"anne": w.Key, "bruno": thiefsKey.Recipient().String()} {
				_, err := w.Decide(t.Context(), row.Case.ID, who, freehold.DecisionRelease, func(d *freehold.Decision) { d.Delivery = "key " + key })
				must(t, err)
			}
			return w.waits(t, row.Case.ID)
		}},
	{threats.Attack{Who: "thief", Does: "has the holder's case released, while the holder proves an objection by telephone", Stops: "the hand-over is judged anew", Says: "something came up since the release began"},
		func(t *testing.T, w *attacked) error {
			id := w.ready(t, other, "")
			w.advance(t, id, freehold.CaseSet)
			_, err := w.Desk.Add(t.Context(), id, "anne", freehold.ChannelPhone, freehold.Objected{ID: "o1", Party: Request(other, Start).Holder, Claims: freehold.SideHolder})
			must(t, err)
			w.passes(t, id, freehold.CheckAsked{Method: "call_back", Of: freehold.SideObjector, Ref: "o1", Contact: "c2"})
			_, _, err = w.Desk.Reveal(t.Context(), id, "anne")
			w.waits(t, id)
			if set, locked := w.at(t, other); set || !locked {
				t.Errorf("set %v, locked %v", set, locked)
			}
			return err
		}},
}

var thiefsKey = func() *age.X25519Identity {
	k, err := age.GenerateX25519Identity()
	if err != nil {
		panic(err)
	}
	return k
}()

// said names what an error of a kind comes to in the table, where its words depend on
// the machine.
func said(err error, words string, kind freehold.ErrorKind) error {
	if err == nil || freehold.KindOf(err) != kind {
		return fmt.Errorf("not of the kind %d: %w", kind, err)
	}
	return errors.New(words)
}

// scripted is a registry's queue.
type scripted struct {
	messages []transfer.Message
	acked    int
}

func (s *scripted) Poll(context.Context) (transfer.Message, bool, error) {
	if s.acked == len(s.messages) {
		return transfer.Message{}, false, nil
	}
	return s.messages[s.acked], true, nil
}

func (s *scripted) Ack(context.Context, string) error { s.acked++; return nil }

// opened opens the holder's case.
func (w *attacked) opened(t *testing.T, name string) string {
	t.Helper()
	row, err := w.Desk.Open(t.Context(), Request(name, w.Clock.Now().Add(-time.Hour)), identity.Surroundings{}, "anne", freehold.ChannelPhone)
	must(t, err)
	return row.Case.ID
}

// proven opens a case of which the approval is missing.
func (w *attacked) proven(t *testing.T, name string) string {
	t.Helper()
	id := w.opened(t, name)
	must(t, w.Prove(t.Context(), id))
	w.Clock.Add(25 * time.Hour)
	return id
}

// decision signs a release by anne, to the requester's key, without entering it.
func (w *attacked) decision(t *testing.T, id string) (freehold.Decision, []byte) {
	t.Helper()
	row, err := w.Store.Case(t.Context(), id)
	must(t, err)
	d := w.Keeper(row.Case.Name, w.Clock.Now()).Policy.Decide(row.Case, freehold.DecisionRelease, "anne", w.Clock.Now())
	d.Delivery = "key " + w.Key
	signature, err := identity.Sign(rand.Reader, w.Operators["anne"], d.Statement())
	must(t, err)
	return d, signature
}

// asks sends a token to the mailbox on record.
func (w *attacked) asks(t *testing.T, id string) identity.Asked {
	t.Helper()
	return w.asksOf(t, id, freehold.CheckAsked{Method: "contact_mail", Of: freehold.SideHolder, Contact: "c1"})
}

func (w *attacked) asksOf(t *testing.T, id string, q freehold.CheckAsked) identity.Asked {
	t.Helper()
	row, err := w.Store.Case(t.Context(), id)
	must(t, err)
	q.ID = fmt.Sprint("q", len(row.Case.Asks)+1)
	asked, err := identity.Ask(rand.Reader, row.Case, q, w.Clock.Now())
	must(t, err)
	_, err = w.Desk.Add(t.Context(), id, "anne", freehold.ChannelDesk, asked.Event)
	must(t, err)
	return asked
}

// answers enters what came back.
func (w *attacked) answers(t *testing.T, id string, q freehold.CheckAsked, token string) error {
	t.Helper()
	row, err := w.Store.Case(t.Context(), id)
	must(t, err)
	ended, err := identity.Look(identity.Trial{Case: row.Case, Now: w.Clock.Now(), Proof: identity.TokenShown{Token: token},
		Ended: freehold.CheckEnded{Ask: q.ID, Method: q.Method, Of: q.Of, Ref: q.Ref, Contact: q.Contact}})
	if err == nil {
		_, err = w.Desk.Add(t.Context(), id, "anne", freehold.ChannelMail, ended)
	}
	return err
}

// passes asks and answers right.
func (w *attacked) passes(t *testing.T, id string, q freehold.CheckAsked) {
	t.Helper()
	asked := w.asksOf(t, id, q)
	asked.Token.Use(func(token []byte) { must(t, w.answers(t, id, asked.Event, string(token))) })
}

// served has the holder ask for the name, prove who they are, be approved and have the
// code in hand before the deadline, whatever happened before.
func (w *attacked) served(t *testing.T) {
	t.Helper()
	ctx := t.Context()
	r := Request(shop, w.Clock.Now().Add(-time.Hour))
	row, again, err := w.Desk.Repeated(ctx, r, "anne", freehold.ChannelPhone)
	must(t, err)
	if !again {
		row, err = w.Desk.Open(ctx, r, identity.Surroundings{}, "anne", freehold.ChannelPhone)
		must(t, err)
	}
	id, deadline := row.Case.ID, row.Deadline
	w.passes(t, id, freehold.CheckAsked{Method: "contact_mail", Of: freehold.SideHolder, Contact: "c1"})
	w.passes(t, id, freehold.CheckAsked{Method: "call_back", Of: freehold.SideHolder, Contact: "c2"})
	_, err = w.Desk.Add(ctx, id, "anne", freehold.ChannelPhone, freehold.NoticeEnded{Contact: "c2", Channel: freehold.ChannelPhone, Sent: true})
	must(t, err)
	var last error
	for _, at := range []time.Time{w.Clock.Now().Add(25 * time.Hour), deadline.Add(-24 * time.Hour), deadline.Add(-time.Hour)} {
		if at.Before(w.Clock.Now()) {
			continue
		}
		w.Clock.Set(at)
		for _, who := range []string{"anne", "bruno"} {
			_, err := w.Decide(ctx, id, who, freehold.DecisionRelease, func(d *freehold.Decision) { d.Delivery = "key " + w.Key })
			if err != nil {
				last = err
			}
		}
		o, err := w.Desk.Advance(ctx, id)
		must(t, err)
		if o.Row.Case.State != freehold.CaseSet {
			last = errors.Join(o.Waits, last)
			continue
		}
		code := w.reveal(t, id)
		d, _ := w.Registry.Get(shop)
		code.Use(func(b []byte) {
			if !d.Accepts(string(b)) {
				t.Error("the registry has another code than the holder")
			}
		})
		return
	}
	t.Errorf("the holder had no code before the deadline: %v", last)
}

// TestAttacks plays each attack against the engine: it is stopped by what the table
// says, nobody is handed the code of shop, and the holder is served in time.
func TestAttacks(t *testing.T) {
	var rows []threats.Attack
	for _, a := range attacks {
		rows = append(rows, a.Attack)
		t.Run(strings.ReplaceAll(a.Who+" "+a.Does, " ", "_"), func(t *testing.T) {
			w := &attacked{path: filepath.Join(t.TempDir(), "freehold.db")}
			w.World = world(t, Config{DB: w.path, Tell: func(x freehold.Text) { fmt.Fprintln(&w.said, x) }})
			w.Register(other)
			err := a.try(t, w)
			if err == nil || !strings.Contains(err.Error(), a.Says) {
				t.Errorf("stopped by %v, not by %q", err, a.Says)
			}
			if set, _ := w.at(t, shop); set {
				t.Error("a code stands that nobody approved")
			}
			lines, err := w.Store.CasesOf(t.Context(), Name(shop))
			must(t, err)
			for _, l := range lines {
				if l.State != freehold.CaseOpen {
					t.Errorf("the case %s is %v", l.ID, l.State)
				}
			}
			w.served(t)
		})
	}
	threats.Hold(t, "../../../docs/threat-model.md", "engine", rows)
}
