package resolve

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/dns"

	"freehold/internal/resolve/serverstest"
)

// The peers of BenchmarkQueries, in exact versions. They are built by the Go tool
// outside the tree and are in no go.mod of ours.
var peers = []struct{ name, module, version, main string }{
	{"zdns", "github.com/zmap/zdns/v2", "v2.1.1", "."},
	{"dnsx", "github.com/projectdiscovery/dnsx", "v1.2.3", "./cmd/dnsx"},
}

const (
	peersEnv      = "FREEHOLD_BENCH_PEERS" // where the round finds them: name=path, one a line
	asksEnv       = "FREEHOLD_BENCH_ASKS"  // the file of names that this process asks for
	queriesServer = "127.0.1.1"
	queriesNames  = 20_000
	queriesAtOnce = 100
	queriesRounds = 5
)

// BenchmarkQueries prints queries a second to one NSD in a network of its own:
// ours, zdns and dnsx, each a process that reads 20,000 names from a file, asks
// for their A records 100 at once, and writes the answers as JSON. Ours sends each
// query from a socket of its own, with a source port and an ID that nobody can
// guess; so does dnsx, while zdns keeps a socket for each of its threads. The
// rounds take turns; the ratios are medians over the rounds. What cannot be
// fetched is left out, and said.
func BenchmarkQueries(b *testing.B) {
	var built []string
	for _, p := range peers {
		path, err := buildPeer(p.name, p.module, p.version, p.main)
		if err != nil {
			fmt.Printf("dns %s %s is not here to compare with: %.300v\n", p.name, p.version, err)
			continue
		}
		built = append(built, p.name+"="+path)
	}
	for b.Loop() {
		cmd := exec.Command("unshare", "-rn", "sh", "-c", `ip link set lo up && exec "$0" -test.run '^TestQueriesRounds$' -test.timeout 10m`, os.Args[0])
		cmd.Env = append(os.Environ(), peersEnv+"=freehold="+os.Args[0]+"\n"+strings.Join(built, "\n"))
		out, err := cmd.CombinedOutput()
		for line := range strings.Lines(string(out)) {
			if strings.HasPrefix(line, "dns ") {
				fmt.Print(line)
			}
		}
		if err != nil {
			b.Fatalf("%v\n%s", err, out)
		}
	}
}

// buildPeer builds a program from its module, once: it stays in the user's cache.
func buildPeer(name, module, version, main string) (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(cache, "freehold-bench")
	program := filepath.Join(dir, "bin", name+"-"+version)
	if _, err := os.Stat(program); err == nil {
		return program, nil
	}
	download := exec.Command("go", "mod", "download", "-json", module+"@"+version)
	download.Dir = os.TempDir()
	out, err := download.Output()
	var got struct{ Dir, Error string }
	if json.Unmarshal(out, &got) != nil || got.Dir == "" {
		return "", fmt.Errorf("%s@%s: %v %s", module, version, err, got.Error)
	}
	src := filepath.Join(dir, "src", name+"-"+version)
	if err := os.RemoveAll(src); err != nil {
		return "", err
	}
	if err := os.CopyFS(src, os.DirFS(got.Dir)); err != nil { // the module cache is read-only, and a build may want go.sum
		return "", err
	}
	build := exec.Command("go", "build", "-mod=mod", "-o", program, main)
	build.Dir = src
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=", "GOWORK=off")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building %s: %v: %.300s", name, err, out)
	}
	return program, nil
}

