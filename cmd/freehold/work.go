package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/urfave/cli/v2"

	"freehold"
	"freehold/internal/flow/work"
	"freehold/internal/ledger"
	"freehold/internal/queue"
	"freehold/registrar/transfer"
)

func (s *session) workCommand() *cli.Command {
	return &cli.Command{
		Name:  "work",
		Usage: "the desk's worker: goes on with cases that are due, sends letters, reads the registry's messages",
		Description: `Runs until it is told to end. What an operator approved is set at the registry when its time has come, codes that have expired are taken back, letters go out, messages of the registry are matched to cases, and the ledger grows.

Any number of workers may run on one PostgreSQL database, and one on a SQLite file; together they hold no more sessions of an account than --cap. SIGTERM ends it: what is under way is finished first; a second one ends it at once.

Its log is JSON on standard error. With --listen it serves /healthz and /metrics, without a login: keep it on loopback or a network of your own.`,
		ArgsUsage: " ",
		Flags: join([]cli.Flag{
			&cli.DurationFlag{Name: "every", Value: 15 * time.Second, Usage: "look around every so often"},
			&cli.BoolFlag{Name: "once", Usage: "look around once, then end"},
			&cli.IntFlag{Name: "parallel", Value: 4, Usage: "cases worked on at once"},
			&cli.IntFlag{Name: "sessions", Value: 1, Usage: "sessions this worker opens at the registry, at the most"},
			&cli.IntFlag{Name: "cap", Usage: "sessions that all workers together may open, as the registry allows the account (default: --sessions)"},
			&cli.StringFlag{Name: "listen", Usage: "serve /healthz and /metrics at `ADDR`, such as 127.0.0.1:9464"},
			&cli.StringFlag{Name: "ledger-key", Usage: "the ledger's private key in `FILE`; without one another worker has the ledger grow"},
		}, deskFlags(), registryFlags()),
		Action: s.work,
	}
}

// drainTime is how long what is under way has to end once the worker is told to.
const drainTime = time.Minute

func (s *session) work(c *cli.Context) error {
	j, err := s.deskJob(c)
	if err != nil {
		return err
	}
	defer j.close()
	if c.Duration("every") <= 0 || c.Int("sessions") < 1 || c.Int("parallel") < 1 || c.Int("cap") < 0 {
		return misuse(freehold.T("--every, --sessions and --parallel must be more than nothing"), freehold.Text{})
	}
	if c.String("signers") == "" {
		return misuse(freehold.T("a worker without the operators' keys can do nothing that was approved"), freehold.T("give --signers and the file of allowed signers"))
	}
	log := slog.New(slog.NewJSONHandler(s.Err, nil))
	if err := lockMemory(); err != nil {
		log.Warn("memory cannot be kept from core dumps here")
	}
	j.desk.Tell = func(t freehold.Text) { log.Warn(t.String()) }
	w := &work.Worker{Desk: j.desk, Store: j.store, Parallel: c.Int("parallel"), Every: c.Duration("every"), Log: log, Watch: work.NewWatch(c.Duration("every"), j.now)}
	office, err := s.openPost()
	if err != nil {
		return err
	}
	if office.post != nil {
		w.Courier = courier{office}
	} else {
		log.Warn("the config file says no mail server: letters wait for a person")
	}
	done, err := j.workAccount(w)
	if err != nil {
		return err
	}
	defer done()
	if c.String("ledger-key") != "" {
		if w.Record, err = j.recorder(); err != nil {
			return err
		}
	}
	hard, cut := s.hardContext(c.Context)
	defer cut()
	stopServing, err := s.serveWatch(c.String("listen"), w.Watch, log)
	if err != nil {
		return err
	}
	defer stopServing()
	return j.runWorker(c.Context, hard, w)
}

