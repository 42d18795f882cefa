package rdap

import (
	"strings"
	"time"
)

// dateForms are the shapes of dates seen in answers, RFC 3339 (which RFC 9083
// section 4.5 demands) first. Only forms that cannot be misread are here: in
// "01/02/2026" nobody knows the month.
var dateForms = []struct {
	form  string
	zoned bool
}{
	{time.RFC3339Nano, true},
	{"2006-01-02T15:04:05.999999999Z0700", true},
	{"2006-01-02T15:04:05.999999999Z07", true},
	{"2006-01-02T15:04Z07:00", true},
	{"2006-01-02 15:04:05.999999999Z07:00", true},
	{"2006-01-02 15:04:05.999999999 Z07:00", true},
	{"2006-01-02 15:04:05.999999999 Z0700", true},
	{"2006-01-02 15:04:05.999999999Z07", true},
	{"2006-01-02 15:04:05 UTC", true},
	{"2006-01-02 15:04:05 GMT", true},
	{"2006-01-02T15:04:05 UTC", true},
	{time.RFC1123, true},
	{time.RFC1123Z, true},
	{"20060102T150405Z", true},
	{"2006-01-02T15:04:05.999999999", false},
	{"2006-01-02 15:04:05.999999999", false},
	{"2006-01-02T15:04", false},
	{"2006-01-02 15:04", false},
	{"2006-01-02", false},
	{"2006/01/02 15:04:05", false},
	{"2006/01/02", false},
	{"2006.01.02 15:04:05", false},
	{"2006.01.02", false},
	{"20060102", false},
	{"20060102150405", false},
	{"02-Jan-2006 15:04:05", false},
	{"02-Jan-2006", false},
	{"2 January 2006", false},
}

// readDate reads a date in any of the forms. A date without a zone is taken as
// UTC, which can be wrong by half a day, so zoned says whether it had one.
func readDate(s string) (at time.Time, zoned, ok bool) {
	if at, err := time.Parse(time.RFC3339, s); err == nil {
		return at.UTC(), true, plausible(at)
	}
	s = strings.TrimSpace(s)
	if len(s) < len("20060102") || len(s) > 40 {
		return time.Time{}, false, false
	}
	if len(s) > len("2006-01-02T15:04:60") && s[16:19] == ":60" { // a leap second, which Go does not know
		s = s[:17] + "59" + s[19:]
	}
	upper := strings.ToUpper(s)
	for _, f := range dateForms {
		in := s
		if f.zoned && !strings.Contains(f.form, "Mon") {
			in = upper // "t" and "z" are allowed by RFC 3339
		}
		if at, err := time.Parse(f.form, in); err == nil {
			return at.UTC(), f.zoned, plausible(at)
		}
	}
	return time.Time{}, false, false
}

// readDateText is readDate of a piece of an answer; most need no copy.
func readDateText(raw []byte) (at time.Time, zoned, ok bool) {
	if err := at.UnmarshalText(raw); err == nil {
		return at.UTC(), true, plausible(at)
	}
	return readDate(string(raw))
}

// plausible refuses the dates that stand for "none": year 1, 1970 and 9999.
// The first .com was registered in 1985.
func plausible(at time.Time) bool {
	return at.Year() >= 1983 && at.Year() < 2200
}
