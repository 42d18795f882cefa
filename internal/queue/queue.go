// Package queue spreads the desk's cases over the processes that work on one
// PostgreSQL database, with River. A job is a hint to look at a case: it holds the
// case's identifier and nothing else, there is one at a time for each case, and one
// that is lost is put in again by the next round of any worker.
package queue

import (
	"context"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"
	"github.com/riverqueue/river/rivertype"

	"freehold"
)

// Config of one process.
type Config struct {
	// Do goes on with one case. Its error is no reason to try again: the case itself
	// says when it is due.
	Do       func(ctx context.Context, id string) error
	Parallel int           // cases at once
	Longest  time.Duration // for one case
	Log      *slog.Logger
}

// Queue is one process's share.
type Queue struct {
	pool   *pgxpool.Pool
	client *river.Client[pgx.Tx]
}

// look is the one kind of job.
type look struct {
	Case string `json:"case" river:"unique"`
}

// Kind names it in River's table.
func (look) Kind() string { return "freehold_case" }

type looker struct {
	river.WorkerDefaults[look]
	do func(ctx context.Context, id string) error
}

// Work does one.
func (l *looker) Work(ctx context.Context, job *river.Job[look]) error {
	_ = l.do(ctx, job.Args.Case) // logged by whoever does it; the next round looks again
	return nil
}

// Open connects, and brings River's tables up to date. Errors are of KindUnavailable.
func Open(ctx context.Context, dsn string, c Config) (*Queue, error) {
	fail := func(err error) error {
		return &freehold.Error{Kind: freehold.KindUnavailable, Text: freehold.T("the queue of the workers cannot be opened"), Err: err}
	}
	pool, err := pgxpool.New(ctx, dsn)
	if err != nil {
		return nil, fail(err)
	}
	q := &Queue{pool: pool}
	driver := riverpgxv5.New(pool)
	if err = migrate(ctx, pool, driver, c.Log); err == nil {
		workers := river.NewWorkers()
		river.AddWorker(workers, &looker{do: c.Do})
		q.client, err = river.NewClient(driver, &river.Config{
			Logger: c.Log, Workers: workers, JobTimeout: c.Longest, Queues: map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: max(1, c.Parallel)}},
			CompletedJobRetentionPeriod: time.Hour, RescueStuckJobsAfter: c.Longest + 15*time.Second, FetchPollInterval: time.Second, FetchCooldown: 10 * time.Millisecond,
		})
	}
	if err != nil {
		pool.Close()
		return nil, fail(err)
	}
	return q, nil
}

// migrating is the advisory lock of whoever makes River's tables: workers often begin
// together.
const migrating = 0x66726565686f6c64 // "freehold"

func migrate(ctx context.Context, pool *pgxpool.Pool, driver *riverpgxv5.Driver, log *slog.Logger) error {
	conn, err := pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	if _, err := conn.Exec(ctx, "SELECT pg_advisory_lock($1)", int64(migrating)); err != nil {
		return err
	}
	defer conn.Exec(context.WithoutCancel(ctx), "SELECT pg_advisory_unlock($1)", int64(migrating))
	migrator, err := rivermigrate.New(driver, &rivermigrate.Config{Logger: log})
	if err != nil {
		return err
	}
	_, err = migrator.Migrate(ctx, rivermigrate.DirectionUp, nil)
	return err
}

// Start begins to take jobs. It ends with Stop, not with ctx.
func (q *Queue) Start(ctx context.Context) error { return q.client.Start(context.WithoutCancel(ctx)) }

// Stop takes no more jobs and waits for those under way; when ctx ends they are cut.
func (q *Queue) Stop(ctx context.Context) error {
	err := q.client.Stop(ctx)
	if err != nil {
		cut, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		err = q.client.StopAndCancel(cut)
	}
	return err
}

// Close gives the connections back.
func (q *Queue) Close() { q.pool.Close() }

// unfinished are the states in which a case needs no second job.
var unfinished = []rivertype.JobState{rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRunning, rivertype.JobStateRetryable, rivertype.JobStateScheduled}

// Push asks for a look at each of the cases. A case that waits for one gets no second.
func (q *Queue) Push(ctx context.Context, cases []string) error {
	params := make([]river.InsertManyParams, len(cases))
	for i, id := range cases {
		params[i] = river.InsertManyParams{Args: look{Case: id}, InsertOpts: &river.InsertOpts{MaxAttempts: 1, UniqueOpts: river.UniqueOpts{ByArgs: true, ByState: unfinished}}}
	}
	_, err := q.client.InsertMany(ctx, params)
	return err
}
