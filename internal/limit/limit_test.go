package limit

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

var ctx = context.Background()

// ask takes a turn at once and gives it back with f; it returns how long it waited.
func ask(t *testing.T, l *Limiter, server string, f Feedback) time.Duration {
	t.Helper()
	from := time.Now()
	release, err := l.Acquire(ctx, server)
	if err != nil {
		t.Fatalf("Acquire(%q): %v", server, err)
	}
	waited := time.Since(from)
	release(f)
	return waited
}

func TestNoLimitNoWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := New(Config{})
		for range 1000 {
			if waited := ask(t, l, "a:443", Feedback{}); waited != 0 {
				t.Fatalf("waited %s without a limit", waited)
			}
		}
	})
}

func TestRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := New(Config{Rate: 4})
		from := time.Now()
		var wg sync.WaitGroup
		for range 41 {
			wg.Go(func() { ask(t, l, "a:443", Feedback{}) })
		}
		wg.Wait()
		if took := time.Since(from); took != 10*time.Second {
			t.Errorf("41 requests at 4 a second took %s, want 10s", took)
		}
		if waited := ask(t, l, "b:443", Feedback{}); waited != 0 {
			t.Errorf("another server waited %s", waited)
		}
	})
}

// The own rate is no reason to give up: patience is for servers that complain.
func TestRateOutlastsPatience(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := New(Config{Rate: 1, Patience: 2 * time.Second})
		var wg sync.WaitGroup
		for range 10 {
			wg.Go(func() { ask(t, l, "a:443", Feedback{}) })
		}
		wg.Wait()
	})
}

func TestRetryAfter(t *testing.T) {
	for _, c := range []struct {
		name  string
		asked time.Duration
		want  time.Duration // the wait of the next request, or of its refusal
		held  bool
	}{
		{"as asked", 7 * time.Second, 7 * time.Second, false},
		{"not said", 0, time.Second, false},
		{"longer than the patience", 31 * time.Second, 31 * time.Second, true},
		{"a year", 365 * 24 * time.Hour, 10 * time.Minute, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := New(Config{})
				ask(t, l, "a:443", Feedback{Throttled: true, RetryAfter: c.asked})
				if got := l.Throttled(); !slices.Equal(got, []string{"a:443"}) {
					t.Errorf("Throttled() = %q", got)
				}
				if waited := ask(t, l, "b:443", Feedback{}); waited != 0 {
					t.Errorf("another server waited %s", waited)
				}
				if c.held {
					_, err := l.Acquire(ctx, "a:443")
					var h *HeldError
					if !errors.As(err, &h) || h.For != c.want {
						t.Fatalf("Acquire = %v, want held for %s", err, c.want)
					}
					return
				}
				if waited := ask(t, l, "a:443", Feedback{}); waited != c.want {
					t.Errorf("waited %s, want %s", waited, c.want)
				}
				if got := l.Throttled(); len(got) != 0 {
					t.Errorf("after an answer Throttled() = %q", got)
				}
			})
		})
	}
}

// After a complaint the server gets one request, not the crowd that waits.
func TestOneProbeFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := New(Config{})
		ask(t, l, "a:443", Feedback{Throttled: true, RetryAfter: 5 * time.Second})
		var mu sync.Mutex
		var starts []time.Duration
		inFlight, most := 0, 0
		from := time.Now()
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				release, err := l.Acquire(ctx, "a:443")
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				starts = append(starts, time.Since(from))
				inFlight++
				most = max(most, inFlight)
				mu.Unlock()
				time.Sleep(100 * time.Millisecond)
				mu.Lock()
				inFlight--
				mu.Unlock()
				release(Feedback{})
				_ = i
			})
		}
		wg.Wait()
		if most != 1 {
			t.Errorf("%d requests at once after a complaint", most)
		}
		want := []time.Duration{5 * time.Second, 5500 * time.Millisecond, 6 * time.Second, 6500 * time.Millisecond} // the probe too is one of two a second
		if !slices.Equal(starts[:4], want) {
			t.Errorf("requests started after %v, want %v…", starts[:4], want)
		}
	})
}

// A whole burst that is turned away is one complaint, and a probe that fails
// doubles the time away.
func TestBurstIsOneComplaint(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := New(Config{})
		var releases []func(Feedback)
		for range 20 {
			release, err := l.Acquire(ctx, "a:443")
			if err != nil {
				t.Fatal(err)
			}
			releases = append(releases, release)
		}
		time.Sleep(time.Second)
		for _, release := range releases {
			release(Feedback{Throttled: true})
			release(Feedback{Throttled: true}) // giving back twice changes nothing
		}
		if got := l.servers["a:443"].rate; got != 10 {
			t.Errorf("after 20 a second the rate is %v, want 10", got)
		}
		for _, want := range []time.Duration{1, 2, 4, 8} {
			if waited := ask(t, l, "a:443", Feedback{Throttled: true}); waited != want*time.Second {
				t.Errorf("waited %s, want %d s", waited, want)
			}
		}
		if got := l.servers["a:443"].inFlight; got != 0 {
			t.Errorf("%d in flight after all came back", got)
		}
	})
}

