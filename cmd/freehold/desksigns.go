package main

import (
	"context"
	"slices"
	"strings"
	"time"

	"freehold"
	"freehold/internal/store"
	"freehold/verify/identity"
)

// surroundings are what the saved audits know around a request: when the name servers
// changed, and how old the domain is that the requester writes from. What was never
// audited is not known, which is no sign.
func (j *deskJob) surroundings(ctx context.Context, name freehold.Name, mail string) (seen identity.Surroundings, err error) {
	seen.RequesterMail = mail
	if seen.NameserversChanged, err = nameServersChanged(ctx, j.store, name); err != nil {
		return seen, err
	}
	_, domain, _ := strings.Cut(mail, "@")
	if host, err := freehold.ParseHost(domain); err == nil {
		if from, ok := host.Registrable(); ok && from != name {
			seen.MailDomainCreated, err = created(ctx, j.store, from)
			return seen, err
		}
	}
	return seen, nil
}

// created is when a name was registered, by the last saved audit that knew it.
func created(ctx context.Context, st *store.Store, name freehold.Name) (at time.Time, err error) {
	for h, err := range st.History(ctx, name) {
		if freehold.KindOf(err) == freehold.KindNotFound {
			return at, nil
		}
		if err != nil {
			return at, err
		}
		if when, ok := h.Result.Observed.Registration.Created.Get(); ok {
			at = when
		}
	}
	return at, nil
}

// nameServersChanged is when the saved audits last saw other name servers than before;
// zero if never.
func nameServersChanged(ctx context.Context, st *store.Store, name freehold.Name) (at time.Time, err error) {
	var before []freehold.Host
	for h, err := range st.History(ctx, name) {
		if freehold.KindOf(err) == freehold.KindNotFound {
			return at, nil
		}
		if err != nil {
			return at, err
		}
		e := freehold.EarlierOf(h.Result)
		if len(e.NameServers) == 0 {
			continue
		}
		now := slices.SortedFunc(slices.Values(e.NameServers), func(a, b freehold.Host) int { return strings.Compare(a.ASCII(), b.ASCII()) })
		if before != nil && !slices.Equal(before, now) {
			at = e.At
		}
		before = now
	}
	return at, nil
}
