package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"io"
	"iter"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/urfave/cli/v2"

	"freehold"
	"freehold/internal/flow/audit"
	"freehold/internal/store"
	"freehold/verify"
	"freehold/verify/rules"
)

func (s *session) auditCommand() *cli.Command {
	return &cli.Command{
		Name:      "audit",
		Usage:     "who controls each layer of a name, can it leave today, what to fix first",
		ArgsUsage: "[NAME…]",
		Description: `Asks registries, registrars and name servers about each name, judges what they say, and saves the run.

Names come from the command line and from -f FILE: one name a line, or a CSV with a header; "#" starts a comment, "-" is standard input.
Public data alone rarely decides whether a name can leave: "--ask" puts at most three questions per name, "attest" takes answers without asking.

With --all, --client or --tag the names come from the portfolio, which "import" fills.

Exit codes: 0 nothing found, 1 nothing achieved, 2 usage, 3 findings or some names failed.`,
		Flags: join(
			[]cli.Flag{
				&cli.StringFlag{Name: "file", Aliases: []string{"f"}, Usage: "read names from `FILE`"},
				&cli.BoolFlag{Name: "ask", Usage: "ask what no public source shows, at most three questions per name"},
				&cli.StringFlag{Name: "by", Usage: "`NAME` of who answers, for the record"},
				&cli.BoolFlag{Name: "resume", Usage: "finish the last run: what was not reached, did not answer or failed"},
				&cli.BoolFlag{Name: "fresh", Usage: "ask registries again, also what they answered within the last hour"},
				&cli.BoolFlag{Name: "no-save", Usage: "keep nothing"},
				&cli.IntFlag{Name: "parallel", Value: 32, Usage: "names worked on at once"},
			},
			selectionFlags(), pageFlags(), observeFlags(), outputFlags(), storeFlags(),
		),
		Action: s.audit,
	}
}

func (s *session) audit(c *cli.Context) (err error) {
	job := &auditJob{session: s, c: c}
	defer func() { err = errors.Join(err, job.close()) }()
	if err := job.open(c.Context); err != nil {
		return err
	}
	return job.run(c.Context)
}

// auditJob is one audit from flags to exit code.
type auditJob struct {
	*session
	c      *cli.Context
	world  *observers
	store  *store.Store // nil with --no-save
	listed *store.Store // the portfolio's; nil where nothing is asked of it
	out    *output
	record freehold.Run
}

func (j *auditJob) open(ctx context.Context) (err error) {
	if j.c.Int("parallel") < 1 || j.c.Int("parallel") > 4096 {
		return misuse(freehold.T("--parallel %d is not between 1 and 4096", j.c.Int("parallel")), freehold.Text{})
	}
	if j.c.Bool("resume") && j.c.Bool("no-save") {
		return misuse(freehold.T("--resume and --no-save exclude each other"), freehold.T("a run that was not saved cannot be finished"))
	}
	if j.c.Bool("ask") && j.c.String("file") == "-" {
		return misuse(freehold.T("--ask and -f - both want standard input"), freehold.T("put the names into a file"))
	}
	if !j.c.Args().Present() && j.c.String("file") == "" && !j.c.Bool("resume") && !j.c.Bool("lab") && !selects(j.c) {
		return misuse(freehold.T("no names to audit"), freehold.T("give names, or -f FILE, or --lab to try it on an offline world"))
	}
	if j.out, err = j.openOutput(j.c); err != nil {
		return err
	}
	if j.world, err = j.observe(ctx, j.c); err != nil {
		return err
	}
	// A run in the lab is kept only where that was asked for: it is not the user's portfolio.
	if !j.c.Bool("no-save") && (!j.c.Bool("lab") || j.c.IsSet("db")) {
		if j.store, err = j.openStore(ctx, j.c); err != nil {
			return err
		}
	}
	return j.openPortfolio(ctx)
}

func (j *auditJob) close() error {
	var errs []error
	if j.listed != nil && j.listed != j.store {
		errs = append(errs, j.listed.Close())
	}
	if j.store != nil {
		errs = append(errs, j.store.Close())
	}
	if j.world != nil {
		errs = append(errs, j.world.Close())
	}
	return errors.Join(errs...)
}

