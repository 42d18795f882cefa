package fetch

import (
	"net"
	"net/netip"
	"net/url"
	"strings"

	"freehold"
)

// Policy says which URLs may be asked. The zero Policy refuses everything.
type Policy struct {
	// Named holds the bases that the user named: below them http and addresses
	// that are not public are allowed.
	Named *Bases
	// Hosts tells whether a public server, "host:port" in lower case, may be
	// asked over https.
	Hosts func(hostport string) bool
}

// Bases is a set of base URLs. Fill it before it is shared; reading is safe for
// concurrent use.
type Bases struct {
	servers map[string][]basePath // by "host:port"
}

type basePath struct{ scheme, path string } // path ends in "/"

// Add puts a base into the set. A base is an http or https URL without user,
// query and fragment; everything below its path belongs to it.
func (b *Bases) Add(raw string) error {
	u, err := url.Parse(raw)
	if err == nil && (u.RawQuery != "" || u.Fragment != "" || u.ForceQuery) {
		err = invalid(raw, freehold.T("a base has no query"))
	}
	if err == nil {
		err = checkForm(u)
	}
	if err != nil {
		return &freehold.Error{Kind: freehold.KindInvalid, Text: freehold.T("%q is no base URL", shown(raw)), Err: cause(err)}
	}
	if b.servers == nil {
		b.servers = map[string][]basePath{}
	}
	server := hostPort(u)
	b.servers[server] = append(b.servers[server], basePath{u.Scheme, strings.TrimSuffix(u.EscapedPath(), "/") + "/"})
	return nil
}

// Contains tells whether u is one of the bases or below one: same scheme, host
// and port, and the path begins with the base's, on a segment boundary. A URL
// with tricks in its path belongs to no base.
func (b *Bases) Contains(u *url.URL) bool {
	if b == nil || checkForm(u) != nil {
		return false
	}
	return b.contains(u, hostPort(u))
}

func (b *Bases) contains(u *url.URL, server string) bool {
	if b == nil {
		return false
	}
	path := u.EscapedPath()
	for _, base := range b.servers[server] {
		if base.scheme == u.Scheme && (strings.HasPrefix(path, base.path) || path == base.path[:len(base.path)-1]) {
			return true
		}
	}
	return false
}

// Len counts the bases.
func (b *Bases) Len() int {
	if b == nil {
		return 0
	}
	n := 0
	for _, paths := range b.servers {
		n += len(paths)
	}
	return n
}

// check tells whether u, on server, may be asked, and whether it lies below a base
// that the user named. from is the URL that led here, nil for the first.
func (p Policy) check(u, from *url.URL, server string) (named bool, err error) {
	if err := checkForm(u); err != nil {
		return false, err
	}
	if from != nil && from.Scheme == "https" && u.Scheme != "https" {
		return false, invalid(u.String(), freehold.T("it leads from https to http"))
	}
	if p.Named.contains(u, server) {
		return true, nil
	}
	if u.Scheme != "https" {
		return false, invalid(u.String(), freehold.T("only https is asked, except below a base you named"))
	}
	host := u.Hostname()
	if addr, err := netip.ParseAddr(host); err == nil && !IsPublic(addr) {
		return false, invalid(u.String(), freehold.T("its address is not public"))
	}
	if localName(host) {
		return false, invalid(u.String(), freehold.T("it is a name of the local network"))
	}
	if p.Hosts == nil || !p.Hosts(server) {
		return false, invalid(u.String(), freehold.T("its host is not on the list of servers for this question"))
	}
	return false, nil
}

// checkForm refuses what two readers could understand differently.
func checkForm(u *url.URL) error {
	switch {
	case u.Scheme != "https" && u.Scheme != "http":
		return invalid(u.String(), freehold.T("it is neither http nor https"))
	case u.Opaque != "" || u.Hostname() == "":
		return invalid(u.String(), freehold.T("it has no host"))
	case u.User != nil:
		return invalid(u.Redacted(), freehold.T("it carries a user name"))
	case strings.ContainsAny(u.Hostname(), "%\\ "):
		return invalid(u.String(), freehold.T("its host is not a plain name or address"))
	case trickyPath(u.EscapedPath()):
		return invalid(u.String(), freehold.T("its path holds dots or encoded separators"))
	}
	return nil
}

// trickyPath finds parent steps and separators, plain or encoded (also twice):
// they mean one place to us and another to a server.
func trickyPath(path string) bool {
	if strings.ContainsAny(path, "\\;\x00") {
		return true
	}
	if !strings.Contains(path, "%") && !strings.Contains(path, "/.") {
		return false
	}
	lower := strings.ToLower(path)
	for _, code := range []string{"%2e", "%2f", "%5c", "%25", "%00"} {
		if strings.Contains(lower, code) {
			return true
		}
	}
	for segment := range strings.SplitSeq(lower, "/") {
		if segment == "." || segment == ".." {
			return true
		}
	}
	return false
}

// localName tells the names that never belong to a public server (RFC 6761,
// RFC 6762, RFC 8375, and ICANN's reservation of .internal).
func localName(host string) bool {
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	if _, err := netip.ParseAddr(host); err == nil {
		return false
	}
	if !strings.Contains(host, ".") {
		return true
	}
	for _, tld := range []string{".localhost", ".local", ".internal", ".home.arpa", ".test", ".invalid", ".onion"} {
		if strings.HasSuffix(host, tld) {
			return true
		}
	}
	return false
}

// hostPort returns a URL's server as "host:port" in lower case, without a final
// dot, the port always given.
func hostPort(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = "443"
		if u.Scheme == "http" {
			port = "80"
		}
	}
	host := strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")
	if plain := host + ":" + port; plain == u.Host {
		return u.Host
	}
	return net.JoinHostPort(host, port)
}

// HostPort returns the server of a URL as Policy.Hosts is asked about it, and
// false where raw is no URL that could be asked.
func HostPort(raw string) (string, bool) {
	u, err := url.Parse(raw)
	if err != nil || checkForm(u) != nil {
		return "", false
	}
	return hostPort(u), true
}

func invalid(raw string, why freehold.Text) error {
	return &freehold.Error{Kind: freehold.KindPermission, Text: freehold.T("%q is not asked", shown(raw)), Err: &freehold.Error{Kind: freehold.KindPermission, Text: why}}
}

// cause unwraps url.Error, which repeats the whole URL.
func cause(err error) error {
	if e, ok := err.(*url.Error); ok {
		return e.Err
	}
	return err
}

func shown(raw string) string {
	raw = freehold.OneLine(strings.ToValidUTF8(raw, "\uFFFD"))
	if r := []rune(raw); len(r) > 200 {
		return string(r[:197]) + "..."
	}
	return raw
}
