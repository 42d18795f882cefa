package identity

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"freehold"
)

// A Check looks at one proof. The desk's part is to bring the proof; the check is
// pure. Another check is another method with another Check.
type Check interface {
	// Look says how the check ends for who it is about. What the event carries is all
	// that is kept.
	Look(t Trial) freehold.CheckEnded
}

// A Trial is a check under way: the case, what was asked, what was brought.
type Trial struct {
	Case freehold.Case
	// Ended holds the question: method, side, reference, contact, and the identifier of
	// the token where there was one.
	Ended freehold.CheckEnded
	Proof Proof
	Now   time.Time
	// Signers are the keys enrolled before, for checks by signature.
	Signers Signers
}

// A Proof is what somebody brought: one of the types below, or nothing at all.
type Proof interface{ proof() }

// TokenShown is a token, as it was typed or heard.
type TokenShown struct{ Token string }

// LoginSeen says that the site saw a login.
type LoginSeen struct {
	Account      string
	SecondFactor bool
	// PasswordSet is when the password was last set or reset; zero: not known.
	PasswordSet time.Time
}

// PaymentSeen is an entry of the bank's statement.
type PaymentSeen struct {
	Account   string // it came from
	Reference string // the token
}

// InvoiceShown is what the requester says of a past invoice, beside what it was.
type InvoiceShown struct{ Number, Amount, RealNumber, RealAmount string }

// TXTSeen is what every authoritative server and the resolvers showed for
// _freehold-challenge below the name: all from one vantage point.
type TXTSeen struct {
	Servers   [][]string // one list of texts for each authoritative server
	Resolvers [][]string
	Bogus     bool // its DNSSEC signatures do not validate
}

// ExtractSeen is what a public register says.
type ExtractSeen struct {
	Number, Organisation string
	Signatory            string // who may sign alone, as the register has it
	Ended                bool   // struck off, or in liquidation
	Drawn                time.Time
}

// Signed is a text with the signature of an enrolled key, in the format of SSH
// (ssh-keygen -Y sign) or of minisign. Its first line is TextToSign.
type Signed struct {
	Text, Signature []byte
	Principal       string // who is said to have signed
}

// Viewed is a document that somebody of the host looked at and did not keep.
type Viewed struct {
	Kind    string // "passport", "mandate"
	How     string // "video", "in person", "paper"
	Matches bool   // it is the holder's and looks right
	Number  string // never kept: a check with one fails
	Expired bool
	Digest  string
}

// MailSeen is a whole message as it arrived, with the keys its signatures name.
type MailSeen struct {
	Raw []byte
	// Keys are TXT records by host: what DKIMKeys asked for.
	Keys map[string]string
}

func (TokenShown) proof()   {}
func (LoginSeen) proof()    {}
func (PaymentSeen) proof()  {}
func (InvoiceShown) proof() {}
func (TXTSeen) proof()      {}
func (ExtractSeen) proof()  {}
func (Signed) proof()       {}
func (Viewed) proof()       {}
func (MailSeen) proof()     {}

// Look runs the check of a method on a proof. The result is an event to be added to
// the case. Errors are of KindInvalid or KindPermission: the check cannot be made,
// which is no failure of anybody's.
func Look(t Trial) (freehold.CheckEnded, error) {
	m, ok := MethodOf(t.Ended.Method)
	if !ok {
		return freehold.CheckEnded{}, &freehold.Error{Kind: freehold.KindInvalid, Text: freehold.T("there is no check %q", t.Ended.Method)}
	}
	if m.Life > 0 {
		if err := t.Case.Answerable(t.Ended.Ask, t.Now); err != nil {
			return freehold.CheckEnded{}, err
		}
	}
	if m.ByContact {
		if k, known := t.Case.Contact(t.Ended.Contact); !known || k.Channel != m.Channel {
			return freehold.CheckEnded{}, &freehold.Error{Kind: freehold.KindInvalid, Text: freehold.T("the case has no contact %q that %q goes to", t.Ended.Contact, m.ID)}
		}
	}
	t.Ended.Outcome, t.Ended.Result = freehold.CheckFailed, ""
	if m.ThroughHost && m.Supports {
		t.Ended.ThroughHost = true
	}
	return m.Look(t), nil
}

func (t Trial) failed(why freehold.Text) freehold.CheckEnded {
	t.Ended.Outcome, t.Ended.Result = freehold.CheckFailed, why.String()
	return t.Ended
}

func (t Trial) passed(kept string) freehold.CheckEnded {
	t.Ended.Outcome, t.Ended.Result = freehold.CheckPassed, freehold.OneLine(kept)
	return t.Ended
}

func (t Trial) token(shown string) bool {
	q, ok := t.Case.Ask(t.Ended.Ask)
	return ok && q.Method == t.Ended.Method && t.Case.Answerable(q.ID, t.Now) == nil && matches(t.Case, q, shown)
}

type tokenCheck struct{}

func (tokenCheck) Look(t Trial) freehold.CheckEnded {
	if p, ok := t.Proof.(TokenShown); ok && t.token(p.Token) {
		return t.passed("the token was shown")
	}
	return t.failed(freehold.T("another token"))
}

type loginCheck struct{}

