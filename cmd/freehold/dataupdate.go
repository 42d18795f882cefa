package main

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/urfave/cli/v2"

	"freehold"
	"freehold/internal/fetch"
	"freehold/registrar/rdap"
)

// ianaLists are the files that copies of IANA's lists are kept in.
var ianaLists = []string{"rdap-dns.json", "rdap-ipv4.json", "rdap-ipv6.json", "registrar-ids-1.csv"}

// dataUpdate asks for IANA's lists again, by ETag, and says which changed.
func (s *session) dataUpdate(c *cli.Context) error {
	dir := s.dir("XDG_CACHE_HOME", ".cache")
	if dir == "" {
		return misuse(freehold.T("there is no home folder to keep copies in"), freehold.T("set HOME or XDG_CACHE_HOME"))
	}
	dir = filepath.Join(dir, "iana")
	before := copyTimes(dir)
	client := fetch.New(fetch.Config{UserAgent: "freehold/" + programVersion(), Timeout: c.Duration("timeout")})
	defer client.Close()
	list, _, err := rdap.Sources{Fetch: client, CacheDir: dir, Again: true}.Load(c.Context, "", "")
	if err != nil {
		return err
	}
	after := copyTimes(dir)
	for _, file := range ianaLists {
		switch was, is := before[file], after[file]; {
		case is.asked.IsZero() || is.asked.Equal(was.asked) && !was.asked.IsZero():
			fmt.Fprintf(s.Out, "%s  %s\n", file, s.say("not renewed"))
			s.code = exitFindings
		case is.changed.Equal(was.changed):
			fmt.Fprintf(s.Out, "%s  %s\n", file, s.say("unchanged"))
		default:
			fmt.Fprintf(s.Out, "%s  %s\n", file, s.say("fetched"))
		}
	}
	for _, note := range list.Notes {
		s.tellText(note)
	}
	s.tell(freehold.T("the transfer rules are part of the program: a newer freehold has newer rules"))
	return nil
}

// copyTime is when a list was last asked for and when its content last changed.
type copyTime struct{ asked, changed time.Time }

func copyTimes(dir string) map[string]copyTime {
	all := map[string]copyTime{}
	for _, file := range ianaLists {
		var t copyTime
		if info, err := os.Stat(filepath.Join(dir, file+".meta")); err == nil {
			t.asked = info.ModTime()
		}
		if info, err := os.Stat(filepath.Join(dir, file)); err == nil {
			t.changed = info.ModTime()
		}
		all[file] = t
	}
	return all
}
