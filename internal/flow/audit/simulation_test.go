package audit

import (
	"context"
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
	"net/netip"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"freehold"
	"freehold/internal/limit"
)

// The simulation drives the real limiter and the real Run against servers that
// exist in virtual time alone: synctest's clock moves when all goroutines wait.

// simulated is a registry: how fast it may be asked, how long it takes to
// answer, and whether it minds being asked faster than it likes.
type simulated struct {
	mu     sync.Mutex
	name   string
	rate   float64       // the limiter's for it
	takes  time.Duration // for an answer
	likes  float64       // answers 429 above this many a second; 0: never
	from   time.Time     // of the second it counts
	count  float64
	last   time.Time
	worst  time.Duration // the largest amount by which a question came too early
	asked  int
	names  int
	done   int
	ended  time.Time
	closed int // names it throttled to the end
}

// bound is the shortest time that its names can take.
func (s *simulated) bound() time.Duration {
	return time.Duration(float64(s.names-1)/s.rate*float64(time.Second)) + s.takes
}

// arrive counts a question, and tells whether it is one too many. That no two
// questions are nearer than the interval of the rate means that in every window,
// however long, there are at most rate × window + 1.
func (s *simulated) arrive(now time.Time) (throttled bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	if early := time.Duration(float64(time.Second)/s.rate) - now.Sub(s.last); !s.last.IsZero() && early > s.worst {
		s.worst = early
	}
	s.last = now
	if s.likes == 0 {
		return false
	}
	if now.Sub(s.from) >= time.Second {
		s.from, s.count = now, 0
	}
	s.count++
	return s.count > math.Max(1, s.likes)
}

// registries is the RDAP of the simulation.
type registries struct {
	world
	limiter *limit.Limiter
	list    []*simulated
	of      []uint16 // the server of each name
}

func (r *registries) serverOf(n freehold.Name) *simulated {
	i, err := strconv.Atoi(strings.TrimSuffix(n.ASCII()[1:], ".com"))
	if err != nil {
		panic(err)
	}
	return r.list[r.of[i]]
}

func (r *registries) Server(n freehold.Name) (string, bool) {
	return "https://" + r.serverOf(n).name + "/", true
}

func (r *registries) IP(context.Context, netip.Addr) (f freehold.AddressFacts, _ []freehold.Evidence, _ []freehold.Ask) {
	return f, nil, nil
}

