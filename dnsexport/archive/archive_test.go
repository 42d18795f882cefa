package archive

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"golang.org/x/mod/sumdb/note"

	"freehold"
	"freehold/dnsexport/format"
	"freehold/dnsexport/zonefile"
)

var noon = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

func testZone(t testing.TB, name, more string) *freehold.Zone {
	t.Helper()
	origin, err := freehold.ParseOwner(name+".", "")
	if err != nil {
		t.Fatal(err)
	}
	z, err := zonefile.Read(strings.NewReader("$TTL 3600\n@ IN SOA ns1.host.test. hostmaster 7 3600 900 604800 300\n@ NS ns1.host.test.\n"+more), name, zonefile.Options{Origin: origin})
	if err != nil {
		t.Fatal(err)
	}
	z.Coverage, z.Reasons, z.Source, z.At = freehold.CoverageTransferred, nil, "axfr 192.0.2.1:53", noon
	return z
}

type keys struct {
	signer   note.Signer
	verifier note.Verifier
}

func newKeys(t testing.TB) keys {
	t.Helper()
	secret, public, err := note.GenerateKey(rand.Reader, "freehold-export")
	if err != nil {
		t.Fatal(err)
	}
	s, err := note.NewSigner(secret)
	if err != nil {
		t.Fatal(err)
	}
	v, err := note.NewVerifier(public)
	if err != nil {
		t.Fatal(err)
	}
	return keys{s, v}
}

func options(t testing.TB, as string, k keys) Options {
	t.Helper()
	f, err := format.Parse(as)
	if err != nil {
		t.Fatal(err)
	}
	return Options{Formats: f, Signer: k.signer, Secret: []byte("secret"), Now: func() time.Time { return noon }, Version: "test"}
}

