package lab

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"freehold"
)

// rdapAnswer is a status and a body; an empty body is sent without a media type.
type rdapAnswer struct {
	status int
	body   []byte
}

// rdapService answers a path below its server's address.
type rdapService func(path string) rdapAnswer

const (
	rdapMedia       = "application/rdap+json"
	maintenancePage = "<!DOCTYPE html>\n<html><head><title>Maintenance</title></head><body><h1>We will be back soon</h1></body></html>\n"
)

// Where the RDAP services stand: one address each, one port for all.
func registryAddr(i int) string  { return fmt.Sprintf("127.53.200.%d", i+1) }
func registrarAddr(i int) string { return fmt.Sprintf("127.53.201.%d", i+1) }
func rirAddr(i int) string       { return fmt.Sprintf("127.53.202.%d", i+1) }

const registrarPath = "/rdap/"

// registryBase returns the RDAP base of a registry, "" where it has none.
func (l *Lab) registryBase(reg *registry) string {
	for i, server := range l.registryServers() {
		if server == reg.server {
			return l.url(registryAddr(i)) + reg.path
		}
	}
	return ""
}

// registryServers lists the servers of the registries, each once.
func (l *Lab) registryServers() []string {
	var list []string
	seen := map[string]bool{"": true}
	for _, reg := range l.world.registries {
		if !seen[reg.server] {
			seen[reg.server] = true
			list = append(list, reg.server)
		}
	}
	return list
}

// registrarBase returns the RDAP base of a registrar, "" where it publishes nothing.
func (l *Lab) registrarBase(key string) string {
	for i, r := range l.world.registrars {
		if r.key == key && r.style != nil {
			return l.url(registrarAddr(i)) + registrarPath
		}
	}
	return ""
}

func (l *Lab) url(addr string) string {
	return "http://" + net.JoinHostPort(addr, strconv.Itoa(l.httpPort))
}

// addRDAP makes the servers of registries, registrars and address registries.
func (l *Lab) addRDAP() {
	for i, name := range l.registryServers() {
		services := map[string]rdapService{}
		for j := range l.world.registries {
			if reg := &l.world.registries[j]; reg.server == name {
				services[reg.path] = l.registryService(reg)
			}
		}
		l.addHTTP("registry/"+name, registryAddr(i), services)
	}
	for i := range l.world.registrars {
		if r := &l.world.registrars[i]; r.style != nil {
			l.addHTTP("registrar/"+r.key, registrarAddr(i), map[string]rdapService{registrarPath: l.registrarService(r)})
		}
	}
	for i, r := range rirs {
		l.addHTTP("rir/"+r.key, rirAddr(i), map[string]rdapService{"/rdap/": l.addressService(r.key, r.prefixes)})
	}
}

func (l *Lab) addHTTP(id, addr string, services map[string]rdapService) {
	s := &server{id: id}
	s.start = func() (func(), error) { return l.serveHTTP(addr, l.serveRDAP(s, services)) }
	l.servers[id] = s
}

// serveHTTP serves at an address, on the port of all RDAP servers.
func (l *Lab) serveHTTP(addr string, handler http.Handler) (stop func(), err error) {
	listener, err := net.Listen("tcp", net.JoinHostPort(addr, strconv.Itoa(l.httpPort)))
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancelCause(l.ctx)
	web := &http.Server{
		Handler:           handler,
		BaseContext:       func(net.Listener) context.Context { return ctx },
		ReadHeaderTimeout: 10 * time.Second, MaxHeaderBytes: 16 << 10,
		ErrorLog: log.New(io.Discard, "", 0),
	}
	l.running.Go(func() { web.Serve(listener) })
	return func() {
		cancel(errClosed)
		// Handlers end with ctx; a connection that never asked anything is cut.
		soon, done := context.WithTimeout(context.Background(), 100*time.Millisecond)
		defer done()
		web.Shutdown(soon)
		web.Close()
	}, nil
}

// serveRDAP answers over HTTP, or goes wrong as the server is told to.
func (l *Lab) serveRDAP(s *server, services map[string]rdapService) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f := s.next()
		if !l.wait(r.Context(), l.cfg.Delay) {
			return
		}
		w.Header().Set("Access-Control-Allow-Origin", "*")
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.WriteHeader(http.StatusMethodNotAllowed)
			return
		}
		if l.failHTTP(w, r, f) {
			return
		}
		answer := rdapError(http.StatusNotFound, "Not Found")
		for prefix, service := range services {
			if path, ok := strings.CutPrefix(r.URL.Path, prefix); ok {
				answer = service(path)
			}
		}
		media := rdapMedia
		switch f.Kind {
		case OtherName:
			answer = aboutAnother(answer, r.URL.Path)
		case WrongType:
			media = "text/html; charset=utf-8"
		}
		if len(answer.body) > 0 {
			w.Header().Set("Content-Type", media)
			w.Header().Set("Content-Length", strconv.Itoa(len(answer.body)))
		}
		w.WriteHeader(answer.status)
		if r.Method == http.MethodGet {
			w.Write(answer.body)
		}
	})
}

