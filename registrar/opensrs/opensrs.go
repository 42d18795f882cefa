// Package opensrs lets names go that are with OpenSRS, by its XML Communications
// Protocol (XCP 0.9) over HTTPS.
//
// Codes are drawn here and set. A command is a document, signed with the account's key
// by MD5 (that is the protocol's, not ours: TLS is what protects it). The code of an
// answer says what became of it, not the status of HTTP, which is 200 for refusals too.
// Setting a code and taking the lock off are two commands: the code is set first, so
// that a refused code leaves the name locked.
//
// Whether OpenSRS takes a code of its own customers' making for every top-level domain
// is not told by its documentation; what it refuses is said in its words.
//
// Tested on recorded shapes; it was never tried against the live service.
package opensrs

import (
	"context"
	"crypto/md5"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"freehold"
	"freehold/internal/policy"
	"freehold/internal/providerapi"
	"freehold/registrar/transfer"
)

// Base is the address of the live service; https://horizon.opensrs.net:55443 is its
// test system.
const Base = "https://rr-n1-tor.opensrs.net:55443"

const title = "OpenSRS"

// Client is one account.
type Client struct {
	api   *providerapi.Client
	user  string
	rules func(freehold.Name) policy.Profile
}

var (
	_ transfer.Setter    = (*Client)(nil)
	_ transfer.Unsetter  = (*Client)(nil)
	_ transfer.Locker    = (*Client)(nil)
	_ transfer.Repointer = (*Client)(nil)
	_ transfer.Delegator = (*Client)(nil)
)

// New makes a client for a reseller's user name. config.Secret is the API key, which is
// never sent.
func New(config providerapi.Config, user string, rules func(freehold.Name) policy.Profile) (*Client, error) {
	key := config.Secret
	config.Provider, config.MaxBody = title, 1<<20
	if config.Base == "" {
		config.Base = Base
	}
	config.Sign = func(r *http.Request, body []byte) error {
		r.Header.Set("X-Username", user)
		r.Header.Set("X-Signature", Signature(body, key))
		return nil
	}
	api, err := providerapi.New(config)
	if err != nil {
		return nil, err
	}
	return &Client{api, user, rules}, nil
}

// Signature is what OpenSRS asks for: MD5 over the MD5 (in hexadecimal) of document and
// key, and the key.
func Signature(document []byte, key string) string {
	inner := md5.New()
	inner.Write(document)
	inner.Write([]byte(key))
	outer := md5.Sum([]byte(hex.EncodeToString(inner.Sum(nil)) + key))
	return hex.EncodeToString(outer[:])
}

// Title names the account.
func (c *Client) Title() string { return title + " " + c.user }

// Able says what the rules allow.
func (c *Client) Able(name freehold.Name) transfer.Ability { return transfer.AbilityOf(c.rules(name)) }

// The response codes that say more than no (OpenSRS API guide, response codes).
const (
	codeDenied     = 401 // the key is not accepted
	codeUser       = 415
	codePermission = 435
	codeRegistry   = 436 // the registry said something that OpenSRS did not understand
	codeBusy       = 437 // another request waits on this name
	codeInvalid    = 465 // invalid data
)

// A refusal is an answer that says no.
type refusal struct {
	code int
	said string
}

func (r *refusal) Error() string { return fmt.Sprintf("code %d: %s", r.code, r.said) }

// call sends a command. hide is what no error may repeat.
func (c *Client) call(ctx context.Context, action string, reads bool, attributes []item, hide []byte) (reply, error) {
	document := write(action, "DOMAIN", attributes)
	defer clear(document)
	answer, err := c.api.Send(ctx, providerapi.Request{Method: http.MethodPost, Body: document, Type: "text/xml", Accept: "text/xml", Reads: reads, Hide: hide})
	var r reply
	if err == nil {
		r, err = read(answer.Body)
		clear(answer.Body)
		if err == nil && !r.done {
			err = &refusal{r.code, c.api.Scrub(r.text, hide)}
		}
	}
	if err == nil {
		return r, nil
	}
	failed := &freehold.Error{Kind: freehold.KindOf(err), Text: freehold.T("%s did not do %q", title, action), Err: err}
	if e, ok := err.(*freehold.Error); ok && e != errNoReply {
		failed.Err, failed.Advice = e.Err, e.Advice // the client's own words say the same
	}
	if no, ok := err.(*refusal); ok {
		failed.Kind = freehold.KindInvalid
		switch no.code {
		case codeDenied, codeUser, codePermission:
			failed.Kind, failed.Advice = freehold.KindPermission, freehold.T("check the key and what it is allowed to do")
		case codeBusy:
			failed.Kind = freehold.KindUnavailable
		}
		if no.code != codeRegistry {
			return r, failed
		}
	}
	if reads {
		return r, failed
	}
	return r, transfer.Unanswered(failed)
}

func is(on bool) string { return map[bool]string{true: "1", false: "0"}[on] }