func (j *auditJob) run(ctx context.Context) error {
	if err := j.world.seed(ctx, j.store); err != nil {
		return err
	}
	inputs, total, err := j.names(ctx)
	if err != nil {
		return err
	}
	auditor, err := j.auditor()
	if err != nil {
		return err
	}
	if j.store != nil {
		j.out.options.Saved = j.store.Location()
	}
	writer, err := j.out.openReport(j.c)
	if err != nil {
		return err
	}
	j.record.Names = total
	if err := writer.Begin(j.record); err != nil {
		return err
	}
	bar := j.progress(total, j.world.limiter)
	options := audit.Options{
		Parallel: j.c.Int("parallel"),
		Pace:     j.world.limiter,
		Note:     func(in audit.Input) { bar.note(in.Note) },
		Tell: func(r *freehold.Result) error {
			bar.done(r)
			return writer.Result(r)
		},
	}
	if j.store != nil {
		options.Save, options.Urgency = j.save, j.urgency
	}
	summary, runErr := auditor.Run(ctx, inputs, options)
	bar.end()
	j.record.Finished = j.world.now().Truncate(time.Microsecond)
	if errors.Is(runErr, syscall.EPIPE) {
		return runErr
	}
	interrupted := ctx.Err() != nil
	if j.store != nil && !interrupted && runErr == nil {
		runErr = j.store.FinishRun(context.WithoutCancel(ctx), j.record)
	}
	if interrupted {
		j.record.Finished = time.Time{}
	}
	if err := writer.End(j.record, summary); err != nil {
		return err
	}
	if err := j.out.finish(); err != nil {
		return err
	}
	return j.verdict(summary, total, interrupted, runErr)
}

// verdict turns a finished run into the exit code and the last words on stderr.
func (j *auditJob) verdict(summary freehold.Summary, total int, interrupted bool, err error) error {
	if err != nil {
		j.tell(freehold.T("the results above are shown but not all kept: %s", freehold.SayError(j.speaker, err)))
		j.hint(freehold.SayHint(j.speaker, err))
	}
	if interrupted {
		if total > 0 {
			j.tell(freehold.T("interrupted after %d of %d names", summary.Names, total))
		} else {
			j.tell(freehold.T("interrupted after %d names", summary.Names))
		}
		if j.store != nil {
			j.hint(j.say("%q finishes the run", "freehold audit --resume"))
		}
	}
	findings := 0
	for severity, n := range summary.Severities {
		if severity > freehold.SeverityInfo {
			findings += n
		}
	}
	switch {
	case summary.Names > 0 && summary.Failed == summary.Names, summary.Names == 0 && (err != nil || interrupted):
		j.code = exitFailed
	case summary.Failed > 0 || findings > 0 || interrupted || err != nil:
		j.code = exitFindings
	}
	return nil
}

// auditor joins the sources with the judgement.
func (j *auditJob) auditor() (*audit.Auditor, error) {
	w := j.world
	a := &audit.Auditor{Labels: j.labels(), RDAP: w.rdap, WHOIS: w.whois, DNS: w.dns, Memory: w.memory(j.store), Now: w.at, Clock: time.Now, // the age of an answer goes by the real clock
		Past: j.past(),
		Judge: func(o *freehold.Observed) (freehold.Control, freehold.Verdict, []freehold.Finding) {
			profile := w.policy.For(o.Name, o.At)
			control := verify.Control(o)
			verdict := verify.Judge(o, control, profile)
			return control, verdict, rules.Apply(rules.Case{Observed: o, Control: control, Verdict: verdict, Profile: profile})
		}}
	if !j.c.Bool("ask") {
		return a, nil
	}
	keep := func(context.Context, freehold.Attestation, freehold.Evidence) error { return nil }
	if j.store != nil {
		keep = j.store.Attest
	}
	a.Ask = j.questioner(j.person(j.c.String("by")), w.now, keep).ask
	return a, nil
}

// past is where answers of lately are found, if they may be used again.
func (j *auditJob) past() audit.Past {
	if j.store == nil || j.c.Bool("fresh") {
		return nil
	}
	return j.store
}

func (j *auditJob) urgency(ctx context.Context, name freehold.Name) audit.Urgency {
	return audit.UrgencyOf(ctx, j.store, name, j.world.at)
}

func (j *auditJob) save(ctx context.Context, batch []audit.Audited) error {
	saved := make([]store.Saved, len(batch))
	for i := range batch {
		saved[i] = store.Saved{Result: &batch[i].Result, Evidence: batch[i].Evidence}
	}
	return j.store.Save(ctx, j.record.ID, saved)
}