// Domain asks as the HTTP client does: through the limiter, three times at most.
func (r *registries) Domain(ctx context.Context, n freehold.Name) (freehold.Registration, []freehold.Evidence) {
	s := r.serverOf(n)
	reg := registered(freehold.OutcomeThrottled)
	for range 3 {
		release, err := r.limiter.Acquire(ctx, s.name+":443")
		if err != nil {
			break
		}
		throttled := s.arrive(time.Now())
		time.Sleep(s.takes)
		if throttled {
			release(limit.Feedback{Throttled: true, RetryAfter: 5 * time.Second})
			continue
		}
		release(limit.Feedback{})
		reg = registered(freehold.OutcomeAnswered)
		break
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.done++
	if reg.State != freehold.Registered {
		s.closed++
	}
	s.ended = time.Now()
	return reg, nil
}

// newRegistries makes servers of different speeds, some with many names and most
// with few, as top-level domains are. Large ones are not the slow ones, but for some.
func newRegistries(names, servers int) *registries {
	rng := rand.New(rand.NewPCG(1, 2))
	r := &registries{of: make([]uint16, 0, names)}
	rates := []float64{1, 2, 2, 5, 10, 20}
	var weights, sum float64
	for i := range servers {
		weights += math.Pow(float64(i+1), -0.9)
	}
	for i := range servers {
		s := &simulated{name: fmt.Sprintf("rdap%04d.example", i), rate: rates[rng.IntN(len(rates))], takes: time.Duration(20+rng.IntN(400)) * time.Millisecond}
		if i < servers/20 {
			s.rate = 20
		}
		sum += math.Pow(float64(i+1), -0.9)
		for len(r.of) < int(math.Round(float64(names)*sum/weights)) {
			r.of = append(r.of, uint16(i))
			s.names++
		}
		r.list = append(r.list, s)
	}
	r.limiter = limit.New(limit.Config{RateOf: func(server string) float64 {
		i, err := strconv.Atoi(server[len("rdap") : len("rdap")+4])
		if err != nil {
			panic(err)
		}
		return r.list[i].rate
	}})
	return r
}

// simulate audits all names in an order, and returns how long it took.
func (r *registries) simulate(t *testing.T, workers int, order []int) time.Duration {
	t.Helper()
	a := r.world.auditor()
	a.RDAP, a.Memory = r, nil
	inputs := iter.Seq[Input](func(yield func(Input) bool) {
		for _, i := range order {
			n, err := freehold.ParseName(fmt.Sprintf("n%07d.com", i))
			if err != nil || !yield(Input{Asked: n.ASCII(), Name: n}) {
				return
			}
		}
	})
	from := time.Now()
	summary, err := a.Run(context.Background(), inputs, Options{Parallel: workers, Pace: r.limiter, Tell: func(*freehold.Result) error { return nil }})
	if err != nil || summary.Names != len(order) {
		t.Fatalf("%d of %d names: %v", summary.Names, len(order), err)
	}
	return time.Since(from)
}

func inSequence(n int) []int {
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	return order
}

// fullEnv makes the simulation a million names large.
const fullEnv = "FREEHOLD_SIMULATION_FULL"

func simulationSize() (names, servers, workers int) {
	if os.Getenv(fullEnv) != "" {
		return 1_000_000, 1200, 512
	}
	return 8_000, 40, 32
}

// TestSimulationReachesTheLowerBound: the slowest server alone decides how long a
// run takes, whatever order the names come in, and no server is asked faster than
// its rate.
func TestSimulationReachesTheLowerBound(t *testing.T) {
	names, servers, workers := simulationSize()
	for _, how := range []string{"mixed", "by server"} {
		if how == "by server" { // the order shows at any size
			names, servers = min(names, 100_000), min(servers, 120)
		}
		synctest.Test(t, func(t *testing.T) {
			r := newRegistries(names, servers)
			order := inSequence(names)
			if how == "mixed" {
				rand.New(rand.NewPCG(3, 4)).Shuffle(names, func(i, j int) { order[i], order[j] = order[j], order[i] })
			}
			took := r.simulate(t, workers, order)
			slowest := slices.MaxFunc(r.list, func(a, b *simulated) int { return int(a.bound() - b.bound()) })
			over := took.Seconds()/slowest.bound().Seconds() - 1
			fmt.Printf("limiter %d names, %d servers, %s: %s, lower bound %s (ratio %.4f)\n", names, servers, how, took.Round(time.Second), slowest.bound().Round(time.Second), over+1)
			if over > 0.03 {
				t.Errorf("%s: %s is %.1f%% over the lower bound %s", how, took, 100*over, slowest.bound())
			}
			for _, s := range r.list {
				if s.worst > time.Microsecond {
					t.Errorf("%s: %s was asked %s too early at %.0f a second", how, s.name, s.worst, s.rate)
				}
				if s.asked != s.names {
					t.Errorf("%s: %s was asked %d times for %d names", how, s.name, s.asked, s.names)
				}
			}
		})
	}
}

// TestSimulationThrottlingSlowsItsOwnNamesOnly: servers that send everyone away
// for some seconds again and again do not slow the names of the others.
func TestSimulationThrottlingSlowsItsOwnNamesOnly(t *testing.T) {
	names, servers, workers := simulationSize()
	names, servers = min(names, 50_000), min(servers, 200)
	ends := make([][]time.Duration, 2)
	for round := range ends {
		synctest.Test(t, func(t *testing.T) {
			r := newRegistries(names, servers)
			order := inSequence(names)
			rand.New(rand.NewPCG(5, 6)).Shuffle(names, func(i, j int) { order[i], order[j] = order[j], order[i] })
			if round == 1 {
				for i := 1; i < servers; i += 7 {
					r.list[i].likes = r.list[i].rate / 4
				}
			}
			from := time.Now()
			r.simulate(t, workers, order)
			asked, lost, of := 0, 0, 0
			for _, s := range r.list {
				ends[round] = append(ends[round], s.ended.Sub(from))
				if s.worst > time.Microsecond {
					t.Errorf("%s was asked %s too early", s.name, s.worst)
				}
				if s.likes > 0 {
					asked, lost, of = asked+s.asked, lost+s.closed, of+s.names
				}
			}
			if round == 1 {
				fmt.Printf("limiter throttling servers: %d names, %d asked, %d not answered in the end\n", of, asked, lost)
				if lost > of/20 {
					t.Errorf("%d of %d names of throttling servers were not answered", lost, of)
				}
			}
		})
	}
	slower := 0.0
	for i := range ends[0] {
		if i%7 != 1 {
			slower = max(slower, (ends[1][i]-ends[0][i]).Seconds()/max(ends[0][i].Seconds(), 60))
		}
	}
	fmt.Printf("limiter names of the other servers: at most %.1f%% later\n", 100*slower)
	if slower > 0.03 {
		t.Errorf("another server's names ended %.1f%% later because some servers throttle", 100*slower)
	}
}

// BenchmarkSimulation runs the simulation with a million names, in a process of
// its own: virtual time is for tests alone.
func BenchmarkSimulation(b *testing.B) {
	for b.Loop() {
		cmd := exec.Command(os.Args[0], "-test.run", "^TestSimulation", "-test.timeout", "20m")
		cmd.Env = append(os.Environ(), fullEnv+"=1")
		out, err := cmd.CombinedOutput()
		for line := range strings.Lines(string(out)) {
			if strings.HasPrefix(line, "limiter ") {
				fmt.Print(line)
			}
		}
		if err != nil {
			b.Fatalf("%v\n%s", err, out)
		}
	}
}
