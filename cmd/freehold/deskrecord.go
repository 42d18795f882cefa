package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"freehold"
)

// record is what stands on record about a name: of the registry, then of the register.
type record struct {
	holder, customer freehold.Party
	contacts         []freehold.Contact
}

// onRecord looks up who a name is of, and tells it: the registry's word first, as the
// last saved audit has it, then the register's. Where they differ about the holder the
// registry counts, since authority flows from the registrant of record.
func (j *deskJob) onRecord(ctx context.Context, name freehold.Name) (record, error) {
	registry, seen, err := j.registryHolder(ctx, name)
	if err != nil {
		return record{}, err
	}
	known := record{holder: registry}
	if registry != (freehold.Party{}) {
		j.tell(freehold.T("the registry has %s as the holder (audit of %t)", partyName(registry), seen))
	}
	account, found, err := j.registerAccount(ctx, name)
	if err != nil || !found {
		return known, err
	}
	known.customer = account.Customer()
	held, named := account.Holder(name)
	if !named {
		held = known.customer
	}
	switch {
	case held == (freehold.Party{}) || held == (freehold.Party{Account: account.ID}):
	case registry == (freehold.Party{}) && !named:
		known.holder = held
		j.tell(freehold.T("no record names a holder: the customer %s (%s) is taken for it", partyName(held), account.ID))
	case registry == (freehold.Party{}):
		known.holder = held
		j.tell(freehold.T("the register has %s as the holder, in the account %s", partyName(held), account.ID))
	case registry.Is(held) || sameOrganisation(registry, held):
		known.holder = held // the same, with its number and account
		j.tell(freehold.T("the register agrees, in the account %s", account.ID))
	default:
		j.tell(freehold.T("the register says otherwise: %s, in the account %s; the registry's word counts", partyName(held), account.ID))
	}
	hosted, err := j.hosted(ctx, name, &account)
	if err != nil {
		return known, err
	}
	// That an entry was there before what counts as recent is as good as a date.
	before := j.now().Add(-j.profile.Recent.Duration())
	known.contacts = account.Contacts(name, before, hosted)
	// Who holds the customer's account may log in there: see the check account_login.
	known.contacts = append(known.contacts, freehold.Contact{Of: freehold.SideCustomer, Channel: freehold.ChannelAccount, Address: account.ID, Source: string(freehold.SourceRegister)})
	return known, nil
}

func sameOrganisation(a, b freehold.Party) bool {
	return a.Organisation != "" && b.Organisation != "" && freehold.SameParty(a.Organisation, b.Organisation)
}

// registryHolder is the registrant as the last saved audit had it, and when that was.
// What is redacted or was not answered is not known.
func (j *deskJob) registryHolder(ctx context.Context, name freehold.Name) (p freehold.Party, at time.Time, err error) {
	r, _, err := j.store.Latest(ctx, name)
	if freehold.KindOf(err) == freehold.KindNotFound {
		return p, at, nil
	}
	if err != nil {
		return p, at, err
	}
	p.Organisation, _ = r.Observed.Registration.RegistrantOrg.Get()
	p.Name, _ = r.Observed.Registration.RegistrantName.Get()
	return p, freehold.EarlierOf(r).At, nil
}

// registerAccount finds the one account that has a name.
func (j *deskJob) registerAccount(ctx context.Context, name freehold.Name) (a freehold.RegisterAccount, found bool, err error) {
	if of := j.c.String("of"); of != "" {
		a, err = j.store.RegisterAccount(ctx, of)
		return a, err == nil, err
	}
	all, err := j.store.FindRegister(ctx, freehold.ListedName, []string{name.ASCII()}, true)
	if err != nil {
		return a, false, err
	}
	ids := all[name.ASCII()]
	if len(ids) > 1 {
		return a, false, misuse(freehold.T("the register has %q under several accounts: %s", name.Unicode(), strings.Join(ids, ", ")), freehold.T("find out whose it is, and give %s", "--of CUSTOMER"))
	}
	if len(ids) == 0 {
		return a, false, nil
	}
	a, err = j.store.RegisterAccount(ctx, ids[0])
	return a, err == nil, err
}

// hosted tells whether a mailbox lies with the host: in the name itself, in a domain of
// the host's own, or in another name of the register. Of any other it is not known.
func (j *deskJob) hosted(ctx context.Context, name freehold.Name, a *freehold.RegisterAccount) (func(freehold.Channel, string) bool, error) {
	domains := map[string]bool{name.ASCII(): true}
	for _, said := range j.c.StringSlice("host-domain") {
		own, err := parseName(said)
		if err != nil {
			return nil, err
		}
		domains[own.ASCII()] = true
	}
	var asked []string
	for _, e := range a.Entries {
		if d, ok := mailName(e.Value); ok {
			asked = append(asked, d)
		}
	}
	slices.Sort(asked)
	found, err := j.store.FindRegister(ctx, freehold.ListedName, slices.Compact(asked), true)
	if err != nil {
		return nil, err
	}
	for d := range found {
		domains[d] = true
	}
	return func(_ freehold.Channel, address string) bool {
		d, ok := mailName(address)
		return ok && domains[d]
	}, nil
}

// mailName is the registrable name that a mailbox is in.
func mailName(address string) (string, bool) {
	_, domain, ok := strings.Cut(address, "@")
	if !ok {
		return "", false
	}
	host, err := freehold.ParseHost(domain)
	if err != nil {
		return "", false
	}
	name, ok := host.Registrable()
	return name.ASCII(), ok
}

// changedHands is when the register first had the name under its account, where it had
// it under another one before.
func (j *deskJob) changedHands(ctx context.Context, name freehold.Name) (at time.Time, err error) {
	a, found, err := j.registerAccount(ctx, name)
	if err != nil || !found {
		return at, err
	}
	for _, e := range a.Entries {
		if e.Field == freehold.ListedName && e.Name == name && e.Standing() && e.Since.After(at) {
			at = e.Since
		}
	}
	return at, nil
}

// withRecorded adds the contacts on record to those that were typed. What was typed
// stays as it was typed.
func withRecorded(typed, recorded []freehold.Contact) []freehold.Contact {
	own := typed
	for _, k := range recorded {
		if slices.ContainsFunc(own, func(t freehold.Contact) bool {
			return t.Channel == k.Channel && strings.EqualFold(t.Address, k.Address)
		}) {
			continue
		}
		k.ID = fmt.Sprintf("c%d", len(typed)+1)
		typed = append(typed, k)
	}
	return typed
}
