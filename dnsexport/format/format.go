// Package format writes zones in the formats of other tools and reads them
// back. Each format says what it cannot carry: a Loss is a finding for the
// manifest, never silence.
package format

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"freehold"
	"freehold/dnsexport/zonefile"
)

// maxBytes bounds what a reader takes.
const maxBytes = 256 << 20

// A Loss is what a format cannot carry of one zone: records of one type, for
// one reason.
type Loss struct {
	Format string
	Type   freehold.RRType // 0: of records that are none
	Owner  freehold.Owner  // the first of them
	Count  int
	Why    freehold.Text
}

// A File is one file of a zone in a format.
type File struct {
	Suffix string // behind the zone's name: ".zone"
	Write  func(w io.Writer) ([]Loss, error)
}

// A Format writes and reads zones.
type Format struct {
	Name   string
	Title  string // for people
	Suffix string // of its main file
	files  func(f *Format, z *freehold.Zone) []File
	// Read reads a main file. name is for errors; origin may be "" where the
	// format says it itself.
	Read func(r io.Reader, name string, origin freehold.Owner) (*freehold.Zone, error)
}

// Files returns what is to be written of a zone in canonical order.
func (f *Format) Files(z *freehold.Zone) []File { return f.files(f, z) }

// All lists the formats, BIND first.
var All = []*Format{
	{Name: "bind", Title: "BIND master file", Suffix: ".zone", files: bindFiles, Read: func(r io.Reader, name string, origin freehold.Owner) (*freehold.Zone, error) {
		return zonefile.Read(r, name, zonefile.Options{Origin: origin})
	}},
	{Name: "json", Title: "JSON (freehold.zone/1)", Suffix: ".json", files: single(writeJSON), Read: readJSON},
	{Name: "octodns", Title: "octoDNS YAML", Suffix: ".yaml", files: single(writeOctoDNS), Read: readOctoDNS},
	{Name: "dnscontrol", Title: "DNSControl JavaScript", Suffix: ".js", files: single(writeDNSControl), Read: readDNSControl},
	{Name: "terraform", Title: "Terraform (aws_route53_record)", Suffix: ".tf", files: single(writeTerraform), Read: readTerraform},
	{Name: "terraform-cloudflare", Title: "Terraform (cloudflare_dns_record)", Suffix: ".cloudflare.tf", files: single(writeCloudflareTerraform), Read: readTerraform},
	{Name: "route53", Title: "Route 53 change batch", Suffix: ".route53.json", files: single(writeRoute53), Read: readRoute53},
	{Name: "csv", Title: "CSV", Suffix: ".csv", files: single(writeCSV), Read: readCSV},
}

// ReadOnly lists the formats that are read and not written.
var ReadOnly = []*Format{
	{Name: "tsv", Title: "DNSControl TSV", Suffix: ".tsv", Read: readTSV},
}

// Parse reads a list such as "bind,json". Empty means BIND.
func Parse(list string) ([]*Format, error) {
	var out []*Format
	for name := range strings.SplitSeq(list, ",") {
		name = strings.TrimSpace(strings.ToLower(name))
		if name == "" {
			continue
		}
		i := slices.IndexFunc(All, func(f *Format) bool { return f.Name == name })
		if i < 0 {
			return nil, &freehold.Error{Kind: freehold.KindUsage, Msg: fmt.Sprintf("%q is not a zone format", freehold.OneLine(name)), Hint: "use one or more of " + Names()}
		}
		if !slices.Contains(out, All[i]) {
			out = append(out, All[i])
		}
	}
	if len(out) == 0 {
		out = All[:1]
	}
	return out, nil
}

// ByName returns a format, nil where there is none of that name.
func ByName(name string) *Format {
	for _, f := range All {
		if f.Name == name {
			return f
		}
	}
	return nil
}

// Names lists the formats for a usage line.
func Names() string {
	var names []string
	for _, f := range All {
		names = append(names, f.Name)
	}
	return strings.Join(names, ",")
}

func bindFiles(f *Format, z *freehold.Zone) []File {
	files := []File{{f.Suffix, func(w io.Writer) ([]Loss, error) {
		l := losses{format: f.Name}
		for _, r := range z.Foreign {
			l.foreign(r, freehold.T("It is kept as a comment: no server loads it."))
		}
		return l.list, zonefile.Write(w, z, zonefile.Content)
	}}}
	if slices.ContainsFunc(z.Records, func(r freehold.Record) bool { return r.Type.Signer() }) {
		files = append(files, File{".dnssec" + f.Suffix, func(w io.Writer) ([]Loss, error) { return nil, zonefile.Write(w, z, zonefile.Signer) }})
	}
	return files
}

func single(write func(io.Writer, *freehold.Zone, *losses) error) func(*Format, *freehold.Zone) []File {
	return func(f *Format, z *freehold.Zone) []File {
		return []File{{f.Suffix, func(w io.Writer) ([]Loss, error) {
			l := losses{format: f.Name}
			err := write(w, z, &l)
			return l.list, err
		}}}
	}
}

// losses collects findings, one a type and reason.
type losses struct {
	format string
	list   []Loss
}

func (l *losses) add(t freehold.RRType, owner freehold.Owner, why freehold.Text) {
	for i := range l.list {
		if l.list[i].Type == t && l.list[i].Why.Format == why.Format {
			l.list[i].Count++
			return
		}
	}
	l.list = append(l.list, Loss{Format: l.format, Type: t, Owner: owner, Count: 1, Why: why})
}

func (l *losses) foreign(r freehold.ForeignRecord, why freehold.Text) {
	l.list = append(l.list, Loss{Format: l.format, Owner: r.Owner, Count: 1, Why: why})
}