func TestRecovery(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := New(Config{Rate: 8})
		for range 2 {
			ask(t, l, "a:443", Feedback{Throttled: true, RetryAfter: time.Second})
		}
		ask(t, l, "a:443", Feedback{})
		rate := func() float64 {
			l.mu.Lock()
			defer l.mu.Unlock()
			return l.servers["a:443"].currentRate(time.Now())
		}
		for _, c := range []struct {
			after time.Duration
			want  float64
		}{{0, 2}, {59 * time.Second, 2}, {time.Second, 3}, {time.Minute, 4.5}, {time.Minute, 6.75}, {time.Minute, 8}, {time.Hour, 8}} {
			time.Sleep(c.after)
			if got := rate(); got != c.want {
				t.Errorf("rate %v, want %v", got, c.want)
			}
		}
	})
}

func TestWaitersGiveUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := New(Config{})
		ask(t, l, "a:443", Feedback{Throttled: true, RetryAfter: 20 * time.Second})
		short, cancel := context.WithTimeout(ctx, 3*time.Second)
		defer cancel()
		from := time.Now()
		if _, err := l.Acquire(short, "a:443"); !errors.Is(err, context.DeadlineExceeded) || time.Since(from) != 3*time.Second {
			t.Errorf("Acquire = %v after %s", err, time.Since(from))
		}
		time.Sleep(17 * time.Second)
		probe, err := l.Acquire(ctx, "a:443")
		if err != nil {
			t.Fatal(err)
		}
		defer probe(Feedback{})
		from = time.Now()
		_, err = l.AcquireWithin(ctx, "a:443", 4*time.Second)
		var h *HeldError
		if !errors.As(err, &h) || time.Since(from) != 4*time.Second {
			t.Errorf("behind a probe that hangs: %v after %s, want held after 4s", err, time.Since(from))
		}
	})
}

func TestManyServersBoundedMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := New(Config{MaxServers: 64})
		ask(t, l, "slow:443", Feedback{Throttled: true, RetryAfter: 9 * time.Minute})
		for i := range 10_000 {
			ask(t, l, fmt.Sprintf("s%d:443", i), Feedback{})
			time.Sleep(time.Millisecond)
		}
		if n := len(l.servers); n > 64 {
			t.Errorf("%d servers remembered, bound is 64", n)
		}
		if l.Hold("slow:443") == 0 {
			t.Error("the server that complained was forgotten")
		}
	})
}

func TestInjectedClock(t *testing.T) {
	now := time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC)
	var slept []time.Duration
	l := New(Config{
		Now: func() time.Time { return now },
		Timer: func(d time.Duration) (<-chan time.Time, func()) {
			slept = append(slept, d)
			now = now.Add(d)
			c := make(chan time.Time, 1)
			c <- now
			return c, func() {}
		},
	})
	ask(t, l, "a:443", Feedback{Throttled: true, RetryAfter: 3 * time.Second})
	ask(t, l, "a:443", Feedback{})
	if !slices.Equal(slept, []time.Duration{3 * time.Second}) {
		t.Errorf("slept %v, want 3s once", slept)
	}
}

func BenchmarkFree(b *testing.B) {
	l := New(Config{})
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			release, err := l.Acquire(ctx, "a:443")
			if err != nil {
				b.Fatal(err)
			}
			release(Feedback{})
		}
	})
}

// Pace says what Acquire would do, and takes no turn.
func TestPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := New(Config{Rate: 4, RateOf: func(server string) float64 { return map[string]float64{"a:443": 2, "free:443": 0}[server] }})
		check := func(when, server string, want Pace) {
			t.Helper()
			if got := l.Pace(server); got != want {
				t.Errorf("%s: %+v, want %+v", when, got, want)
			}
		}
		const half = 500 * time.Millisecond
		check("never asked", "a:443", Pace{Interval: half})
		check("without a limit", "free:443", Pace{})
		ask(t, l, "a:443", Feedback{})
		check("just asked", "a:443", Pace{Wait: half, Interval: half})
		check("just asked, looked at twice", "a:443", Pace{Wait: half, Interval: half})
		time.Sleep(time.Second)
		check("a second later", "a:443", Pace{Interval: half})
		ask(t, l, "a:443", Feedback{Throttled: true, RetryAfter: time.Minute})
		check("held", "a:443", Pace{Wait: time.Minute, Interval: time.Second, Held: true})
		time.Sleep(time.Minute)
		check("to be tried", "a:443", Pace{Interval: time.Second, Held: true})
		release, err := l.Acquire(ctx, "a:443")
		if err != nil {
			t.Fatal(err)
		}
		check("being tried", "a:443", Pace{Wait: probeLook, Interval: time.Second, Held: true})
		release(Feedback{})
		check("good again", "a:443", Pace{Wait: time.Second, Interval: time.Second})
	})
}
