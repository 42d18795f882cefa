package resolve

import (
	"bytes"
	_ "embed"
	"errors"
	"io"
	"net/netip"
	"os"
	"slices"
	"strings"

	"github.com/miekg/dns"

	"freehold"
)

//go:embed root.hints
var rootHints []byte

// maxHints bounds a hints file.
const maxHints = 1 << 20

// Hints are the servers that resolution begins at, and the keys it trusts.
type Hints struct {
	servers []nameServer
	anchors map[string][]dns.RR // DS and DNSKEY by zone
	private bool
}

// Addresses are those of the root's servers, in the order of the hints.
func (h *Hints) Addresses() []netip.Addr {
	var all []netip.Addr
	for _, s := range h.servers {
		all = append(all, s.addrs...)
	}
	return all
}

// RootHints returns the public root: its servers, and KSK-2017 and KSK-2024 as
// trust anchors.
func RootHints() *Hints {
	h, err := ParseHints(rootHints, "root.hints")
	if err != nil {
		panic("resolve: the embedded root hints do not parse: " + err.Error())
	}
	return h
}

// ReadHints reads root hints in master-file form: NS records of the root and
// their addresses. DS or DNSKEY records in the same file are the trust anchors.
// Errors are of KindInvalid or KindNotFound.
func ReadHints(path string) (*Hints, error) {
	f, err := os.Open(path)
	if err != nil {
		kind := freehold.KindInvalid
		if errors.Is(err, os.ErrNotExist) {
			kind = freehold.KindNotFound
		}
		return nil, &freehold.Error{Kind: kind, Text: freehold.T("cannot read the root hints %q", path), Err: errors.Unwrap(err)}
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxHints+1))
	if err != nil {
		return nil, &freehold.Error{Kind: freehold.KindInvalid, Text: freehold.T("cannot read the root hints %q", path), Err: err}
	}
	return ParseHints(text, path)
}

// ParseHints parses the text of a hints file; name is for errors.
//
// Where every server is at a private or loopback address, the world is the
// user's own: private addresses may be asked in it, and only the anchors of the
// file count. Otherwise the public root's anchors count if the file has none.
func ParseHints(text []byte, name string) (*Hints, error) {
	bad := func(why freehold.Text) error {
		return &freehold.Error{Kind: freehold.KindInvalid, Text: freehold.T("%q holds no root hints", name), Err: &freehold.Error{Kind: freehold.KindInvalid, Text: why},
			Advice: freehold.T("write NS records of the root and their addresses, as in https://www.internic.net/domain/named.root")}
	}
	if len(text) > maxHints {
		return nil, bad(freehold.T("it is too large"))
	}
	h := &Hints{anchors: map[string][]dns.RR{}}
	addrs := map[string][]netip.Addr{}
	var hosts []string
	zp := dns.NewZoneParser(bytes.NewReader(text), ".", "")
	zp.SetDefaultTTL(3600)
	for rr, ok := zp.Next(); ok; rr, ok = zp.Next() {
		owner := dns.CanonicalName(rr.Header().Name)
		switch rr := rr.(type) {
		case *dns.NS:
			if owner == "." {
				hosts = append(hosts, dns.CanonicalName(rr.Ns))
			}
		case *dns.A, *dns.AAAA:
			if a, ok := addrOf(rr); ok {
				addrs[owner] = append(addrs[owner], a)
			}
		case *dns.DS, *dns.DNSKEY:
			h.anchors[owner] = append(h.anchors[owner], rr)
		}
	}
	if err := zp.Err(); err != nil {
		return nil, bad(freehold.T("it cannot be read: %s", strings.TrimPrefix(err.Error(), "dns: ")))
	}
	h.private = true
	for _, host := range hosts {
		if as := addrs[host]; len(as) > 0 {
			h.servers = append(h.servers, nameServer{host: host, addrs: as})
			h.private = h.private && !slices.ContainsFunc(as, publicAddr)
		}
	}
	if len(h.servers) == 0 {
		return nil, bad(freehold.T("no name server of the root has an address in it"))
	}
	if !h.private && len(h.anchors) == 0 {
		h.anchors = RootHints().anchors
	}
	return h, nil
}

// Private tells whether these hints are of the user's own world.
func (h *Hints) Private() bool { return h.private }

// Anchored tells whether they hold a trust anchor.
func (h *Hints) Anchored() bool { return len(h.anchors) > 0 }