// Look asks whether the name is in this account, and for its lock.
func (c *Client) Look(ctx context.Context, name freehold.Name) (s transfer.State, err error) {
	r, err := c.call(ctx, "BELONGS_TO_RSP", true, []item{text("domain", name.ASCII())}, nil)
	if err != nil {
		return s, err
	}
	switch r.attribute("belongs_to_rsp") {
	case "0":
		return s, nil
	case "1":
	default:
		return s, transfer.NoAnswer(title, name)
	}
	if r, err = c.call(ctx, "GET", true, []item{text("domain", name.ASCII()), text("type", "status")}, nil); err != nil {
		return s, err
	}
	lock := r.attribute("lock_state")
	if lock != "0" && lock != "1" {
		return s, transfer.NoAnswer(title, name)
	}
	return transfer.State{Ours: true, Locked: lock == "1", Pending: r.attribute("transfer_away_in_progress") == "1"}, nil
}

// modify changes one thing of a name, and of no other that is in the same profile.
func (c *Client) modify(ctx context.Context, name freehold.Name, data string, value item, hide []byte) error {
	_, err := c.call(ctx, "MODIFY", false, []item{text("affect_domains", "0"), text("data", data), text("domain", name.ASCII()), value}, hide)
	return err
}

// Set sets the code, then takes the lock off.
func (c *Client) Set(ctx context.Context, name freehold.Name, code freehold.TransferCode, unlock bool) (err error) {
	ok := code.Use(func(b []byte) {
		err = c.modify(ctx, name, "domain_auth_info", item{Key: "domain_auth_info", Text: b}, b)
	})
	switch {
	case !ok:
		return &freehold.Error{Kind: freehold.KindInvalid, Text: freehold.T("there is no code to set")}
	case refused(err, codeInvalid):
		return &freehold.Error{Kind: freehold.KindInvalid, Msg: err.Error(), Err: transfer.ErrOtherCode}
	case err != nil || !unlock:
		return err
	}
	return c.Lock(ctx, name, false)
}

// refused tells whether an error is a refusal with this code.
func refused(err error, code int) bool {
	e, ok := err.(*freehold.Error)
	if !ok {
		return false
	}
	no, ok := e.Err.(*refusal)
	return ok && no.code == code
}

// Unset puts a code in the place of the old one that nobody has seen, and the lock on:
// the second also where the first failed.
func (c *Client) Unset(ctx context.Context, name freehold.Name, relock bool) error {
	discarded, err := c.discard(name)
	if err != nil {
		return err
	}
	defer discarded.Destroy()
	err = c.Set(ctx, name, discarded, false)
	if relock {
		if failed := c.Lock(ctx, name, true); err == nil {
			err = failed
		}
	}
	return err
}

func (c *Client) discard(name freehold.Name) (freehold.TransferCode, error) {
	a := c.Able(name)
	if len(a.Shapes) == 0 {
		return freehold.TransferCode{}, &freehold.Error{Kind: freehold.KindInvalid, Text: freehold.T("no code can be set for %q", name.Unicode())}
	}
	return a.Shapes[0].Generate(rand.Reader)
}

// Lock puts the lock on or takes it off.
func (c *Client) Lock(ctx context.Context, name freehold.Name, on bool) error {
	return c.modify(ctx, name, "status", text("lock_state", is(on)), nil)
}

// Delegate replaces the name servers.
func (c *Client) Delegate(ctx context.Context, name freehold.Name, servers []freehold.Host) error {
	list := item{Key: "assign_ns", Array: &array{}}
	for i, h := range transfer.HostNames(servers) {
		list.Array.Items = append(list.Array.Items, text(strconv.Itoa(i), h))
	}
	_, err := c.call(ctx, "ADVANCED_UPDATE_NAMESERVERS", false, []item{text("domain", name.ASCII()), text("op_type", "assign"), list}, nil)
	return err
}

// SetDS replaces the DS records. Where none stand and none are wanted, nothing is asked
// for: not every registry has DNSSEC there.
func (c *Client) SetDS(ctx context.Context, name freehold.Name, ds []freehold.DS) error {
	r, err := c.call(ctx, "GET", true, []item{text("domain", name.ASCII()), text("type", "dnssec")}, nil)
	if err != nil {
		return err
	}
	if len(ds) == 0 && len(r.list("dnssec")) == 0 {
		return nil
	}
	list := item{Key: "dnssec", Array: &array{}}
	for i, d := range ds {
		list.Array.Items = append(list.Array.Items, item{Key: strconv.Itoa(i), Assoc: &array{[]item{
			text("algorithm", strconv.Itoa(int(d.Algorithm))), text("key_tag", strconv.Itoa(int(d.KeyTag))),
			text("digest_type", strconv.Itoa(int(d.DigestType))), text("digest", strings.ToLower(d.Digest)),
		}}})
	}
	_, err = c.call(ctx, "SET_DNSSEC_INFO", false, []item{text("domain", name.ASCII()), list}, nil)
	return err
}

// Repoint removes all DS records and replaces the name servers.
func (c *Client) Repoint(ctx context.Context, name freehold.Name, servers []freehold.Host) error {
	if err := c.SetDS(ctx, name, nil); err != nil {
		return err
	}
	return c.Delegate(ctx, name, servers)
}