// loginCheck takes a login with a second factor. A password that was reset after the
// incident, or lately, shows who has the mailbox and no more.
func (loginCheck) Look(t Trial) freehold.CheckEnded {
	p, ok := t.Proof.(LoginSeen)
	k, _ := t.Case.Contact(t.Ended.Contact)
	switch {
	case !ok || p.Account == "" || p.Account != k.Address:
		return t.failed(freehold.T("another account"))
	case !p.SecondFactor:
		return t.failed(freehold.T("no second factor"))
	case p.PasswordSet.IsZero() || p.PasswordSet.After(t.Case.FirstRequest.Add(-7*24*time.Hour)) || !t.Case.Incident.IsZero() && p.PasswordSet.After(t.Case.Incident):
		return t.failed(freehold.T("the password was set lately, or nobody knows when"))
	}
	return t.passed("login with a second factor")
}

type paymentCheck struct{}

func (paymentCheck) Look(t Trial) freehold.CheckEnded {
	p, ok := t.Proof.(PaymentSeen)
	k, _ := t.Case.Contact(t.Ended.Contact)
	switch {
	case !ok || !t.token(p.Reference):
		return t.failed(freehold.T("another reference"))
	case plain(p.Account) == "" || plain(p.Account) != plain(k.Address):
		return t.failed(freehold.T("from an account that had not paid before"))
	}
	return t.passed("our reference, from the account that paid before")
}

type invoiceCheck struct{}

func (invoiceCheck) Look(t Trial) freehold.CheckEnded {
	p, ok := t.Proof.(InvoiceShown)
	if !ok || p.RealNumber == "" || p.RealAmount == "" || p.Number != p.RealNumber || p.Amount != p.RealAmount {
		return t.failed(freehold.T("another number or amount"))
	}
	return t.passed("number and amount of an invoice")
}

type zoneCheck struct{}

// zoneCheck asks that every authoritative server and two resolvers show the token.
// Who writes the zone answered: that can be the host itself.
func (zoneCheck) Look(t Trial) freehold.CheckEnded {
	p, ok := t.Proof.(TXTSeen)
	if !ok || p.Bogus || len(p.Servers) == 0 || len(p.Resolvers) < 2 {
		return t.failed(freehold.T("not every server and two resolvers answered with a valid answer"))
	}
	for _, texts := range append(slices.Clone(p.Servers), p.Resolvers...) {
		if !slices.ContainsFunc(texts, func(s string) bool { return t.token(challengeToken(s)) }) {
			return t.failed(freehold.T("not every server shows the token"))
		}
	}
	return t.passed("the token at every server, seen from one place")
}

// challengeToken reads "token=… expiry=…" (after
// draft-ietf-dnsop-domain-verification-techniques).
func challengeToken(text string) string {
	for _, field := range strings.Fields(text) {
		if token, ok := strings.CutPrefix(field, "token="); ok {
			return token
		}
	}
	return ""
}

// ChallengeText is the text to publish for a token.
func ChallengeText(token freehold.TransferCode, expires time.Time, f func(text string)) {
	token.Use(func(b []byte) { f("token=" + string(b) + " expiry=" + expires.UTC().Format(time.DateOnly)) })
}

type extractCheck struct{}

// extractLife is how old an extract may be. Ours.
const extractLife = 30 * 24 * time.Hour

func (extractCheck) Look(t Trial) freehold.CheckEnded {
	p, ok := t.Proof.(ExtractSeen)
	switch {
	case !ok || p.Ended || p.Drawn.IsZero() || p.Drawn.After(t.Now) || t.Now.Sub(p.Drawn) > extractLife:
		return t.failed(freehold.T("no extract of a living organisation, a month old at most"))
	case !(freehold.Party{Organisation: p.Organisation, Register: p.Number}).Is(t.Case.Holder):
		return t.failed(freehold.T("another organisation"))
	}
	return t.passed("the organisation exists")
}

type signatureCheck struct{}

// TextToSign is the first line of what a side signs with its key. It names case, name,
// act and what is meant, so that a signature made for another case, or for an
// objection, is no consent to this one. More lines may follow.
func TextToSign(c freehold.Case, of freehold.Side) string {
	purpose := "request"
	switch of {
	case freehold.SideObjector:
		purpose = "objection"
	case freehold.SideClaimant:
		purpose = "claim"
	}
	return "freehold " + purpose + " " + c.ID + " " + c.Name.ASCII() + " " + c.Act.String()
}

// signatureCheck takes a signature of an enrolled key over such a text.
func (signatureCheck) Look(t Trial) freehold.CheckEnded {
	p, ok := t.Proof.(Signed)
	k, _ := t.Case.Contact(t.Ended.Contact)
	first, _, _ := strings.Cut(string(p.Text), "\n")
	switch {
	case !ok || p.Principal == "" || p.Principal != k.Address:
		return t.failed(freehold.T("another key"))
	case strings.TrimRight(first, "\r") != TextToSign(t.Case, t.Ended.Of):
		return t.failed(freehold.T("the text does not name this case, name, act and purpose"))
	}
	if _, err := t.Signers.Verify(p.Principal, Namespace, p.Text, p.Signature, t.Now); err != nil {
		return t.failed(freehold.T("the signature is not good"))
	}
	sum := sha256.Sum256(p.Text)
	return t.passed("signed text sha256:" + hex.EncodeToString(sum[:]))
}

type viewedCheck struct{}

func (viewedCheck) Look(t Trial) freehold.CheckEnded {
	p, ok := t.Proof.(Viewed)
	switch {
	case !ok || p.Kind == "" || p.How == "":
		return t.failed(freehold.T("nothing was viewed"))
	case p.Number != "":
		return t.failed(freehold.T("a document's number is not to be written down"))
	case p.Expired || !p.Matches:
		return t.failed(freehold.T("it is not the holder's, or not valid"))
	}
	kept := p.Kind + ", viewed by " + p.How
	if p.Digest != "" {
		kept += ", " + p.Digest
	}
	return t.passed(kept)
}
