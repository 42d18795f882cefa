package format

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"freehold"
	"freehold/dnsexport/zonefile"
)

// route53Types are what a hosted zone takes, with the SOA and the NS of the
// apex left to Route 53.
const route53Types = "A AAAA CAA CNAME DS HTTPS MX NAPTR NS PTR SPF SRV SSHFP SVCB TLSA TXT"

type route53Set struct {
	Name            string          `json:"Name"`
	Type            string          `json:"Type"`
	TTL             *uint64         `json:"TTL,omitempty"`
	SetIdentifier   string          `json:"SetIdentifier,omitempty"`
	ResourceRecords []route53Value  `json:"ResourceRecords,omitempty"`
	AliasTarget     json.RawMessage `json:"AliasTarget,omitempty"`
}

type route53Value struct {
	Value string `json:"Value"`
}

type route53Change struct {
	Action string     `json:"Action"`
	Set    route53Set `json:"ResourceRecordSet"`
}

// octal turns \DDD of master files into Route 53's \ooo.
func octal(s string) string {
	return decimalEscape.ReplaceAllStringFunc(s, func(m string) string {
		if len(m) != 4 {
			return m
		}
		n, _ := strconv.Atoi(m[1:])
		return fmt.Sprintf(`\%03o`, n)
	})
}

// decimal turns them back.
func decimal(s string) string {
	return decimalEscape.ReplaceAllStringFunc(s, func(m string) string {
		if len(m) != 4 {
			return m
		}
		n, err := strconv.ParseUint(m[1:], 8, 8)
		if err != nil {
			return m
		}
		return fmt.Sprintf(`\%03d`, n)
	})
}

var decimalEscape = regexp.MustCompile(`\\([0-9]{3}|.)`)

// hosted returns the record sets for Route 53.
func hosted(z *freehold.Zone, l *losses) []freehold.RRset {
	var out []freehold.RRset
	for _, set := range l.carried(z, route53Types) {
		if set.Type == freehold.TypeNS && set.Owner.Equal(z.Origin) {
			l.addSet(set, freehold.T("The new operator puts its own name servers at the origin."))
			continue
		}
		out = append(out, set)
	}
	return out
}

// writeRoute53 writes what "aws route53 change-resource-record-sets
// --change-batch" takes.
func writeRoute53(w io.Writer, z *freehold.Zone, l *losses) error {
	out := bufio.NewWriter(w)
	comment := "zone " + bare(z.Origin) + ", coverage: " + z.Coverage.String()
	if z.Partial() {
		comment = "PARTIAL: " + comment
	}
	b, err := json.Marshal(comment)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "{\"Comment\":%s,\n\"Changes\":[", b)
	for i, set := range hosted(z, l) {
		ttl := uint64(set.TTL)
		c := route53Change{"UPSERT", route53Set{Name: octal(set.Owner.String()), Type: set.Type.String(), TTL: &ttl}}
		for _, data := range set.Data {
			c.Set.ResourceRecords = append(c.Set.ResourceRecords, route53Value{octal(zonefile.Data(set.Type, data))})
		}
		if err := element(out, i, c); err != nil {
			return err
		}
	}
	out.WriteString("]}\n")
	return out.Flush()
}

// readRoute53 reads a change batch, and what "list-resource-record-sets" prints.
func readRoute53(r io.Reader, name string, origin freehold.Owner) (*freehold.Zone, error) {
	text, err := slurp(r, name)
	if err != nil {
		return nil, err
	}
	var doc struct {
		Changes            []route53Change
		ResourceRecordSets []route53Set
	}
	if err := json.Unmarshal(text, &doc); err != nil {
		return nil, &freehold.Error{Kind: freehold.KindInvalid, Msg: name + ": it is no JSON of Route 53", Err: err}
	}
	for _, c := range doc.Changes {
		if c.Action != "DELETE" {
			doc.ResourceRecordSets = append(doc.ResourceRecordSets, c.Set)
		}
	}
	b := newBuilder(name, "route53", origin)
	if b.zone.Origin == "" {
		for _, s := range doc.ResourceRecordSets {
			if s.Type == "SOA" {
				b.zone.Origin, _ = freehold.ParseOwner(decimal(s.Name), "")
			}
		}
		if b.zone.Origin == "" {
			return b.done()
		}
	}
	for i, s := range doc.ResourceRecordSets {
		place := "record set " + strconv.Itoa(i+1)
		owner := strings.TrimSuffix(decimal(s.Name), ".") + "."
		if s.AliasTarget != nil || s.SetIdentifier != "" || s.TTL == nil {
			if err := b.routed(place, owner, s); err != nil {
				return nil, err
			}
			continue
		}
		for _, v := range s.ResourceRecords {
			if err := b.add(place, owner, *s.TTL, s.Type, decimal(v.Value)); err != nil {
				return nil, err
			}
		}
	}
	return b.done()
}

// routed keeps an alias or a set that answers by a routing policy.
func (b *builder) routed(place, owner string, s route53Set) error {
	o, err := freehold.ParseOwner(owner, "")
	if err != nil {
		return b.errorf(place, "%s", freehold.OneLine(err.Error()))
	}
	var compact bytes.Buffer
	if s.AliasTarget != nil {
		_ = json.Compact(&compact, s.AliasTarget) // it was parsed already
	}
	for _, v := range s.ResourceRecords {
		compact.WriteString(" " + v.Value)
	}
	kind := "ALIAS"
	if s.SetIdentifier != "" {
		kind = "ROUTED"
	}
	b.zone.Foreign = append(b.zone.Foreign, freehold.ForeignRecord{Owner: o, Kind: kind, Value: s.Type + " " + strings.TrimSpace(compact.String()), Place: place,
		Note: freehold.T("Only its provider knows the kind %s: set up anew what it does at the next one.", kind)})
	return nil
}
