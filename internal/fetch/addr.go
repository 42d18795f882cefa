package fetch

import "net/netip"

// specialV4 and specialV6 are the blocks of IANA's special-purpose address
// registries (RFC 6890 and its updates) that no public server stands in, and
// multicast. Of IPv6 only 2000::/3 is allocated for global use (RFC 4291).
var (
	specialV4 = prefixes(
		"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
		"192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15",
		"198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
	)
	specialV6 = prefixes(
		"2001::/23",     // protocol assignments: Teredo, ORCHID, benchmarking
		"2001:db8::/32", // documentation
		"2002::/16",     // 6to4: an IPv4 address is embedded
		"3fff::/20",     // documentation
	)
	globalV6 = netip.MustParsePrefix("2000::/3")
	// nat64 is the well-known prefix (RFC 6052): a network without IPv4 reaches
	// public IPv4 servers through it, so the embedded address decides.
	nat64 = netip.MustParsePrefix("64:ff9b::/96")
)

func prefixes(list ...string) []netip.Prefix {
	out := make([]netip.Prefix, len(list))
	for i, s := range list {
		out[i] = netip.MustParsePrefix(s)
	}
	return out
}

// IsPublic tells whether an address can belong to a server on the public
// Internet. Loopback, private, link-local, shared, multicast, documentation and
// embedded addresses do not.
func IsPublic(addr netip.Addr) bool {
	if !addr.IsValid() || addr.Zone() != "" {
		return false
	}
	addr = addr.Unmap()
	if nat64.Contains(addr) {
		b := addr.As16()
		addr = netip.AddrFrom4([4]byte(b[12:]))
	}
	special := specialV6
	if addr.Is4() {
		special = specialV4
	} else if !globalV6.Contains(addr) {
		return false
	}
	for _, p := range special {
		if p.Contains(addr) {
			return false
		}
	}
	return true
}
