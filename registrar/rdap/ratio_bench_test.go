package rdap

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"freehold"
	"freehold/internal/fetch"
	"freehold/internal/limit"
)

// serveEnv makes the test binary the server of BenchmarkRatio, so that client
// and server do not share a process.
const serveEnv = "FREEHOLD_RDAP_BENCH_SERVER"

func TestMain(m *testing.M) {
	if os.Getenv(serveEnv) != "" {
		benchServer()
		return
	}
	os.Exit(m.Run())
}

// benchServer answers for any name, until its standard input ends.
func benchServer() {
	body, err := os.ReadFile("testdata/bench.json")
	if err != nil {
		panic(err)
	}
	parts := bytes.Split(body, []byte("boulangerie-perrin.com"))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println(l.Addr())
	go http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/rdap/cpu" {
			fmt.Fprint(w, int64(cpuTime()))
			return
		}
		name := strings.TrimPrefix(r.URL.Path, "/rdap/domain/")
		w.Header().Set("Content-Type", "application/rdap+json")
		w.Write(bytes.Join(parts, []byte(name)))
	}))
	io.Copy(io.Discard, os.Stdin)
}

// cpuTime is what this process has used.
func cpuTime() time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		panic(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// cpuOfBoth is what this process and the server have used.
func cpuOfBoth(b *testing.B, base string) time.Duration {
	resp, err := http.Get(base + "cpu")
	if err != nil {
		b.Fatal(err)
	}
	defer resp.Body.Close()
	var server int64
	if _, err := fmt.Fscan(resp.Body, &server); err != nil {
		b.Fatal(err)
	}
	return cpuTime() + time.Duration(server)
}

// spent is what a round took; the CPU time is that of client and server together.
type spent struct{ wall, cpu time.Duration }

// measured runs a round that is set up already.
func measured(b *testing.B, base string, round func()) spent {
	cpu, from := cpuOfBoth(b, base), time.Now()
	round()
	wall := time.Since(from)
	return spent{wall, cpuOfBoth(b, base) - cpu}
}

func startBenchServer(b *testing.B) (base string) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), serveEnv+"=1")
	stdin, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { stdin.Close(); cmd.Wait() })
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		b.Fatal(err)
	}
	return "http://" + strings.TrimSpace(line) + "/rdap/"
}

const (
	ratioParallel = 8
	ratioNames    = 4000 // a round of each loop in one process
	ratioCLINames = 160  // a round of openrdap's program
	ratioRounds   = 9
)

// BenchmarkRatio prints RDAP answers a second, one question each to the same
// server, which runs in a process of its own: ours in one process, a bare
// net/http loop with the same parallelism (without and with the JSON decoded),
// and openrdap's program under xargs -P 8.
//
// The bare loop is http.Client.Get over a transport set up as ours is, with the
// same time limit, and reads each body whole into memory, as any client must that
// looks at it. It checks the status and nothing else. Ours checks the URL against its policy, paces, bounds
// time and size, computes the digest of the answer, reads it, and returns the
// registration with its evidence.
//
// The rounds take turns, so that what else the machine does hits all alike; the
// ratios are medians over the rounds. A busy machine makes them jump all the same:
// the ratio by the CPU time of client and server together, taken of the cheapest
// round of each loop, does so less.
func BenchmarkRatio(b *testing.B) {
	base := startBenchServer(b)
	program := buildOpenRDAP(b)
	loops := []struct {
		name  string
		names int
		run   func(b *testing.B, base string, names int) spent
	}{
		{"freehold", ratioNames, runFreehold},
		{"net/http", ratioNames, func(b *testing.B, base string, n int) spent { return runBare(b, base, n, false) }},
		{"net/http + JSON", ratioNames, func(b *testing.B, base string, n int) spent { return runBare(b, base, n, true) }},
		{"openrdap xargs -P 8", ratioCLINames, func(b *testing.B, base string, n int) spent { return runCLI(b, program, base, n) }},
	}
	rates, costs := make([][]float64, len(loops)), make([][]float64, len(loops))
	for round := range ratioRounds + 1 {
		for i := range loops {
			l := loops[(i+round)%len(loops)]
			used := l.run(b, base, l.names)
			if round > 0 { // the first warms up
				costs[(i+round)%len(loops)] = append(costs[(i+round)%len(loops)], float64(used.cpu)/float64(l.names))
				rates[(i+round)%len(loops)] = append(rates[(i+round)%len(loops)], float64(l.names)/used.wall.Seconds())
			}
		}
	}
	for i, l := range loops {
		fmt.Printf("rdap %-20s %8.0f answers/s (median; %.0f to %.0f)\n", l.name, median(rates[i]), slices.Min(rates[i]), slices.Max(rates[i]))
	}
	for i, unit := range []string{1: "x-net/http", 2: "x-net/http+json", 3: "x-openrdap-cli"} {
		if i == 0 {
			continue
		}
		var ratios []float64
		for r := range rates[i] {
			ratios = append(ratios, rates[0][r]/rates[i][r])
		}
		fmt.Printf("rdap freehold / %-20s ratio %.2f\n", loops[i].name, median(ratios))
		b.ReportMetric(median(ratios), unit)
	}
	fmt.Printf("rdap freehold / net/http by CPU time ratio %.2f (medians %.2f)\n", slices.Min(costs[1])/slices.Min(costs[0]), median(costs[1])/median(costs[0]))
	b.ReportMetric(slices.Min(costs[1])/slices.Min(costs[0]), "x-net/http-cpu")
	b.ReportMetric(median(rates[0]), "answers/s")
}

