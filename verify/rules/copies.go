package rules

import (
	"net/netip"
	"net/url"
	"strings"
	"time"

	"freehold"
	"freehold/verify"
)

// week is how far a copy may lag behind without a word. Ours.
const week = 7 * 24 * time.Hour

// newestCopy returns the newest zone copy that is recorded, and whether there is one.
func (c *Case) newestCopy() (newest freehold.ZoneCopy, ok bool) {
	for _, z := range c.Observed.ZoneCopies {
		if !ok || !z.At.Before(newest.At) {
			newest, ok = z, true
		}
	}
	return newest, ok
}

// lie says where a copy lies.
type lie uint8

const (
	liesUnknown lie = iota
	liesAtHost
	liesElsewhere
)

// lies places a copy: a host name, an address, a URL or scp's "host:path", else a
// path on a machine of the user's own. What stands under the name itself falls
// with it, whoever its host is.
func (c *Case) lies(location string) lie {
	if location == "" {
		return liesUnknown
	}
	machine := MachineOf(location)
	if machine == "" {
		return liesElsewhere
	}
	if addr, err := netip.ParseAddr(machine); err == nil {
		return c.addressLies(addr)
	}
	h, err := freehold.ParseHost(machine)
	switch host := c.host(); {
	case err != nil:
		return liesUnknown
	case c.Observed.Name.Contains(h), host.Is(verify.Domain(h)):
		return liesAtHost
	case host.Name == "" && !host.Self:
		return liesUnknown
	}
	return liesElsewhere
}

func (c *Case) addressLies(addr netip.Addr) lie {
	host := c.host()
	if host.Name == "" {
		return liesUnknown
	}
	for _, a := range c.Observed.Network.Addresses {
		block, holder, _ := c.network(a.Addr)
		if p, err := netip.ParsePrefix(block); err == nil && p.Contains(addr) && host.Is(holder) {
			return liesAtHost
		}
	}
	return liesElsewhere
}

// MachineOf returns the machine in the location of a zone copy (a host name, an
// address, a URL, scp's "host:path"), "" for a path on a machine of the user's own.
func MachineOf(location string) string {
	if u, err := url.Parse(location); err == nil && u.Host != "" {
		return u.Hostname()
	}
	if strings.HasPrefix(location, "/") { // a path is one, whatever stands in it
		return ""
	}
	first, _, remote := strings.Cut(location, ":")
	if _, host, ok := strings.Cut(first, "@"); ok {
		first = host
	}
	if _, err := netip.ParseAddr(location); err == nil {
		return location
	}
	if strings.ContainsAny(first, `/\ `) || len(first) < 2 || !remote && !strings.Contains(first, ".") {
		return ""
	}
	return first
}
