package headings

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// The orders in which a date's day, month and year may stand.
const (
	DMY = "dmy"
	MDY = "mdy"
)

var orders = []string{DMY, MDY}

var (
	yearFirst  = regexp.MustCompile(`^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T ].*)?$`)
	compact    = regexp.MustCompile(`^(\d{4})(\d{2})(\d{2})$`)
	yearLast   = regexp.MustCompile(`^(\d{1,2})([-/.])\s?(\d{1,2})[-/.]\s?(\d{2}|\d{4})(?:[T ,].*)?$`)
	dayMonth   = regexp.MustCompile(`^(\d{1,2})(?:er|st|nd|rd|th|\.)?[-/ ]+([a-z]{3,})[-/ .,]+(\d{4})(?: .*)?$`)
	monthDay   = regexp.MustCompile(`^([a-z]{3,})\.?[-/ ]+(\d{1,2})(?:st|nd|rd|th)?[-/ ,]+(\d{4})(?: .*)?$`)
	weekday    = regexp.MustCompile(`^[a-z]{2,9}\.?,? +`)
	unixSecond = regexp.MustCompile(`^1\d{9}$|^[2-4]\d{9}$`)
	plainDays  = regexp.MustCompile(`^\d{5,6}(?:\.\d+)?$`)
)

// months are the beginnings of the months' names, without accents. In each
// language they differ within these letters.
var months = map[string]time.Month{
	"jan": 1, "feb": 2, "fev": 2, "fevr": 2, "mar": 3, "mrz": 3, "marz": 3, "apr": 4, "avr": 4, "avri": 4, "mai": 5, "may": 5, "jun": 6, "juin": 6, "jul": 7, "juil": 7,
	"aug": 8, "aou": 8, "aout": 8, "sep": 9, "sept": 9, "okt": 10, "oct": 10, "nov": 11, "dez": 12, "dec": 12,
}

// monthOf reads the name of a month, whole or cut short.
func monthOf(word string) (time.Month, bool) {
	for n := min(4, len(word)); n >= 3; n-- {
		if m, ok := months[word[:n]]; ok {
			return m, true
		}
	}
	return 0, false
}

// Day is what a cell of a date column holds.
type Day struct {
	Date time.Time
	// Swapped is the other reading, month before day, where both are dates.
	Swapped time.Time
	// order is what the date says about the order of its column: nothing where
	// it can be read both ways, or is written so that no order is in doubt.
	order string
	OK    bool
}

// ReadDay reads a date as exports write it. serial tells that plain numbers
// count days, from 1900 or 1904, as in a workbook.
func ReadDay(cell string, serial, from1904 bool) Day {
	s := strings.TrimSpace(cell)
	if serial && plainDays.MatchString(s) {
		return serialDay(s, from1904)
	}
	if unixSecond.MatchString(s) {
		n, _ := strconv.ParseInt(s, 10, 64)
		return exactly(time.Unix(n, 0).UTC().Date())
	}
	if m := yearFirst.FindStringSubmatch(s); m != nil {
		return exactly(atoi(m[1]), time.Month(atoi(m[2])), atoi(m[3]))
	}
	if m := compact.FindStringSubmatch(s); m != nil {
		return exactly(atoi(m[1]), time.Month(atoi(m[2])), atoi(m[3]))
	}
	if m := yearLast.FindStringSubmatch(s); m != nil {
		return lastYear(atoi(m[1]), atoi(m[3]), m[2], m[4])
	}
	return spokenDay(s)
}

// lastYear reads "31/12/2026". With dots the day comes first, wherever dots are
// written; with other marks both may.
func lastYear(first, second int, mark, yearText string) Day {
	year := atoi(yearText)
	if len(yearText) == 2 {
		if mark == "-" {
			return Day{} // 26-12-31 may begin with its year
		}
		year += 2000
	}
	dmy := exactly(year, time.Month(second), first)
	mdy := exactly(year, time.Month(first), second)
	switch {
	case mark == "." || first == second:
		return dmy
	case dmy.OK && mdy.OK:
		return Day{Date: dmy.Date, Swapped: mdy.Date, OK: true}
	case mdy.OK:
		mdy.order = MDY
		return mdy
	case dmy.OK:
		dmy.order = DMY
	}
	return dmy
}

