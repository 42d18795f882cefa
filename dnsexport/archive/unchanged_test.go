package archive

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"freehold"
)

// TestUnchangedFilesStay holds that a run writes only what changed, and that what
// was damaged meanwhile, or changed under the same serial, is written again.
func TestUnchangedFilesStay(t *testing.T) {
	k := newKeys(t)
	zone := func() []*freehold.Zone { return []*freehold.Zone{testZone(t, "one.test", "a A 192.0.2.1\n")} }
	long := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		name   string
		change func(t *testing.T, path string) []*freehold.Zone
		stays  bool
	}{
		{"nothing changed", func(*testing.T, string) []*freehold.Zone { return zone() }, true},
		{"another record under the same serial", func(*testing.T, string) []*freehold.Zone {
			return []*freehold.Zone{testZone(t, "one.test", "a A 192.0.2.2\n")}
		}, false},
		{"the file was edited", func(t *testing.T, path string) []*freehold.Zone {
			if err := edit(path, "192.0.2.1", "192.0.2.9"); err != nil {
				t.Fatal(err)
			}
			return zone()
		}, false},
		{"the file is gone", func(t *testing.T, path string) []*freehold.Zone {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
			return zone()
		}, false},
		{"a link lies in its place", func(t *testing.T, path string) []*freehold.Zone {
			if err := os.Rename(path, path+".moved"); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink("one.test.zone.moved", path); err != nil {
				t.Fatal(err)
			}
			return zone()
		}, true}, // the content counts, wherever its owner keeps it
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			o := options(t, "bind", k)
			o.Keep = 2
			put(t, dir, o, zone()...)
			path := filepath.Join(dir, "one.test.zone")
			zones := tt.change(t, path)
			if _, err := os.Stat(path); err == nil {
				if err := os.Chtimes(path, long, long); err != nil {
					t.Fatal(err)
				}
			}
			o.Now = func() time.Time { return noon.Add(time.Hour) }
			put(t, dir, o, zones...)
			st, err := os.Stat(path)
			if err != nil {
				t.Fatal(err)
			}
			if stayed := st.ModTime().Equal(long); stayed != tt.stays {
				t.Errorf("the file stayed: %v, want %v", stayed, tt.stays)
			}
			if p := problems(t, dir, CheckOptions{Verifier: k.verifier}); p != "" {
				t.Errorf("the copy has problems: %s", p)
			}
			if n := len(Generations(dir)); n != 2 {
				t.Errorf("%d generations, want 2", n)
			}
		})
	}
}
