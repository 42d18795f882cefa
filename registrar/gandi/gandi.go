// Package gandi lets names go that are with Gandi, by version 5 of its API.
//
// Gandi makes the codes. The detail of a name shows the one that stands, so an answer
// is read for what is needed and wiped. A new code is asked for before one is handed
// out: whoever saw the old one in the panel holds nothing. Changes are taken (202) and
// made later: each is waited for, and one that takes longer is looked for again.
//
// DNSSEC is set by keys there, not by DS records: a delegation can be made, and DS
// records removed, but none added.
//
// Tested on recorded shapes; it was never tried against the live API.
package gandi

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"freehold"
	"freehold/internal/policy"
	"freehold/internal/providerapi"
	"freehold/registrar/transfer"
)

// Base is the API's address.
const Base = "https://api.gandi.net/v5"

const title = "Gandi"

// Client is one account.
type Client struct {
	api   *providerapi.Client
	rules func(freehold.Name) policy.Profile
}

var (
	_ transfer.Fetcher   = (*Client)(nil)
	_ transfer.Unsetter  = (*Client)(nil)
	_ transfer.Locker    = (*Client)(nil)
	_ transfer.Repointer = (*Client)(nil)
	_ transfer.Delegator = (*Client)(nil)
)

// New makes a client. config.Secret is a personal access token.
func New(config providerapi.Config, rules func(freehold.Name) policy.Profile) (*Client, error) {
	config.Provider, config.Header, config.Scheme, config.MaxBody = title, "Authorization", "Bearer", 1<<20
	if config.Base == "" {
		config.Base = Base
	}
	api, err := providerapi.New(config)
	if err != nil {
		return nil, err
	}
	return &Client{api, rules}, nil
}

// Title names the account.
func (c *Client) Title() string { return title }

// Able: Gandi makes the codes, and makes new ones; where the rules know of no code, it
// has none.
func (c *Client) Able(name freehold.Name) transfer.Ability {
	return transfer.FetchAbility(c.rules(name))
}

func path(name freehold.Name) string { return "/domain/domains/" + url.PathEscape(name.ASCII()) }

// detail is what is read of a name. Its contacts and services are not ours to know.
type detail struct {
	FQDN     string            `json:"fqdn"`
	Status   []string          `json:"status"`
	CanLock  *bool             `json:"can_tld_lock"`
	AuthInfo transfer.CodeText `json:"authinfo"`
}

func (d *detail) locked() bool { return slices.Contains(d.Status, lock) }

const lock = "clientTransferProhibited"

// read asks for a name; the caller takes its code or destroys it.
func (c *Client) read(ctx context.Context, name freehold.Name) (d detail, err error) {
	answer, err := c.api.Send(ctx, providerapi.Request{Method: http.MethodGet, Path: path(name)})
	if err != nil {
		return d, err
	}
	defer clear(answer.Body) // it shows the code
	if json.Unmarshal(answer.Body, &d) != nil || d.FQDN != name.ASCII() {
		clear(d.AuthInfo)
		return detail{}, transfer.NoAnswer(title, name)
	}
	return d, nil
}

// Look asks for the name; the code in the answer is wiped unread.
func (c *Client) Look(ctx context.Context, name freehold.Name) (transfer.State, error) {
	d, err := c.read(ctx, name)
	if transfer.Absent(err) {
		return transfer.State{}, nil // not in this account
	}
	if err != nil {
		return transfer.State{}, err
	}
	defer clear(d.AuthInfo)
	return transfer.State{Ours: true, Locked: d.locked(), Barred: transfer.Barring(d.Status), Pending: slices.Contains(d.Status, "pendingTransfer"), CodeSet: len(d.AuthInfo) > 0}, nil
}

// change sends a change, whose answer has to be JSON, or nothing.
func (c *Client) change(ctx context.Context, method, path string, in any) error {
	_, err := transfer.SendJSON(ctx, c.api, title, method, path, in)
	return err
}

// Lock has the lock put on or taken off, and waits for it.
func (c *Client) Lock(ctx context.Context, name freehold.Name, on bool) error {
	if err := c.change(ctx, http.MethodPatch, path(name)+"/status", map[string]bool{lock: on}); err != nil {
		return err
	}
	return c.settle(ctx, name, func(d *detail) bool { return d.locked() == on })
}

func (c *Client) settle(ctx context.Context, name freehold.Name, done func(*detail) bool) error {
	return transfer.Settle(ctx, c.api.Wait, title, name, func() (bool, error) {
		d, err := c.read(ctx, name)
		if err != nil {
			return false, err
		}
		defer clear(d.AuthInfo)
		return done(&d), nil
	})
}

// renew has a new code made, and returns it.
func (c *Client) renew(ctx context.Context, name freehold.Name) (code freehold.TransferCode, err error) {
	before, err := c.read(ctx, name)
	if err != nil {
		return code, err
	}
	defer clear(before.AuthInfo)
	if err := c.change(ctx, http.MethodPut, path(name)+"/authinfo", nil); err != nil {
		return code, err
	}
	err = c.settle(ctx, name, func(d *detail) bool {
		if len(d.AuthInfo) == 0 || bytes.Equal(d.AuthInfo, before.AuthInfo) {
			return false
		}
		code = d.AuthInfo.Code()
		return true
	})
	return code, err
}

// Fetch unlocks, has a new code made and brings it.
func (c *Client) Fetch(ctx context.Context, name freehold.Name, unlock bool) (code freehold.TransferCode, err error) {
	if unlock {
		if err := c.Lock(ctx, name, false); err != nil {
			return code, err
		}
	}
	return c.renew(ctx, name)
}

// Unset locks, and has a code made in the place of the old one that nobody reads: the
// second also where the first failed.
func (c *Client) Unset(ctx context.Context, name freehold.Name, relock bool) (err error) {
	if relock {
		err = c.Lock(ctx, name, true)
	}
	code, failed := c.renew(ctx, name)
	code.Destroy()
	if failed != nil {
		return failed
	}
	return err
}

// Delegate replaces the name servers.
func (c *Client) Delegate(ctx context.Context, name freehold.Name, servers []freehold.Host) error {
	return c.change(ctx, http.MethodPut, path(name)+"/nameservers", map[string][]string{"nameservers": transfer.HostNames(servers)})
}

// SetDS removes all keys. Adding takes the keys themselves, which a DS record has not.
func (c *Client) SetDS(ctx context.Context, name freehold.Name, ds []freehold.DS) error {
	if len(ds) > 0 {
		return transfer.WantsKeys(title)
	}
	body, err := c.api.Raw(ctx, http.MethodGet, path(name)+"/dnskeys", nil)
	if err != nil {
		return err
	}
	var keys []struct{ ID *int64 }
	if json.Unmarshal(body, &keys) != nil {
		return transfer.NoAnswer(title, name)
	}
	for _, k := range keys {
		if k.ID == nil {
			return transfer.NoAnswer(title, name)
		}
		if err := c.change(ctx, http.MethodDelete, path(name)+"/dnskeys/"+strconv.FormatInt(*k.ID, 10), nil); err != nil {
			return err
		}
	}
	return nil
}

// Repoint removes all keys and replaces the name servers.
func (c *Client) Repoint(ctx context.Context, name freehold.Name, servers []freehold.Host) error {
	if err := c.SetDS(ctx, name, nil); err != nil {
		return err
	}
	return c.Delegate(ctx, name, servers)
}
