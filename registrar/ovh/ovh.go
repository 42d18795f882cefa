// Package ovh lets names go that are with OVHcloud, by version 1 of its API.
//
// OVH makes the codes, shows one only while the name is unlocked, and has no call that
// makes a new one: a code cannot be taken back. Putting the lock on again is what makes
// it worthless until the lock is off. Locking and unlocking are taken and made later:
// each is waited for, and one that takes longer is looked for again.
//
// DNSSEC is set by keys there, not by DS records: a delegation can be made, and DS
// records removed, but none added.
//
// Tested on recorded shapes; it was never tried against the live API.
package ovh

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"time"

	"freehold"
	"freehold/internal/policy"
	"freehold/internal/providerapi"
	"freehold/internal/providerapi/ovhauth"
	"freehold/registrar/transfer"
)

const title = ovhauth.Provider

// Client is one account.
type Client struct {
	api   *providerapi.Client
	rules func(freehold.Name) policy.Profile
}

var (
	_ transfer.Fetcher   = (*Client)(nil)
	_ transfer.Locker    = (*Client)(nil)
	_ transfer.Tagger    = (*Client)(nil)
	_ transfer.Repointer = (*Client)(nil)
	_ transfer.Delegator = (*Client)(nil)
)

// New makes a client.
func New(config providerapi.Config, keys ovhauth.Keys, rules func(freehold.Name) policy.Profile, now func() time.Time) (*Client, error) {
	config.MaxBody = 1 << 20
	api, err := ovhauth.New(config, keys, now)
	if err != nil {
		return nil, err
	}
	return &Client{api, rules}, nil
}

// Title names the account.
func (c *Client) Title() string { return title }

// Able: OVH makes the codes, and does not take them back.
func (c *Client) Able(name freehold.Name) transfer.Ability {
	a := transfer.FetchAbility(c.rules(name))
	a.Unsets = false
	return a
}

func path(name freehold.Name) string { return "/domain/" + url.PathEscape(name.ASCII()) }

// detail is what is read of a name.
type detail struct {
	Domain string `json:"domain"`
	// Lock is one of locked, locking, unlocked, unlocking and unavailable: the registry
	// has no such lock.
	Lock string `json:"transferLockStatus"`
	// State is one of ok, outgoing_transfer, dispute, expired, deleted …; older answers
	// have none.
	State string `json:"state"`
	// NameServerType is "hosted" for OVH's own name servers and "external" for others'.
	NameServerType string `json:"nameServerType"`
}

// barring are the states in which a name does not leave.
var barring = map[string]bool{"dispute": true, "deleted": true, "pending_delete": true, "restorable": true, "registry_suspended": true, "technical_suspended": true, "pending_create": true, "pending_incoming_transfer": true, "pending_installation": true}

func (c *Client) read(ctx context.Context, name freehold.Name) (d detail, err error) {
	body, err := c.api.Raw(ctx, http.MethodGet, path(name), nil)
	if err != nil {
		return d, err
	}
	if json.Unmarshal(body, &d) != nil || d.Domain != name.ASCII() || !locks[d.Lock] {
		return detail{}, transfer.NoAnswer(title, name)
	}
	return d, nil
}

var locks = map[string]bool{"locked": true, "locking": true, "unlocked": true, "unlocking": true, "unavailable": true}

// Look asks for the name. A lock that is on its way off is on.
func (c *Client) Look(ctx context.Context, name freehold.Name) (transfer.State, error) {
	d, err := c.read(ctx, name)
	if transfer.Absent(err) {
		return transfer.State{}, nil // not in this account
	}
	if err != nil {
		return transfer.State{}, err
	}
	s := transfer.State{Ours: true, Locked: d.Lock == "locked" || d.Lock == "unlocking", Pending: d.State == "outgoing_transfer"}
	if barring[d.State] {
		s.Barred = []string{d.State}
	}
	return s, nil
}

