package freehold

import (
	"cmp"
	"slices"
	"strings"
	"time"
	"unicode"
)

// The register is what a host knows of its customers: who they are, how to reach
// them, which names are theirs, what they paid. It is a list of entries, each with
// where it was read and since when it is so. Entries are added and replaced, never
// changed: what a contact was before an incident is what an identity is checked by.

// The fields of the register, beside ListedName, ListedTLD and ListedNotes. Those of
// the first group are kept; the others say something about them.
const (
	RegisterPerson       ListingField = "person"
	RegisterOrganisation ListingField = "organisation"
	RegisterCompany      ListingField = "company_number" // in a company register
	RegisterHolder       ListingField = "holder"         // the registrant of a name
	RegisterMail         ListingField = "mail"
	RegisterPhone        ListingField = "phone"
	RegisterPost         ListingField = "post" // a postal address, its parts with commas between them
	RegisterBank         ListingField = "bank" // the account that payments came from
	RegisterRecovery     ListingField = "recovery"
	RegisterKey          ListingField = "key" // a public key
	RegisterInvoice      ListingField = "invoice"
	RegisterPayment      ListingField = "payment"

	RegisterCustomer      ListingField = "customer" // the number or login of the account
	RegisterSince         ListingField = "since"    // when the contacts came on record
	RegisterMailSince     ListingField = "mail_since"
	RegisterPhoneSince    ListingField = "phone_since"
	RegisterPostSince     ListingField = "post_since"
	RegisterBankSince     ListingField = "bank_since"
	RegisterRecoverySince ListingField = "recovery_since"
	RegisterChanged       ListingField = "changed" // when the row was last changed
	RegisterStreet        ListingField = "street"
	RegisterPostcode      ListingField = "postcode"
	RegisterCity          ListingField = "city"
	RegisterCountry       ListingField = "country"
	RegisterAmount        ListingField = "amount"
	RegisterDay           ListingField = "day" // of an invoice or a payment
)

// RegisterFields lists what a column can be read as.
var RegisterFields = []ListingField{
	RegisterCustomer, RegisterPerson, RegisterOrganisation, RegisterCompany, ListedName, ListedTLD, RegisterHolder,
	RegisterMail, RegisterPhone, RegisterPost, RegisterStreet, RegisterPostcode, RegisterCity, RegisterCountry, RegisterBank, RegisterRecovery, RegisterKey,
	RegisterSince, RegisterMailSince, RegisterPhoneSince, RegisterPostSince, RegisterBankSince, RegisterRecoverySince, RegisterChanged,
	RegisterInvoice, RegisterPayment, RegisterAmount, RegisterDay,
}

// RegisterDates lists the fields that hold days.
var RegisterDates = []ListingField{RegisterSince, RegisterMailSince, RegisterPhoneSince, RegisterPostSince, RegisterBankSince, RegisterRecoverySince, RegisterChanged, RegisterDay}

// RegisterSource says what kind of record an entry was read in. Where records
// disagree, all that they say is kept.
type RegisterSource string

// The sources, in the order in which they are believed about a holder.
const (
	SourceEPP       RegisterSource = "epp"       // contacts as the registry has them
	SourceRegistrar RegisterSource = "registrar" // an account's listing at a registrar
	SourceRegister  RegisterSource = "register"  // the host's own customer register
	SourceInvoices  RegisterSource = "invoices"
	SourcePayments  RegisterSource = "payments"
	SourceEnrolled  RegisterSource = "enrolled" // in quiet times, with somebody who vouched
)

// RegisterSources lists all sources.
var RegisterSources = []RegisterSource{SourceEPP, SourceRegistrar, SourceRegister, SourceInvoices, SourcePayments, SourceEnrolled}

