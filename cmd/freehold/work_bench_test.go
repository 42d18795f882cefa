package main

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"freehold"
	"freehold/internal/lab/desklab"
	"freehold/internal/lab/eppd"
	"freehold/internal/storetest/pgtest"
	"freehold/registrar/epp"
)

// BenchmarkWorkThroughput has one and two workers set codes at a registry that takes
// 50 ms for an answer, four sessions each, on PostgreSQL. It prints the exchanges a
// second beside what the sessions and the latency allow, sessions ÷ latency: the
// middle four fifths of the cases, when all workers are at it.
func BenchmarkWorkThroughput(b *testing.B) {
	for _, processes := range []int{1, 2} {
		b.Run(fmt.Sprint(processes), func(b *testing.B) {
			for b.Loop() {
				ratio := throughput(b, processes)
				b.ReportMetric(ratio, "ratio")
				fmt.Printf("work %d process(es), 4 sessions each, 50 ms / sessions ÷ latency ratio %.2f\n", processes, ratio)
			}
		})
	}
}

func throughput(b *testing.B, processes int) float64 {
	const each, latency = 4, 50 * time.Millisecond
	allowed, cases := each*processes, 200*processes
	dsn, dir := pgtest.Start(b).DSN("postgres"), b.TempDir()
	clock := desklab.NewClock(desklab.Start)
	registry, err := eppd.Listen(eppd.Config{Secure: true, MaxSessions: allowed, TransferDelay: 5 * 24 * time.Hour, Now: clock.Now,
		Registrars: map[string]string{desklab.Loser: desklab.LoserPassword, desklab.Gainer: desklab.GainerPassword}}, dir)
	if err != nil {
		b.Fatal(err)
	}
	defer registry.Close()
	w, err := desklab.Open(b.Context(), desklab.Config{DB: dsn, Addr: registry.Addr, Clock: clock, EPP: func(c *epp.Config) { c.TLS = registry.TLS }})
	if err != nil {
		b.Fatal(err)
	}
	defer w.Close()
	prepare(b, w, registry, cases)
	writeWorkConfig(b, w, dir, registry.Addr)
	registry.Fail(eppd.Faults{Latency: latency})

	exchanges := func() (n int) {
		commands := registry.Commands()
		return commands["info"] + commands["update"]
	}
	var workers []*process
	for range processes {
		workers = append(workers, startWorker(b, dir, dsn, "--sessions", fmt.Sprint(each), "--cap", fmt.Sprint(allowed), "--parallel", fmt.Sprint(2*each), "--every", "1s"))
	}
	total := 3 * cases
	until(b, "a tenth is done", func() bool { return exchanges() >= total/10 })
	from, before := time.Now(), exchanges()
	until(b, "nine tenths are done", func() bool { return exchanges() >= total*9/10 })
	took, n := time.Since(from), exchanges()-before
	until(b, "all is set", func() bool {
		set := 0
		for _, err := range w.Store.Queue(b.Context(), freehold.CaseSet) {
			if err != nil {
				b.Fatal(err)
			}
			set++
		}
		return set == cases
	})
	for _, p := range workers {
		if err := p.Process.Signal(syscall.SIGTERM); err != nil {
			b.Fatal(err)
		}
		if err := <-p.ended; err != nil {
			b.Errorf("ended with %v", err)
		}
	}
	if registry.Refused() != 0 {
		b.Errorf("%d logins were one too many", registry.Refused())
	}
	return float64(n) / took.Seconds() / (float64(allowed) / latency.Seconds())
}