// names returns what is to be audited and how much it is. With a store the names
// are written into it before the first is asked about, so that an interrupted
// run can be finished without the file.
func (j *auditJob) names(ctx context.Context) (iter.Seq[audit.Input], int, error) {
	// The store keeps microseconds; what is told now must be what "report" tells later.
	started := j.world.now().Truncate(time.Microsecond)
	j.record = freehold.Run{ID: runID(started), Started: started, Version: programVersion(), PolicyDate: j.world.policy.Date(), Args: j.args[1:], Lang: j.out.options.Lang}
	if j.c.Bool("resume") {
		return j.resume(ctx)
	}
	inputs, err := j.inputs()
	if err != nil {
		return nil, 0, err
	}
	if j.store == nil {
		return inputs, 0, nil
	}
	if err := j.store.BeginRun(ctx, j.record); err != nil {
		return nil, 0, err
	}
	total, err := j.enlist(ctx, inputs)
	if err != nil {
		return nil, 0, err
	}
	return j.pending(ctx, false), total, nil
}

// enlist writes the names of the run into the store, a thousand at a time.
func (j *auditJob) enlist(ctx context.Context, inputs iter.Seq[audit.Input]) (total int, err error) {
	var asked []string
	flush := func() error {
		err := j.store.AddNames(ctx, j.record.ID, asked)
		total, asked = total+len(asked), asked[:0]
		return err
	}
	for in := range inputs {
		if in.Note != "" {
			j.tellText(in.Note)
		}
		if in.Err == nil && in.Name.IsZero() {
			continue
		}
		if in.Err != nil {
			j.tellText(freehold.SayError(j.speaker, in.Err)) // here it still has its file and line
			asked = append(asked, in.Asked)
		} else {
			asked = append(asked, in.Name.ASCII())
		}
		if len(asked) == 1000 {
			if err := flush(); err != nil {
				return total, err
			}
		}
	}
	return total, flush()
}

// pending reads the names of the run that still need work.
func (j *auditJob) pending(ctx context.Context, again bool) iter.Seq[audit.Input] {
	return func(yield func(audit.Input) bool) {
		for asked, err := range j.store.Pending(ctx, j.record.ID, again) {
			in := audit.Input{Asked: asked, Err: err}
			if err == nil {
				in = audit.ParseInput(asked)
			}
			if !yield(in) || err != nil {
				return
			}
		}
	}
}

// resume takes up the last run. Names or a file given beside --resume must be
// those of that run.
func (j *auditJob) resume(ctx context.Context) (iter.Seq[audit.Input], int, error) {
	last, err := j.store.LastRun(ctx)
	if err != nil {
		if freehold.KindOf(err) == freehold.KindNotFound {
			return nil, 0, &freehold.Error{Kind: freehold.KindUsage, Text: freehold.T("there is no run to resume"), Advice: freehold.T("start one with names or -f FILE")}
		}
		return nil, 0, err
	}
	for _, given := range append(j.c.Args().Slice(), j.c.String("file")) {
		if given != "" && !slices.Contains(last.Args, given) && !slices.Contains(last.Args, "--file="+given) {
			return nil, 0, misuse(freehold.T("the last run, %s, was not of %q", last.ID, given), freehold.T("give --resume alone to finish it, or leave it out to start a new run"))
		}
	}
	j.record = last
	j.record.Finished = time.Time{}
	total := 0
	for _, err := range j.store.Pending(ctx, last.ID, true) {
		if err != nil {
			return nil, 0, err
		}
		total++
	}
	if total == 0 {
		j.tell(freehold.T("run %s is complete: every name was answered", last.ID))
	}
	return j.pending(ctx, true), total, nil
}

// inputs joins the names of the command line and the file; in the lab, without
// either, all names of the lab.
func (j *auditJob) inputs() (iter.Seq[audit.Input], error) {
	args := j.c.Args().Slice()
	file := j.c.String("file")
	if len(args) == 0 && file == "" && j.world.lab != nil && !selects(j.c) {
		args = j.world.labNames()
	}
	var reader io.ReadCloser = io.NopCloser(strings.NewReader(""))
	switch file {
	case "":
	case "-":
		reader = io.NopCloser(j.In)
	default:
		f, err := os.Open(file)
		if err != nil {
			return nil, &freehold.Error{Kind: freehold.KindUsage, Text: freehold.T("cannot read the names in %q", file), Err: plain(err)}
		}
		reader = f
	}
	return func(yield func(audit.Input) bool) {
		defer reader.Close()
		for in := range j.selected(j.c.Context) {
			if !yield(in) {
				return
			}
		}
		for in := range audit.ReadNames(args, reader, file) {
			if !yield(in) {
				return
			}
		}
	}, nil
}

// runID is ordered by time and unique: "20261125T093516Z-3f9a2c".
func runID(at time.Time) string {
	var b [3]byte
	rand.Read(b[:])
	return at.UTC().Format("20060102T150405Z") + "-" + hex.EncodeToString(b[:])
}

// plain takes the path out of an error that will name it anyway.
func plain(err error) error {
	var pe *os.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}
