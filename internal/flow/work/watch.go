package work

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"freehold"
	"freehold/internal/flow/desk"
	"freehold/registrar/transfer"
)

// Watch counts what a worker does, and knows whether all is well. It serves
// /metrics (Prometheus) and /healthz.
type Watch struct {
	every    time.Duration
	now      func() time.Time
	registry *prometheus.Registry

	advances, letterCount, failures, refusals *prometheus.CounterVec
	codes, messageCount                       prometheus.Counter
	oldest, late, open, seconds               prometheus.Gauge

	mu     sync.Mutex
	last   time.Time // when a whole round ended
	lookOK bool
}

// NewWatch makes one for a worker with so much time between two rounds.
func NewWatch(every time.Duration, now func() time.Time) *Watch {
	w := &Watch{every: every, now: now, registry: prometheus.NewRegistry(), last: now(), lookOK: true}
	counter := func(name, help string) prometheus.Counter {
		c := prometheus.NewCounter(prometheus.CounterOpts{Name: "freehold_" + name, Help: help})
		w.registry.MustRegister(c)
		return c
	}
	vector := func(name, help string, labels ...string) *prometheus.CounterVec {
		c := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "freehold_" + name, Help: help}, labels)
		w.registry.MustRegister(c)
		return c
	}
	gauge := func(name, help string) prometheus.Gauge {
		g := prometheus.NewGauge(prometheus.GaugeOpts{Name: "freehold_" + name, Help: help})
		w.registry.MustRegister(g)
		return g
	}
	w.advances = vector("case_looks_total", "cases looked at, by how it ended: done, busy, failed", "outcome")
	w.letterCount = vector("letters_total", "letters, by what became of them: sent, failed, waiting", "outcome")
	w.failures = vector("round_failures_total", "parts of a round that failed: messages, cases, letters, ledger", "part")
	w.refusals = vector("registry_errors_total", "errors of a registry, by account and class: refused, unavailable, unknown (whether it was done is not known)", "account", "class")
	w.codes = counter("codes_set_total", "codes set at a registry")
	w.messageCount = counter("registry_messages_total", "messages read at the registries")
	w.oldest = gauge("oldest_due_seconds", "for how long the case that is due longest has been so")
	w.late = gauge("cases_late", "open cases whose deadline has passed")
	w.open = gauge("cases_open", "cases in which somebody has something to do")
	w.seconds = gauge("round_seconds", "how long the last round took")
	return w
}

func (w *Watch) advanced(outcome string) { w.advances.WithLabelValues(outcome).Inc() }
func (w *Watch) failed(part string)      { w.failures.WithLabelValues(part).Inc() }
func (w *Watch) messages(n int)          { w.messageCount.Add(float64(n)) }

func (w *Watch) letters(s desk.Sent) {
	w.letterCount.WithLabelValues("sent").Add(float64(s.Left))
	w.letterCount.WithLabelValues("failed").Add(float64(s.Failed))
	w.letterCount.WithLabelValues("waiting").Add(float64(s.Waiting))
}

// openStates are those in which somebody has something to do.
var openStates = []freehold.CaseState{freehold.CaseOpen, freehold.CaseReleasing, freehold.CaseSet, freehold.CaseRevealed}

// look measures how things stand at the end of a round.
func (w *Watch) look(ctx context.Context, s Store, now, began time.Time) error {
	err := w.measure(ctx, s, now)
	w.seconds.Set(now.Sub(began).Seconds())
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.lookOK = err == nil; err == nil {
		w.last = now
	}
	return err
}

func (w *Watch) measure(ctx context.Context, s Store, now time.Time) error {
	due, err := s.DueCases(ctx, now, 1)
	if err != nil {
		return err
	}
	oldest := 0.0
	if len(due) > 0 {
		row, err := s.Case(ctx, due[0])
		if err != nil {
			return err
		}
		oldest = max(0, now.Sub(row.Next).Seconds())
	}
	w.oldest.Set(oldest)
	late, open := 0, 0
	for l, err := range s.Queue(ctx, openStates...) {
		if err != nil {
			return err
		}
		if open++; !l.Deadline.IsZero() && l.Deadline.Before(now) {
			late++
		}
	}
	w.late.Set(float64(late))
	w.open.Set(float64(open))
	return nil
}

// Health is what /healthz says.
type Health struct {
	Schema    string    `json:"schema"`
	OK        bool      `json:"ok"`
	LastRound time.Time `json:"last_round"`
}

// Health tells whether rounds end, and the store answers.
func (w *Watch) Health() Health {
	w.mu.Lock()
	defer w.mu.Unlock()
	patience := 3*w.every + time.Minute
	return Health{"freehold.health/1", w.lookOK && w.now().Sub(w.last) < patience, w.last.UTC()}
}

// Handler serves both pages.
func (w *Watch) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(w.registry, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /healthz", func(rw http.ResponseWriter, _ *http.Request) {
		h := w.Health()
		rw.Header().Set("Content-Type", "application/json")
		if !h.OK {
			rw.WriteHeader(http.StatusServiceUnavailable)
		}
		_ = json.NewEncoder(rw).Encode(h)
	})
	return mux
}

// Registrar is an account that is watched: its errors are counted, and the codes that
// are set there. It can do what the account can.
func (w *Watch) Registrar(account string, p *transfer.Pool) transfer.Registrar {
	return &watched{p, w, account}
}

type watched struct {
	*transfer.Pool
	watch   *Watch
	account string
}

func (r *watched) count(err error) error {
	class := "refused"
	switch {
	case err == nil:
		return nil
	case errors.Is(err, transfer.ErrUnknown):
		class = "unknown"
	case freehold.KindOf(err) == freehold.KindUnavailable:
		class = "unavailable"
	}
	r.watch.refusals.WithLabelValues(r.account, class).Inc()
	return err
}

// Look is the account's.
func (r *watched) Look(ctx context.Context, name freehold.Name) (transfer.State, error) {
	s, err := r.Pool.Look(ctx, name)
	return s, r.count(err)
}

// Set is the account's.
func (r *watched) Set(ctx context.Context, name freehold.Name, code freehold.TransferCode, unlock bool) error {
	err := r.Pool.Set(ctx, name, code, unlock)
	if err == nil {
		r.watch.codes.Inc()
	}
	return r.count(err)
}

// Unset is the account's.
func (r *watched) Unset(ctx context.Context, name freehold.Name, relock bool) error {
	return r.count(r.Pool.Unset(ctx, name, relock))
}

// Answer is the account's.
func (r *watched) Answer(ctx context.Context, name freehold.Name, approve bool) error {
	return r.count(r.Pool.Answer(ctx, name, approve))
}

// Poll is the account's.
func (r *watched) Poll(ctx context.Context) (transfer.Message, bool, error) {
	m, ok, err := r.Pool.Poll(ctx)
	return m, ok, r.count(err)
}