// A RegisterEntry is one thing that one record says of a customer.
type RegisterEntry struct {
	Account string // the host's customer
	Seq     int    // in the account, from 1; given by the store
	// Of is the customer or the holder of Name.
	Of    Side
	Field ListingField
	Value string
	// Detail is what stands beside it: the amount of an invoice, the kind of a key.
	Detail string
	// Name is the name it is about, zero where it is about the account.
	Name Name
	// Since is when it came on record; zero: not known, which is not "long ago". Of a
	// payment it is the day.
	Since  time.Time
	Source RegisterSource
	From   Provenance
	By     string // who vouched, where it was enrolled
	Added  time.Time
	// Replaced is when another entry took its place; zero: it stands.
	Replaced time.Time
}

// Standing tells whether nothing has taken the entry's place.
func (e *RegisterEntry) Standing() bool { return e.Replaced.IsZero() }

// Key is how entries are compared and found: a value without what may be written in
// several ways.
func (e *RegisterEntry) Key() string { return RegisterKeyOf(e.Field, e.Value) }

// RegisterKeyOf folds a value of a field: letters to lower case, a telephone number
// and a bank account to their letters and digits.
func RegisterKeyOf(f ListingField, value string) string {
	value = strings.ToLower(strings.Join(strings.Fields(value), " "))
	switch f {
	case RegisterKey:
		return value
	case RegisterPhone, RegisterBank, RegisterCompany, RegisterInvoice:
		kept := strings.Map(func(r rune) rune {
			if unicode.IsLetter(r) || unicode.IsDigit(r) || r == '+' {
				return r
			}
			return -1
		}, value)
		if rest, ok := strings.CutPrefix(kept, "00"); ok && f == RegisterPhone {
			kept = "+" + rest
		}
		return kept
	}
	return value
}

// thing is what an entry says of what: two entries with one thing say the same.
type thing struct {
	field ListingField
	of    Side
	name  Name
	key   string
}

func (e *RegisterEntry) thing() thing { return thing{e.Field, e.Of, e.Name, e.Key()} }

// beside tells whether one takes the other's place in a newer copy of the record.
func (e *RegisterEntry) beside(o *RegisterEntry) bool {
	return e.Source == o.Source && e.Field == o.Field && e.Of == o.Of && e.Name == o.Name
}

// replaces tells the fields and sources of which a newer copy replaces the older one.
// Invoices, payments, names and what was enrolled add up.
func (e *RegisterEntry) replaces() bool {
	switch e.Field {
	case ListedName, RegisterInvoice, RegisterPayment, RegisterKey:
		return false
	}
	return e.Source != SourceEnrolled && e.Source != SourcePayments && e.Source != SourceInvoices
}

// A RegisterChange is what an entry changed: what stood in its place before.
type RegisterChange struct {
	Entry int // its place among what was said
	ListingChange
}

// A RegisterMerge says what a record does to an account.
type RegisterMerge struct {
	New bool // the account was not there
	// Add are the entries that are new, by their places in what was said.
	Add []int
	// Replace are the numbers of entries whose place is taken.
	Replace []int
	Changes []RegisterChange
	// Disputes are fields of which two records say different things; both are kept.
	Disputes []RegisterDispute
}

// A RegisterDispute is a field about which records disagree.
type RegisterDispute struct {
	Entry int // the place of the entry that disagrees
	Field ListingField
	// Value is what Source said before.
	Value  string
	Source RegisterSource
}

