package format

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"

	"freehold"
	"freehold/dnsexport/zonefile"
)

// SchemaZone is the contract of the JSON format (docs/formats.md).
const SchemaZone = "freehold.zone/1"

type jsonHead struct {
	Schema   string   `json:"schema"`
	Zone     string   `json:"zone"`
	Coverage string   `json:"coverage"`
	Partial  bool     `json:"partial"`
	Label    string   `json:"label,omitempty"`
	Reasons  []string `json:"reasons"`
}

type jsonRecord struct {
	Owner   string `json:"owner"`
	TTL     uint64 `json:"ttl"`
	Type    string `json:"type"`
	Data    string `json:"data"`
	Comment string `json:"comment,omitempty"`
}

type jsonForeign struct {
	Owner string `json:"owner"`
	TTL   uint32 `json:"ttl"`
	Kind  string `json:"kind"`
	Value string `json:"value"`
	Note  string `json:"note"`
}

type jsonZone struct {
	jsonHead
	Records []jsonRecord  `json:"records"`
	Signer  []jsonRecord  `json:"signer"`
	Foreign []jsonForeign `json:"foreign"`
}

// writeJSON writes a record a line, so that it can be compared by lines too.
func writeJSON(w io.Writer, z *freehold.Zone, l *losses) error {
	out := bufio.NewWriterSize(w, 1<<16)
	head := jsonHead{Schema: SchemaZone, Zone: z.Origin.String(), Coverage: z.Coverage.String(), Partial: z.Partial(), Reasons: []string{}}
	if head.Partial {
		head.Label = "PARTIAL"
	}
	for _, r := range z.Reasons {
		head.Reasons = append(head.Reasons, r.String())
	}
	b, err := json.Marshal(head)
	if err != nil {
		return err
	}
	out.Write(b[:len(b)-1])
	content, signer := z.Split()
	for _, part := range []struct {
		key     string
		records []freehold.Record
	}{{"records", content}, {"signer", signer}} {
		fmt.Fprintf(out, ",\n%q:[", part.key)
		for i, r := range part.records {
			if err := element(out, i, jsonRecord{r.Owner.String(), uint64(r.TTL), r.Type.String(), zonefile.Data(r.Type, r.Data), z.Comments[r]}); err != nil {
				return err
			}
		}
		out.WriteString("]")
	}
	fmt.Fprintf(out, ",\n\"foreign\":[")
	for i, f := range z.Foreign {
		if err := element(out, i, jsonForeign{f.Owner.String(), f.TTL, f.Kind, f.Value, f.Note.String()}); err != nil {
			return err
		}
	}
	out.WriteString("]}\n")
	return out.Flush()
}

func element(out *bufio.Writer, i int, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	if i > 0 {
		out.WriteByte(',')
	}
	out.WriteByte('\n')
	out.Write(b)
	return nil
}

func readJSON(r io.Reader, name string, origin freehold.Owner) (*freehold.Zone, error) {
	text, err := slurp(r, name)
	if err != nil {
		return nil, err
	}
	var doc jsonZone
	if err := json.Unmarshal(text, &doc); err != nil {
		return nil, &freehold.Error{Kind: freehold.KindInvalid, Msg: name + ": it is no JSON of a zone", Err: err}
	}
	if doc.Schema != SchemaZone {
		return nil, &freehold.Error{Kind: freehold.KindInvalid, Msg: fmt.Sprintf("%s: its schema is %q and not %q", name, freehold.OneLine(doc.Schema), SchemaZone)}
	}
	zone, err := freehold.ParseOwner(doc.Zone, "")
	if err != nil || origin != "" && !zone.Equal(origin) {
		return nil, &freehold.Error{Kind: freehold.KindInvalid, Msg: fmt.Sprintf("%s: it is the zone %q", name, freehold.OneLine(doc.Zone))}
	}
	b := newBuilder(name, "json", zone)
	if err := b.zone.Coverage.UnmarshalText([]byte(doc.Coverage)); err != nil {
		return nil, b.errorf("coverage", "%s", freehold.OneLine(err.Error()))
	}
	for i, r := range append(doc.Records, doc.Signer...) {
		if err := b.add("record "+strconv.Itoa(i+1), r.Owner, r.TTL, r.Type, r.Data); err != nil {
			return nil, err
		}
		if r.Comment != "" {
			if b.zone.Comments == nil {
				b.zone.Comments = map[freehold.Record]string{}
			}
			b.zone.Comments[b.zone.Records[len(b.zone.Records)-1]] = r.Comment
		}
	}
	for _, f := range doc.Foreign {
		owner, err := freehold.ParseOwner(f.Owner, zone)
		if err != nil {
			return nil, err
		}
		b.zone.Foreign = append(b.zone.Foreign, freehold.ForeignRecord{Owner: owner, Kind: f.Kind, TTL: f.TTL, Value: f.Value})
	}
	return b.done()
}