// failHTTP does what a fault wants in place of an answer; false if the answer is
// still to come.
func (l *Lab) failHTTP(w http.ResponseWriter, r *http.Request, f Fault) bool {
	switch f.Kind {
	case Slow:
		return !l.wait(r.Context(), f.Delay)
	case Throttle:
		w.Header().Set("Retry-After", strconv.Itoa(f.RetryAfter))
		w.WriteHeader(http.StatusTooManyRequests)
	case Unavailable:
		w.WriteHeader(http.StatusServiceUnavailable)
	case Refuse:
		w.WriteHeader(http.StatusForbidden)
	case HTML:
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		io.WriteString(w, maintenancePage)
	case Empty:
		w.Header().Set("Content-Type", rdapMedia)
		w.WriteHeader(http.StatusOK)
	case Endless:
		w.Header().Set("Content-Type", rdapMedia)
		io.WriteString(w, `{"objectClassName":"domain","remarks":["`)
		for chunk := strings.Repeat("lorem ipsum ", 1000); r.Context().Err() == nil; {
			if _, err := io.WriteString(w, chunk); err != nil {
				break
			}
		}
	case Silent:
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	case Reset:
		if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
			breakOff(conn)
		}
	default:
		return false
	}
	return true
}

// breakOff ends a connection without the courtesies of TCP.
func breakOff(conn net.Conn) {
	if tcp, ok := conn.(*net.TCPConn); ok {
		tcp.SetLinger(0)
	}
	conn.Close()
}

// aboutAnother turns an answer into one about somebody else's name.
func aboutAnother(a rdapAnswer, path string) rdapAnswer {
	asked := path[strings.LastIndexByte(path, '/')+1:]
	name, err := freehold.ParseName(asked)
	if err != nil {
		return a
	}
	const other = "quelqu-un-dautre"
	for _, form := range []string{name.ASCII(), name.Unicode(), strings.ToUpper(name.ASCII())} {
		a.body = bytes.ReplaceAll(a.body, []byte(form), []byte(other+"."+name.TLD()))
	}
	return a
}

func rdapError(status int, title string) rdapAnswer {
	return marshal(status, obj{"rdapConformance": []string{"rdap_level_0"}, "errorCode": status, "title": title})
}

func marshal(status int, o obj) rdapAnswer {
	body, err := json.Marshal(o)
	if err != nil {
		panic("lab: " + err.Error()) // maps and strings of ours
	}
	return rdapAnswer{status, append(body, '\n')}
}

var rdapHelp = obj{"rdapConformance": []string{"rdap_level_0"}, "notices": []obj{{"title": "Help", "description": []string{"An invented service: domain/NAME."}}}}

// registryService answers for the names of one top-level domain.
func (l *Lab) registryService(reg *registry) rdapService {
	prepared := l.bulkRecord(reg, reg.style)
	return func(path string) rdapAnswer {
		if path == "help" {
			return marshal(http.StatusOK, rdapHelp)
		}
		asked, ok := strings.CutPrefix(path, "domain/")
		if !ok {
			return rdapError(http.StatusNotFound, "Not Found")
		}
		if prepared != nil && l.bulk.has(asked) {
			return rdapAnswer{http.StatusOK, prepared.body(asked)}
		}
		name, err := freehold.ParseName(asked)
		if err != nil {
			return rdapError(http.StatusBadRequest, "Bad Request")
		}
		d := l.world.byName[name.ASCII()]
		if d == nil || d.gone || name.TLD() != reg.tld {
			if reg.tld == "shop" { // an empty 404, as some registries send
				return rdapAnswer{status: http.StatusNotFound}
			}
			return rdapError(http.StatusNotFound, "Not Found")
		}
		return marshal(http.StatusOK, reg.style(l.view(d, reg, l.registryBase(reg))))
	}
}