func put(t testing.TB, dir string, o Options, zones ...*freehold.Zone) Manifest {
	t.Helper()
	w, err := Begin(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	for _, z := range zones {
		if _, err := w.Zone(z); err != nil {
			t.Fatal(err)
		}
	}
	m, err := w.Commit(len(zones))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func problems(t testing.TB, dir string, o CheckOptions) string {
	t.Helper()
	r, err := Check(dir, o)
	if err != nil {
		return "error: " + err.Error()
	}
	var all []string
	for _, p := range r.Problems {
		all = append(all, p.File+": "+p.Text.String())
	}
	return strings.Join(all, "\n")
}

func TestExportAndCheck(t *testing.T) {
	k, dir := newKeys(t), filepath.Join(t.TempDir(), "copies")
	m := put(t, dir, options(t, format.Names(), k), testZone(t, "shop.test", "www A 192.0.2.1\nwww RRSIG A 13 3 60 20270101000000 20260101000000 1 shop.test. AQID\n"), testZone(t, "club.test", "l LOC 46 31 0 N 6 37 0 E 400m\n"))
	if m.Expected != 2 || m.Exported != 2 || len(m.Zones) != 2 || m.Zones[0].Zone != "club.test" || *m.Zones[1].Serial != 7 || m.Zones[1].Counts["A"] != 1 {
		t.Errorf("manifest %+v", m)
	}
	if len(m.Zones[0].Losses) == 0 {
		t.Error("what the formats cannot carry is not in the manifest")
	}
	for _, name := range []string{"shop.test.zone", "shop.test.dnssec.zone", "shop.test.json", "shop.test.yaml", "shop.test.js", "shop.test.tf", "shop.test.cloudflare.tf", "shop.test.route53.json", "shop.test.csv", "manifest.json", "manifest.json.note"} {
		st, err := os.Stat(filepath.Join(dir, name))
		if err != nil || st.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v", name, err)
		}
	}
	r, err := Check(dir, CheckOptions{Verifier: k.verifier})
	if err != nil || len(r.Problems) > 0 || !r.Signed || r.Read != 17 {
		t.Errorf("check: %+v, %v", r, err)
	}
	z, err := Load(dir, "shop.test", nil)
	if err != nil || len(z.Records) != 4 || z.Coverage != freehold.CoverageTransferred {
		t.Errorf("load: %+v, %v", z, err)
	}
}

// TestCheckFinds: every change to the folder is found.
func TestCheckFinds(t *testing.T) {
	k := newKeys(t)
	for _, c := range []struct {
		why   string
		spoil func(path func(string) string) error
		want  string
	}{
		{"nothing", func(func(string) string) error { return nil }, ""},
		{"a zone edited", func(p func(string) string) error { return edit(p("shop.test.zone"), "192.0.2.1", "192.0.2.9") }, "shop.test.zone: The file was changed"},
		{"a zone gone", func(p func(string) string) error { return os.Remove(p("shop.test.json")) }, "shop.test.json: The file is missing"},
		{"half a zone", func(p func(string) string) error { return os.Truncate(p("shop.test.zone"), 50) }, "shop.test.zone: The file was changed"},
		{"the manifest edited", func(p func(string) string) error { return edit(p("manifest.json"), `"observed"`, `"transferred"`) }, ""},
		{"the manifest's count edited", func(p func(string) string) error { return edit(p("manifest.json"), `"A": 1`, `"A": 2`) }, "manifest.json: The manifest was changed after it was signed."},
		{"the manifest cut", func(p func(string) string) error { return os.Truncate(p("manifest.json"), 100) }, "error: the manifest"},
		{"the manifest gone", func(p func(string) string) error { return os.Remove(p("manifest.json")) }, "error: "},
		{"another's signature", func(p func(string) string) error {
			b, err := note.Sign(&note.Note{Text: "x\n"}, newKeys(t).signer)
			if err != nil {
				return err
			}
			return os.WriteFile(p("manifest.json.note"), b, 0o600)
		}, "manifest.json.note: The signature is not of the key"},
		{"no signature", func(p func(string) string) error { return os.Remove(p("manifest.json.note")) }, "manifest.json.note: The manifest is not signed."},
		{"a path out of the folder", func(p func(string) string) error {
			return edit(p("manifest.json"), `"shop.test.zone"`, `"../../etc/passwd"`)
		}, `names the file "../../etc/passwd"`},
	} {
		dir := t.TempDir()
		put(t, dir, options(t, "bind,json", k), testZone(t, "shop.test", "www A 192.0.2.1\n"))
		if err := c.spoil(func(n string) string { return filepath.Join(dir, n) }); err != nil {
			t.Fatal(c.why, err)
		}
		got := problems(t, dir, CheckOptions{Verifier: k.verifier})
		if !strings.Contains(got, c.want) || c.want == "" && got != "" {
			t.Errorf("%s: %q, want %q", c.why, got, c.want)
		}
	}
	dir := t.TempDir()
	put(t, dir, options(t, "bind", k), testZone(t, "shop.test", ""))
	if err := edit(filepath.Join(dir, manifestName), `"NS": 1`, `"NS": 2`); err != nil {
		t.Fatal(err)
	}
	if got := problems(t, dir, CheckOptions{}); !strings.Contains(got, "shop.test.zone: It holds 1 records of type NS, where the manifest says 2.") {
		t.Errorf("another count, and no key to see it by: %q", got)
	}
	if got := problems(t, dir, CheckOptions{}); !strings.Contains(got, "There is no key to check the signature with.") {
		t.Errorf("without a key: %q", got)
	}
}

func edit(path, old, new string) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return os.WriteFile(path, bytes.Replace(b, []byte(old), []byte(new), 1), 0o600)
}