// TestQueriesRounds is the inside of BenchmarkQueries; alone it has nothing to do.
func TestQueriesRounds(t *testing.T) {
	if os.Getenv(peersEnv) == "" {
		return
	}
	var zone, names strings.Builder
	zone.WriteString("$ORIGIN bench.test.\n$TTL 300\n@ SOA ns1 hostmaster 1 3600 600 86400 300\n@ NS ns1\nns1 A " + queriesServer + "\n")
	for i := range queriesNames {
		fmt.Fprintf(&zone, "n%06d A 192.0.2.%d\n", i, i%250+1)
		fmt.Fprintf(&names, "n%06d.bench.test\n", i)
	}
	serverstest.NSD(t, queriesServer, serverstest.Served{Name: "bench.test.", Text: zone.String()})
	file := filepath.Join(t.TempDir(), "names.txt")
	if err := os.WriteFile(file, []byte(names.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	list := strings.Split(strings.TrimSpace(os.Getenv(peersEnv)), "\n")
	rates := map[string][]float64{}
	for round := range queriesRounds + 1 {
		for i := range list {
			name, program, _ := strings.Cut(list[(i+round)%len(list)], "=")
			took := runQueries(t, name, program, file)
			if round > 0 { // the first warms up
				rates[name] = append(rates[name], queriesNames/took.Seconds())
			}
		}
	}
	for _, one := range list {
		name, _, _ := strings.Cut(one, "=")
		r := rates[name]
		fmt.Printf("dns %-9s %8.0f queries/s (median; %.0f to %.0f)\n", name, middle(r), slices.Min(r), slices.Max(r))
	}
	for _, one := range list[1:] {
		name, _, _ := strings.Cut(one, "=")
		var ratios []float64
		for i, r := range rates[name] {
			ratios = append(ratios, rates["freehold"][i]/r)
		}
		fmt.Printf("dns freehold / %s ratio %.2f\n", name, middle(ratios))
	}
}

func middle(list []float64) float64 {
	s := slices.Sorted(slices.Values(list))
	return s[len(s)/2]
}

// runQueries runs one program over the names, and makes sure that it has all answers.
func runQueries(t *testing.T, name, program, file string) time.Duration {
	t.Helper()
	server, threads := queriesServer+":53", fmt.Sprint(queriesAtOnce)
	out := filepath.Join(t.TempDir(), "answers")
	var cmd *exec.Cmd
	switch name {
	case "zdns":
		cmd = exec.Command(program, "A", "--name-servers="+server, "--threads="+threads, "--input-file="+file, "--output-file="+out, "--quiet")
	case "dnsx":
		cmd = exec.Command(program, "-l", file, "-r", server, "-a", "-json", "-silent", "-duc", "-t", threads, "-o", out)
	default:
		cmd = exec.Command(program, "-test.run", "^TestAnswerNames$")
		cmd.Env = append(os.Environ(), asksEnv+"="+file+"\n"+out)
	}
	home := t.TempDir()
	cmd.Env = append(cmd.Environ(), "HOME="+home, peersEnv+"=")
	var said bytes.Buffer
	cmd.Stderr = &said
	from := time.Now()
	err := cmd.Run()
	took := time.Since(from)
	answers, _ := os.ReadFile(out)
	if n := bytes.Count(answers, []byte(`192.0.2.`)); err != nil || n < queriesNames*99/100 {
		t.Fatalf("%s answered %d of %d: %v\n%.1000s", name, n, queriesNames, err, said.String())
	}
	return took
}

// TestAnswerNames is our part of BenchmarkQueries; alone it has nothing to do.
func TestAnswerNames(t *testing.T) {
	in, out, ok := strings.Cut(os.Getenv(asksEnv), "\n")
	if !ok {
		return
	}
	names, err := os.ReadFile(in)
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(out)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w := bufio.NewWriter(f)
	defer w.Flush()
	r, err := New(Config{Parallel: queriesAtOnce, AllowPrivate: true})
	if err != nil {
		t.Fatal(err)
	}
	server := netip.MustParseAddrPort(queriesServer + ":53")
	list := strings.Fields(string(names))
	var next atomic.Int64
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range queriesAtOnce {
		wg.Go(func() {
			for i := next.Add(1); i <= int64(len(list)); i = next.Add(1) {
				name := list[i-1]
				rep, err := r.client.ask(context.Background(), newTask(false), server, ask(name, dns.TypeA), false)
				if err != nil || len(rep.msg.Answer) == 0 {
					t.Errorf("%s: %v", name, err)
					continue
				}
				a, ok := rep.msg.Answer[0].(*dns.A)
				if !ok {
					t.Errorf("%s: %v", name, rep.msg)
					continue
				}
				line, err := json.Marshal(map[string]any{"name": name, "a": a.A.String(), "server": rep.source(), "at": rep.at})
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				w.Write(append(line, '\n'))
				mu.Unlock()
			}
		})
	}
	wg.Wait()
}