// MergeRegister returns what becomes of an account of which known stands when one
// record speaks about it. A newer copy of a record replaces what its older copy
// had in the same place, and a contact that is new in it came on record on the day of
// the copy at the latest; another record replaces nothing.
func MergeRegister(known []RegisterEntry, from RegisterSaid) RegisterMerge {
	m := RegisterMerge{New: len(known) == 0}
	said, at := from.Entries, from.At
	for _, k := range known {
		if k.Standing() && k.Source == from.Source && slices.Contains(from.Gone, k.Name) {
			m.Replace = append(m.Replace, k.Seq)
		}
	}
	stands := map[thing]int{} // of the same record, by their places in known
	for i := range known {
		if k := &known[i]; k.Standing() && k.Source == from.Source && !slices.Contains(m.Replace, k.Seq) {
			stands[k.thing()] = i
		}
	}
	best := map[thing]int{} // of what is said twice, what knows better since when
	for i := range said {
		if j, twice := best[said[i].thing()]; !twice || later(&said[i], &said[j]) {
			best[said[i].thing()] = i
		}
	}
	for i := range said {
		s := &said[i]
		if best[s.thing()] != i {
			continue
		}
		old, stood := stands[s.thing()]
		switch {
		case stood && !later(s, &known[old]):
		case stood:
			m.Replace = append(m.Replace, known[old].Seq)
			m.Add = append(m.Add, i)
			m.Changes = append(m.Changes, RegisterChange{i, ListingChange{s.Field, s.Value + sinceWord(known[old].Since), s.Value + sinceWord(s.Since)}})
		default:
			m.add(known, said, best, i, at)
		}
	}
	m.dispute(known, said)
	return m
}

// sinceWord tells a day behind a value.
func sinceWord(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return " @" + t.UTC().Format(time.DateOnly)
}

// later tells whether an entry knows better since when: where the other one does not
// know it, or says an earlier day. The later day is the careful one; of payments the
// first one counts.
func later(s, old *RegisterEntry) bool {
	switch {
	case s.Since.IsZero() || s.Since.Equal(old.Since):
		return false
	case old.Since.IsZero():
		return true
	case s.Source == SourcePayments:
		return s.Since.Before(old.Since)
	}
	return s.Since.After(old.Since)
}

func (m *RegisterMerge) add(known, said []RegisterEntry, best map[thing]int, i int, at time.Time) {
	s := &said[i]
	m.Add = append(m.Add, i)
	if !s.replaces() {
		return
	}
	for j := range known {
		k := &known[j]
		if _, stays := best[k.thing()]; stays || !k.Standing() || !k.beside(s) || slices.Contains(m.Replace, k.Seq) {
			continue
		}
		m.Replace = append(m.Replace, k.Seq)
		m.Changes = append(m.Changes, RegisterChange{i, ListingChange{s.Field, k.Value, s.Value}})
	}
	older := slices.ContainsFunc(known, func(k RegisterEntry) bool { return k.Source == s.Source && !k.Added.Equal(at) })
	if s.Since.IsZero() && older && s.Field != RegisterPerson && s.Field != RegisterOrganisation {
		s.Since = at // it was not there when the record was read last
	}
}

// disputed are the fields of which an account has one value only.
var disputed = []ListingField{RegisterPerson, RegisterOrganisation, RegisterCompany, RegisterHolder, RegisterMail, RegisterPhone, RegisterPost}

func single(f ListingField) bool {
	return f == RegisterPerson || f == RegisterOrganisation || f == RegisterCompany || f == RegisterHolder
}

// dispute finds what another record says otherwise.
func (m *RegisterMerge) dispute(known, said []RegisterEntry) {
	for _, i := range m.Add {
		s := &said[i]
		if !slices.Contains(disputed, s.Field) {
			continue
		}
		var other *RegisterEntry
		agreed := false
		for _, j := range m.Add { // within one record an account is of one party
			if o := &said[j]; j < i && single(s.Field) && o.Field == s.Field && o.Of == s.Of && o.Name == s.Name && o.Key() != s.Key() {
				other = o
			}
		}
		for j := range known {
			k := &known[j]
			if !k.Standing() || k.Source == s.Source || k.Source == SourceEnrolled || k.Field != s.Field || k.Of != s.Of || k.Name != s.Name {
				continue
			}
			agreed = agreed || k.Key() == s.Key() || (s.Field == RegisterOrganisation || s.Field == RegisterHolder) && SameParty(k.Value, s.Value)
			other = k
		}
		if other != nil && !agreed {
			m.Disputes = append(m.Disputes, RegisterDispute{i, s.Field, other.Value, other.Source})
		}
	}
}