// registrarService answers for the names a registrar sponsors; a registrar's 404
// proves nothing about a name.
func (l *Lab) registrarService(r *registrar) rdapService {
	var prepared bulkBody
	if r.key == bulkRegistrar {
		prepared = l.bulkRecord(l.world.byTLD[bulkTLD], r.style)
	}
	return func(path string) rdapAnswer {
		asked, ok := strings.CutPrefix(path, "domain/")
		switch {
		case path == "help":
			return marshal(http.StatusOK, rdapHelp)
		case !ok:
			return rdapError(http.StatusNotFound, "Not Found")
		case prepared != nil && l.bulk.has(asked):
			return rdapAnswer{http.StatusOK, prepared.body(asked)}
		}
		name, err := freehold.ParseName(asked)
		if err != nil {
			return rdapError(http.StatusBadRequest, "Bad Request")
		}
		d := l.world.byName[name.ASCII()]
		if d == nil || d.gone || d.registrar != r.key {
			return rdapError(http.StatusNotFound, "Not Found")
		}
		v := l.view(d, l.world.registryOf(d), l.registrarBase(r.key))
		if d.recordNS != nil {
			late := *d
			late.ns, v.d = d.recordNS, &late
		}
		return marshal(http.StatusOK, r.style(v))
	}
}

func (l *Lab) bulkRecord(reg *registry, style rdapStyle) bulkBody {
	d := bulkDomain
	v := l.view(&d, reg, l.registryBase(reg))
	if reg.tld != bulkTLD {
		return nil
	}
	return l.bulk.prepare(style, v)
}

// view is what a record about a name is written from.
func (l *Lab) view(d *domain, reg *registry, base string) *recordView {
	v := &recordView{w: l.world, d: d, registry: reg, registrar: l.world.byKey[d.registrar], base: base, ascii: d.name, unicode: d.name}
	if name, ok := l.world.parsed[d]; ok {
		v.ascii, v.unicode = name.ASCII(), name.Unicode()
	}
	if v.about = l.registrarBase(d.registrar); v.about != "" {
		v.related = v.about + "domain/" + v.ascii
	}
	return v
}

// addressService answers who holds the block around an address.
func (l *Lab) addressService(key string, prefixes []string) rdapService {
	return func(path string) rdapAnswer {
		asked, _ := strings.CutPrefix(path, "ip/")
		addr, err := netip.ParseAddr(asked)
		if err != nil {
			return rdapError(http.StatusBadRequest, "Bad Request")
		}
		mine := false
		for _, p := range prefixes {
			mine = mine || netip.MustParsePrefix(p).Contains(addr)
		}
		holder, block, ok := l.world.holderOf(addr)
		if !mine || !ok {
			return rdapError(http.StatusNotFound, "Not Found")
		}
		return marshal(http.StatusOK, networkRecord(key, holder, block))
	}
}

// networkRecord is the registered holder of a block, as an address registry says it.
func networkRecord(key string, c company, block netip.Prefix) obj {
	handle := strings.ToUpper(strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r == ' ' {
			return r
		}
		return -1
	}, c.name))
	handle = strings.Join(strings.Fields(handle), "-")
	version, prefixKey := "v4", "v4prefix"
	if block.Addr().Is6() {
		version, prefixKey = "v6", "v6prefix"
	}
	o := obj{
		"rdapConformance": []string{"rdap_level_0", "cidr0"}, "objectClassName": "ip network",
		"handle": block.String(), "name": handle + "-NET", "type": "ASSIGNED PA", "country": c.country, "ipVersion": version,
		"startAddress": block.Masked().Addr().String(), "endAddress": lastOf(block).String(),
		"cidr0_cidrs": []obj{{prefixKey: block.Masked().Addr().String(), "length": block.Bits()}},
		"status":      []string{"active"},
		"entities": []obj{{
			"objectClassName": "entity", "handle": "ORG-" + handle, "roles": []string{"registrant"},
			"vcardArray": card(prop("fn", c.name), prop("kind", "org")),
		}},
	}
	if key == "americas" { // start and end only, the holder's address as a label
		delete(o, "cidr0_cidrs")
		o["handle"] = "NET-" + strings.ReplaceAll(block.Addr().String(), ".", "-") + "-1"
		o["entities"] = []obj{{
			"objectClassName": "entity", "handle": handle, "roles": []string{"registrant"},
			"vcardArray": card(prop("fn", c.name), []any{"adr", obj{"label": "1 Invented Street"}, "text", []string{"", "", "", "", "", "", ""}}, prop("kind", "org")),
		}}
	}
	return o
}

func lastOf(p netip.Prefix) netip.Addr {
	a := p.Masked().Addr().AsSlice()
	for bit := p.Bits(); bit < 8*len(a); bit++ {
		a[bit/8] |= 1 << (7 - bit%8)
	}
	last, _ := netip.AddrFromSlice(a)
	return last
}
