package whois

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"freehold"
)

// order is how a date of two numbers and a year is meant.
type order uint8

const (
	orderUnknown order = iota
	dayFirst
	monthFirst
)

var orders = map[string]order{"dmy": dayFirst, "mdy": monthFirst}

// The shapes of dates, after case, commas and runs of blanks are gone. In each
// the groups are named: y, m, d, and t for the rest, which is the time.
var dateShapes = []*pattern{
	compiled(`^(?P<y>\d{4})[-/.] ?(?P<m>\d{1,2})[-/.] ?(?P<d>\d{1,2})\.?(?:[t ]+(?P<t>.*))?$`),                          // 2001-03-12, 2001/03/12, 2001. 03. 12.
	compiled(`^(?P<y>\d{4})(?P<m>\d{2})(?P<d>\d{2})(?: +(?P<t>.*))?$`),                                                  // 20010312
	compiled(`^(?P<d>\d{1,2})(?:st|nd|rd|th)?[-/. ](?P<n>[a-z]{3,9})\.?[-/. ](?P<y>\d{4})(?: +(?P<t>.*))?$`),            // 12-mar-2001, 12th march 2001
	compiled(`^(?P<y>\d{4})[-/. ](?P<n>[a-z]{3,9})\.?[-/. ](?P<d>\d{1,2})\.?(?: +(?P<t>.*))?$`),                         // 2001-mar-12.
	compiled(`^(?:[a-z]{3,9} )?(?P<n>[a-z]{3,9})\.? (?P<d>\d{1,2})(?:st|nd|rd|th)? (?P<y>\d{4})(?: +(?P<t>.*))?$`),      // mon mar 12 2001, march 12 2001
	compiled(`^(?:[a-z]{3,9} )?(?P<n>[a-z]{3}) +(?P<d>\d{1,2}) (?P<t>\d{2}:\d{2}:\d{2}(?: [a-z]{3,4})?) (?P<y>\d{4})$`), // mon mar 12 10:00:00 gmt 2001
	compiled(`^[a-z]{3} (?P<d>\d{1,2}) (?P<n>[a-z]{3}) (?P<y>\d{4})(?: +(?P<t>.*))?$`),                                  // mon 12 mar 2001
	compiled(`^(?P<a>\d{1,2})[-/.] ?(?P<b>\d{1,2})[-/.] ?(?P<y>\d{4})\.?(?: +(?P<t>.*))?$`),                             // 12/03/2001: needs an order
}

var months = []string{"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"}

// parseDate reads a date as registries write it. Without a zone it is taken as
// UTC, and zoned is false. A date of two numbers and a year needs an order,
// unless a number above 12 decides. What cannot be read for sure is not read.
func parseDate(s string, o order) (t time.Time, zoned, ok bool) {
	s = strings.Join(strings.Fields(strings.NewReplacer(",", " ", "#", " #").Replace(strings.ToLower(s))), " ")
	if len(s) > 64 {
		return time.Time{}, false, false
	}
	for _, shape := range dateShapes {
		m := shape.FindStringSubmatch(s)
		if m == nil {
			continue
		}
		g := map[string]string{}
		for i, name := range shape.SubexpNames() {
			g[name] = m[i]
		}
		month, day := g["m"], g["d"]
		if g["n"] != "" {
			month = monthOf(g["n"])
		}
		if g["a"] != "" {
			day, month = dayMonth(g["a"], g["b"], o)
		}
		clock, zoned, ok := parseClock(g["t"])
		if !ok {
			return time.Time{}, false, false
		}
		t, ok := civil(g["y"], month, day)
		return t.Add(clock), zoned, ok
	}
	return time.Time{}, false, false
}

func (r *reader) date(field string, keys []string) freehold.Fact[time.Time] {
	if r.differ(top, keys...) {
		r.note("%s: there is more than one", field)
		return freehold.NotKnown[time.Time](saidTwice, r.id)
	}
	value, there := r.find(top, keys...)
	f := r.dateOf(field, value, there)
	if f.State == freehold.Absent && field != "last_transfer" {
		f = freehold.NotKnown[time.Time](leftEmpty, r.id)
	}
	return f
}

// latest reads a date that may be there for each time that something happened.
func (r *reader) latest(field string, keys []string) freehold.Fact[time.Time] {
	values, there := r.values(top, keys...)
	if len(values) == 0 {
		return r.dateOf(field, "", there)
	}
	var last freehold.Fact[time.Time]
	for i, v := range values {
		f := r.dateOf(field, v, true)
		if f.State != freehold.Value {
			return f
		}
		if i == 0 || f.Value.After(last.Value) {
			last = f
		}
	}
	return last
}

func (r *reader) dateOf(field, value string, there bool) freehold.Fact[time.Time] {
	switch {
	case !there:
		return freehold.NotKnown[time.Time](notShown, r.id)
	case value == "":
		return freehold.NotThere[time.Time](r.id)
	case hidden(value):
		return freehold.Hidden[time.Time]("the registry's WHOIS holds it back", r.id)
	}
	at, zoned, ok := parseDate(value, r.order)
	if !ok {
		r.note("%s: %q cannot be read for sure", field, value)
		return freehold.NotKnown[time.Time](fmt.Sprintf("the registry's WHOIS says %q, which cannot be read for sure", cut(value, 60)), r.id)
	}
	r.unzoned = r.unzoned || !zoned
	return freehold.Known(at, r.id)
}

