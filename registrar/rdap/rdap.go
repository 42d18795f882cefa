// Package rdap asks registries and registrars over RDAP (RFC 7480 to 7484, 9082,
// 9083, 9224, 9537) who holds a name, and address registries who holds a network.
//
// A look-up takes two questions: the registry's record, found through IANA's
// bootstrap, then the registrar's own, which the registry's links to. The second
// is asked only of servers that IANA's list of registrars, or the registry
// itself, names for that registrar. Only the registry decides whether a name is
// registered.
//
// The reader is liberal: real servers break the standards in many small ways. It
// takes what cannot be misunderstood, leaves the rest unknown, and notes both on
// the evidence.
package rdap

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"freehold"
	"freehold/internal/fetch"
)

// accept also names the types of servers that refuse RDAP's own (RFC 7480
// section 4.2 asks for application/rdap+json).
const accept = "application/rdap+json, application/json;q=0.9, */*;q=0.1"

// Config of a Client.
type Config struct {
	Bootstrap *Bootstrap
	// RegistrarIDs lists the registrars' servers; nil: no registrar is asked.
	RegistrarIDs *RegistrarIDs
	Fetch        Getter
	// Now is the clock of the network cache; nil means the real one.
	Now func() time.Time
}

// Client asks RDAP servers. It is safe for concurrent use.
type Client struct {
	cfg      Config
	registry fetch.Policy
	networks *networkCache
}

// New makes a Client.
func New(cfg Config) (*Client, error) {
	if cfg.Bootstrap == nil || cfg.Fetch == nil {
		return nil, &freehold.Error{Kind: freehold.KindInternal, Msg: "RDAP needs a bootstrap and a way to fetch"}
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Client{
		cfg:      cfg,
		registry: fetch.Policy{Named: cfg.Bootstrap.named, Hosts: func(hp string) bool { return cfg.Bootstrap.hosts[hp] }},
		networks: newNetworkCache(cfg.Now),
	}, nil
}

// Server returns the RDAP base of the registry that holds a name, by the longest
// match of labels from the right (RFC 9224 section 4), and whether one is known.
func (c *Client) Server(name freehold.Name) (base string, ok bool) {
	return c.cfg.Bootstrap.server(name.ASCII())
}

// Domain returns what the registry and the registrar of record say about a name,
// and the evidence. Registration.Asks has every question; a fact that nobody
// told is unknown and says why.
func (c *Client) Domain(ctx context.Context, name freehold.Name) (freehold.Registration, []freehold.Evidence) {
	base, ok := c.Server(name)
	if !ok {
		return freehold.Registration{Registrar: freehold.NotKnown[string]("no RDAP server is known for ." + name.TLD())}, nil
	}
	known := c.cfg.Bootstrap.quirks[base]
	first := c.exchange(ctx, base+"domain/"+name.ASCII(), name, c.registry, known.untold)
	reg := freehold.Registration{Asks: []freehold.Ask{first.ask}}
	evidence := first.evidence
	defer first.record.release()
	if first.record == nil {
		switch {
		case first.status == http.StatusNotFound && first.ask.Outcome == freehold.OutcomeAnswered && !known.weak404:
			reg.State = freehold.NotRegistered
		case first.status == http.StatusUnauthorized: // it is there, and not for us to see (RFC 7480 section 5.4)
			reg.State = freehold.Registered
		}
		reg.Registrar.Note = first.ask.Error
		return reg, evidence
	}
	if word := first.record.heldByNobody(); word != "" {
		reg.Statuses = first.record.Statuses
		reg.Registrar.Note = fmt.Sprintf("the registry's record has the status %q: nobody holds the name", word)
		return reg, evidence
	}
	second, why := c.askRegistrar(ctx, name, &first)
	var registrar *record
	asks := reg.Asks
	if second != nil {
		registrar = second.record
		defer registrar.release()
		asks = append(asks, second.ask)
		evidence = append(evidence, second.evidence...)
	}
	var differ []freehold.Conflict
	if registrar != nil {
		differ = conflicts(first.record, registrar, first.ask.Source, second.ask.Source)
	}
	reg = merge(first.record, registrar, why)
	reg.State, reg.Asks, reg.Conflicts = freehold.Registered, asks, differ
	return reg, evidence
}

// exchanged is one question and what came of it.
type exchanged struct {
	record   *record // nil unless it was answered with a record
	status   int
	ask      freehold.Ask
	evidence []freehold.Evidence // none or one
}

// exchange asks one server about a name and reads the answer, but for the
// members that this server tells nobody.
func (c *Client) exchange(ctx context.Context, url string, name freehold.Name, policy fetch.Policy, untold []string) exchanged {
	resp, err := c.cfg.Fetch.Get(ctx, fetch.Request{URL: url, Policy: policy, Accept: accept})
	x := exchanged{status: resp.Status, ask: freehold.Ask{Kind: freehold.EvidenceRDAP, Source: resp.URL, Outcome: resp.Outcome}}
	if err != nil {
		x.ask.Error = err.Error()
	}
	if resp.Status == 0 {
		return x
	}
	e := evidenceOf(&resp, name.ASCII())
	x.ask.Evidence = e.ID()
	switch {
	case resp.Outcome != freehold.OutcomeAnswered:
	case resp.Status == http.StatusNotFound:
		x.ask.Error = "the server has no record of this name"
		if err := wrong404(resp.Body); err != nil {
			x.ask.Outcome, x.ask.Error = freehold.OutcomeGarbled, err.Error()
			e.Notes = append(e.Notes, x.ask.Error)
		}
	default:
		rec, notes, err := readDomain(resp.Body, name.Host(), x.ask.Evidence, untold)
		e.Notes = append(typeNotes(resp.ContentType), notes...)
		if err != nil {
			x.ask.Outcome, x.ask.Error = freehold.OutcomeGarbled, freehold.OneLine(err.Error())
			e.Notes = append(e.Notes, x.ask.Error)
		} else {
			x.record = rec
		}
	}
	x.evidence = []freehold.Evidence{e}
	return x
}

var errNo404 = errors.New("status 404 came with what is no RDAP answer: that there is no such record is not said")

// wrong404 tells why a 404 does not mean that there is no such record. An RDAP
// server sends an error body or none (RFC 7480 section 5.3); a web page or a
// line of text comes from something in front of it, or from a wrong base, and
// knows nothing of names.
func wrong404(body []byte) error {
	body = bytes.TrimSpace(bytes.TrimPrefix(body, []byte("\ufeff")))
	if len(body) == 0 {
		return nil
	}
	t, err := parse(body)
	if err != nil {
		return errNo404
	}
	defer t.release()
	if !t.root().is(object) {
		return errNo404
	}
	if code := clean(t.root().get("errorCode").str()); code != "" && code != "404" {
		return fmt.Errorf("status 404 came with error code %q: that there is no such record is not said", code)
	}
	return nil
}

func evidenceOf(resp *fetch.Response, query string) freehold.Evidence {
	return freehold.Evidence{
		Kind: freehold.EvidenceRDAP, Source: resp.URL, Query: query, Time: resp.Time, Status: strconv.Itoa(resp.Status),
		MediaType: resp.ContentType, Body: resp.Body, Truncated: resp.Truncated,
	}
}

// typeNotes notes a media type that RDAP answers do not have. The body decides:
// many servers send plain JSON types or worse.
func typeNotes(contentType string) []string {
	if strings.HasPrefix(contentType, "application/rdap+json") {
		return nil
	}
	media, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(contentType)), ";")
	if media == "application/rdap+json" || media == "application/json" {
		return nil
	}
	return []string{fmt.Sprintf("the media type is %q, not application/rdap+json", clean(contentType))}
}