// A RegisterSaid is what a record says about one account.
type RegisterSaid struct {
	Account string
	At      time.Time // when it was read
	Source  RegisterSource
	Entries []RegisterEntry
	// Gone are names that a newer copy of the record has under another account.
	Gone []Name
}

// A RegisterAccount is an account with all that is known of it, in the order it came.
type RegisterAccount struct {
	ID      string
	Entries []RegisterEntry
}

// first returns the value that counts of a field: of the source believed most, the
// newest that stands.
func (a *RegisterAccount) first(of Side, f ListingField, name Name) string {
	var best *RegisterEntry
	for i := range a.Entries {
		e := &a.Entries[i]
		if !e.Standing() || e.Of != of || e.Field != f || e.Name != name {
			continue
		}
		if best == nil || cmp.Compare(slices.Index(RegisterSources, e.Source), slices.Index(RegisterSources, best.Source)) <= 0 {
			best = e
		}
	}
	if best == nil {
		return ""
	}
	return best.Value
}

// Customer returns who the account is of.
func (a *RegisterAccount) Customer() Party {
	of := func(f ListingField) string { return a.first(SideCustomer, f, Name{}) }
	return Party{Name: of(RegisterPerson), Organisation: of(RegisterOrganisation), Register: of(RegisterCompany), Account: a.ID}
}

// Holder returns the registrant of a name as the records have it, and whether any
// names one: where none does, the customer is not thereby the holder.
func (a *RegisterAccount) Holder(name Name) (Party, bool) {
	p := Party{Name: a.first(SideHolder, RegisterPerson, name), Organisation: a.first(SideHolder, RegisterHolder, name)}
	return p, p != Party{}
}

// channelOf maps the fields that reach somebody to their channel.
var channelOf = map[ListingField]Channel{RegisterMail: ChannelMail, RegisterPhone: ChannelPhone, RegisterPost: ChannelPost, RegisterBank: ChannelBank,
	RegisterRecovery: ChannelRecovery, RegisterKey: ChannelKey}

// Contacts returns the contacts of a case about a name: the account's, and the
// holder's as the records have them. One address that several records have is one
// contact, with all of them as its source and the latest day that one of them knows.
// What was replaced is a previous contact, unless it stands elsewhere. A contact of
// which no day is known was on record when it was read: that day is told where it lies
// before the moment given.
func (a *RegisterAccount) Contacts(name Name, before time.Time, atHost func(Channel, string) bool) []Contact {
	var all []Contact
	for _, standing := range []bool{true, false} {
		for i := range a.Entries {
			e := &a.Entries[i]
			channel, reaches := channelOf[e.Field]
			if !reaches || e.Standing() != standing || !e.Name.IsZero() && e.Name != name {
				continue
			}
			k := Contact{Of: e.Of, Channel: channel, Address: e.Value, Since: e.Since, Previous: !standing, Source: string(e.Source)}
			if k.Since.IsZero() && e.Added.Before(before) {
				k.Since = e.Added
			}
			k.AtHost = atHost != nil && atHost(channel, e.Value)
			if channel == ChannelKey {
				k.Address = e.Detail // whose it is; the key itself lies with the signers
			}
			at := slices.IndexFunc(all, func(o Contact) bool {
				return o.Of == k.Of && o.Channel == k.Channel && RegisterKeyOf(e.Field, o.Address) == RegisterKeyOf(e.Field, k.Address)
			})
			switch {
			case at < 0:
				all = append(all, k)
			case standing:
				all[at].merge(k)
			}
		}
	}
	return all
}

// merge takes in what another record says of the same contact.
func (k *Contact) merge(o Contact) {
	if !slices.Contains(strings.Split(k.Source, ", "), o.Source) {
		k.Source += ", " + o.Source
	}
	if o.Since.After(k.Since) {
		k.Since = o.Since
	}
}