// spokenDay reads a date with the name of its month.
func spokenDay(s string) Day {
	s = unaccented(strings.ToLower(s))
	if rest := weekday.ReplaceAllString(s, ""); rest != s && rest != "" {
		if word := strings.Trim(s[:len(s)-len(rest)], " .,"); !isMonth(word) {
			s = rest
		}
	}
	s = strings.NewReplacer(" de ", " ", " of ", " ").Replace(s)
	if m := dayMonth.FindStringSubmatch(s); m != nil {
		if month, ok := monthOf(m[2]); ok {
			return exactly(atoi(m[3]), month, atoi(m[1]))
		}
	}
	if m := monthDay.FindStringSubmatch(s); m != nil {
		if month, ok := monthOf(m[1]); ok {
			return exactly(atoi(m[3]), month, atoi(m[2]))
		}
	}
	return Day{}
}

func isMonth(word string) bool {
	_, ok := monthOf(word)
	return ok && len(word) >= 3
}

// serialDay reads the number of a day (ECMA-376 part 1, section 18.17.4.1).
func serialDay(s string, from1904 bool) Day {
	n, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return Day{}
	}
	start := time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)
	if from1904 {
		start = time.Date(1904, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	return exactly(start.AddDate(0, 0, int(n)).Date())
}

// exactly makes a day of a calendar date that exists, within a century in which
// domain names are.
func exactly(year int, month time.Month, dayOfMonth int) Day {
	t := time.Date(year, month, dayOfMonth, 0, 0, 0, 0, time.UTC)
	if t.Year() != year || t.Month() != month || t.Day() != dayOfMonth || year < 1985 || year > 2125 {
		return Day{}
	}
	return Day{Date: t, OK: true}
}

func atoi(s string) int {
	n, _ := strconv.Atoi(s) // digits, by the pattern
	return n
}

// DayOrder collects what a column says about the order of its dates.
type DayOrder struct{ dayFirst, monthFirst bool }

// See takes a cell of the column in.
func (o *DayOrder) See(d Day) {
	o.dayFirst = o.dayFirst || d.order == DMY
	o.monthFirst = o.monthFirst || d.order == MDY
}

// Decided returns the order, "" where the column has dates of both orders or
// of neither.
func (o DayOrder) Decided() string {
	switch {
	case o.dayFirst && !o.monthFirst:
		return DMY
	case o.monthFirst && !o.dayFirst:
		return MDY
	}
	return ""
}

// In returns the date by the order of its column, and false where that leaves
// two readings.
func (d Day) In(order string) (time.Time, bool) {
	switch {
	case !d.OK:
		return time.Time{}, false
	case d.Swapped.IsZero():
		return d.Date, true
	case order == DMY:
		return d.Date, true
	case order == MDY:
		return d.Swapped, true
	}
	return time.Time{}, false
}

// OrderInHeading reads "(DD/MM/YYYY)", "JJ/MM/AAAA", "TT.MM.JJJJ" in a heading.
func OrderInHeading(heading string) string {
	h := strings.ToLower(heading)
	for _, form := range []struct{ letters, order string }{
		{"dd/mm/", DMY}, {"dd-mm-", DMY}, {"jj/mm/", DMY}, {"jj-mm-", DMY}, {"tt.mm.", DMY}, {"tt/mm/", DMY},
		{"mm/dd/", MDY}, {"mm-dd-", MDY},
	} {
		if strings.Contains(h, form.letters) {
			return form.order
		}
	}
	return ""
}

// IsOrder tells one of the orders.
func IsOrder(s string) bool { return slices.Contains(orders, s) }

// unaccented takes the accents from a text.
func unaccented(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return r
	}, norm.NFD.String(s))
}
