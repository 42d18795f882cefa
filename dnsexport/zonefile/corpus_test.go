package zonefile

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"freehold"
	"freehold/internal/resolve/serverstest"
)

// corpusDir is where the collection of real files lies, beside the project.
func corpusDir(t *testing.T) string {
	dir := os.Getenv("FREEHOLD_CORPUS")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared", "corpus")
	}
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("corpus of real zone files not found at %s", dir)
	}
	return dir
}

// TestCorpusAgainstBIND reads every zone file of the corpus. What BIND's
// compiler accepts must be read, and what we write must compile to the same
// canonical text. What BIND refuses must be refused with file and line, or be
// accepted with a note.
func TestCorpusAgainstBIND(t *testing.T) {
	dir := corpusDir(t)
	compiler := serverstest.Need(t, "named-compilezone")
	var files []string
	for _, part := range []string{"4-zones", "6-dnssec", "2-iana"} {
		filepath.WalkDir(filepath.Join(dir, part), func(path string, d fs.DirEntry, err error) error {
			if err == nil && d.Type().IsRegular() && isZoneFile(path) {
				files = append(files, path)
			}
			return nil
		})
	}
	var mu sync.Mutex
	count := map[string]int{}
	work := make(chan string)
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			for path := range work {
				verdict, complaint := corpusFile(compiler, path, t.TempDir())
				mu.Lock()
				count[verdict]++
				if complaint != "" {
					t.Errorf("%s: %s", path, complaint)
				}
				mu.Unlock()
			}
		})
	}
	for _, path := range files {
		work <- path
	}
	close(work)
	wg.Wait()
	t.Logf("corpus: %d zone files; %d accepted by BIND and the same again after export, %d refused by both, %d refused by BIND and read with a note, %d read otherwise for a stated reason",
		len(files), count["same"], count["refused"], count["noted"], count["otherwise"])
	if count["same"] < 100 {
		t.Errorf("only %d files compared: the test does not look where the zones are", count["same"])
	}
}

var soaLine = regexp.MustCompile(`(?mi)^(\S*)[ \t]+(?:[0-9]\w*[ \t]+)?(?:IN[ \t]+)?(?:[0-9]\w*[ \t]+)?SOA[ \t]`)
var originLine = regexp.MustCompile(`(?mi)^\$ORIGIN[ \t]+(\S+)`)

func isZoneFile(path string) bool {
	b, err := os.ReadFile(path)
	if err != nil || len(b) > 4<<20 || bytes.IndexByte(b, 0) >= 0 && !strings.HasSuffix(path, ".zone") {
		return false
	}
	switch filepath.Ext(path) {
	case ".yaml", ".json", ".rpl", ".md", ".go", ".js", ".help", ".xml", ".py":
		return false
	}
	return soaLine.Match(b)
}

// corpusOrigin finds what a file is the zone of.
func corpusOrigin(path string, text []byte) string {
	if m := soaLine.FindSubmatch(text); m != nil && bytes.HasSuffix(m[1], []byte(".")) {
		return string(m[1])
	}
	if m := originLine.FindSubmatch(text); m != nil {
		return strings.TrimSuffix(string(m[1]), ".") + "."
	}
	name := filepath.Base(path)
	for _, cut := range []string{".in", ".zone", ".db", ".signed", ".txt", ".zone.tst", ".tst"} {
		name = strings.TrimSuffix(name, cut)
	}
	name = strings.TrimSuffix(strings.TrimPrefix(name, "db."), ".") + "."
	if strings.ContainsAny(name, " _") || !strings.Contains(strings.TrimSuffix(name, "."), ".") {
		name = "example."
	}
	return name
}

func compile(compiler, origin, path, out string) (string, error) {
	args := []string{"-i", "none", "-o", out, "-s", "full"}
	for _, check := range []string{"-k", "-m", "-n", "-M", "-r", "-S", "-W", "-T"} {
		args = append(args, check, "ignore")
	}
	cmd := exec.Command(compiler, append(args, origin, filepath.Base(path))...)
	cmd.Dir = filepath.Dir(path)
	if msg, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%v: %s", err, bytes.TrimSpace(msg))
	}
	b, err := os.ReadFile(out)
	return string(b), err
}

// otherwise are the files that we read otherwise than BIND 9.18 on purpose.
var otherwise = map[string]string{
	"bad-eui48-trailing-garbage.db":          "text behind an EUI address: BIND refuses it since 9.20",
	"bad-eui64-trailing-garbage.db":          "text behind an EUI address: BIND refuses it since 9.20",
	"bad-eui64-no-leading-zero.db":           "an EUI address without its leading zero: BIND refuses it since 9.20",
	"zonemd.example_a3.zone":                 "RFC 8976 appendix A.3 has private digest types, of a length that BIND refuses",
	"A.3.EXAMPLE-Zone-with-multiple-digests": "RFC 8976 appendix A.3 has private digest types, of a length that BIND refuses",
}

func corpusFile(compiler, path, scratch string) (verdict, complaint string) {
	text, err := os.ReadFile(path)
	if err != nil {
		return "", err.Error()
	}
	origin := corpusOrigin(path, text)
	owner, err := freehold.ParseOwner(origin, "")
	if err != nil {
		return "", err.Error()
	}
	want, refusal := compile(compiler, origin, path, filepath.Join(scratch, "want"))
	zone, err := ReadFile(path, Options{Origin: owner})
	if why := otherwise[filepath.Base(path)]; why != "" && (err == nil) != (refusal == nil) {
		return "otherwise", ""
	}
	switch {
	case refusal != nil && err != nil:
		if !strings.Contains(err.Error(), ":") || !regexp.MustCompile(`:\d+: `).MatchString(err.Error()) {
			return "refused", "refused without a line: " + err.Error()
		}
		return "refused", ""
	case refusal != nil && len(zone.Notes)+len(zone.Foreign) == 0:
		return "", fmt.Sprintf("read without a note, and BIND refuses it: %v", refusal)
	case refusal != nil:
		return "noted", ""
	case err != nil:
		return "", fmt.Sprintf("refused, and BIND accepts it: %v", err)
	}
	ours := filepath.Join(scratch, "ours.zone")
	var b bytes.Buffer
	if err := Write(&b, zone, All); err != nil {
		return "", err.Error()
	}
	if err := os.WriteFile(ours, b.Bytes(), 0o600); err != nil {
		return "", err.Error()
	}
	got, err := compile(compiler, origin, ours, filepath.Join(scratch, "got"))
	if err != nil {
		return "", fmt.Sprintf("BIND refuses what we wrote: %v", err)
	}
	if got != want {
		return "", "another zone after export: " + firstDifference(got, want)
	}
	again, err := Read(bytes.NewReader(b.Bytes()), "ours.zone", Options{Origin: owner})
	if err != nil {
		return "", fmt.Sprintf("we refuse what we wrote: %v", err)
	}
	if d := zone.Diff(again, freehold.DiffRules{SOA: freehold.SOAExact, DNSSEC: true}); len(d.Changes) > 0 {
		return "", fmt.Sprintf("%d record sets differ after reading back", len(d.Changes))
	}
	return "same", ""
}

func firstDifference(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range w {
		if i >= len(g) || g[i] != w[i] {
			return fmt.Sprintf("line %d: got %.200q, want %.200q", i+1, append(g, "nothing")[min(i, len(g))], w[i])
		}
	}
	return fmt.Sprintf("%d lines too many", len(g)-len(w))
}
