package rdap

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/BurntSushi/toml"
	"github.com/openrdap/rdap/bootstrap"

	"freehold"
	"freehold/internal/fetch"
)

// Bootstrap says which server to ask about a name or an address (RFC 9224). It
// does not change once loaded.
type Bootstrap struct {
	// Published is the date that the list of domain servers states.
	Published string
	// Notes say what was wrong with the lists, or that an old copy is used.
	Notes []string

	domains  map[string]string // "fr" → "https://rdap.nic.fr/"
	networks map[netip.Prefix]string
	lengths  [2][]int        // lengths of the IPv4 and IPv6 prefixes there are, longest first
	hosts    map[string]bool // servers that public bases name, "host:port"
	named    *fetch.Bases    // bases of a list that the user named; nil for IANA's
	quirks   map[string]quirk
}

// quirk is what is known of a server's answers.
type quirk struct {
	untold  []string // members that say nothing
	weak404 bool
}

const ianaRDAP = "https://data.iana.org/rdap/"

// LoadBootstrap reads the lists of servers. spec is a file (dns.json), a folder
// (with dns.json, and ipv4.json and ipv6.json if there), the URL of a dns.json
// (the others are looked for beside it), or empty for IANA's lists, to which the
// built-in list adds servers that IANA does not have.
func (s Sources) LoadBootstrap(ctx context.Context, spec string) (*Bootstrap, error) {
	b := &Bootstrap{domains: map[string]string{}, networks: map[netip.Prefix]string{}, hosts: map[string]bool{}, quirks: map[string]quirk{}}
	if spec != "" {
		b.named = &fetch.Bases{}
	}
	for _, file := range [...]string{"dns.json", "ipv4.json", "ipv6.json"} {
		body, note, err := s.bootstrapFile(ctx, spec, file)
		if err == nil && body != nil {
			err = b.add(file, body)
		}
		switch {
		case err != nil && (file == "dns.json" || spec != ""):
			return nil, err
		case err != nil:
			note = "networks are not looked up: " + err.Error()
		}
		if note != "" {
			b.Notes = append(b.Notes, note)
		}
	}
	if spec == "" {
		b.addBuiltIn()
	}
	b.sortLengths()
	return b, nil
}

// bootstrapFile reads one of the lists; nil where an optional one is not there.
func (s Sources) bootstrapFile(ctx context.Context, spec, file string) (body []byte, note string, err error) {
	first := file == "dns.json"
	switch {
	case spec == "":
		return s.readPublished(ctx, published{url: ianaRDAP + file, file: "rdap-" + file, check: func(b []byte) error {
			_, err := parseBootstrap(file, b)
			return err
		}})
	case isURL(spec):
		at, ok := spec, true
		if !first {
			at, ok = nextTo(spec, file)
		}
		if !ok {
			return nil, "", nil
		}
		body, err = s.readURL(ctx, at)
		if err != nil && !first {
			if freehold.KindOf(err) != freehold.KindNotFound {
				note = "networks are not looked up: " + err.Error()
			}
			return nil, note, nil
		}
		return body, "", err
	}
	info, err := os.Stat(spec)
	switch {
	case err != nil:
		return nil, "", fileError(spec, err)
	case info.IsDir():
		body, err = readFile(filepath.Join(spec, file))
		if !first && errors.Is(err, fs.ErrNotExist) || !first && freehold.KindOf(err) == freehold.KindNotFound {
			return nil, "", nil
		}
		return body, "", err
	case !first:
		return nil, "", nil
	}
	body, err = readFile(spec)
	return body, "", err
}

// parseBootstrap reads a list. One of networks may be empty: a registry or a
// closed network may have addresses of one family only. One of names may not,
// for then nothing could be asked.
func parseBootstrap(file string, body []byte) (*bootstrap.File, error) {
	f, err := bootstrap.NewFile(bytes.TrimPrefix(body, []byte("\ufeff")))
	if err != nil {
		return nil, fmt.Errorf("it is no RDAP bootstrap file: %w", err)
	}
	if len(f.Entries) == 0 && (file == "dns.json" || !hasServices(body)) {
		return nil, errors.New("it is no RDAP bootstrap file: it names no server")
	}
	return f, nil
}

// hasServices tells an empty list from a text that is none.
func hasServices(body []byte) bool {
	t, err := parse(body)
	if err != nil {
		return false
	}
	defer t.release()
	return t.root().get("services").is(array)
}

