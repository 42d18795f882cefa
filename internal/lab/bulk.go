package lab

import (
	"bytes"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"freehold"

	"github.com/miekg/dns"
)

// bulk is how many names stand below the lab's shop domain without being held
// anywhere: n000000.shop, n000001.shop and so on.
type bulk int

const (
	bulkTLD    = "shop"
	bulkDigits = 6
	maxBulk    = 1_000_000
)

// bulkServers hold the zones of the invented names.
var bulkServers = []string{"ns1.massif-parking.net", "ns2.massif-parking.net"}

// BulkName returns the i-th of the names that Config.Bulk lets the world answer for.
func BulkName(i int) freehold.Name {
	n, err := freehold.ParseName(fmt.Sprintf("n%0*d.%s", bulkDigits, i, bulkTLD))
	if err != nil {
		panic("lab: no bulk name " + strconv.Itoa(i))
	}
	return n
}

// has tells whether a name, in lower case without the final dot, is one of them.
func (b bulk) has(name string) bool {
	label, ok := strings.CutSuffix(name, "."+bulkTLD)
	if !ok || len(label) != 1+bulkDigits || label[0] != 'n' {
		return false
	}
	for i := 1; i < len(label); i++ {
		if !isDigit(label[i]) {
			return false
		}
	}
	i, err := strconv.Atoi(label[1:])
	return err == nil && i < int(b)
}

// delegation is what the zone of the top-level domain holds for one of the names.
func (b bulk) delegation(owner string) *node {
	if !b.has(strings.TrimSuffix(owner, ".")) {
		return nil
	}
	set := make([]dns.RR, 0, len(bulkServers))
	for _, host := range bulkServers {
		set = append(set, &dns.NS{Hdr: header(owner, dns.TypeNS, 86400), Ns: host + "."})
	}
	return &node{sets: map[uint16][]dns.RR{dns.TypeNS: set}}
}

// zoneOf makes the zone that a name lies in, nil where it is none of ours.
func (b bulk) zoneOf(w *world, name string) *zone {
	labels := dns.SplitDomainName(name)
	if b == 0 || len(labels) < 2 {
		return nil
	}
	apex := labels[len(labels)-2] + "." + labels[len(labels)-1]
	if !b.has(apex) {
		return nil
	}
	apex += "."
	web := w.addrOf["park.massif-parking.net"]
	z := newZone(apex, unsigned)
	z.add(apexRecords(apex, serial, bulkServers)...)
	z.add(
		address(apex, web, 3600), address("www."+apex, web, 3600),
		&dns.MX{Hdr: header(apex, dns.TypeMX, 3600), Preference: 10, Mx: "park.massif-parking.net."},
		&dns.TXT{Hdr: header(apex, dns.TypeTXT, 3600), Txt: []string{"v=spf1 include:_spf.massif-parking.net -all"}},
	)
	return z
}

// bulkMark stands in a prepared answer where the name goes.
const bulkMark = "n99999999"

// bulkRegistrar sponsors all of the names.
const bulkRegistrar = "wholenames"

// bulkDomain is what all of the names have in common.
var bulkDomain = domain{
	name: bulkMark + "." + bulkTLD, registrar: bulkRegistrar, holder: holder{"", "Massif Parking GmbH", "", "AT"}, conceal: concealText,
	created: "2021-07-19", expires: "2027-07-19", changed: "2026-07-20", statuses: []string{"clientTransferProhibited"}, ns: bulkServers,
}

// bulkBody is an RDAP answer cut where the name goes.
type bulkBody [][]byte

// prepare renders the record of one of the names, once for all of them.
func (b bulk) prepare(style rdapStyle, v *recordView) bulkBody {
	if b == 0 {
		return nil
	}
	return bytes.Split(marshal(http.StatusOK, style(v)).body, []byte(bulkMark))
}

// body fills a name in.
func (p bulkBody) body(name string) []byte {
	return bytes.Join(p, []byte(strings.TrimSuffix(name, "."+bulkTLD)))
}
