package main

import (
	"context"
	"crypto/rand"
	"errors"
	"os"

	"github.com/urfave/cli/v2"
	"golang.org/x/crypto/ssh"

	"freehold"
	"freehold/internal/flow/desk"
	"freehold/verify/identity"
)

// signFlags say with which key a decision is signed.
func signFlags() []cli.Flag {
	return []cli.Flag{&cli.StringFlag{Name: "key", Usage: "sign with the SSH key in `FILE`"}}
}

func (s *session) deskApproveCommand() *cli.Command {
	return &cli.Command{
		Name: "approve", Usage: "sign that the act is released", ArgsUsage: "CASE",
		Description: `How the code is handed over is signed with it: --deliver "key age1…" or "key ssh-ed25519 …" seals it to the requester's key, "phrase" to a phrase that is spoken on a call-back, "aloud" has it read out and read back. Plain mail is refused.`,
		Flags: join([]cli.Flag{
			&cli.StringFlag{Name: "deliver", Usage: "`HOW` the code is handed over: \"key KEY\", phrase, aloud"},
			&cli.StringFlag{Name: "settle", Usage: "decide the `OBJECTION` or claim instead"},
			&cli.BoolFlag{Name: "upheld", Usage: "with --settle: for who raised it"},
		}, signFlags(), deskFlags()),
		Action: s.deskApprove,
	}
}

func (s *session) deskDenyCommand() *cli.Command {
	return &cli.Command{
		Name: "deny", Usage: "sign why it is not released: four answers that are never mixed", ArgsUsage: "CASE",
		Description: `not_proven: not yet, and says what would suffice; the clock runs on. not_ours: the name is not in our hands. refuse: for a reason of the rules' closed list. A pending transfer is rejected with "desk transfer reject".`,
		Flags: join([]cli.Flag{
			&cli.StringFlag{Name: "as", Value: "not_proven", Usage: "the `ANSWER`: not_proven, not_ours, refuse"},
		}, reasonFlags(), signFlags(), deskFlags()),
		Action: s.deskDeny,
	}
}

func reasonFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "reason", Usage: "the `REASON` of the rules' list, such as fraud"},
		&cli.StringFlag{Name: "words", Usage: "the reason in `WORDS`, where the rules list none that was verified"},
	}
}

// decide signs a decision on the case as it is and enters it.
func (j *deskJob) decide(ctx context.Context, id string, kind freehold.DecisionKind, change func(*freehold.Decision)) (freehold.CaseRow, error) {
	key, err := j.signer()
	if err != nil {
		return freehold.CaseRow{}, err
	}
	row, err := j.store.Case(ctx, id)
	if err != nil {
		return row, err
	}
	d := j.keeper(row.Case.Name, j.now()).Policy.Decide(row.Case, kind, j.operator(), j.now())
	if change != nil {
		change(&d)
	}
	signature, err := identity.Sign(rand.Reader, key, d.Statement())
	if err != nil {
		return row, err
	}
	return j.desk.Add(ctx, id, j.operator(), freehold.ChannelDesk, freehold.Decided{Decision: d, Signature: signature, Key: ssh.FingerprintSHA256(key.PublicKey())})
}

// signer reads the operator's key; a passphrase is asked for without being shown.
func (j *deskJob) signer() (ssh.Signer, error) {
	path := j.c.String("key")
	if path == "" {
		return nil, misuse(freehold.T("a decision is signed, and no key was named"), freehold.T("give --key and your SSH key"))
	}
	body, err := os.ReadFile(path)
	if err != nil {
		return nil, &freehold.Error{Kind: freehold.KindUsage, Text: freehold.T("cannot read %q", path), Err: plain(err)}
	}
	defer clear(body)
	key, err := ssh.ParsePrivateKey(body)
	var locked *ssh.PassphraseMissingError
	if errors.As(err, &locked) {
		phrase, perr := j.noEcho(freehold.T("Passphrase of the key %q:", path))
		if perr != nil {
			return nil, perr
		}
		defer phrase.Destroy()
		phrase.Use(func(b []byte) { key, err = ssh.ParsePrivateKeyWithPassphrase(body, b) })
	}
	if err != nil {
		return nil, &freehold.Error{Kind: freehold.KindUsage, Text: freehold.T("%q holds no SSH key that can be used", path)}
	}
	return key, nil
}

func (s *session) deskApprove(c *cli.Context) error {
	return s.withCase(c, func(ctx context.Context, j *deskJob, id string) error {
		if dispute := c.String("settle"); dispute != "" {
			return j.decided(j.decide(ctx, id, freehold.DecisionSettle, func(d *freehold.Decision) { d.Dispute, d.Upheld = dispute, c.Bool("upheld") }))
		}
		row, err := j.store.Case(ctx, id)
		if err != nil {
			return err
		}
		how := ""
		if row.Case.Act == freehold.ActCode {
			delivery, err := desk.ParseDelivery(c.String("deliver"))
			if err != nil {
				return err
			}
			how = delivery.String()
		}
		seen, err := j.surroundings(ctx, row.Case.Name, "")
		if err != nil {
			return err
		}
		if _, err := j.desk.LookAgain(ctx, id, seen); err != nil {
			return err
		}
		return j.decided(j.decide(ctx, id, freehold.DecisionRelease, func(d *freehold.Decision) { d.Delivery = how }))
	})
}

func (j *deskJob) decided(row freehold.CaseRow, err error) error {
	if err != nil {
		return err
	}
	return j.tellCase(row, nil, nil, false)
}

func (s *session) deskDeny(c *cli.Context) error {
	return s.withCase(c, func(ctx context.Context, j *deskJob, id string) error {
		kinds := map[string]freehold.DecisionKind{"not_proven": freehold.DecisionNotProven, "not_ours": freehold.DecisionNotOurs, "refuse": freehold.DecisionRefuse}
		kind, ok := kinds[c.String("as")]
		if !ok {
			return misuse(freehold.T("%q is none of the answers", freehold.OneLine(c.String("as"))), freehold.T("use one of %s", "not_proven, not_ours, refuse"))
		}
		return j.decided(j.decide(ctx, id, kind, j.reasoned))
	})
}

// reasoned puts the reason of the flags into a decision.
func (j *deskJob) reasoned(d *freehold.Decision) {
	d.Reason, d.Words = j.c.String("reason"), freehold.OneLine(j.c.String("words"))
	d.Free = d.Reason == "" && d.Words != "" && (d.Kind == freehold.DecisionRefuse || d.Kind == freehold.DecisionRejectTransfer)
}

func (s *session) deskRevoke(c *cli.Context) error {
	return s.withCase(c, func(ctx context.Context, j *deskJob, id string) error {
		row, err := j.decide(ctx, id, freehold.DecisionRevoke, nil)
		if err != nil || row.Case.CodeUntil.IsZero() || !c.Bool("yes") {
			return j.decided(row, err)
		}
		return j.goOn(ctx, id)
	})
}