// add takes the entries of one list.
func (b *Bootstrap) add(file string, body []byte) error {
	f, err := parseBootstrap(file, body)
	if err != nil {
		return &freehold.Error{Kind: freehold.KindInvalid, Text: freehold.T("cannot use %q", file), Err: err}
	}
	if file == "dns.json" {
		b.Published = clean(f.Publication)
	}
	for _, entry := range slices.Sorted(maps.Keys(f.Entries)) { // in one order: "COM" and "com." are one entry
		var bases []string
		for _, u := range f.Entries[entry] {
			if base, ok := normalBase(u.String()); ok {
				bases = append(bases, base)
			}
		}
		base := b.choose(bases)
		if base == "" {
			continue
		}
		if file == "dns.json" {
			if suffix, ok := suffixOf(entry); ok {
				b.domains[suffix] = base
			}
		} else if p, err := netip.ParsePrefix(entry); err == nil {
			b.networks[p.Masked()] = base
		}
	}
	return nil
}

// choose takes the first https base, or in a list of the user's any base, and
// remembers what may be asked.
func (b *Bootstrap) choose(bases []string) string {
	chosen := ""
	for _, base := range bases {
		https := strings.HasPrefix(base, "https://")
		if b.named != nil && b.named.Add(base) != nil || b.named == nil && !https {
			continue
		}
		if hp, ok := fetch.HostPort(base); ok && https {
			b.hosts[hp] = true
		}
		if chosen == "" || https && !strings.HasPrefix(chosen, "https://") {
			chosen = base
		}
	}
	return chosen
}

// suffixOf brings an entry of dns.json into our form. The root is the empty entry.
func suffixOf(entry string) (string, bool) {
	if entry = strings.Trim(entry, "."); entry == "" {
		return "", true
	}
	h, err := freehold.ParseHost(entry)
	return h.ASCII(), err == nil
}

// server finds the base for a name by its longest suffix.
func (b *Bootstrap) server(name string) (string, bool) {
	for {
		if base, ok := b.domains[name]; ok {
			return base, true
		}
		if name == "" {
			return "", false
		}
		_, name, _ = strings.Cut(name, ".")
	}
}

// network finds the base for an address by its longest prefix.
func (b *Bootstrap) network(addr netip.Addr) (string, bool) {
	family := 0
	if addr.Is6() {
		family = 1
	}
	for _, bits := range b.lengths[family] {
		if p, err := addr.Prefix(bits); err == nil {
			if base, ok := b.networks[p]; ok {
				return base, true
			}
		}
	}
	return "", false
}

func (b *Bootstrap) sortLengths() {
	var seen [2][129]bool
	for p := range b.networks {
		family := 0
		if p.Addr().Is6() {
			family = 1
		}
		seen[family][p.Bits()] = true
	}
	for family := range seen {
		for bits := 128; bits >= 0; bits-- {
			if seen[family][bits] {
				b.lengths[family] = append(b.lengths[family], bits)
			}
		}
	}
}

//go:embed servers.toml
var builtInServers string

// builtIn is a row of servers.toml.
type builtIn struct {
	TLD     []string  `toml:"tld"`
	Base    string    `toml:"base"`
	Seen    time.Time `toml:"seen"`
	Source  string    `toml:"source"`
	Untold  []string  `toml:"untold"`
	Weak404 bool      `toml:"weak_404"`
}

func readBuiltIn(data string) ([]builtIn, error) {
	var list struct {
		Server []builtIn `toml:"server"`
	}
	meta, err := toml.Decode(data, &list)
	if err == nil && len(meta.Undecoded()) > 0 {
		err = fmt.Errorf("unknown key %q", meta.Undecoded()[0].String())
	}
	return list.Server, err
}

// addBuiltIn adds the built-in servers for what IANA does not list.
func (b *Bootstrap) addBuiltIn() {
	rows, err := readBuiltIn(builtInServers)
	if err != nil {
		panic("servers.toml: " + err.Error()) // a test reads it
	}
	for _, row := range rows {
		for _, tld := range row.TLD {
			if _, ok := b.domains[tld]; ok {
				continue
			}
			b.domains[tld] = row.Base
			b.quirks[row.Base] = quirk{untold: row.Untold, weak404: row.Weak404}
			if hp, ok := fetch.HostPort(row.Base); ok {
				b.hosts[hp] = true
			}
		}
	}
}
