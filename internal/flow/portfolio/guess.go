package portfolio

import (
	"slices"
	"strings"

	"golang.org/x/net/publicsuffix"

	"freehold"
	"freehold/internal/headings"
	"freehold/internal/tabular"
)

// sampled is how many rows are looked at to understand a table.
const sampled = 300

// shape is how a table is understood.
type shape struct {
	heading int // the line of the heading; 0: there is none
	columns []freehold.ImportColumn
	// at maps fields to the index of their column.
	at map[freehold.ListingField]int
}

// guess understands a table from its first rows and from what the user says.
// found is false where no column holds domain names.
func guess(sample []tabular.Row, user headings.Mapping) (s shape, found bool) {
	heading, at := findHeading(sample, user)
	if at >= 0 {
		s.heading = sample[at].Line
		sample = sample[at+1:]
	}
	width := len(heading)
	for _, r := range sample {
		width = max(width, len(r.Cells))
	}
	s.at = map[freehold.ListingField]int{}
	surest := map[freehold.ListingField]int{}
	for i := range width {
		c := freehold.ImportColumn{Number: i + 1}
		if i < len(heading) {
			c.Heading = heading[i]
		}
		rank := s.understand(&c, i, user)
		if c.Field != "" {
			if known, twice := surest[c.Field]; twice && known <= rank {
				c.Field, c.How, c.Order = "", freehold.ColumnIgnored, ""
			} else {
				if twice {
					old := &s.columns[s.at[c.Field]]
					old.Field, old.How, old.Order = "", freehold.ColumnIgnored, ""
				}
				surest[c.Field], s.at[c.Field] = rank, i
			}
		}
		s.columns = append(s.columns, c)
	}
	s.checkName(sample, surest)
	_, found = s.at[freehold.ListedName]
	return s, found
}

// byUser is the rank of what the user says.
const byUser = -1

// understand tells what a column is by its heading, and how surely.
func (s *shape) understand(c *freehold.ImportColumn, i int, user headings.Mapping) (rank int) {
	n := headings.Normal(c.Heading)
	if headings.Secret(n) { // whatever the user says
		c.How = freehold.ColumnSecret
		return 0
	}
	if to, said := user.Of(i+1, c.Heading); said {
		c.Field, c.How, c.Order = to.Field, freehold.ColumnByUser, to.Order
		if c.Field == freehold.ListedExpires && c.Order == "" {
			c.Order = headings.OrderInHeading(c.Heading)
		}
		return byUser
	}
	f, rank, ok := fieldOf(n)
	if ok {
		c.Field, c.How = f, freehold.ColumnByHeading
		if f == freehold.ListedExpires {
			c.Order = headings.OrderInHeading(c.Heading)
		}
	}
	return rank
}

// checkName makes sure that the column of the names holds names where its
// heading alone does not say so ("Name" may be anybody's), and looks for one by
// content where there is none.
func (s *shape) checkName(sample []tabular.Row, surest map[freehold.ListingField]int) {
	if i, ok := s.at[freehold.ListedName]; ok {
		_, split := s.at[freehold.ListedTLD]
		if surest[freehold.ListedName] < 1 || split || shareOfNames(sample, i) >= 0.3 {
			return
		}
		delete(s.at, freehold.ListedName)
		s.columns[i].Field, s.columns[i].How = "", freehold.ColumnIgnored
	}
	best, most := -1, 0.0
	for i := range s.columns {
		c := &s.columns[i]
		n := headings.Normal(c.Heading)
		if c.How == freehold.ColumnSecret || c.How == freehold.ColumnByUser || headings.HasWord(n, otherHosts) || c.Field != "" && c.Field != freehold.ListedHost && c.Field != freehold.ListedNotes {
			continue
		}
		if share := shareOfNames(sample, i); share >= 0.5 && share > most {
			best, most = i, share
		}
	}
	if best >= 0 {
		c := &s.columns[best]
		if c.Field != "" {
			delete(s.at, c.Field)
		}
		c.Field, c.How = freehold.ListedName, freehold.ColumnByContent
		s.at[freehold.ListedName] = best
	}
}

// shareOfNames tells which part of a column's cells are domain names.
func shareOfNames(sample []tabular.Row, i int) float64 {
	names, cells := 0, 0
	for _, r := range sample {
		if i >= len(r.Cells) || headings.Value(r.Cells[i]) == "" || strings.HasPrefix(r.Cells[i], "#") {
			continue
		}
		cells++
		if isName(r.Cells[i]) {
			names++
		}
	}
	if cells == 0 {
		return 0
	}
	return float64(names) / float64(cells)
}

// isName tells a domain name from a word with a dot in it: its ending exists.
func isName(cell string) bool {
	if strings.Contains(cell, "@") {
		return false
	}
	h, err := freehold.ParseHost(tabular.HostPart(withoutComment(headings.Value(cell))))
	if err != nil {
		return false
	}
	n, err := freehold.NameOf(h)
	return err == nil && hasKnownSuffix(n)
}

// hasKnownSuffix tells whether a name ends in a public suffix: "St.Gallen" is a town.
func hasKnownSuffix(n freehold.Name) bool {
	suffix, icann := publicsuffix.PublicSuffix(n.ASCII())
	return icann || strings.Contains(suffix, ".")
}

// findHeading returns the row that names the columns, and where it stands in
// the sample; -1 where none does. It is the row with the most headings we (or
// the user) know and no domain name in it; where none is known, the row before
// the first with a name, if it has as many cells.
func findHeading(sample []tabular.Row, user headings.Mapping) (heading []string, at int) {
	best, most := -1, 0
	firstName := -1
	for i, r := range sample {
		if slices.ContainsFunc(r.Cells, isName) {
			firstName = i
			break
		}
		if known := knownHeadings(r, user); known > 0 && 1000*known+filled(r) > most {
			best, most = i, 1000*known+filled(r) // "Domains" above a table is known too, and stands alone
		}
		if i == 50 {
			break
		}
	}
	if best < 0 && firstName > 0 {
		before, first := sample[firstName-1], sample[firstName]
		if filled(before) > 1 && filled(before) >= filled(first)-1 && !isComment(before) {
			best = firstName - 1
		}
	}
	if best < 0 {
		return nil, -1
	}
	return sample[best].Cells, best
}

func filled(r tabular.Row) (n int) {
	for _, c := range r.Cells {
		if c != "" {
			n++
		}
	}
	return n
}

// knownHeadings counts the headings in a row.
func knownHeadings(r tabular.Row, user headings.Mapping) (known int) {
	for i, c := range r.Cells {
		n := headings.Normal(c)
		_, _, ok := fieldOf(n)
		if c != "" && (ok || user.Names(c) || i < 100 && headings.Secret(n)) {
			known++
		}
	}
	return known
}

// isComment tells a row that is a remark in a list of names.
func isComment(r tabular.Row) bool {
	return len(r.Cells) > 0 && strings.HasPrefix(r.Cells[0], "#") && headings.Value(r.Cells[0]) != ""
}

// withoutComment takes the remark behind a name away: "example.ch # ours".
func withoutComment(s string) string {
	if i := strings.Index(s, " #"); i > 0 {
		return strings.TrimSpace(s[:i])
	}
	if i := strings.Index(s, "\t#"); i > 0 {
		return strings.TrimSpace(s[:i])
	}
	return s
}

func usage(what, advice freehold.Text) error {
	return &freehold.Error{Kind: freehold.KindUsage, Text: what, Advice: advice}
}
