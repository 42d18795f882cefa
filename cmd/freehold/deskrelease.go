package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/urfave/cli/v2"
	"golang.org/x/term"

	"freehold"
	"freehold/internal/seal"
	"freehold/registrar/transfer"
)

func (s *session) deskRelease(c *cli.Context) error {
	if c.Bool("approved") {
		return s.deskSweep(c)
	}
	return s.withCase(c, func(ctx context.Context, j *deskJob, id string) error {
		if !c.Bool("yes") {
			return j.wouldRelease(ctx, id)
		}
		if err := lockMemory(); err != nil {
			s.tell(freehold.T("memory cannot be kept from core dumps here"))
		}
		reg, done, err := j.account(c.String("account"))
		if err != nil {
			return err
		}
		defer done()
		j.desk.Registrar = func(freehold.Name) (transfer.Registrar, error) { return reg, nil }
		j.desk.Attendant = atTerminal{j.session}
		o, err := j.desk.Advance(ctx, id)
		if err != nil {
			return err
		}
		if o.Row.Case.State != freehold.CaseSet {
			if o.Waits != nil {
				j.code = exitCode(o.Waits)
			}
			return j.tellCase(o.Row, o.Waits, nil, false)
		}
		return j.handOver(ctx, id)
	})
}

// handOver writes the sealed code: once. Where it goes is opened before, so that
// nothing is used up on a path that cannot be written.
func (j *deskJob) handOver(ctx context.Context, id string) error {
	var to io.Writer = j.Out
	finish := func() error { return nil }
	if path := j.c.String("output"); path != "" && path != "-" {
		f, done, err := outputFile(path)
		if err != nil {
			return err
		}
		to, finish = f, done
	} else if j.json() {
		return misuse(freehold.T("a sealed code goes to a file where the result is JSON"), freehold.T("give -o and a file"))
	}
	text, row, err := j.desk.Reveal(ctx, id, j.operator())
	if err != nil {
		return err
	}
	if _, err := io.Copy(to, bytes.NewReader(text)); err != nil {
		return err
	}
	if err := finish(); err != nil {
		return err
	}
	if to == j.Out {
		s := j.session
		s.tell(freehold.T("the code was handed over, once: it is not told again"))
		return nil
	}
	return j.tellCase(row, nil, nil, false)
}

// wouldRelease is the dry run: it only judges.
func (j *deskJob) wouldRelease(ctx context.Context, id string) error {
	row, err := j.store.Case(ctx, id)
	if err != nil {
		return err
	}
	_, waits := j.keeper(row.Case.Name, j.now()).MayRelease(row.Case, j.now())
	if row.Case.State != freehold.CaseOpen {
		waits = nil
	}
	if !j.json() {
		fmt.Fprintln(j.Out, j.say("Nothing is changed without --yes."))
	}
	if waits != nil {
		j.code = exitCode(waits)
	}
	return j.tellCase(row, waits, nil, false)
}

// goOn advances a case with the account that was named.
func (j *deskJob) goOn(ctx context.Context, id string) error {
	reg, done, err := j.account(j.c.String("account"))
	if err != nil {
		return err
	}
	defer done()
	j.desk.Registrar = func(freehold.Name) (transfer.Registrar, error) { return reg, nil }
	o, err := j.desk.Advance(ctx, id)
	if err != nil {
		return err
	}
	return j.tellCase(o.Row, o.Waits, nil, false)
}

// deskSweep goes on with all cases that are due.
func (s *session) deskSweep(c *cli.Context) error {
	j, err := s.deskJob(c)
	if err != nil {
		return err
	}
	defer j.close()
	if !c.Bool("yes") {
		ids, err := j.store.DueCases(c.Context, j.now(), 10000)
		if err != nil {
			return err
		}
		return j.tellSwept(len(ids))
	}
	if err := lockMemory(); err != nil {
		s.tell(freehold.T("memory cannot be kept from core dumps here"))
	}
	reg, done, err := j.account(c.String("account"))
	if err != nil {
		return err
	}
	defer done()
	j.desk.Registrar = func(freehold.Name) (transfer.Registrar, error) { return reg, nil }
	n, err := j.desk.Sweep(c.Context, c.Int("parallel"))
	if err != nil {
		return err
	}
	return j.tellSwept(n)
}

func (j *deskJob) tellSwept(n int) error {
	if j.json() {
		return j.write(struct {
			Schema string `json:"schema"`
			Due    int    `json:"due"`
			Done   bool   `json:"done"`
		}{"freehold.sweep/1", n, j.c.Bool("yes")})
	}
	if !j.c.Bool("yes") {
		fmt.Fprintln(j.Out, j.say("Nothing is changed without --yes."))
		fmt.Fprintln(j.Out, j.say("%d cases are due.", n))
		return nil
	}
	fmt.Fprintln(j.Out, j.say("%d cases were gone on with.", n))
	return nil
}

