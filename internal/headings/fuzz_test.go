package headings

import "testing"

// FuzzDay: a date that is read is a day of the calendar in a century of domain
// names, and reads as itself when it is written.
func FuzzDay(f *testing.F) {
	for _, s := range []string{"31/12/2027", "Dec 13 2021", "1er janvier 2027", "46387", "1830297600", "mar. 31 déc. 2026", "26-12-31", "0/0/0"} {
		f.Add(s, true)
	}
	f.Fuzz(func(t *testing.T, cell string, serial bool) {
		d := ReadDay(cell, serial, false)
		for _, order := range []string{"", DMY, MDY} {
			at, ok := d.In(order)
			if !ok {
				continue
			}
			if at.Year() < 1985 || at.Year() > 2125 {
				t.Fatalf("%q is %v", cell, at)
			}
			if again, ok := ReadDay(at.Format("2006-01-02"), serial, false).In(""); !ok || !again.Equal(at) {
				t.Fatalf("%q is %v, then %v", cell, at, again)
			}
		}
	})
}
