package lab

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/miekg/dns"
)

// The serial of every zone, and of one whose server missed the last change.
const (
	serial       = 2026111801
	serialBehind = 2026090301
)

// zoneSet is every zone of the world and which server holds which.
type zoneSet struct {
	all map[string]*zone            // by apex: the zones as they should be
	at  map[string]map[string]*zone // by name server, then by apex
	ip  map[string]netip.Addr       // address of each name server
}

// zones builds the root, the top-level domains and every delegated domain.
func (w *world) zones(bulk bulk) *zoneSet {
	set := &zoneSet{all: map[string]*zone{}, at: map[string]map[string]*zone{}, ip: map[string]netip.Addr{}}
	root := w.rootZone()
	for i, label := range []string{"a", "b"} {
		set.hold(rootServer(label), netip.MustParseAddr(rootAddrs[i]), root)
	}
	for i := range w.registries {
		reg := &w.registries[i]
		z := w.tldZone(reg)
		if reg.tld == bulkTLD && bulk > 0 {
			z.invent = bulk.delegation
		}
		for i, label := range []string{"a", "b"} {
			set.hold(tldServer(label, reg.tld), netip.MustParseAddr(reg.addrs[i]), z)
		}
	}
	for i := range w.domains {
		d := &w.domains[i]
		if !w.delegated[w.asciiOf(d)] {
			continue
		}
		z := w.domainZone(d, serial)
		set.all[z.apex] = z
		for _, host := range d.servers() {
			addr, ok := w.addrOf[host]
			switch {
			case !ok:
			case slices.Contains(d.lame, host):
				set.hold(host, addr, nil)
			case slices.Contains(d.behind, host):
				set.hold(host, addr, w.domainZone(d, serialBehind))
			default:
				set.hold(host, addr, z)
			}
		}
	}
	return set
}

// hold lets a server answer for a zone; nil lets it stand there and know nothing.
func (s *zoneSet) hold(host string, addr netip.Addr, z *zone) {
	if s.at[host] == nil {
		s.at[host], s.ip[host] = map[string]*zone{}, addr
	}
	if z == nil {
		return
	}
	s.at[host][z.apex] = z
	if s.all[z.apex] == nil {
		s.all[z.apex] = z
	}
}

func rootServer(label string) string     { return label + ".root." + infrastructure }
func tldServer(label, tld string) string { return label + "." + tld + "." + infrastructure }

// apexRecords are the SOA and NS sets of a zone.
func apexRecords(apex string, serial uint32, ns []string) []dns.RR {
	contact := "hostmaster." + apex
	if apex == "." {
		contact = "hostmaster." + infrastructure + "."
	}
	rrs := []dns.RR{&dns.SOA{
		Hdr: header(apex, dns.TypeSOA, 1800), Ns: dns.Fqdn(ns[0]), Mbox: contact,
		Serial: serial, Refresh: 7200, Retry: 3600, Expire: 1209600, Minttl: 1800,
	}}
	for _, host := range ns {
		rrs = append(rrs, &dns.NS{Hdr: header(apex, dns.TypeNS, 86400), Ns: dns.Fqdn(host)})
	}
	return rrs
}

func header(owner string, t uint16, ttl uint32) dns.RR_Header {
	return dns.RR_Header{Name: owner, Rrtype: t, Class: dns.ClassINET, Ttl: ttl}
}

// address makes an A or AAAA record.
func address(owner string, addr netip.Addr, ttl uint32) dns.RR {
	if addr.Is4() {
		return &dns.A{Hdr: header(owner, dns.TypeA, ttl), A: addr.AsSlice()}
	}
	return &dns.AAAA{Hdr: header(owner, dns.TypeAAAA, ttl), AAAA: addr.AsSlice()}
}