// carried returns the record sets that a format of the given types can carry,
// and notes all others. Old signatures are of no use elsewhere.
func (l *losses) carried(z *freehold.Zone, types string) []freehold.RRset {
	var out []freehold.RRset
	can := map[freehold.RRType]bool{}
	for name := range strings.FieldsSeq(types) {
		t, _ := freehold.ParseRRType(name)
		can[t] = true
	}
	for set := range z.RRsets() {
		switch {
		case can[set.Type]:
			out = append(out, set)
			continue
		case set.Type.Signer():
			l.addSet(set, freehold.T("The old signer made it; the next operator signs anew."))
		case set.Type == freehold.TypeSOA:
			l.addSet(set, freehold.T("The format has no SOA; every operator makes its own."))
		default:
			l.addSet(set, freehold.T("The format does not know this type."))
		}
	}
	for _, r := range z.Foreign {
		l.foreign(r, freehold.T("The format has no place for a provider's own kinds."))
	}
	return out
}

func (l *losses) addSet(set freehold.RRset, why freehold.Text) {
	for range set.Data {
		l.add(set.Type, set.Owner, why)
	}
}

// plain tells whether text is printable ASCII, which all tools carry alike.
func plain(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < ' ' || s[i] >= 0x7f {
			return false
		}
	}
	return true
}

// joined returns the strings of TXT rdata as one, and whether cutting it every
// 255 octets gives the same strings again.
func joined(t freehold.RRType, data string) (text string, same bool) {
	text = strings.Join(freehold.Record{Type: t, Data: data}.Strings(), "")
	return text, chunked(text) == data
}

// chunked is a text as TXT rdata.
func chunked(text string) string {
	var b strings.Builder
	for {
		n := min(255, len(text))
		b.WriteByte(byte(n))
		b.WriteString(text[:n])
		if text = text[n:]; text == "" {
			return b.String()
		}
	}
}

// words splits rdata in presentation form; quotes are taken off, escapes stay.
func words(text string) []string {
	var out []string
	for text != "" {
		switch {
		case text[0] == ' ':
			text = text[1:]
		case text[0] == '"':
			end := 1
			for end < len(text) && text[end] != '"' {
				if text[end] == '\\' {
					end++
				}
				end++
			}
			end = min(end, len(text))
			out, text = append(out, text[1:end]), text[min(end+1, len(text)):]
		default:
			end := strings.IndexByte(text, ' ')
			if end < 0 {
				end = len(text)
			}
			out, text = append(out, text[:end]), text[end:]
		}
	}
	return out
}

// builder collects the records that a reader finds.
type builder struct {
	zone *freehold.Zone
	name string
}

func newBuilder(name, what string, origin freehold.Owner) *builder {
	return &builder{name: name, zone: &freehold.Zone{Origin: origin, Class: freehold.ClassIN, Source: what + " " + name,
		Coverage: freehold.CoverageUnknown, Reasons: []freehold.Text{freehold.T("A file does not say what it lacks.")}}}
}

func (b *builder) errorf(place, format string, args ...any) error {
	return &freehold.Error{Kind: freehold.KindInvalid, Msg: b.name + ": " + freehold.OneLine(place) + ": " + fmt.Sprintf(format, args...)}
}

// add takes one record in presentation form.
func (b *builder) add(place, owner string, ttl uint64, rrtype, data string) error {
	o, err := freehold.ParseOwner(owner, b.zone.Origin)
	if err != nil {
		return b.errorf(place, "%s", freehold.OneLine(err.Error()))
	}
	t, ok := freehold.ParseRRType(rrtype)
	if !ok || t.Meta() {
		return b.errorf(place, "%q is no record type", freehold.OneLine(rrtype))
	}
	raw, err := zonefile.ParseData(t, data, b.zone.Origin)
	if err != nil {
		return b.errorf(place, "%s record: %s", t, freehold.OneLine(err.Error()))
	}
	return b.put(place, freehold.Record{Owner: o, Class: freehold.ClassIN, Type: t, Data: raw}, ttl)
}

func (b *builder) put(place string, r freehold.Record, ttl uint64) error {
	switch {
	case ttl > 1<<31-1:
		return b.errorf(place, "the TTL %d is over the greatest, %d", ttl, 1<<31-1)
	case !r.Owner.Within(b.zone.Origin):
		return b.errorf(place, "%q is outside the zone", r.Owner)
	case !r.Valid():
		return b.errorf(place, "these octets are no %s rdata", r.Type)
	}
	r.TTL = uint32(ttl)
	b.zone.Records = append(b.zone.Records, r)
	return nil
}

func (b *builder) done() (*freehold.Zone, error) {
	if b.zone.Origin == "" {
		return nil, &freehold.Error{Kind: freehold.KindInvalid, Msg: b.name + ": it does not say which zone it is"}
	}
	b.zone.Sort()
	return b.zone, nil
}

func slurp(r io.Reader, name string) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxBytes+1))
	if err == nil && len(b) > maxBytes {
		err = fmt.Errorf("it is larger than %d octets", maxBytes)
	}
	if err != nil {
		return nil, &freehold.Error{Kind: freehold.KindInvalid, Msg: "cannot read " + name, Err: err}
	}
	return b, nil
}

// header are the lines that every format with comments begins with.
func header(w io.Writer, comment string, z *freehold.Zone) {
	if z.Partial() {
		fmt.Fprintf(w, "%s PARTIAL: records are missing or may be\n", comment)
	}
	fmt.Fprintf(w, "%s zone %s, coverage: %s\n", comment, z.Origin, z.Coverage)
}

// bare returns the zone's name without its final dot.
func bare(o freehold.Owner) string {
	s := o.String()
	if s == "." {
		return s
	}
	return strings.TrimSuffix(s, ".")
}