// askRegistrar asks the registrar of record for its own record, where the
// registry links to one and the server is one of that registrar's. why says why
// there is no record.
func (c *Client) askRegistrar(ctx context.Context, name freehold.Name, first *exchanged) (x *exchanged, why string) {
	rec, ids := first.record, c.cfg.RegistrarIDs
	id := rec.RegistrarIANAID.Value
	switch {
	case len(rec.related) == 0:
		return nil, "the registry links to no record of the registrar's"
	case reservedID(id):
		return nil, "registrar id " + id + " is reserved: such a registrar has no server of its own"
	case ids == nil:
		why = "the registrar's record was not asked for: no list of registrars' servers was given"
		return &exchanged{ask: freehold.Ask{Kind: freehold.EvidenceRDAP, Source: rec.related[0], Error: why}}, why
	}
	link := ids.choose(rec.related, id)
	if link == first.ask.Source {
		return nil, "the registry's link to the registrar's record leads to itself"
	}
	second := c.exchange(ctx, link, name, fetch.Policy{Named: ids.named, Hosts: ids.allows(rec.about)}, nil)
	if second.record == nil {
		why = "the registrar's record was not read: " + second.ask.Error
	}
	return &second, why
}

// reservedID tells IANA's registrar ids 9994 to 9999, which stand for registries
// and tests (IANA registrar-ids; the gTLD profile exempts them from the link).
func reservedID(id string) bool {
	return len(id) == 4 && id >= "9994" && id <= "9999"
}

// joinURL puts a path below a base.
func joinURL(base, path string) string {
	return strings.TrimSuffix(base, "/") + "/" + path
}

// normalBase returns a base URL that ends in a slash, and false where it is none.
func normalBase(raw string) (string, bool) {
	u, err := url.Parse(strings.TrimSpace(raw))
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.RawQuery != "" || u.Fragment != "" {
		return "", false
	}
	return joinURL(u.String(), ""), true
}