var csvHead = []string{"owner", "ttl", "class", "type", "data", "comment"}

// writeCSV writes one record a row. A cell that a spreadsheet would take for a
// formula begins with an apostrophe, which readCSV takes off.
func writeCSV(w io.Writer, z *freehold.Zone, l *losses) error {
	out := csv.NewWriter(w)
	head := csvHead
	if z.Partial() {
		head = append(head[:len(head):len(head)], "PARTIAL")
	}
	out.Write(head)
	for _, r := range z.Records {
		out.Write([]string{cell(r.Owner.String()), strconv.Itoa(int(r.TTL)), "IN", r.Type.String(), cell(zonefile.Data(r.Type, r.Data)), cell(z.Comments[r])})
	}
	for _, f := range z.Foreign {
		l.foreign(f, freehold.T("The format has no place for a provider's own kinds."))
	}
	out.Flush()
	return out.Error()
}

func cell(s string) string {
	if s != "" && strings.IndexByte("=+-@\t\r'", s[0]) >= 0 {
		return "'" + s
	}
	return s
}

func readCSV(r io.Reader, name string, origin freehold.Owner) (*freehold.Zone, error) {
	text, err := slurp(r, name)
	if err != nil {
		return nil, err
	}
	in := csv.NewReader(bytes.NewReader(text))
	in.FieldsPerRecord = -1
	column := map[string]int{}
	b := newBuilder(name, "csv", origin)
	get := func(row []string, key string) string {
		if i, ok := column[key]; ok && i < len(row) {
			return strings.TrimPrefix(row[i], "'")
		}
		return ""
	}
	for {
		row, err := in.Read()
		if err == io.EOF {
			return b.done()
		}
		if err != nil {
			return nil, &freehold.Error{Kind: freehold.KindInvalid, Msg: name + ": it is no CSV", Err: err}
		}
		line, _ := in.FieldPos(0)
		place := "line " + strconv.Itoa(line)
		if len(column) == 0 {
			for i, c := range row {
				column[strings.ToLower(strings.TrimSpace(c))] = i
			}
			for _, need := range csvHead[:5] {
				if _, ok := column[need]; !ok {
					return nil, b.errorf(place, "there is no column %q", need)
				}
			}
			continue
		}
		if b.zone.Origin == "" { // the SOA comes first
			if b.zone.Origin, err = freehold.ParseOwner(get(row, "owner"), ""); err != nil || get(row, "type") != "SOA" {
				return nil, b.errorf(place, "the zone's name is not given, and its SOA does not come first")
			}
		}
		ttl, err := strconv.ParseUint(get(row, "ttl"), 10, 32)
		if err != nil {
			return nil, b.errorf(place, "%q is no TTL", freehold.OneLine(get(row, "ttl")))
		}
		if err := b.add(place, get(row, "owner"), ttl, get(row, "type"), get(row, "data")); err != nil {
			return nil, err
		}
	}
}