func (s *session) deskTransferCommand() *cli.Command {
	answerFlags := func() []cli.Flag { return join(reasonFlags(), signFlags(), deskFlags(), registryFlags(), yesFlag()) }
	return &cli.Command{
		Name: "transfer", Usage: "transfers at the registry: each is matched to a case, and one without a case is an alarm",
		Subcommands: []*cli.Command{
			{Name: "poll", Usage: "read the registry's messages", ArgsUsage: " ", Flags: join(deskFlags(), registryFlags(), yesFlag()), Action: s.deskPoll},
			{Name: "approve", Usage: "sign that a pending transfer is let through before its time", ArgsUsage: "CASE", Flags: answerFlags(), Action: s.deskAnswer(freehold.DecisionApproveTransfer)},
			{Name: "reject", Usage: "sign that a pending transfer is rejected, for a reason of the closed list", ArgsUsage: "CASE", Flags: answerFlags(), Action: s.deskAnswer(freehold.DecisionRejectTransfer)},
		},
	}
}

// deskAnswer decides about a pending transfer and, with --yes, does it.
func (s *session) deskAnswer(kind freehold.DecisionKind) cli.ActionFunc {
	return func(c *cli.Context) error {
		return s.withCase(c, func(ctx context.Context, j *deskJob, id string) error {
			row, err := j.decide(ctx, id, kind, j.reasoned)
			if err != nil || !c.Bool("yes") {
				return j.decided(row, err)
			}
			return j.goOn(ctx, id)
		})
	}
}

func (s *session) deskPoll(c *cli.Context) error {
	j, err := s.deskJob(c)
	if err != nil {
		return err
	}
	defer j.close()
	if !c.Bool("yes") {
		return misuse(freehold.T("reading a message takes it off the registry's queue"), freehold.T("give --yes to do it"))
	}
	reg, done, err := j.account(c.String("account"))
	if err != nil {
		return err
	}
	defer done()
	poller, ok := reg.(transfer.Poller)
	if !ok {
		return &freehold.Error{Kind: freehold.KindPermission, Text: freehold.T("%s has no messages", reg.Title())}
	}
	n, err := j.desk.Poll(c.Context, poller)
	if err != nil {
		return err
	}
	if j.json() {
		return j.write(struct {
			Schema   string `json:"schema"`
			Messages int    `json:"messages"`
		}{"freehold.poll/1", n})
	}
	fmt.Fprintln(j.Out, j.say("Messages read: %d.", n))
	return nil
}

// atTerminal is the operator at this terminal, on the telephone with the requester.
type atTerminal struct{ *session }

// Phrase shows the phrase, once, beside the result.
func (a atTerminal) Phrase(_ context.Context, _ freehold.Case, phrase freehold.TransferCode) error {
	var err error
	seal.Spoken(phrase, func(groups string) {
		_, err = fmt.Fprintln(a.Err, a.say("Speak this phrase, once, to the person you called back: %s", groups))
	})
	return err
}

// Aloud shows the code, has it read out, and asks whether it was read back.
func (a atTerminal) Aloud(ctx context.Context, _ freehold.Case, code freehold.TransferCode) (bool, error) {
	var err error
	code.Use(func(b []byte) {
		_, err = fmt.Fprintln(a.Err, a.say("Read this out, character by character: %s", string(b)))
	})
	if err != nil {
		return false, err
	}
	return a.Yes(ctx, freehold.T("Was it read back to you without a fault?"))
}

// Yes asks and reads a line: y, o, j (yes, oui, ja) or a word that begins so.
func (a atTerminal) Yes(_ context.Context, question freehold.Text) (bool, error) {
	if _, err := fmt.Fprintf(a.Err, "%s [y/n] ", question.Render(a.speaker)); err != nil {
		return false, err
	}
	line, err := readLine(a.In)
	if err != nil && line == "" {
		return false, &freehold.Error{Kind: freehold.KindWaiting, Text: freehold.T("nobody answered at the terminal")}
	}
	line = strings.ToLower(strings.TrimSpace(line))
	return line != "" && strings.ContainsRune("yoj", rune(line[0])), nil
}

// Secret reads a line that is not shown.
func (a atTerminal) Secret(_ context.Context, question freehold.Text) (freehold.TransferCode, error) {
	return a.noEcho(question)
}

// noEcho reads a line without showing it; from a pipe it reads a line as it is.
func (s *session) noEcho(question freehold.Text) (freehold.TransferCode, error) {
	fmt.Fprint(s.Err, question.Render(s.speaker)+" ")
	if f, ok := s.In.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		b, err := term.ReadPassword(int(f.Fd()))
		fmt.Fprintln(s.Err)
		if err != nil {
			return freehold.TransferCode{}, &freehold.Error{Kind: freehold.KindWaiting, Text: freehold.T("nobody answered at the terminal")}
		}
		return freehold.NewTransferCode(b), nil
	}
	line, err := readLine(s.In)
	if err != nil && line == "" {
		return freehold.TransferCode{}, &freehold.Error{Kind: freehold.KindWaiting, Text: freehold.T("nobody answered at the terminal")}
	}
	return freehold.NewTransferCode([]byte(strings.TrimSpace(line))), nil
}

// readLine reads one line and not an octet more: what follows answers the next
// question.
func readLine(in io.Reader) (string, error) {
	var line []byte
	one := make([]byte, 1)
	for len(line) < maxAnswer {
		n, err := in.Read(one)
		if n > 0 {
			if one[0] == '\n' {
				return string(line), nil
			}
			line = append(line, one[0])
		}
		if err != nil {
			return string(line), err
		}
	}
	return string(line), nil
}
