package report

import (
	"io"
	"iter"
	"strings"

	"freehold"
)

// SchemaPortfolio is the schema of the portfolio's envelope.
const SchemaPortfolio = "freehold.portfolio/1"

type (
	listingDoc struct {
		Name    string       `json:"name"`
		Unicode string       `json:"unicode"`
		Client  *string      `json:"client"`
		Tags    []string     `json:"tags"`
		Added   *string      `json:"added"`
		From    sourceDoc    `json:"from"`
		Claims  []listedWord `json:"claims"`
	}
	listedWord struct {
		Field string    `json:"field"`
		Value string    `json:"value"`
		From  sourceDoc `json:"from"`
	}
	sourceDoc struct {
		importedPlace
		Digest string  `json:"digest"`
		Import string  `json:"import"`
		At     *string `json:"at"`
	}
	listingLine struct {
		Type   string `json:"type"`
		Schema string `json:"schema"`
		listingDoc
	}
)

func sourceOf(p freehold.Provenance) sourceDoc {
	return sourceDoc{importedPlace{p.File, textOrNull(p.Sheet), p.Row}, p.Digest, p.Import, moment(p.At)}
}

func listingOf(l freehold.Listing) listingDoc {
	d := listingDoc{Name: l.Name.ASCII(), Unicode: l.Name.Unicode(), Client: textOrNull(l.Client), Tags: list(l.Tags), Added: moment(l.Added), From: sourceOf(l.From), Claims: []listedWord{}}
	for _, c := range l.Claims {
		d.Claims = append(d.Claims, listedWord{string(c.Field), c.Value, sourceOf(c.From)})
	}
	return d
}

// Portfolio writes names of the portfolio, in one of ImportFormats.
func Portfolio(format string, w io.Writer, o Options, listings iter.Seq2[freehold.Listing, error]) error {
	s, err := check(format, o)
	if err != nil {
		return err
	}
	out, p, n := encoder{w: w}, newPrinter(w, o, s), 0
	if format == FormatJSON {
		if _, err := io.WriteString(w, `{"schema":"`+SchemaPortfolio+`","names":[`); err != nil {
			return err
		}
	}
	for l, err := range listings {
		if err != nil {
			return err
		}
		switch format {
		case FormatTable:
			p.listing(&l)
		case FormatJSONL:
			err = out.write(listingLine{"name", SchemaPortfolio, listingOf(l)})
		default:
			var b []byte
			if b, err = marshal(listingOf(l)); err == nil {
				_, err = w.Write(append([]byte([]string{"\n", ",\n"}[min(n, 1)]), b...))
			}
		}
		if n++; err != nil {
			return err
		}
	}
	switch format {
	case FormatJSON:
		_, err = io.WriteString(w, "]}\n")
	case FormatTable:
		err = p.flush()
	}
	return err
}

// listing writes a name, whose it is, and what files said of it.
func (p *printer) listing(l *freehold.Listing) {
	var said []string
	if l.Client != "" {
		said = append(said, p.say("client")+": "+freehold.OneLine(l.Client))
	}
	if len(l.Tags) > 0 {
		said = append(said, p.say("tags")+": "+freehold.OneLine(strings.Join(l.Tags, ", ")))
	}
	for _, c := range l.Claims {
		said = append(said, p.field(c.Field)+": "+freehold.OneLine(c.Value))
	}
	lead := line{{p.fit(l.Name.Unicode(), min(32, p.o.Width/3)), bold}, {text: "  "}}
	p.lines(p.paragraph(lead, strings.Join(said, "; "), plainText, p.o.Width))
}
