package identity

import (
	"slices"
	"time"

	"freehold"
	"freehold/internal/policy"
)

// A Method is one way to check who somebody is: what it goes through, what it
// keeps, and the check itself.
type Method struct {
	ID      string
	Title   freehold.Text
	Channel freehold.Channel
	// ByContact: it goes to a contact on record, of this channel.
	ByContact bool
	// Supports: it adds to others and never carries a release: it shows that somebody
	// knows or controls something, not that they are the holder.
	Supports bool
	// ThroughHost: it runs on the host's own machines.
	ThroughHost bool
	// Life is how long its token is good; zero for a check without one.
	Life time.Duration
	// Stores says what is kept of it, and Keep for how long after the case has ended.
	Stores []freehold.Text
	Keep   policy.Span
	Check
}

// The life of a token by the channel it travels (NIST SP 800-63A-4, draft of 2023,
// enrolment codes).
const (
	mailLife   = 24 * time.Hour
	spokenLife = 10 * time.Minute
	letterLife = 21 * 24 * time.Hour
	zoneLife   = 7 * 24 * time.Hour
)

var (
	storesResult  = freehold.T("that it passed or failed, when, and who looked")
	storesToken   = freehold.T("a salted hash of the token, until it is used or has expired")
	storesContact = freehold.T("which contact on record it went to")
	storesDigest  = freehold.T("a digest of what was signed, not the text")
	storesKind    = freehold.T("the kind of document, never its number and no copy")
)

// fifteenMonths is how long the result of a check is kept, as the decision that
// rests on it: see data/retention.toml.
var fifteenMonths = policy.Span{N: 456, Unit: policy.Days}

var methods = []Method{
	{ID: "account_login", Title: freehold.T("login to the customer's account"), Channel: freehold.ChannelAccount, ByContact: true, ThroughHost: true,
		Stores: []freehold.Text{storesResult}, Check: loginCheck{}},
	{ID: "contact_mail", Title: freehold.T("a link or code to the mailbox on record"), Channel: freehold.ChannelMail, ByContact: true, Life: mailLife,
		Stores: []freehold.Text{storesResult, storesToken, storesContact}, Check: tokenCheck{}},
	{ID: "recovery_contact", Title: freehold.T("a code to the recovery contact enrolled before"), Channel: freehold.ChannelRecovery, ByContact: true, Life: mailLife,
		Stores: []freehold.Text{storesResult, storesToken, storesContact}, Check: tokenCheck{}},
	{ID: "call_back", Title: freehold.T("a call to the number on record, with a code spoken"), Channel: freehold.ChannelPhone, ByContact: true, Life: spokenLife,
		Stores: []freehold.Text{storesResult, storesToken, storesContact}, Check: tokenCheck{}},
	{ID: "letter_code", Title: freehold.T("a code by letter to the postal address on record"), Channel: freehold.ChannelPost, ByContact: true, Life: letterLife,
		Stores: []freehold.Text{storesResult, storesToken, storesContact}, Check: tokenCheck{}},
	{ID: "payment_reference", Title: freehold.T("a small payment with our reference, from the account that paid before"), Channel: freehold.ChannelBank, ByContact: true, Life: letterLife,
		Stores: []freehold.Text{storesResult, storesToken, storesContact}, Check: paymentCheck{}},
	{ID: "mandate_key", Title: freehold.T("a text signed with the key enrolled before"), Channel: freehold.ChannelKey, ByContact: true,
		Stores: []freehold.Text{storesResult, storesDigest}, Check: signatureCheck{}},
	{ID: "invoice", Title: freehold.T("number and amount of a past invoice"), Channel: freehold.ChannelPaper, Supports: true,
		Stores: []freehold.Text{storesResult}, Check: invoiceCheck{}},
	{ID: "dns_txt", Title: freehold.T("a record in the zone of the name"), Channel: freehold.ChannelZone, Supports: true, ThroughHost: true, Life: zoneLife,
		Stores: []freehold.Text{storesResult, storesToken}, Check: zoneCheck{}},
	{ID: "register_extract", Title: freehold.T("an extract of the company register"), Channel: freehold.ChannelRegister, Supports: true,
		Stores: []freehold.Text{storesResult}, Check: extractCheck{}},
	{ID: "mandate_paper", Title: freehold.T("a mandate on paper, viewed"), Channel: freehold.ChannelPaper, Supports: true,
		Stores: []freehold.Text{storesResult, storesDigest}, Check: viewedCheck{}},
	{ID: "dkim_mail", Title: freehold.T("a mail signed by the sender's domain (DKIM)"), Channel: freehold.ChannelMail, ByContact: true, Supports: true,
		Stores: []freehold.Text{storesResult, storesDigest}, Check: mailCheck{}},
	{ID: "document_viewed", Title: freehold.T("a document viewed and not kept"), Channel: freehold.ChannelDesk, Supports: true,
		Stores: []freehold.Text{storesResult, storesKind}, Check: viewedCheck{}},
}

func init() {
	for i := range methods {
		methods[i].Keep = fifteenMonths
	}
}

// Methods returns all methods, those that can carry a release first.
func Methods() []Method { return slices.Clone(methods) }

// MethodOf returns the method with an identifier.
func MethodOf(id string) (Method, bool) {
	for _, m := range methods {
		if m.ID == id {
			return m, true
		}
	}
	return Method{}, false
}