// workAccount opens the account with as many sessions as are allowed.
func (j *deskJob) workAccount(w *work.Worker) (done func(), err error) {
	name := j.c.String("account")
	a, base, rules, err := j.registryRow(name)
	if err != nil {
		return nil, err
	}
	if a.Provider != "epp" {
		return nil, misuse(freehold.T("a worker cannot use the account %q: nobody is at its terminal", name), freehold.T("use one of %s", "epp"))
	}
	if err := j.mayChange(name, a); err != nil {
		return nil, err
	}
	config, err := j.eppConfig(name, a, base, rules)
	if err != nil {
		return nil, err
	}
	allowed := j.c.Int("cap")
	if allowed == 0 {
		allowed = j.c.Int("sessions")
	}
	slots := &work.Slots{Store: j.store, Account: name, Cap: allowed, Holder: j.desk.Worker, Now: time.Now, Lost: func(err error) { w.Log.Error("a session was taken over", "error", err.Error()) }}
	config.Slot = slots.Take
	pool := transfer.NewPool(config, min(j.c.Int("sessions"), allowed))
	watched := w.Watch.Registrar(name, pool)
	j.desk.Registrar = func(freehold.Name) (transfer.Registrar, error) { return watched, nil }
	w.Accounts = []work.Account{{Name: name, Poller: watched.(transfer.Poller)}}
	return func() { pool.Close() }, nil
}

// recorder has the ledger grow.
func (j *deskJob) recorder() (func(context.Context) error, error) {
	k, err := j.ledgerKeys(j.c)
	if err != nil {
		return nil, err
	}
	q := ledger.Sequencer{Log: j.store, Origin: k.origin(), Signers: k.signers, Trusted: k.verifiers, Holder: j.desk.Worker, Now: j.now}
	return func(ctx context.Context) error { _, err := q.Run(ctx); return err }, nil
}

// hardContext ends with the second signal, or drainTime after the first.
func (s *session) hardContext(stop context.Context) (context.Context, context.CancelFunc) {
	hard, cut := context.WithCancel(context.WithoutCancel(stop))
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		defer signal.Stop(signals)
		select {
		case <-stop.Done():
		case <-hard.Done():
			return
		}
		late := time.NewTimer(drainTime)
		defer late.Stop()
		for n := 0; n < 2; n++ {
			select {
			case <-signals:
			case <-late.C:
				n = 2
			case <-hard.Done():
				return
			}
		}
		cut()
	}()
	return hard, cut
}

// serveWatch serves /healthz and /metrics until it is stopped.
func (s *session) serveWatch(addr string, w *work.Watch, log *slog.Logger) (stop func(), err error) {
	if addr == "" {
		return func() {}, nil
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, &freehold.Error{Kind: freehold.KindUsage, Text: freehold.T("cannot listen at %q", freehold.OneLine(addr)), Err: plain(err)}
	}
	server := &http.Server{Handler: w.Handler(), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: 10 * time.Second, MaxHeaderBytes: 16 << 10}
	go func() {
		if err := server.Serve(l); err != nil && !errors.Is(err, http.ErrServerClosed) {
			log.Error("the pages are served no more", "error", err.Error())
		}
	}()
	log.Info("serving", "at", l.Addr().String())
	return func() { server.Close() }, nil
}

// runWorker works until stop ends, with River where the store is PostgreSQL.
func (j *deskJob) runWorker(stop, hard context.Context, w *work.Worker) error {
	w.Log.Info("the worker begins", "as", j.desk.Worker, "store", j.store.Location())
	defer w.Log.Info("the worker has ended")
	if j.c.Bool("once") {
		w.Round(stop, hard)
		return nil
	}
	dsn, err := j.dsn(j.c)
	if err != nil {
		return err
	}
	if !strings.HasPrefix(dsn, "postgres://") && !strings.HasPrefix(dsn, "postgresql://") {
		w.Run(stop, hard)
		return nil
	}
	quiet := slog.New(slog.NewJSONHandler(j.Err, &slog.HandlerOptions{Level: slog.LevelWarn}))
	q, err := queue.Open(stop, dsn, queue.Config{Do: func(ctx context.Context, id string) error { return w.Advance(ctx, id) }, Parallel: w.Parallel, Longest: time.Minute, Log: quiet})
	if err != nil {
		return err
	}
	defer q.Close()
	w.Queue = q
	if err := q.Start(hard); err != nil {
		return &freehold.Error{Kind: freehold.KindUnavailable, Text: freehold.T("the queue of the workers cannot be opened"), Err: err}
	}
	w.Run(stop, hard)
	return q.Stop(hard)
}
