package whois

import (
	_ "embed"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/BurntSushi/toml"

	"freehold"
)

//go:embed servers.toml
var serversTOML string

// server is one WHOIS server for one suffix.
type server struct {
	hostport string
	// named: the user named it, so it may stand on an address that is not public.
	named bool
	// query is the line to send, "{name}" standing for the name; empty is the name alone.
	query string
}

func (s server) queryFor(name freehold.Name) string {
	if s.query == "" {
		return name.ASCII()
	}
	return strings.ReplaceAll(s.query, "{name}", name.ASCII())
}

// catalogue is servers.toml.
type catalogue struct {
	Read   time.Time // day the sources were last read
	Server []struct {
		TLDs   []string
		Host   string
		Query  string
		Source string
	}
	Dates []struct {
		TLDs   []string
		Order  string // "dmy" or "mdy"
		Source string
	}
}

// builtin is read once; a test proves that it reads.
var builtin = func() catalogue {
	var c catalogue
	if _, err := toml.Decode(serversTOML, &c); err != nil {
		panic("registrar/whois: servers.toml: " + err.Error())
	}
	return c
}()

// dateOrders says for a TLD how its numeric dates are to be read.
var dateOrders = func() map[string]order {
	m := map[string]order{}
	for _, row := range builtin.Dates {
		for _, tld := range row.TLDs {
			m[tld] = orders[row.Order]
		}
	}
	return m
}()

func serversOf(cfg Config) map[string]server {
	m := map[string]server{}
	queries := map[string]string{} // a user who names the registry's own server gets its query form too
	for _, row := range builtin.Server {
		queries[row.Host+":43"] = row.Query
		if !cfg.Builtin {
			continue
		}
		for _, tld := range row.TLDs {
			m[tld] = server{hostport: row.Host + ":43", query: row.Query}
		}
	}
	for suffix, hostport := range cfg.Servers {
		hostport = withPort(hostport)
		m[strings.ToLower(strings.Trim(suffix, "."))] = server{hostport: hostport, named: true, query: queries[hostport]}
	}
	return m
}

// withPort returns a server as "host:port" in lower case, with WHOIS's own port
// where none is given.
func withPort(s string) string {
	s = strings.ToLower(strings.TrimSpace(s))
	if _, _, err := net.SplitHostPort(s); err == nil {
		return s
	}
	return net.JoinHostPort(strings.Trim(s, "[]"), "43")
}

func (c *Client) serverFor(name freehold.Name) (server, bool) {
	for suffix := range suffixes(name) {
		if s, ok := c.servers[suffix]; ok {
			return s, true
		}
	}
	return server{}, false
}

// ParseServer reads a server as a user names one: "TLD=HOST:PORT" or
// "TLD=HOST". Errors are of KindUsage.
func ParseServer(s string) (suffix, hostport string, err error) {
	suffix, hostport, ok := strings.Cut(strings.TrimSpace(s), "=")
	bad := &freehold.Error{Kind: freehold.KindUsage, Text: freehold.T("%q names no WHOIS server", s), Advice: freehold.T(`write it as TLD=HOST:PORT, such as eu=whois.eu:43`)}
	if !ok {
		return "", "", bad
	}
	host, err := freehold.ParseHost(strings.Trim(suffix, "."))
	if err != nil {
		bad.Err = err
		return "", "", bad
	}
	hostport = withPort(hostport)
	server, port, err := net.SplitHostPort(hostport)
	if n, numErr := strconv.Atoi(port); err != nil || numErr != nil || n < 1 || n > 65535 || server == "" || strings.ContainsAny(hostport, " /@\"") {
		return "", "", bad
	}
	return host.ASCII(), hostport, nil
}
