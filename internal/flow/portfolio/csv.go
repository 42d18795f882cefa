package portfolio

import (
	"bufio"
	"io"
	"iter"
	"strings"

	"freehold"
)

// csvFields are the columns of the portfolio as a CSV.
var csvFields = append([]freehold.ListingField{freehold.ListedName, freehold.ListedClient, freehold.ListedTags}, freehold.ClaimedFields...)

// WriteCSV writes listings as a CSV (RFC 4180) that reads back as it stands:
// importing it changes nothing. No cell begins as a formula does.
func WriteCSV(w io.Writer, listings iter.Seq2[freehold.Listing, error]) error {
	out := bufio.NewWriter(w)
	cells := make([]string, len(csvFields))
	for i, f := range csvFields {
		cells[i] = string(f)
	}
	cells[0] = "domain" // "name" may be anybody's
	writeRow(out, cells)
	for l, err := range listings {
		if err != nil {
			return err
		}
		for i, f := range csvFields {
			switch c, _ := l.Claim(f); f {
			case freehold.ListedName:
				cells[i] = l.Name.Unicode()
			case freehold.ListedClient:
				cells[i] = l.Client
			case freehold.ListedTags:
				cells[i] = strings.Join(l.Tags, ", ")
			default:
				cells[i] = c.Value
			}
		}
		writeRow(out, cells)
	}
	return out.Flush()
}

func writeRow(out *bufio.Writer, cells []string) {
	for i, c := range cells {
		if i > 0 {
			out.WriteByte(',')
		}
		if c != "" && strings.ContainsRune("=+-@\t\r", rune(c[0])) {
			c = "'" + c // so that no spreadsheet takes it for a formula; value takes it off again
		}
		if strings.ContainsAny(c, "\",;\t|\r\n") || strings.TrimSpace(c) != c {
			c = `"` + strings.ReplaceAll(c, `"`, `""`) + `"`
		}
		out.WriteString(c)
	}
	out.WriteString("\r\n")
}