func median(list []float64) float64 {
	s := slices.Sorted(slices.Values(list))
	return s[len(s)/2]
}

// nameOf makes the i-th name.
func nameOf(i int) string { return fmt.Sprintf("n%06d.com", i) }

// inParallel runs f for the numbers 1 to n on as many workers as the others have.
func inParallel(n int, f func(i int)) {
	var next atomic.Int64
	var wg sync.WaitGroup
	for range ratioParallel {
		wg.Go(func() {
			for i := next.Add(1); i <= int64(n); i = next.Add(1) {
				f(int(i))
			}
		})
	}
	wg.Wait()
}

func runFreehold(b *testing.B, base string, n int) spent {
	bootstrap := filepath.Join(b.TempDir(), "dns.json")
	if err := os.WriteFile(bootstrap, fmt.Appendf(nil, `{"services":[[["com"],[%q]]]}`, base), 0o600); err != nil {
		b.Fatal(err)
	}
	f := fetch.New(fetch.Config{Parallel: ratioParallel, Limiter: limit.New(limit.Config{})})
	defer f.Close()
	boot, err := Sources{Fetch: f}.LoadBootstrap(context.Background(), bootstrap)
	if err != nil {
		b.Fatal(err)
	}
	c, err := New(Config{Bootstrap: boot, Fetch: f})
	if err != nil {
		b.Fatal(err)
	}
	names := make([]freehold.Name, n+1) // a run parses its input, not the look-up
	for i := range names {
		if names[i], err = freehold.ParseName(nameOf(i)); err != nil {
			b.Fatal(err)
		}
	}
	ask := func(i int) {
		reg, evidence := c.Domain(context.Background(), names[i])
		if reg.State != freehold.Registered || len(evidence) != 1 || reg.Registrar.Value != "Alpenregistrar AG" || len(reg.Nameservers.Value) != 3 {
			b.Errorf("%s: %+v", names[i], reg)
		}
	}
	return measured(b, base, func() { inParallel(n, ask) })
}

func runBare(b *testing.B, base string, n int, decode bool) spent {
	client := &http.Client{Timeout: 15 * time.Second, Transport: &http.Transport{
		ForceAttemptHTTP2: true, MaxIdleConns: 512, MaxIdleConnsPerHost: ratioParallel, MaxResponseHeaderBytes: 64 << 10,
	}}
	defer client.CloseIdleConnections()
	names := make([]string, n+1)
	for i := range names {
		names[i] = nameOf(i)
	}
	ask := func(i int) {
		resp, err := client.Get(base + "domain/" + names[i])
		if err != nil {
			b.Error(err)
			return
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || resp.StatusCode != 200 {
			b.Error(resp.Status, err)
		}
		if decode {
			var v struct {
				LDHName  string              `json:"ldhName"`
				Status   []string            `json:"status"`
				Events   []map[string]string `json:"events"`
				Entities []map[string]any    `json:"entities"`
				NS       []map[string]any    `json:"nameservers"`
				Secure   map[string]any      `json:"secureDNS"`
			}
			if err := json.Unmarshal(body, &v); err != nil || v.LDHName != names[i] {
				b.Error(v.LDHName, err)
			}
		}
	}
	return measured(b, base, func() { inParallel(n, ask) })
}

// buildOpenRDAP builds openrdap's program from the module that go.mod pins.
func buildOpenRDAP(b *testing.B) string {
	program := filepath.Join(b.TempDir(), "rdap")
	if out, err := exec.Command("go", "build", "-o", program, "github.com/openrdap/rdap/cmd/rdap").CombinedOutput(); err != nil {
		b.Fatalf("building openrdap's program: %v\n%s", err, out)
	}
	return program
}

func runCLI(b *testing.B, program, base string, n int) spent {
	var names strings.Builder
	for i := range n {
		names.WriteString(nameOf(i) + "\n")
	}
	cmd := exec.Command("xargs", "-P", "8", "-n", "1", program, "--raw", "--cache-dir", b.TempDir(), "-s", strings.TrimSuffix(base, "/"), "-t", "domain")
	cmd.Stdin = strings.NewReader(names.String())
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, os.Stderr
	used := measured(b, base, func() {
		if err := cmd.Run(); err != nil {
			b.Fatalf("openrdap: %v\n%.500s", err, out.String())
		}
	})
	if got := bytes.Count(out.Bytes(), []byte(`"ldhName": "n`)); got != n {
		b.Fatalf("openrdap answered %d of %d", got, n)
	}
	return used
}