// dateOrder is the order that the registry is known for, or that the answer says,
// or that another date of the answer shows: a registry writes all in one form, so
// beside 26/09/2021 the other one, 07/08/2013, begins with the day too.
func (r *reader) dateOrder() order {
	if r.dmy {
		return dayFirst
	}
	if r.order != orderUnknown {
		return r.order
	}
	shown := map[order]bool{}
	for _, l := range r.lines {
		if l.comment || l.title || !top(l) || !dateKeys[l.key] {
			continue
		}
		if m := numericDate.FindStringSubmatch(l.value); m != nil && m[1] != m[2] {
			switch day, _ := dayMonth(m[1], m[2], orderUnknown); day {
			case "":
			case m[1]:
				shown[dayFirst] = true
			default:
				shown[monthFirst] = true
			}
		}
	}
	if len(shown) != 1 {
		return orderUnknown
	}
	if shown[dayFirst] {
		return dayFirst
	}
	return monthFirst
}

var numericDate = compiled(`^(\d{1,2})[-/.] ?(\d{1,2})[-/.] ?\d{4}\b`)

// dayMonth decides which of two numbers is the day; empty strings where it
// cannot be known.
func dayMonth(a, b string, o order) (day, month string) {
	na, _ := strconv.Atoi(a)
	nb, _ := strconv.Atoi(b)
	switch {
	case na > 12 && nb <= 12, o == dayFirst, na == nb:
		return a, b
	case nb > 12 && na <= 12, o == monthFirst:
		return b, a
	}
	return "", ""
}

func monthOf(name string) string {
	for i, m := range months {
		full := strings.ToLower(time.Month(i + 1).String())
		if name == m || name == full || name == "sept" && m == "sep" {
			return strconv.Itoa(i + 1)
		}
	}
	return ""
}

// civil makes a day, refusing what is none and years that no registration has.
func civil(year, month, day string) (time.Time, bool) {
	y, err1 := strconv.Atoi(year)
	m, err2 := strconv.Atoi(month)
	d, err3 := strconv.Atoi(day)
	if err1 != nil || err2 != nil || err3 != nil || y < 1985 || y > 2199 {
		return time.Time{}, false
	}
	t := time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC)
	return t, t.Year() == y && int(t.Month()) == m && t.Day() == d
}

var clockShape = compiled(`^(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?(am|pm)? ?(.*)$`)

// zones are the abbreviations that mean one thing. Others, CST for one, are
// several zones, and the time is then taken as if it had none.
var zones = map[string]time.Duration{"z": 0, "utc": 0, "gmt": 0, "jst": 9 * time.Hour, "kst": 9 * time.Hour, "cet": time.Hour, "cest": 2 * time.Hour}

var offsetShape = compiled(`^\(?(?:utc|gmt)?([+-])(\d{1,2}):?(\d{2})?\)?$`)

// parseClock reads a time of day as the duration since midnight UTC. An empty
// string is midnight without a zone; so are the numbers some registries put
// behind a date ("#344").
func parseClock(s string) (d time.Duration, zoned, ok bool) {
	s = strings.TrimSpace(s)
	if s == "" || strings.HasPrefix(s, "#") {
		return 0, false, true
	}
	m := clockShape.FindStringSubmatch(s)
	if m == nil {
		return zoneOnly(s)
	}
	h, _ := strconv.Atoi(m[1])
	min, _ := strconv.Atoi(m[2])
	sec, _ := strconv.Atoi(m[3])
	if m[5] != "" && (h < 1 || h > 12) || h > 24 || min > 59 || sec > 60 {
		return 0, false, false
	}
	if m[5] != "" {
		h %= 12
		if m[5] == "pm" {
			h += 12
		}
	}
	d = time.Duration(h)*time.Hour + time.Duration(min)*time.Minute + time.Duration(sec)*time.Second
	if m[4] != "" {
		frac, _ := strconv.Atoi((m[4] + "000000000")[:9])
		d += time.Duration(frac)
	}
	offset, zoned := zoneOffset(m[6])
	return d - offset, zoned, true
}

// zoneOnly reads what follows a day without a time: a zone, or who changed it.
func zoneOnly(s string) (time.Duration, bool, bool) {
	if offset, zoned := zoneOffset(s); zoned {
		return -offset, true, true
	}
	return 0, false, strings.Contains(s, "@") // "20/03/2015 nic@nic.fr"
}

func zoneOffset(s string) (offset time.Duration, zoned bool) {
	word, _, _ := strings.Cut(strings.TrimSpace(s), " ")
	if d, ok := zones[strings.Trim(word, "()")]; ok {
		return d, true
	}
	m := offsetShape.FindStringSubmatch(word)
	if m == nil {
		return 0, false
	}
	h, _ := strconv.Atoi(m[2])
	min, _ := strconv.Atoi(m[3])
	if h > 14 || min > 59 {
		return 0, false
	}
	offset = time.Duration(h)*time.Hour + time.Duration(min)*time.Minute
	if m[1] == "-" {
		offset = -offset
	}
	return offset, true
}
