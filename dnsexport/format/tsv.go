package format

import (
	"io"
	"strconv"
	"strings"

	"freehold"
)

// readTSV reads what "dnscontrol get-zones --format=tsv" prints: the whole name, the
// name within the zone, TTL, class, type, data as in a master file, and properties.
func readTSV(r io.Reader, name string, origin freehold.Owner) (*freehold.Zone, error) {
	text, err := slurp(r, name)
	if err != nil {
		return nil, err
	}
	b := newBuilder(name, "dnscontrol tsv", origin)
	line := 0
	for row := range strings.Lines(string(text)) {
		line++
		place := "line " + strconv.Itoa(line)
		cells := strings.Split(strings.TrimRight(row, "\r\n"), "\t")
		if len(cells) == 1 && cells[0] == "" {
			continue
		}
		if len(cells) < 6 {
			return nil, b.errorf(place, "it has %d columns and should have 6: name, short name, TTL, class, type, data", len(cells))
		}
		zone, ok := zoneOfRow(cells[0], cells[1])
		if !ok {
			return nil, b.errorf(place, "%q does not begin with %q", freehold.OneLine(cells[0]), freehold.OneLine(cells[1]))
		}
		if b.zone.Origin == "" {
			b.zone.Origin = zone
		}
		if !zone.Equal(b.zone.Origin) {
			return nil, b.errorf(place, "it is of the zone %q, not of %q", zone, b.zone.Origin)
		}
		ttl, err := strconv.ParseUint(cells[2], 10, 32)
		if err != nil {
			return nil, b.errorf(place, "%q is no TTL", freehold.OneLine(cells[2]))
		}
		if cells[3] != "IN" {
			return nil, b.errorf(place, "%q is not the class IN", freehold.OneLine(cells[3]))
		}
		rrtype, data := cells[4], cells[5]
		owner := strings.TrimSuffix(cells[0], ".") + "."
		proxied := len(cells) > 6 && strings.Contains(cells[6], "cloudflare_proxy=true")
		_, known := freehold.ParseRRType(rrtype)
		if proxied || !known {
			o, err := freehold.ParseOwner(owner, freehold.RootOwner)
			if err != nil {
				return nil, b.errorf(place, "%s", freehold.OneLine(err.Error()))
			}
			kind, note := rrtype, freehold.T("Only its provider knows the kind %s: set up anew what it does at the next one.", rrtype)
			if known {
				kind = "proxied " + rrtype
				note = freehold.T("The world sees the provider's addresses, and its protection and cache stand before this one. Outside it this address becomes visible, and takes all requests itself.")
			}
			b.zone.Foreign = append(b.zone.Foreign, freehold.ForeignRecord{Owner: o, Kind: kind, TTL: uint32(ttl), Value: data, Place: place, Note: note})
		}
		if !known {
			continue
		}
		if err := b.add(place, owner, ttl, rrtype, data); err != nil {
			return nil, err
		}
	}
	return b.done()
}

// zoneOfRow is what a whole name has behind the name within the zone.
func zoneOfRow(whole, short string) (freehold.Owner, bool) {
	if short != "@" {
		rest, ok := strings.CutPrefix(whole, short+".")
		if !ok {
			return "", false
		}
		whole = rest
	}
	zone, err := freehold.ParseOwner(strings.TrimSuffix(whole, ".")+".", freehold.RootOwner)
	return zone, err == nil
}
