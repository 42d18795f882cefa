package whois

import (
	"strings"
	"testing"
	"time"
)

func TestParseDate(t *testing.T) {
	day := func(y, m, d int) time.Time { return time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC) }
	noon := day(2001, 3, 12).Add(12 * time.Hour)
	for _, c := range []struct {
		in    string
		order order
		want  time.Time // zero: not to be read
		zoned bool
	}{
		{"2001-03-12", orderUnknown, day(2001, 3, 12), false},
		{"2001/03/12", orderUnknown, day(2001, 3, 12), false},
		{"2001. 03. 12.", orderUnknown, day(2001, 3, 12), false},
		{"2001.03.12", orderUnknown, day(2001, 3, 12), false},
		{"20010312", orderUnknown, day(2001, 3, 12), false},
		{"20010312 #344", orderUnknown, day(2001, 3, 12), false},
		{"20010312 12:00:00", orderUnknown, noon, false},
		{"12-mar-2001", orderUnknown, day(2001, 3, 12), false},
		{"12-March-2001", orderUnknown, day(2001, 3, 12), false},
		{"12 March 2001", orderUnknown, day(2001, 3, 12), false},
		{"12th March, 2001", orderUnknown, day(2001, 3, 12), false},
		{"2001-Mar-12.", orderUnknown, day(2001, 3, 12), false},
		{"March 12, 2001", orderUnknown, day(2001, 3, 12), false},
		{"Mon Mar 12 2001", orderUnknown, day(2001, 3, 12), false},
		{"Mon Mar 12 12:00:00 GMT 2001", orderUnknown, noon, true},
		{"Mon, 12 Mar 2001 12:00:00 UTC", orderUnknown, noon, true},
		{"2001-03-12T12:00:00Z", orderUnknown, noon, true},
		{"2001-03-12T12:00:00.000Z", orderUnknown, noon, true},
		{"2001-03-12T14:00:00+02:00", orderUnknown, noon, true},
		{"2001-03-12T04:00:00-0800", orderUnknown, noon, true},
		{"2001-03-12 14:00:00+02", orderUnknown, noon, true},
		{"2001-03-12 14:00:00 (UTC+2)", orderUnknown, noon, true},
		{"2001-03-12 09:45:00 -02:15", orderUnknown, noon, true},
		{"2001-03-12 12:00:00 EET", orderUnknown, noon, false}, // one of several zones, or a summer's
		{"0000-00-00", orderUnknown, time.Time{}, false},
		{"0000-01-01T00:00:00Z", orderUnknown, time.Time{}, false},
		{"0001-01-01", orderUnknown, time.Time{}, false},
		{"10000-01-01T00:00:00Z", orderUnknown, time.Time{}, false},
		{"9999-12-31T23:59:59-14:00", orderUnknown, time.Time{}, false},
		{"-2001-03-12", orderUnknown, time.Time{}, false},
		{"2200-01-01", orderUnknown, time.Time{}, false},
		{"2001-03-12 21:00:00 (JST)", orderUnknown, noon, true},
		{"2001-03-12 12:00:00 CST", orderUnknown, noon, false},
		{"12-Mar-2001 12:00:00 UTC", orderUnknown, noon, true},
		{"12/03/2001", dayFirst, day(2001, 3, 12), false},
		{"12/03/2001", monthFirst, day(2001, 12, 3), false},
		{"12/03/2001", orderUnknown, time.Time{}, false},
		{"03-12-2001", orderUnknown, time.Time{}, false},
		{"13/03/2001", orderUnknown, day(2001, 3, 13), false},
		{"03/13/2001", orderUnknown, day(2001, 3, 13), false},
		{"03/03/2001", orderUnknown, day(2001, 3, 3), false},
		{"13/03/2001", monthFirst, day(2001, 3, 13), false},
		{"12.3.2001 12:00:00", dayFirst, noon, false},
		{"20/03/2015 nic@registry.example", dayFirst, day(2015, 3, 20), false},
		{"31/02/2001", dayFirst, time.Time{}, false},
		{"13/13/2001", dayFirst, time.Time{}, false},
		{"2001-02-29", orderUnknown, time.Time{}, false},
		{"12/03/01", dayFirst, time.Time{}, false},
		{"1969-12-31", orderUnknown, time.Time{}, false},
		{"9999-12-31", orderUnknown, time.Time{}, false},
		{"12-abr-2001", orderUnknown, time.Time{}, false},
		{"before Aug-1996", orderUnknown, time.Time{}, false},
		{"2001-03-12 25:00:00", orderUnknown, time.Time{}, false},
		{"2001-03-12 soon", orderUnknown, time.Time{}, false},
		{"tomorrow", orderUnknown, time.Time{}, false},
		{strings.Repeat("2001-03-12 ", 99), orderUnknown, time.Time{}, false},
	} {
		got, zoned, ok := parseDate(c.in, c.order)
		if ok == c.want.IsZero() || ok && (!got.Equal(c.want) || zoned != c.zoned) {
			t.Errorf("%q (%d): %s %t %t, want %s %t", c.in, c.order, got, zoned, ok, c.want, c.zoned)
		}
	}
}
