package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/urfave/cli/v2"

	"freehold"
	"freehold/internal/flow/audit"
	"freehold/internal/flow/desk"
	"freehold/registrar/transfer"
)

func (s *session) deskLockdownCommand() *cli.Command {
	return &cli.Command{
		Name: "lockdown", Usage: "after an intrusion: take every standing code back, lock every name, list the transfers that are pending", ArgsUsage: "[NAME…]",
		Description: `Looks at every name with a code of the desk's that stands, and at those named on the command line or in a file: all names of the account, if whoever broke in could have set codes past the desk. Codes are unset, or replaced by ones that nobody keeps; approvals they rest on are revoked, and that is signed; locks are put on where the terms of the registry allow it. A transfer that is pending no lock stops any more: it is listed with the time by which it has to be rejected ("desk transfer reject").

Without --yes it only looks. One name that fails never stops the rest, and all of it can be done again.

Exit codes: 0 nothing is left open, 3 something is: a pending transfer, a code that cannot be taken back, a name that failed.`,
		Flags: join([]cli.Flag{&cli.StringFlag{Name: "file", Aliases: []string{"f"}, Usage: "names from `FILE`: one a line, or a CSV; - is standard input"}},
			signFlags(), deskFlags(), registryFlags(), yesFlag()),
		Action: s.deskLockdown,
	}
}

// lockedDoc is one name in JSON.
type lockedDoc struct {
	Name     string     `json:"name"`
	Case     *string    `json:"case"`
	Code     string     `json:"code"`
	Locked   bool       `json:"locked"`
	Pending  bool       `json:"pending"`
	RejectBy *time.Time `json:"reject_by"`
	Error    *string    `json:"error"`
}

var codeFates = map[desk.CodeFate]string{desk.CodeUnknown: "unknown", desk.CodeTaken: "taken_back", desk.CodeStands: "stands", desk.CodeNotOurs: "not_ours", desk.CodeUntried: "not_tried", desk.CodeBusyMove: "transfer_pending"}

func (s *session) deskLockdown(c *cli.Context) error {
	j, err := s.deskJob(c)
	if err != nil {
		return err
	}
	defer j.close()
	names, err := j.lockdownNames()
	if err != nil {
		return err
	}
	if len(names) == 0 {
		s.tell(freehold.T("no code of the desk's stands, and no name was given"))
		return nil
	}
	do := c.Bool("yes")
	if do {
		if _, err := j.signer(); err != nil {
			return err
		}
	}
	reg, done, err := j.account(c.String("account"))
	if err != nil {
		return err
	}
	defer done()
	j.desk.Registrar = func(freehold.Name) (transfer.Registrar, error) { return reg, nil }
	var all []desk.Locked
	for _, n := range names {
		if c.Context.Err() != nil {
			s.tell(freehold.T("interrupted after %d of %d names: do it again", len(all), len(names)))
			j.code = exitFindings
			break
		}
		all = append(all, j.desk.Lockdown(c.Context, n, do, j.revokes))
	}
	return j.tellLocked(all, do)
}

// revokes signs that the approvals of a case are taken back.
func (j *deskJob) revokes(ctx context.Context, id string) error {
	_, err := j.decide(ctx, id, freehold.DecisionRevoke, nil)
	return err
}

// lockdownNames are those of cases whose code stands, and those that were named.
func (j *deskJob) lockdownNames() (names []freehold.Name, err error) {
	seen := map[freehold.Name]bool{}
	add := func(n freehold.Name) {
		if !seen[n] {
			seen[n] = true
			names = append(names, n)
		}
	}
	for l, err := range j.store.Queue(j.c.Context, openStates...) {
		if err != nil {
			return nil, err
		}
		row, err := j.store.Case(j.c.Context, l.ID)
		if err != nil {
			return nil, err
		}
		if !row.Case.CodeUntil.IsZero() {
			add(l.Name)
		}
	}
	var reader io.Reader = strings.NewReader("")
	switch path := j.c.String("file"); path {
	case "":
	case "-":
		reader = j.In
	default:
		f, err := os.Open(path)
		if err != nil {
			return nil, &freehold.Error{Kind: freehold.KindUsage, Text: freehold.T("cannot read the names in %q", path), Err: plain(err)}
		}
		defer f.Close()
		reader = f
	}
	for in := range audit.ReadNames(j.c.Args().Slice(), reader, j.c.String("file")) {
		switch {
		case in.Err != nil:
			j.code = exitFindings
			j.tellText(freehold.SayError(j.speaker, in.Err))
		case !in.Name.IsZero():
			add(in.Name)
		}
	}
	return names, nil
}

func (j *deskJob) tellLocked(all []desk.Locked, did bool) error {
	docs := []lockedDoc{}
	for _, l := range all {
		d := lockedDoc{Name: l.Name.ASCII(), Code: codeFates[l.Code], Locked: l.Lock, Pending: l.Pending}
		if l.Case != "" {
			d.Case = &l.Case
		}
		if l.Err != nil {
			said := freehold.SayError(j.speaker, l.Err)
			d.Error = &said
		}
		if l.Pending {
			at, err := j.rejectBy(l.Name)
			if err != nil {
				return err
			}
			d.RejectBy = momentOrNull(at)
		}
		if l.Pending || l.Err != nil || l.Code == desk.CodeStands || did && !l.Lock && l.Code != desk.CodeNotOurs {
			j.code = exitFindings
		}
		docs = append(docs, d)
	}
	if j.json() {
		return j.write(struct {
			Schema string      `json:"schema"`
			Names  []lockedDoc `json:"names"`
		}{"freehold.lockdown/1", docs})
	}
	w := tabwriter.NewWriter(j.Out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", j.say("NAME"), j.say("CODE"), j.say("LOCK"), j.say("TRANSFER"))
	for i, d := range docs {
		lock, moving := j.say("off"), "–"
		if d.Locked {
			lock = j.say("on")
		}
		if d.Pending {
			moving = j.say("pending")
			if d.RejectBy != nil {
				moving = j.say("reject by %s UTC", stamp(*d.RejectBy))
			}
		}
		code := j.fateWord(all[i].Code)
		if d.Error != nil {
			code = j.say("failed: %s", *d.Error)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", all[i].Name.Unicode(), code, lock, moving)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if !did {
		fmt.Fprintln(j.Out, j.say("Nothing is changed without --yes."))
	}
	return nil
}

// rejectBy is when the registry decides a pending transfer by itself, as far as its
// messages were read.
func (j *deskJob) rejectBy(name freehold.Name) (at time.Time, err error) {
	lines, err := j.store.CasesOf(j.c.Context, name)
	if err != nil {
		return at, err
	}
	for _, l := range lines {
		row, err := j.store.Case(j.c.Context, l.ID)
		if err != nil {
			return at, err
		}
		if n := len(row.Case.Transfers); n > 0 && row.Case.Transfers[n-1].State == "pending" {
			at = row.Case.Transfers[n-1].ActBy
		}
	}
	return at, nil
}

func (s *session) fateWord(f desk.CodeFate) string {
	switch f {
	case desk.CodeTaken:
		return s.say("taken back")
	case desk.CodeStands:
		return s.say("cannot be taken back here")
	case desk.CodeNotOurs:
		return s.say("not ours")
	case desk.CodeUntried:
		return s.say("not touched")
	case desk.CodeBusyMove:
		return s.say("cannot be changed while a transfer is pending")
	}
	return s.say("not known")
}