// change sends a change, whose answer has to be JSON, or nothing.
func (c *Client) change(ctx context.Context, method, path string, in any) error {
	_, err := transfer.SendJSON(ctx, c.api, title, method, path, in)
	return err
}

// Lock has the lock put on or taken off, and waits for it. Where the registry has none,
// taking it off is done, and putting it on is refused.
func (c *Client) Lock(ctx context.Context, name freehold.Name, on bool) error {
	want := map[bool]string{true: "locked", false: "unlocked"}[on]
	d, err := c.read(ctx, name)
	switch {
	case err != nil:
		return transfer.Unanswered(err)
	case d.Lock == "unavailable" && on:
		return &freehold.Error{Kind: freehold.KindInvalid, Text: freehold.T("%s has no transfer lock for %q", title, name.Unicode())}
	case d.Lock == want || d.Lock == "unavailable":
		return nil
	}
	if under := map[bool]string{true: "locking", false: "unlocking"}[on]; d.Lock != under {
		if err := c.change(ctx, http.MethodPut, path(name), map[string]string{"transferLockStatus": want}); err != nil {
			return err
		}
	}
	return transfer.Settle(ctx, c.api.Wait, title, name, func() (bool, error) {
		d, err := c.read(ctx, name)
		return d.Lock == want, err
	})
}

// Fetch unlocks and brings the code.
func (c *Client) Fetch(ctx context.Context, name freehold.Name, unlock bool) (code freehold.TransferCode, err error) {
	if unlock {
		if err := c.Lock(ctx, name, false); err != nil {
			return code, err
		}
	}
	answer, err := c.api.Send(ctx, providerapi.Request{Method: http.MethodGet, Path: path(name) + "/authInfo"})
	if err != nil {
		return code, err
	}
	defer clear(answer.Body)
	var text transfer.CodeText
	if json.Unmarshal(answer.Body, &text) != nil || len(text) == 0 {
		return code, transfer.NoAnswer(title, name)
	}
	return text.Code(), nil
}

// Push moves a .uk name to the tag of another registrar.
func (c *Client) Push(ctx context.Context, name freehold.Name, to string) error {
	return c.change(ctx, http.MethodPost, path(name)+"/ukOutgoingTransfer", map[string]string{"tag": to})
}

// Delegate replaces the name servers. OVH makes it later, by a task of its own; the
// parent tells when.
func (c *Client) Delegate(ctx context.Context, name freehold.Name, servers []freehold.Host) error {
	d, err := c.read(ctx, name)
	if err != nil {
		return err
	}
	if d.NameServerType == "hosted" {
		if err := c.change(ctx, http.MethodPut, path(name), map[string]string{"nameServerType": "external"}); err != nil {
			return err
		}
	}
	type server struct {
		Host string `json:"host"`
	}
	var list []server
	for _, h := range transfer.HostNames(servers) {
		list = append(list, server{h})
	}
	return c.change(ctx, http.MethodPost, path(name)+"/nameServers/update", map[string]any{"nameServers": list})
}

// SetDS removes all keys. Adding takes the keys themselves, which a DS record has not.
func (c *Client) SetDS(ctx context.Context, name freehold.Name, ds []freehold.DS) error {
	if len(ds) > 0 {
		return transfer.WantsKeys(title)
	}
	var ids []int64
	body, err := c.api.Raw(ctx, http.MethodGet, path(name)+"/dsRecord", nil)
	if err != nil {
		return err
	}
	if json.Unmarshal(body, &ids) != nil {
		return transfer.NoAnswer(title, name)
	}
	if len(ids) == 0 {
		return nil
	}
	return c.change(ctx, http.MethodPost, path(name)+"/dsRecord", map[string]any{"keys": []any{}})
}

// Repoint removes all keys and replaces the name servers.
func (c *Client) Repoint(ctx context.Context, name freehold.Name, servers []freehold.Host) error {
	if err := c.SetDS(ctx, name, nil); err != nil {
		return err
	}
	return c.Delegate(ctx, name, servers)
}
