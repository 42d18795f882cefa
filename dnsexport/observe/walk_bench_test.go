package observe

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"freehold"
	"freehold/internal/resolve/serverstest"
)

const (
	walkEnv   = "FREEHOLD_BENCH_WALK"
	walkNames = 2000
)

// BenchmarkWalk prints how long a signed zone of 2,000 names takes to be read from
// BIND in a network of its own: by its NSEC chain, names with all their records,
// beside ldns-walk (which asks for names and types, and with -f for the records);
// and by its NSEC3 chain, from nothing to every hash.
func BenchmarkWalk(b *testing.B) {
	for b.Loop() {
		cmd := exec.Command("unshare", "-rn", "sh", "-c", `ip link set lo up && exec "$0" -test.run '^TestWalkRounds$' -test.timeout 10m`, os.Args[0])
		cmd.Env = append(os.Environ(), walkEnv+"=1")
		out, err := cmd.CombinedOutput()
		for line := range strings.Lines(string(out)) {
			if strings.HasPrefix(line, "walk ") {
				fmt.Print(line)
			}
		}
		if err != nil {
			b.Fatalf("%v\n%s", err, out)
		}
	}
}

// TestWalkRounds is the inside of BenchmarkWalk; alone it has nothing to do.
func TestWalkRounds(t *testing.T) {
	if os.Getenv(walkEnv) == "" {
		return
	}
	var text strings.Builder
	for i := range walkNames {
		fmt.Fprintf(&text, "name%05d A 192.0.2.%d\n", i, i%250+1)
	}
	serverstest.BIND(t, bindAt, signed(t, "walk.test.", text.String(), serverstest.Signing{}), signed(t, "chain.test.", text.String(), serverstest.Signing{NSEC3: true}))
	ours := func(zone string, want freehold.Coverage, hints ...string) time.Duration {
		n, err := freehold.ParseName(zone)
		if err != nil {
			t.Fatal(err)
		}
		from := time.Now()
		z, err := Zone(context.Background(), n, Config{Ask: asker(t, nil), Servers: servers(bindAt), Words: []string{"www"}, Selectors: []string{"default"}, Hints: hints, Parallel: 32, Guesses: 200_000_000})
		if err != nil || z.Coverage != want {
			t.Fatalf("%s: %v %v %v", zone, z.Coverage, z.Reasons, err)
		}
		return time.Since(from)
	}
	peer := func(args ...string) time.Duration {
		from := time.Now()
		if out, err := exec.Command(serverstest.Need(t, "ldns-walk"), append(args, "@"+bindAt, "walk.test")...).CombinedOutput(); err != nil || strings.Count(string(out), "name0") < walkNames {
			t.Fatalf("%v\n%.500s", err, out)
		}
		return time.Since(from)
	}
	var walk, full, own []float64
	for range 3 {
		walk, full, own = append(walk, peer().Seconds()), append(full, peer("-f").Seconds()), append(own, ours("walk.test", freehold.CoverageWalked).Seconds())
	}
	a, w, f := middle(own), middle(walk), middle(full)
	fmt.Printf("walk NSEC, names and records: %.2f s; ldns-walk names %.2f s, names and records %.2f s\n", a, w, f)
	fmt.Printf("walk NSEC ours / ldns-walk                                ratio %.2f\n", a/w)
	fmt.Printf("walk NSEC ours / ldns-walk -f                             ratio %.2f\n", a/f)
	fmt.Printf("walk NSEC3 chain of 2,000 names closed in %.2f s\n", ours("chain.test", freehold.CoverageObserved).Seconds())
}

func middle(all []float64) float64 {
	s := slices.Sorted(slices.Values(all))
	return s[len(s)/2]
}
