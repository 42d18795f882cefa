package identity

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"freehold"
)

// attack is one way to get a name that is not one's own, or to keep somebody else
// from getting theirs. try plays it as far as it goes; then two operators do all
// they can. by is what the program says when it stops there.
type attack struct {
	who, how, rule, by string
	at                 place
	try                func(w *world) error
}

var attacks = []attack{
	{"thief", "writes from the holder's old e-mail address, replaced years ago", "a contact that was replaced long ago proves nothing", "replaced long ago",
		place{name: "verrine.com", profile: Normal, contacts: []freehold.Contact{{ID: "old", Of: freehold.SideHolder, Channel: freehold.ChannelMail, Address: "verrine@vieux-fai.ch", Since: monday.AddDate(-12, 0, 0), Previous: true}, contactMail()}},
		func(w *world) error {
			w.answers("contact_mail", "old", freehold.SideHolder, "").told("mail")
			return nil
		}},
	{"thief", "changed the holder's e-mail address last week, then asks", "a contact newer than 60 days proves nothing", "came on record only",
		place{name: "verrine.com", profile: Normal, contacts: []freehold.Contact{{ID: "new", Of: freehold.SideHolder, Channel: freehold.ChannelMail, Address: "verrine@ailleurs.ru", Since: monday.AddDate(0, 0, -7)}, phone}},
		func(w *world) error { w.answers("contact_mail", "new", freehold.SideHolder, ""); return nil }},
	{"thief", "put an address on record after the host had failed", "what came on record after the incident proves nothing", "came on record only",
		place{name: "verrine.ch", profile: Crisis, contacts: []freehold.Contact{{ID: "new", Of: freehold.SideHolder, Channel: freehold.ChannelPhone, Address: "+7 900", Since: monday.Add(-12 * hour)}, post}},
		func(w *world) error { w.answers("call_back", "new", freehold.SideHolder, ""); return nil }},
	{"thief", "has taken over the holder's mailbox; the holder is told by telephone and objects on the call-back", "a holder proven at least as strongly stops a release", "a holder stops it",
		place{name: "verrine.com", profile: Normal, contacts: []freehold.Contact{contactMail(), phone}},
		func(w *world) error {
			w.answers("contact_mail", "mail", freehold.SideHolder, "").told("mail", "phone").wait(6 * hour)
			w.do("desk", freehold.Objected{ID: "o1", Party: verrine, Claims: freehold.SideHolder})
			w.answers("call_back", "phone", freehold.SideObjector, "o1")
			return nil
		}},
	{"thief", "has taken over the mailbox, and finds invoices and the zone's password in it", "one channel carries nothing once a doubt is written; what supports adds one in all", "not enough is proven",
		place{name: "verrine.com", profile: Normal, contacts: []freehold.Contact{contactMail(), phone}},
		func(w *world) error {
			w.do("ana", freehold.DoubtRecorded{ID: "d1", Reason: "odd_request", Words: "writes in another language than ever before"})
			w.answers("contact_mail", "mail", freehold.SideHolder, "")
			w.passes("invoice", "", freehold.SideHolder, InvoiceShown{"R-1", "120.00", "R-1", "120.00"})
			w.zone("q", freehold.SideHolder)
			return nil
		}},
	{"thief", "answers in a mailbox that lies with the host that failed", "who got into the host could answer there: it never suffices alone", "never suffices alone",
		place{name: "verrine.com", profile: Crisis, contacts: []freehold.Contact{{ID: "mail", Of: freehold.SideHolder, Channel: freehold.ChannelMail, Address: "info@verrine.com", Since: monday.AddDate(-6, 0, 0), AtHost: true}, phone}},
		func(w *world) error { w.answers("contact_mail", "mail", freehold.SideHolder, ""); return nil }},
	{"thief", "has the holder's telephone (a swapped SIM) and a past invoice, in the crisis", "a telephone and what supports stay below the bar", "a strength of 3 by 1",
		place{name: "verrine.com", profile: Crisis, contacts: []freehold.Contact{phone, post, bank}},
		func(w *world) error {
			w.answers("call_back", "phone", freehold.SideHolder, "")
			w.passes("invoice", "", freehold.SideHolder, InvoiceShown{"R-1", "120.00", "R-1", "120.00"})
			return nil
		}},
	{"thief", "calls in, with the holder's number shown and an invoice at hand", "only a call to the number on record counts, with its token", "passes with a token only",
		place{name: "verrine.com", profile: Crisis, contacts: []freehold.Contact{phone, post, bank}},
		func(w *world) error {
			return w.try("ana", freehold.CheckEnded{Method: "call_back", Of: freehold.SideHolder, Contact: "phone", Outcome: freehold.CheckPassed})
		}},
	{"thief", "knows invoice, register extract and a scanned document, all at once", "what supports adds one in all, and carries nothing", "a strength of 1 by 0",
		place{name: "verrine.ch", profile: Normal, contacts: []freehold.Contact{contactMail()}},
		func(w *world) error {
			w.passes("invoice", "", freehold.SideHolder, InvoiceShown{"R-1", "120.00", "R-1", "120.00"})
			w.passes("register_extract", "", freehold.SideHolder, ExtractSeen{Number: verrine.Register, Organisation: verrine.Organisation, Drawn: w.now})
			w.passes("document_viewed", "", freehold.SideHolder, Viewed{Kind: "passport", How: "scan", Matches: true})
			return nil
		}},
	{"thief", "shows the identity card of whoever once set the site up", "a document supports; it carries nothing", "a strength of 1 by 0",
		place{name: "verrine.fr", profile: Crisis, contacts: []freehold.Contact{phone}},
		func(w *world) error {
			w.passes("document_viewed", "", freehold.SideHolder, Viewed{Kind: "identity card", How: "scan", Matches: true})
			return nil
		}},
	{"thief", "writes from a domain that looks like the holder's and asks to be answered there", "a check goes to contacts on record only", "no contact",
		place{name: "verrine.com", profile: Normal, contacts: []freehold.Contact{contactMail()}},
		func(w *world) error {
			_, err := Ask(&w.rand, w.c, freehold.CheckAsked{ID: "x", Method: "contact_mail", Of: freehold.SideHolder, Contact: "atelier@poste-verr1ne.ch"}, w.now)
			return err
		}},
	{"thief", "asks from a look-alike domain registered yesterday, under a top-level domain without parity", "signs of risk raise the bar where the rules leave it to the host", "points of risk",
		place{name: "verrine.ch", profile: Normal, contacts: []freehold.Contact{contactMail(), phone}},
		func(w *world) error {
			for _, s := range w.keeper.Policy.Signals(w.c, Surroundings{RequesterMail: "atelier@poste-verr1ne.ch", MailDomainCreated: monday.Add(-day)}) {
				w.do("desk", s)
			}
			w.answers("contact_mail", "mail", freehold.SideHolder, "")
			return nil
		}},
	{"thief", "guesses the token", "a token has 128 bits and is void after three wrong answers", "void after 3 wrong answers",
		place{name: "verrine.com", profile: Normal, contacts: []freehold.Contact{contactMail()}},
		func(w *world) error {
			id := w.ask("contact_mail", "mail", freehold.SideHolder, "")
			var err error
			for i := range 5 {
				_, err = w.look("contact_mail", id, "mail", freehold.SideHolder, "", TokenShown{fmt.Sprint(i)})
			}
			if _, again := w.look("contact_mail", id, "mail", freehold.SideHolder, "", TokenShown{w.tokens[id]}); again != nil {
				err = again
			}
			return err
		}},
	{"thief", "finds a mail with a token in an archive, two days later", "a token in a mail lives 24 hours", "has expired",
		place{name: "verrine.com", profile: Normal, contacts: []freehold.Contact{contactMail()}},
		func(w *world) error {
			id := w.ask("contact_mail", "mail", freehold.SideHolder, "")
			w.wait(48 * hour)
			_, err := w.look("contact_mail", id, "mail", freehold.SideHolder, "", TokenShown{w.tokens[id]})
			return err
		}},
	{"thief", "uses a token a second time", "a token is good once", "used already",
		place{name: "verrine.ch", profile: Crisis, contacts: []freehold.Contact{phone, post}},
		func(w *world) error {
			id := w.ask("call_back", "phone", freehold.SideHolder, "")
			w.look("call_back", id, "phone", freehold.SideHolder, "", TokenShown{w.tokens[id]})
			_, err := w.look("call_back", id, "phone", freehold.SideHolder, "", TokenShown{w.tokens[id]})
			return err
		}},
	{"thief", "answers with the token of another case of his own", "a token is bound to its case, name, act, method and contact", "another token",
		place{name: "verrine.com", profile: Normal, contacts: []freehold.Contact{contactMail()}},
		func(w *world) error {
			id := w.ask("contact_mail", "mail", freehold.SideHolder, "")
			other := w.c
			other.ID = "case-8"
			q, _ := Ask(&random{99}, other, freehold.CheckAsked{ID: id, Method: "contact_mail", Of: freehold.SideHolder, Contact: "mail"}, w.now)
			q.Token.Use(func(b []byte) {
				w.look("contact_mail", id, "mail", freehold.SideHolder, "", TokenShown{string(b)})
			})
			return fmt.Errorf("%w", errorText(w.c.Checks[len(w.c.Checks)-1].Result))
		}},
	{"thief", "pays our reference from an account that never paid before", "the payment has to come from an account on record", "had not paid before",
		place{name: "verrine.ch", profile: Crisis, contacts: []freehold.Contact{phone, bank}},
		func(w *world) error {
			id := w.ask("payment_reference", "bank", freehold.SideHolder, "")
			w.look("payment_reference", id, "bank", freehold.SideHolder, "", PaymentSeen{Account: "LT12 1000 0111 0100 1000", Reference: w.tokens[id]})
			return fmt.Errorf("%w", errorText(w.c.Checks[0].Result))
		}},
	{"thief", "reset the account's password through the mailbox and logs in", "a login with a password set lately proves nothing", "the password was set lately",
		place{name: "verrine.com", profile: Normal, contacts: []freehold.Contact{login, phone}},
		func(w *world) error {
			w.look("account_login", "", "login", freehold.SideHolder, "", LoginSeen{Account: "k-17", SecondFactor: true, PasswordSet: monday.Add(-day)})
			return fmt.Errorf("%w", errorText(w.c.Checks[0].Result))
		}},
	{"thief", "logs in at the panel of the host that was broken into", "what runs on the failed host's machines supports only", "a strength of 1 by 0",
		place{name: "verrine.com", profile: Crisis, contacts: []freehold.Contact{login, phone}},
		func(w *world) error {
			w.passes("account_login", "login", freehold.SideHolder, LoginSeen{Account: "k-17", SecondFactor: true, PasswordSet: monday.AddDate(-2, 0, 0)})
			return nil
		}},
	{"thief", "brings a mandate with a forged signature", "a signature by a key that was not enrolled proves nothing", "the signature is not good",
		place{name: "verrine.ch", profile: Normal, requester: agency, contacts: []freehold.Contact{key, contactMail()}},
		func(w *world) error {
			text := []byte(TextToSign(w.c, freehold.SideHolder))
			sig, _ := Sign(nil, keyOf("a thief"), text)
			w.look("mandate_key", "", "key", freehold.SideHolder, "", Signed{Text: text, Signature: sig, Principal: "verrine"})
			return fmt.Errorf("%w", errorText(w.c.Checks[0].Result))
		}},
	{"thief", "brings a text the holder signed for files, not for us", "signatures are made in a namespace of their own", "the signature is not good",
		place{name: "verrine.ch", profile: Normal, contacts: []freehold.Contact{key}},
		func(w *world) error {
			text := []byte(TextToSign(w.c, freehold.SideHolder))
			w.look("mandate_key", "", "key", freehold.SideHolder, "", Signed{Text: text, Signature: signIn("file", keyOf("verrine"), text), Principal: "verrine"})
			return fmt.Errorf("%w", errorText(w.c.Checks[0].Result))
		}},
	{"thief", "brings what the holder signed for another case", "the signed text has to name this case, name and act", "does not name this case",
		place{name: "verrine.ch", profile: Normal, contacts: []freehold.Contact{key}},
		func(w *world) error {
			text := []byte("freehold request case-6 verrine.ch code")
			sig, _ := Sign(nil, keyOf("verrine"), text)
			w.look("mandate_key", "", "key", freehold.SideHolder, "", Signed{Text: text, Signature: sig, Principal: "verrine"})
			return fmt.Errorf("%w", errorText(w.c.Checks[0].Result))
		}},
	{"agency", "signs the request itself, with a key that is enrolled for somebody else", "a signature has to be by the key on record for this holder", "another key",
		place{name: "verrine.ch", profile: Normal, contacts: []freehold.Contact{key}},
		func(w *world) error {
			text := []byte(TextToSign(w.c, freehold.SideHolder))
			sig, _ := Sign(nil, keyOf("pixelune"), text)
			w.look("mandate_key", "", "key", freehold.SideHolder, "", Signed{Text: text, Signature: sig, Principal: "pixelune"})
			return fmt.Errorf("%w", errorText(w.c.Checks[0].Result))
		}},
	{"thief", "brings the holder's signed objection as if it were a consent", "the signed text says what it is for", "does not name this case",
		place{name: "verrine.ch", profile: Normal, contacts: []freehold.Contact{key}},
		func(w *world) error {
			text := []byte(TextToSign(w.c, freehold.SideObjector))
			sig, _ := Sign(nil, keyOf("verrine"), text)
			w.look("mandate_key", "", "key", freehold.SideHolder, "", Signed{Text: text, Signature: sig, Principal: "verrine"})
			return fmt.Errorf("%w", errorText(w.c.Checks[0].Result))
		}},
	{"thief", "has the holder give a code's check while asking as somebody else without any mandate", "authority flows from the holder only", "has shown no mandate",
		place{name: "verrine.com", profile: Normal, requester: thief, contacts: []freehold.Contact{contactMail()}},
		func(w *world) error { w.answers("contact_mail", "mail", freehold.SideHolder, ""); return nil }},
	{"agency", "acts with a mandate that has expired", "a mandate holds for its time", "does not cover",
		place{name: "verrine.com", profile: Normal, requester: agency, contacts: []freehold.Contact{contactMail(), agencyPhone}},
		func(w *world) error {
			return w.mandated(mandate(func(m *freehold.Mandate) { m.Until = monday.Add(-day) }))
		}},
	{"agency", "acts with a mandate for another name", "a mandate holds for its names", "does not cover",
		place{name: "verrine.com", profile: Normal, requester: agency, contacts: []freehold.Contact{contactMail(), agencyPhone}},
		func(w *world) error {
			return w.mandated(mandate(func(m *freehold.Mandate) { m.Names = []freehold.Name{parseName(w.t, "verrine.net")} }))
		}},
	{"agency", "has a mandate to change name servers and asks for the code", "a mandate holds for its acts", "does not cover",
		place{name: "verrine.com", profile: Normal, requester: agency, contacts: []freehold.Contact{contactMail(), agencyPhone}},
		func(w *world) error {
			return w.mandated(mandate(func(m *freehold.Mandate) { m.Acts = []freehold.Act{freehold.ActRepoint} }))
		}},
	{"agency", "brings a mandate signed by somebody else than the registrant", "authority flows from the holder only", "has shown no mandate",
		place{name: "verrine.com", profile: Normal, requester: agency, contacts: []freehold.Contact{contactMail(), agencyPhone}},
		func(w *world) error { return w.mandated(mandate(func(m *freehold.Mandate) { m.From = marthe })) }},
	{"thief", "intercepts a good mandate and asks in the agency's name", "who acts for the holder passes a check too", "has to pass one check too",
		place{name: "verrine.com", profile: Normal, requester: agency, contacts: []freehold.Contact{contactMail(), agencyPhone}},
		func(w *world) error {
			w.do("ana", freehold.MandateShown{Mandate: mandate(nil)})
			w.answers("contact_mail", "mail", freehold.SideHolder, "")
			return nil
		}},
	{"thief", "intercepts a good mandate, and gives a telephone of his own as the agency's", "a contact that came with the request is none", "has to pass one check too",
		place{name: "verrine.com", profile: Normal, requester: agency, contacts: []freehold.Contact{contactMail(), {ID: "apel", Of: freehold.SideRequester, Channel: freehold.ChannelPhone, Address: "+41 79 555 66 77", Since: monday}}},
		func(w *world) error { return w.mandated(mandate(nil)) }},
	{"thief", "shows a paper mandate and nothing else", "a paper supports; the holder has to answer", "not enough is proven",
		place{name: "verrine.ch", profile: Normal, requester: agency, contacts: []freehold.Contact{contactMail(), agencyPhone}},
		func(w *world) error {
			w.do("ana", freehold.MandateShown{Mandate: mandate(nil)})
			w.passes("mandate_paper", "", freehold.SideHolder, Viewed{Kind: "mandate", How: "paper", Matches: true})
			w.answers("call_back", "apel", freehold.SideRequester, "")
			return nil
		}},
	{"agency", "is the customer and asks without a mandate of the registrant", "the customer is not the holder", "is the customer here and not the registrant",
		place{name: "verrine.com", profile: Normal, customer: agency, requester: agency, contacts: []freehold.Contact{agencyMail, contactMail()}},
		func(w *world) error {
			w.answers("contact_mail", "amel", freehold.SideCustomer, "")
			return nil
		}},
	{"company", "wants a name that its ex-employee registered in his own name", "that is a change of registrant, not a release", "Transfer Policy II.C.2",
		place{name: "verrine.com", profile: Normal, holder: marthe, customer: verrine, requester: verrine, contacts: []freehold.Contact{{ID: "mail", Of: freehold.SideCustomer, Channel: freehold.ChannelMail, Address: "direction@verrine.ch", Since: monday.AddDate(-3, 0, 0)}}},
		func(w *world) error { w.answers("contact_mail", "mail", freehold.SideCustomer, ""); return nil }},
	{"ex-employee", "still reads the company's mailbox on record; the company objects with its key", "notices go to all contacts, and the holder stops it", "a holder stops it",
		place{name: "verrine.com", profile: Normal, contacts: []freehold.Contact{contactMail(), key}},
		func(w *world) error {
			w.answers("contact_mail", "mail", freehold.SideHolder, "").told("mail", "key").wait(3 * hour)
			w.do("desk", freehold.Objected{ID: "o1", Party: verrine, Claims: freehold.SideHolder})
			text := []byte(TextToSign(w.c, freehold.SideObjector) + "\nno: he left in March")
			sig, _ := Sign(nil, keyOf("verrine"), text)
			w.look("mandate_key", "", "key", freehold.SideObjector, "o1", Signed{Text: text, Signature: sig, Principal: "verrine"})
			return nil
		}},
	{"failing host", "places the TXT record itself", "a proof the host could place never suffices alone", "a strength of 1 by 0",
		place{name: "verrine.ch", profile: Crisis, contacts: []freehold.Contact{phone}},
		func(w *world) error { w.zone("q", freehold.SideHolder); return nil }},
	{"thief", "spoofs the answer of one resolver", "every server and two resolvers have to show the token", "not every server shows",
		place{name: "verrine.ch", profile: Normal, contacts: []freehold.Contact{phone}},
		func(w *world) error {
			id := w.ask("dns_txt", "", freehold.SideHolder, "")
			good := []string{"token=" + w.tokens[id] + " expiry=2026-11-30"}
			w.look("dns_txt", id, "", freehold.SideHolder, "", TXTSeen{Servers: [][]string{good, {"v=spf1 -all"}}, Resolvers: [][]string{good, good}})
			return fmt.Errorf("%w", errorText(w.c.Checks[0].Result))
		}},
	{"operator", "enters an approval without a signature", "decisions are signed", "cannot be read",
		place{name: "verrine.com", profile: Normal, contacts: []freehold.Contact{contactMail(), phone}},
		func(w *world) error {
			w.answers("contact_mail", "mail", freehold.SideHolder, "")
			d := w.keeper.Policy.Decide(w.c, freehold.DecisionRelease, "ana", w.now)
			return w.stop(w.try("ana", freehold.Decided{Decision: d, Key: ssh.FingerprintSHA256(keyOf("ana").PublicKey())}))
		}},
	{"operator", "signs in a colleague's name", "a decision is signed by the key of who it names", "has no key that made",
		place{name: "verrine.com", profile: Normal, contacts: []freehold.Contact{contactMail(), phone}},
		func(w *world) error {
			w.answers("contact_mail", "mail", freehold.SideHolder, "")
			return w.stop(w.try("ana", w.signed("ana", w.keeper.Policy.Decide(w.c, freehold.DecisionRelease, "bruno", w.now))))
		}},
	{"operator", "is alone and approves twice in two sessions", "two different operators and keys above the threshold", "1 of 2 operators",
		place{name: "verrine.com", profile: Normal, high: true, contacts: []freehold.Contact{contactMail(), phone}},
		func(w *world) error {
			w.answers("contact_mail", "mail", freehold.SideHolder, "").told("phone")
			w.decide("ana", freehold.DecisionRelease, nil)
			w.wait(time.Minute)
			w.decide("ana", freehold.DecisionRelease, nil)
			w.wait(5 * day)
			_, err := w.keeper.MayRelease(w.c, w.now)
			return w.stop(err)
		}},
	{"insider", "replays an approval that was revoked", "a decision rests on the case as it was: what came since voids it", "has changed since",
		place{name: "verrine.com", profile: Normal, contacts: []freehold.Contact{contactMail(), phone}},
		func(w *world) error {
			w.answers("contact_mail", "mail", freehold.SideHolder, "")
			old := w.signed("ana", w.keeper.Policy.Decide(w.c, freehold.DecisionRelease, "ana", w.now))
			w.do("ana", old)
			if err := w.decide("bruno", freehold.DecisionRevoke, nil); err != nil {
				return err
			}
			return w.stop(w.try("ana", old))
		}},
	{"insider", "brings an approval dated last week", "a decision is entered when it is signed, or not at all", "not signed just now",
		place{name: "verrine.com", profile: Normal, contacts: []freehold.Contact{contactMail(), phone}},
		func(w *world) error {
			w.answers("contact_mail", "mail", freehold.SideHolder, "")
			d := w.keeper.Policy.Decide(w.c, freehold.DecisionRelease, "ana", w.now)
			w.wait(7 * day)
			return w.stop(w.try("ana", w.signed("ana", d)))
		}},
	{"insider", "dates a signed approval anew", "the date is signed too", "has no key that made",
		place{name: "verrine.com", profile: Normal, contacts: []freehold.Contact{contactMail(), phone}},
		func(w *world) error {
			w.answers("contact_mail", "mail", freehold.SideHolder, "")
			d := w.signed("ana", w.keeper.Policy.Decide(w.c, freehold.DecisionRelease, "ana", w.now))
			w.wait(2 * day)
			d.Decision.Time = w.now
			return w.stop(w.try("ana", d))
		}},
	{"insider", "moves an approval to another name", "name, act and case are signed too", "about another case, name or act",
		place{name: "verrine.com", profile: Normal, contacts: []freehold.Contact{contactMail(), phone}},
		func(w *world) error {
			w.answers("contact_mail", "mail", freehold.SideHolder, "")
			d := w.keeper.Policy.Decide(w.c, freehold.DecisionRelease, "ana", w.now)
			d.Name = parseName(w.t, "cardinal.com")
			return w.stop(w.try("ana", w.signed("ana", d)))
		}},
	{"insider", "swaps the signers' file for one with his own key", "what does not verify by the trusted file decides nothing", "0 of 1 operators",
		place{name: "verrine.com", profile: Normal, contacts: []freehold.Contact{contactMail(), phone}},
		func(w *world) error {
			w.answers("contact_mail", "mail", freehold.SideHolder, "").told("phone")
			trusted := w.keeper.Signers
			w.keeper.Signers = signersOf("mallory")
			if err := w.decide("mallory", freehold.DecisionRelease, nil); err != nil {
				return err
			}
			w.keeper.Signers = trusted
			w.wait(5 * day)
			_, err := w.keeper.MayRelease(w.c, w.now)
			return w.stop(err)
		}},
	{"insider", "dismisses the holder's objection alone, and approves alone", "a release after any objection takes two operators", "1 of 2 operators",
		place{name: "verrine.com", profile: Normal, contacts: []freehold.Contact{contactMail(), phone}},
		func(w *world) error {
			w.answers("contact_mail", "mail", freehold.SideHolder, "").told("phone")
			w.do("desk", freehold.Objected{ID: "o1", Party: verrine, Claims: freehold.SideHolder})
			w.answers("call_back", "phone", freehold.SideObjector, "o1")
			w.decide("ana", freehold.DecisionSettle, func(d *freehold.Decision) { d.Dispute = "o1" })
			w.wait(4 * day)
			w.decide("ana", freehold.DecisionRelease, nil)
			_, err := w.keeper.MayRelease(w.c, w.now)
			return w.stop(err)
		}},
	{"insider", "dismisses an objection before the objector can prove to be the holder", "a check that is passed brings a dismissed objection back", "a holder stops it",
		place{name: "verrine.com", profile: Normal, contacts: []freehold.Contact{contactMail(), phone}},
		func(w *world) error {
			w.answers("contact_mail", "mail", freehold.SideHolder, "").told("phone")
			w.do("desk", freehold.Objected{ID: "o1", Party: verrine, Claims: freehold.SideHolder})
			w.settles("o1", false)
			w.wait(hour).answers("call_back", "phone", freehold.SideObjector, "o1")
			return nil
		}},
	{"thief", "put a second telephone on record last week, so that the notice goes there and time runs", "a notice counts where somebody else is told", "No notice has reached a contact other than",
		place{name: "verrine.com", profile: Normal, contacts: []freehold.Contact{contactMail(), {ID: "tel2", Of: freehold.SideHolder, Channel: freehold.ChannelPhone, Address: "+7 900", Since: monday.AddDate(0, 0, -5)}, key}},
		func(w *world) error {
			w.answers("contact_mail", "mail", freehold.SideHolder, "").told("tel2").wait(3 * day)
			if err := w.release(); err == nil || !w.because(err, "No notice has reached") {
				w.t.Fatal(err)
			}
			// In the time that wins, the holder hears of it and signs an objection.
			w.do("desk", freehold.Objected{ID: "o1", Party: verrine, Claims: freehold.SideHolder})
			text := []byte(TextToSign(w.c, freehold.SideObjector))
			sig, _ := Sign(nil, keyOf("verrine"), text)
			w.look("mandate_key", "", "key", freehold.SideObjector, "o1", Signed{Text: text, Signature: sig, Principal: "verrine"})
			return errorText("No notice has reached a contact other than")
		}},
	{"insider", "sets the clock back to beat the hold or a token's end", "events are dated one after another", "clock was set back",
		place{name: "verrine.com", profile: Normal, contacts: []freehold.Contact{contactMail(), phone}},
		func(w *world) error {
			id := w.ask("contact_mail", "mail", freehold.SideHolder, "")
			w.wait(2 * day)
			w.do("ana", freehold.Noted{Words: "two days on"})
			w.wait(-47 * hour)
			_, err := w.look("contact_mail", id, "mail", freehold.SideHolder, "", TokenShown{w.tokens[id]})
			return w.stop(err)
		}},
	{"insider", "begins a release at once, before anybody who was told can object", "a delay lies between notice and release", "nothing is released before",
		place{name: "verrine.com", profile: Normal, contacts: []freehold.Contact{contactMail(), phone}},
		func(w *world) error {
			w.answers("contact_mail", "mail", freehold.SideHolder, "").told("phone")
			w.decide("ana", freehold.DecisionRelease, nil)
			return w.stop(w.try("ana", freehold.ReleaseBegun{Basis: w.c.Basis(), Approvals: []string{w.c.Decisions[0].Decision.Digest()}}))
		}},
	{"insider", "says that the first request came three weeks ago, so that nobody has time to object", "a first request that leaves no delay takes two operators", "1 of 2 operators",
		place{name: "verrine.com", profile: Normal, contacts: []freehold.Contact{contactMail(), phone}},
		func(w *world) error {
			w.do("ana", freehold.EarlierRequest{At: monday.AddDate(0, 0, -21), Through: freehold.ChannelReseller})
			w.answers("contact_mail", "mail", freehold.SideHolder, "").told("phone")
			w.decide("ana", freehold.DecisionRelease, nil)
			_, err := w.keeper.MayRelease(w.c, w.now)
			return w.stop(err)
		}},
	{"thief", "gives an address with a second line, so that a letter would go to him too", "what people give is one line, or is not entered", "is not one line of text",
		place{name: "verrine.com", profile: Normal, contacts: []freehold.Contact{contactMail(), phone}},
		func(w *world) error {
			r := w.c.Request
			r.Contacts = []freehold.Contact{{ID: "c1", Of: freehold.SideHolder, Channel: freehold.ChannelMail, Address: "atelier@poste-verrine.ch\r\nBcc: moi@ailleurs.ru"}}
			_, err := w.keeper.Add(freehold.Case{}, w.event("ana", freehold.Opened{Request: r}))
			return err
		}},
	{"insider", "hands a code over that was set before an objection came", "the hand-over is judged anew", "a holder stops it",
		place{name: "verrine.com", profile: Normal, contacts: []freehold.Contact{contactMail(), phone}},
		func(w *world) error {
			w.answers("contact_mail", "mail", freehold.SideHolder, "").told("phone").wait(25 * hour)
			w.decide("ana", freehold.DecisionRelease, nil)
			begun, err := w.keeper.MayRelease(w.c, w.now)
			if err != nil {
				return err
			}
			w.do("work", begun)
			w.do("work", freehold.CodeSet{Expires: w.now.Add(7 * day)})
			w.do("desk", freehold.Objected{ID: "o1", Party: verrine, Claims: freehold.SideHolder})
			w.answers("call_back", "phone", freehold.SideObjector, "o1")
			return nil
		}},
	{"host", "keeps a name because a bill is disputed", "payment is no reason to refuse", "no reason to keep a name: Transfer Policy I.A.5.4",
		place{name: "verrine.com", profile: Normal, contacts: []freehold.Contact{contactMail()}},
		func(w *world) error {
			return w.stop(w.decide("ana", freehold.DecisionRefuse, func(d *freehold.Decision) { d.Reason = "payment_dispute" }))
		}},
	{"host", "keeps a name because the reseller owes money", "a reseller's debt is no reason to refuse", "no reason to keep a name: Transfer Policy I.A.3.9",
		place{name: "verrine.com", profile: Normal, contacts: []freehold.Contact{contactMail()}},
		func(w *world) error {
			return w.stop(w.decide("ana", freehold.DecisionRefuse, func(d *freehold.Decision) { d.Reason = "reseller_debt" }))
		}},
	{"host", "refuses for a dispute over identity that nobody has", "that reason needs a doubt or a dispute on the case", "nobody disputes who the registrant is",
		place{name: "verrine.com", profile: Normal, contacts: []freehold.Contact{contactMail()}},
		func(w *world) error {
			return w.stop(w.decide("ana", freehold.DecisionRefuse, func(d *freehold.Decision) { d.Reason = "identity_dispute" }))
		}},
	{"host", "gives a reason of its own where the list is closed", "reasons come from the closed list", "not on the closed list",
		place{name: "verrine.com", profile: Normal, contacts: []freehold.Contact{contactMail()}},
		func(w *world) error {
			return w.stop(w.decide("ana", freehold.DecisionRefuse, func(d *freehold.Decision) { d.Free, d.Words = true, "we would rather not" }))
		}},
	{"thief", "forges a mail from the holder, signed by his own domain", "a signature has to be the sender's domain's", "not by the sender's domain",
		place{name: "verrine.ch", profile: Normal, contacts: []freehold.Contact{contactMail()}},
		func(w *world) error { return w.mail(func(m *testMail) { m.domain = "ailleurs.ru" }) }},
	{"thief", "adds his text below a mail of which only a part is signed (l=)", "a signature over a part of the text is none", "a part of the text only",
		place{name: "verrine.ch", profile: Normal, contacts: []freehold.Contact{contactMail()}},
		func(w *world) error { return w.mail(func(m *testMail) { m.extra = "; l=4" }) }},
	{"thief", "sends an old signed mail of the holder's again", "the signed subject names the case", "does not name this case",
		place{name: "verrine.ch", profile: Normal, contacts: []freehold.Contact{contactMail()}},
		func(w *world) error { return w.mail(func(m *testMail) { m.subject = "our invoice" }) }},
	{"thief", "asks to have the name servers changed instead of a code", "a change of name servers passes the same gate as the code", "a strength of 3 by 1",
		place{name: "verrine.com", profile: Crisis, act: freehold.ActRepoint, target: "ns1.ailleurs.ru", contacts: []freehold.Contact{phone, post}},
		func(w *world) error {
			w.answers("call_back", "phone", freehold.SideHolder, "")
			w.passes("invoice", "", freehold.SideHolder, InvoiceShown{"R-1", "120.00", "R-1", "120.00"})
			return nil
		}},
	{"thief", "opens a second case for the name while the holder's is under way", "a second claim that passed a check has to be decided", "is not decided",
		place{name: "verrine.com", profile: Normal, contacts: []freehold.Contact{contactMail(), phone}},
		func(w *world) error {
			w.answers("contact_mail", "mail", freehold.SideHolder, "")
			w.do("desk", freehold.SecondClaim{ID: "s1", Party: thief, Other: "case-9"})
			w.answers("call_back", "phone", freehold.SideClaimant, "s1")
			return nil
		}},
}

// TestAttacks: none yields a release, and each is stopped by the rule it names.
func TestAttacks(t *testing.T) {
	if len(attacks) < 50 {
		t.Errorf("only %d attacks", len(attacks))
	}
	for _, a := range attacks {
		t.Run(strings.ReplaceAll(a.who+" "+a.how, " ", "_"), func(t *testing.T) {
			w := open(t, a.at)
			err := a.try(w)
			stoppedBy := err != nil && strings.Contains(err.Error(), a.by)
			if err != nil && !stoppedBy {
				t.Fatalf("stopped by %q, not by %q", err, a.by)
			}
			if stoppedBy && (a.who == "insider" || a.who == "operator" || a.who == "host") {
				return // the holder asks, so by the rules it may well end in a release
			}
			at, last := w.released()
			if last == nil {
				t.Fatalf("released on %s", at)
			}
			if !stoppedBy && !w.because(last, a.by) {
				t.Errorf("stopped by %q, not by %q; %v", last, a.by, Evaluate(w.c, w.keeper.Policy, w.now).Why)
			}
		})
	}
}