func TestGoodCopiesStay(t *testing.T) {
	k, dir := newKeys(t), t.TempDir()
	put(t, dir, options(t, "bind,json", k), testZone(t, "shop.test", "www A 192.0.2.1\n"), testZone(t, "club.test", ""))
	before, err := os.ReadFile(filepath.Join(dir, "shop.test.zone"))
	if err != nil {
		t.Fatal(err)
	}
	w, err := Begin(dir, options(t, "bind", k))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Begin(dir, options(t, "bind", k)); freehold.KindOf(err) != freehold.KindBusy {
		t.Errorf("a second run at the same time: %v", err)
	}
	partial := testZone(t, "shop.test", "")
	partial.Coverage = freehold.CoverageObserved
	if _, err := w.Zone(partial); err == nil || !strings.Contains(err.Error(), "transferred, is kept") {
		t.Errorf("a partial copy over a good one: %v", err)
	}
	w.Failed("shop.test", errors.New("partial"))
	if _, err := w.Zone(testZone(t, "new.test", "")); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Commit(2); err != nil {
		t.Fatal(err)
	}
	after, err := os.ReadFile(filepath.Join(dir, "shop.test.zone"))
	if err != nil || !bytes.Equal(before, after) {
		t.Errorf("the good copy was touched: %v", err)
	}
	r, err := Check(dir, CheckOptions{Verifier: k.verifier})
	if err != nil || len(r.Problems) > 0 || len(r.Manifest.Zones) != 3 || r.Manifest.Exported != 1 || len(r.Manifest.Failed) != 1 {
		t.Errorf("%+v %v", r, err)
	}
	// A zone exported in fewer formats loses the files of the others.
	put(t, dir, options(t, "bind", k), testZone(t, "club.test", ""))
	if _, err := os.Stat(filepath.Join(dir, "club.test.json")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file that the manifest no longer names: %v", err)
	}
	// A manifest that does not read stops the run before it changes anything.
	if err := os.WriteFile(filepath.Join(dir, manifestName), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Begin(dir, options(t, "bind", k)); freehold.KindOf(err) != freehold.KindDamaged {
		t.Errorf("a damaged manifest: %v", err)
	}
}

func TestGenerations(t *testing.T) {
	k, dir := newKeys(t), t.TempDir()
	objects := func() int {
		e, err := os.ReadDir(filepath.Join(dir, ownFolder, "objects"))
		if err != nil {
			t.Fatal(err)
		}
		return len(e)
	}
	o := options(t, "bind", k)
	o.Keep = 2
	for i, want := range []int{2, 3, 2, 2} { // one of two zones changes in the second run only
		at := noon.Add(time.Duration(i) * time.Hour)
		o.Now = func() time.Time { return at }
		more := ""
		if i > 0 {
			more = "www A 192.0.2.1\n"
		}
		put(t, dir, o, testZone(t, "shop.test", more), testZone(t, "club.test", ""))
		if got := objects(); got != want {
			t.Errorf("after run %d: %d contents, want %d", i+1, got, want)
		}
	}
	if g := Generations(dir); len(g) != 2 || g[1] != "20261125T150000Z" {
		t.Errorf("generations %v", g)
	}
}

func TestEncrypted(t *testing.T) {
	k, dir := newKeys(t), t.TempDir()
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	o := options(t, "bind,json", k)
	o.Recipients, o.RecipientNames = []age.Recipient{id.Recipient()}, []string{id.Recipient().String()}
	put(t, dir, o, testZone(t, "shop.test", "www TXT visible\n"))
	sealed, err := os.ReadFile(filepath.Join(dir, "shop.test.zone.age"))
	if err != nil || bytes.Contains(sealed, []byte("visible")) {
		t.Errorf("not sealed: %v", err)
	}
	put(t, dir, o, testZone(t, "shop.test", "www TXT visible\n"))
	if again, _ := os.ReadFile(filepath.Join(dir, "shop.test.zone.age")); !bytes.Equal(sealed, again) {
		t.Error("an unchanged zone was encrypted anew")
	}
	put(t, dir, o, testZone(t, "shop.test", "www TXT other\n"))
	if again, _ := os.ReadFile(filepath.Join(dir, "shop.test.zone.age")); bytes.Equal(sealed, again) {
		t.Error("a changed zone kept its old file")
	}
	r, err := Check(dir, CheckOptions{Verifier: k.verifier})
	if err != nil || len(r.Problems) > 0 || r.Sealed != 2 || r.Read != 0 {
		t.Errorf("without the identity: %+v %v", r, err)
	}
	r, err = Check(dir, CheckOptions{Verifier: k.verifier, Identities: []age.Identity{id}})
	if err != nil || len(r.Problems) > 0 || r.Read != 2 {
		t.Errorf("with the identity: %+v %v", r, err)
	}
	other, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	if got := problems(t, dir, CheckOptions{Verifier: k.verifier, Identities: []age.Identity{other}}); !strings.Contains(got, "cannot be decrypted") {
		t.Errorf("with another's identity: %q", got)
	}
}

func TestFileNames(t *testing.T) {
	seen := map[string]string{}
	for _, zone := range []string{"shop.test", ".", "@root", "a/b.test", "..", "a\x00b", "ünï", "%2e", strings.Repeat("a.", 120) + "test", strings.Repeat("a.", 120) + "best"} {
		name := fileName(zone)
		if other, taken := seen[name]; taken || strings.ContainsAny(name, "/\\\x00") || name[0] == '.' || len(name) > 220 {
			t.Errorf("%q becomes %q (also %q)", zone, name, other)
		}
		seen[name] = zone
	}
}

// TestDiedWhilePlacing: a run that dies after the commit, its files half placed,
// has made the new copy; the next run finishes the placing.
func TestDiedWhilePlacing(t *testing.T) {
	k, dir := newKeys(t), t.TempDir()
	put(t, dir, options(t, "bind,json", k), testZone(t, "shop.test", "old A 192.0.2.1\n"), testZone(t, "club.test", ""))
	w, err := Begin(dir, options(t, "bind", k))
	if err != nil {
		t.Fatal(err)
	}
	for _, z := range []*freehold.Zone{testZone(t, "shop.test", "new A 192.0.2.1\n"), testZone(t, "club.test", "new A 192.0.2.1\n")} {
		if _, err := w.Zone(z); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.writeManifest(); err != nil {
		t.Fatal(err)
	}
	before := problems(t, dir, CheckOptions{Verifier: k.verifier})
	commit := filepath.Join(dir, ownFolder, "commit")
	if err := os.Rename(w.stage, commit); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(commit, "shop.test.zone"), filepath.Join(dir, "shop.test.zone")); err != nil {
		t.Fatal(err)
	}
	w.unlock()
	if after := problems(t, dir, CheckOptions{Verifier: k.verifier}); before != "" || after != "" {
		t.Errorf("before the commit: %q; after it: %q", before, after)
	}
	if z, err := Load(dir, "club.test", nil); err != nil || len(z.Records) != 3 {
		t.Errorf("the committed copy is not what is read: %v, %v", z, err)
	}
	if w, err = Begin(dir, options(t, "bind", k)); err != nil {
		t.Fatal(err)
	}
	w.Abort()
	if problems(t, dir, CheckOptions{Verifier: k.verifier}) != "" || exists(commit) || exists(filepath.Join(dir, "shop.test.json")) || !exists(filepath.Join(dir, "club.test.zone")) {
		t.Error("the next run did not finish the placing")
	}
}

// TestKilled kills runs at moments drawn from a seed. After each the folder
// holds one whole generation, the old one or the new one, and the next run works.
func TestKilled(t *testing.T) {
	if dir := os.Getenv("ARCHIVE_TEST_DIR"); dir != "" {
		endlessRuns(t, dir)
		return
	}
	runs := 10
	if os.Getenv("SOAK") != "" {
		runs = 50
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	r := mathrand.New(mathrand.NewPCG(20261125, 1))
	generations := map[string]bool{}
	for i := range runs {
		cmd := exec.Command(self, "-test.run", "^TestKilled$")
		cmd.Env = append(os.Environ(), "ARCHIVE_TEST_DIR="+dir)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		started := time.Now()
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if _, err := out.Read(make([]byte, 8)); err != nil { // its first generation is done
			t.Fatal(err)
		}
		timer := time.NewTimer(time.Duration(r.Float64() * 2 * float64(time.Since(started))))
		<-timer.C
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		got, err := Check(dir, CheckOptions{})
		if err != nil {
			t.Fatalf("kill %d: %v", i, err)
		}
		for _, p := range got.Problems {
			if p.File != noteName {
				t.Errorf("kill %d: %s: %s", i, p.File, p.Text)
			}
		}
		serials := map[uint32]bool{}
		for _, e := range got.Manifest.Zones {
			serials[*e.Serial] = true
		}
		if len(got.Manifest.Zones) != 10 || len(serials) != 1 {
			t.Errorf("kill %d: %d zones of %d generations", i, len(got.Manifest.Zones), len(serials))
		}
		generations[fmt.Sprint(serials)] = true
	}
	if len(generations) < 2 {
		t.Error("the kills all hit the same generation")
	}
}

// endlessRuns writes generation after generation until it is killed.
func endlessRuns(t *testing.T, dir string) {
	start := time.Now()
	var base uint32 = 1
	if r, err := Check(dir, CheckOptions{}); err == nil {
		base = *r.Manifest.Zones[0].Serial
	}
	for n := base; ; n++ {
		f, err := format.Parse("bind,json")
		if err != nil {
			t.Fatal(err)
		}
		w, err := Begin(dir, Options{Formats: f, Keep: 2, Now: func() time.Time { return noon.Add(time.Duration(n) * time.Second) }})
		if err != nil {
			t.Fatal(err)
		}
		for i := range 10 {
			z := testZone(t, fmt.Sprintf("z%d.test", i), "www A 192.0.2.1\n")
			soa := z.Records[0]
			soa.Data = soa.Data[:len(soa.Data)-20] + string([]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}) + soa.Data[len(soa.Data)-16:]
			z.Records[0] = soa
			if _, err := w.Zone(z); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := w.Commit(10); err != nil {
			t.Fatal(err)
		}
		if n == base {
			os.Stdout.WriteString("ready\n")
		}
		if time.Since(start) > time.Minute { // nobody killed us
			return
		}
	}
}
