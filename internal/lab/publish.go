package lab

import (
	"io"
	"maps"
	"net/http"
	"strings"

	"freehold"

	"github.com/miekg/dns"
)

// TXT is a TXT record set that a user publishes in a zone of the world, as
// whoever runs the zone would.
type TXT struct {
	Owner string // "_freehold-challenge.atelier-verrine.ch"
	// Server is the one name server that gets it, as when the others have not
	// seen the change yet; empty: all of the zone's, and the resolver.
	Server string
	Values []string // none removes the set
}

// ParseTXT reads OWNER=VALUE, or OWNER@SERVER=VALUE for one server alone. An
// empty value removes what was published. Errors are of KindInvalid.
func ParseTXT(spec string) (TXT, error) {
	where, value, ok := strings.Cut(spec, "=")
	owner, server, _ := strings.Cut(where, "@")
	if !ok || owner == "" {
		return TXT{}, &freehold.Error{Kind: freehold.KindInvalid, Text: freehold.T("%q publishes nothing", freehold.OneLine(spec)), Advice: freehold.T("write OWNER=VALUE, or OWNER@SERVER=VALUE for one name server alone")}
	}
	t := TXT{Owner: owner, Server: server}
	if value != "" {
		t.Values = []string{value}
	}
	return t, nil
}

// maxTXT bounds one value: as many strings of 255 octets as one answer carries.
const maxTXT = 4 << 10

// SetTXT publishes a TXT record set from now on, in place of the one at that
// owner; signed zones are signed anew. Errors are of KindInvalid where the owner
// lies in no zone of the world that is delegated, or the server does not hold it.
func (l *Lab) SetTXT(t TXT) error {
	bad := func(why freehold.Text) error { return &freehold.Error{Kind: freehold.KindInvalid, Text: why} }
	host, err := freehold.ParseHost(strings.TrimSuffix(t.Owner, "."))
	if err != nil {
		return err
	}
	for _, v := range t.Values {
		if len(v) > maxTXT {
			return bad(freehold.T("a TXT record of %d octets is too long for the lab", len(v)))
		}
	}
	l.publishing.Lock()
	defer l.publishing.Unlock()
	changed := 0
	for id, n := range l.nameServers {
		server := strings.TrimPrefix(id, "dns/")
		if t.Server != "" && server != strings.ToLower(strings.TrimSuffix(t.Server, ".")) {
			continue
		}
		z := n.zoneFor(host.FQDN(), dns.TypeTXT)
		if z == nil || z.invent != nil || !l.world.delegated[strings.TrimSuffix(z.apex, ".")] {
			continue
		}
		n.publish(z.withTXT(host.FQDN(), t.Values))
		changed++
	}
	switch {
	case changed > 0:
		return nil
	case t.Server != "":
		return bad(freehold.T("the lab's name server %q holds no zone for %q", freehold.OneLine(t.Server), host))
	}
	return bad(freehold.T("%q lies in no zone of the lab", host))
}

// publish puts a zone in the place of the one with its apex.
func (n *nameServer) publish(z *zone) {
	next := map[string]*zone{}
	if now := n.published.Load(); now != nil {
		maps.Copy(next, *now)
	}
	next[z.apex] = z
	n.published.Store(&next)
}

// zone returns the zone with an apex as it stands now, nil if it is not held.
func (n *nameServer) zone(apex string) *zone {
	if now := n.published.Load(); now != nil && (*now)[apex] != nil {
		return (*now)[apex]
	}
	return n.zones[apex]
}

// withTXT is the zone with another TXT set at one owner, not yet signed: zones
// never change once they are asked, and those who answer read its records
// meanwhile.
func (z *zone) withTXT(owner string, values []string) *zone {
	z.ready()
	next := newZone(z.apex, z.denial)
	for at, n := range z.nodes {
		for t, set := range n.sets {
			made := t == dns.TypeDNSKEY || t == dns.TypeNSEC3PARAM // by sign
			if !made && !(at == owner && t == dns.TypeTXT) {
				for _, rr := range set {
					next.add(dns.Copy(rr))
				}
			}
		}
	}
	for _, v := range values {
		next.add(&dns.TXT{Hdr: header(owner, dns.TypeTXT, 300), Txt: split255(v)})
	}
	return next
}

// split255 cuts a value into the strings of a TXT record (RFC 1035 section 3.3.14),
// in master file form, where a backslash and a quote are escaped.
func split255(v string) []string {
	var parts []string
	for len(v) > 255 {
		parts, v = append(parts, v[:255]), v[255:]
	}
	parts = append(parts, v)
	for i, p := range parts {
		parts[i] = strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(p)
	}
	return parts
}

// controlAddr is where a running world is told of changes.
const controlAddr = "127.53.203.1"

// Control is the URL that takes records to publish while the world runs:
//
//	curl -X PUT -d VALUE URL/txt/OWNER            at every server
//	curl -X PUT -d VALUE URL/txt/OWNER@SERVER     at one
//	curl -X DELETE URL/txt/OWNER
func (l *Lab) Control() string { return l.url(controlAddr) }

// control answers below Control.
func (l *Lab) control() http.Handler {
	mux := http.NewServeMux()
	change := func(w http.ResponseWriter, t TXT) {
		if err := l.SetTXT(t); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	}
	at := func(r *http.Request) TXT {
		owner, server, _ := strings.Cut(r.PathValue("owner"), "@")
		return TXT{Owner: owner, Server: server}
	}
	mux.HandleFunc("PUT /txt/{owner}", func(w http.ResponseWriter, r *http.Request) {
		value, ok := short(w, r)
		if !ok {
			return
		}
		t := at(r)
		t.Values = []string{string(value)}
		change(w, t)
	})
	mux.HandleFunc("DELETE /txt/{owner}", func(w http.ResponseWriter, r *http.Request) { change(w, at(r)) })
	if l.cfg.EPP != "" {
		l.controlEPP(mux)
	}
	return mux
}

// short reads a body that is as long as a TXT record at most.
func short(w http.ResponseWriter, r *http.Request) ([]byte, bool) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxTXT))
	if err != nil {
		http.Error(w, err.Error(), http.StatusRequestEntityTooLarge)
	}
	return body, err == nil
}