func (w *world) rootZone() *zone {
	z := newZone(".", nsec)
	z.add(apexRecords(".", serial, []string{rootServer("a"), rootServer("b")})...)
	for i, label := range []string{"a", "b"} {
		z.add(address(rootServer(label)+".", netip.MustParseAddr(rootAddrs[i]), 86400))
	}
	for _, reg := range w.registries {
		for i, label := range []string{"a", "b"} {
			host := tldServer(label, reg.tld) + "."
			z.add(&dns.NS{Hdr: header(reg.tld+".", dns.TypeNS, 172800), Ns: host})
			z.add(address(host, netip.MustParseAddr(reg.addrs[i]), 172800))
		}
		z.add(newZoneKey(reg.tld + ".").ds())
	}
	return z
}

// tldZone holds the delegations of one top-level domain, with the addresses of
// every name server below it.
func (w *world) tldZone(reg *registry) *zone {
	z := newZone(reg.tld+".", reg.denial)
	z.add(apexRecords(z.apex, serial, []string{tldServer("a", reg.tld), tldServer("b", reg.tld)})...)
	glued := map[string]bool{}
	for i := range w.domains {
		d := &w.domains[i]
		if w.registryOf(d) != reg || !w.delegated[w.asciiOf(d)] {
			continue
		}
		owner := w.parsed[d].FQDN()
		for _, host := range d.ns {
			z.add(&dns.NS{Hdr: header(owner, dns.TypeNS, 86400), Ns: dns.Fqdn(host)})
		}
		if d.signed != unsigned {
			z.add(newZoneKey(owner).ds())
		}
		if d.oldDS {
			old := newZoneKey("old." + owner).ds()
			old.Hdr.Name = owner
			z.add(old)
		}
	}
	for i := range w.domains {
		for _, host := range w.domains[i].servers() {
			if addr, ok := w.addrOf[host]; ok && within(host, reg.tld) && !glued[host] {
				glued[host] = true
				if old, ok := staleGlue[host]; ok {
					addr = netip.MustParseAddr(old)
				}
				z.add(address(host+".", addr, 86400))
			}
		}
	}
	return z
}

// domainZone is the zone of one name: what its story gives it, and the machines
// that are named in it.
func (w *world) domainZone(d *domain, serial uint32) *zone {
	z := newZone(w.parsed[d].FQDN(), d.signed)
	z.add(apexRecords(z.apex, serial, d.zoneNS())...)
	for _, addr := range w.addrs(d.web) {
		z.add(address(z.apex, addr, 3600))
	}
	if d.web != "" {
		z.add(&dns.CNAME{Hdr: header("www."+z.apex, dns.TypeCNAME, 3600), Target: z.apex})
	}
	for i, host := range d.mail {
		z.add(&dns.MX{Hdr: header(z.apex, dns.TypeMX, 3600), Preference: uint16(10 * (i + 1)), Mx: dns.Fqdn(host)})
	}
	z.text(d.records...)
	name := w.asciiOf(d)
	for _, m := range w.machines {
		if within(m.host, name) {
			for _, addr := range w.addrs(m.host) {
				z.add(address(m.host+".", addr, 3600))
			}
		}
	}
	if name == infrastructure {
		w.addRegistryServers(z)
	}
	if d.story == "" { // a company's own name: its customers' SPF records point there
		z.text(`@ TXT "v=spf1 include:_spf.`+name+` -all"`, `_spf TXT "v=spf1 `+strings.Join(w.spf(name), " ")+` -all"`)
	}
	return z
}

func (w *world) addRegistryServers(z *zone) {
	for i, label := range []string{"a", "b"} {
		z.add(address(rootServer(label)+".", netip.MustParseAddr(rootAddrs[i]), 3600))
		for _, reg := range w.registries {
			z.add(address(tldServer(label, reg.tld)+".", netip.MustParseAddr(reg.addrs[i]), 3600))
		}
	}
}

// spf lists the mechanisms for the machines of a company that are no name servers.
func (w *world) spf(name string) []string {
	var list []string
	for _, m := range w.machines {
		if addr := w.addrOf[m.host]; within(m.host, name) && !addr.IsLoopback() {
			list = append(list, fmt.Sprintf("ip4:%s", addr))
		}
	}
	return list
}
