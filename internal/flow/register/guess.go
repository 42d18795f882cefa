package register

import (
	"context"
	"slices"
	"strconv"

	"golang.org/x/net/publicsuffix"

	"freehold"
	"freehold/internal/headings"
	"freehold/internal/tabular"
)

// sampled is how many rows are looked at for the one that names the columns.
const sampled = 50

func itoa(n int) string { return strconv.Itoa(n) }

// understand finds the row that names the columns, and what each column is: by the
// user's word, else by its heading. Nothing is guessed by content: a wrong contact is
// worse than a missing one.
func (t *table) understand(ctx context.Context, user headings.Mapping) error {
	var sample []tabular.Row
	for r, err := range t.sheet.Rows() {
		if err != nil {
			return err
		}
		if !r.Empty() {
			sample = append(sample, r)
		}
		if len(sample) == sampled {
			break
		}
	}
	if len(sample) == 0 {
		t.skipped = freehold.T("it holds no rows")
		return nil
	}
	cells := t.findHeading(sample, user)
	width := len(cells)
	for _, r := range sample {
		width = max(width, len(r.Cells))
	}
	t.at = map[freehold.ListingField][]int{}
	for i := range width {
		c := freehold.ImportColumn{Number: i + 1}
		if i < len(cells) {
			c.Heading = cells[i]
		}
		t.column(&c, user)
		if c.Field != "" {
			t.at[c.Field] = append(t.at[c.Field], i)
		}
		t.columns = append(t.columns, c)
	}
	if len(t.at[freehold.RegisterCustomer])+len(t.at[freehold.ListedName])+len(t.at[freehold.RegisterInvoice]) == 0 {
		t.skipped = freehold.T("nothing in it tells one customer from another")
		return nil
	}
	return t.orders(ctx)
}

// findHeading returns the row in which most columns are known.
func (t *table) findHeading(sample []tabular.Row, user headings.Mapping) []string {
	best, most := -1, 1
	for i, r := range sample {
		known := 0
		for _, c := range r.Cells {
			n := headings.Normal(c)
			if _, ok := fieldOf(n); c != "" && (ok || user.Names(c) || headings.Secret(n)) {
				known++
			}
		}
		if known > most || known == 1 && best < 0 && len(r.Cells) == 1 {
			best, most = i, known
		}
	}
	if best < 0 {
		return nil
	}
	t.heading = sample[best].Line
	return sample[best].Cells
}

func (t *table) column(c *freehold.ImportColumn, user headings.Mapping) {
	n := headings.Normal(c.Heading)
	to, said := user.Of(c.Number, c.Heading)
	field, known := fieldOf(n)
	switch {
	case headings.Secret(n): // whatever the user says
		c.How = freehold.ColumnSecret
		return
	case said:
		c.Field, c.How, c.Order = to.Field, freehold.ColumnByUser, to.Order
	case known && (len(t.at[field]) == 0 || slices.Contains(several, field)):
		c.Field, c.How = field, freehold.ColumnByHeading
	}
	if slices.Contains(freehold.RegisterDates, c.Field) && c.Order == "" {
		c.Order = headings.OrderInHeading(c.Heading)
	}
}

// several are the fields that more than one column may hold: a second telephone
// number, two lines of a street, forename and surname.
var several = []freehold.ListingField{freehold.RegisterMail, freehold.RegisterPhone, freehold.RegisterStreet, freehold.RegisterPerson, freehold.RegisterRecovery}

// orders finds in what order each column of dates writes them.
func (t *table) orders(ctx context.Context) error {
	orders := map[int]*headings.DayOrder{}
	for _, f := range freehold.RegisterDates {
		for _, i := range t.at[f] {
			if t.columns[i].Order == "" {
				orders[i] = &headings.DayOrder{}
			}
		}
	}
	if len(orders) == 0 {
		return nil
	}
	n := 0
	for r, err := range t.sheet.Rows() {
		if n++; err == nil && n%1024 == 0 {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
		for i, o := range orders {
			if r.Line > t.heading && i < len(r.Cells) {
				o.See(headings.ReadDay(headings.Value(r.Cells[i]), t.serial, t.from04))
			}
		}
	}
	for i, o := range orders {
		t.columns[i].Order = o.Decided()
	}
	return nil
}

// known tells whether a name ends in a public suffix.
func known(n freehold.Name) bool {
	_, icann := publicsuffix.PublicSuffix(n.ASCII())
	return icann
}
