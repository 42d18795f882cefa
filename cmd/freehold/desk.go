package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"freehold"
	"freehold/internal/flow/desk"
	"freehold/internal/ledger"
	"freehold/internal/policy"
	"freehold/internal/report"
	"freehold/internal/seal"
	"freehold/internal/store"
	"freehold/registrar/transfer"
	"freehold/verify/identity"
)

func (s *session) deskCommand() *cli.Command {
	return &cli.Command{
		Name:  "desk",
		Usage: "a host's desk: transfer codes to the right people, to nobody else, in time",
		Description: `A case begins with a request (open), goes on with checks of who asks (check) and a decision that an operator signs (approve, deny), and ends with a code that is set at the registry and handed over once (release).

CASE is the identifier of a case, or a name: then it is the name's one open case, or its last one.

Nothing is changed at the registry without --yes. A code is never kept in clear and never sent by plain mail.`,
		Subcommands: []*cli.Command{
			s.deskImportCommand(),
			s.deskEnrolCommand(),
			s.deskBackupCommand(),
			s.deskRestoreCommand(),
			s.deskPurgeCommand(),
			s.deskReportCommand(),
			{
				Name: "open", Usage: "open a case for a request", ArgsUsage: "[NAME]",
				Description: `Holder, customer and contacts are taken from the register ("desk import") where it has the name; what the registry said of the holder in the last saved audit goes before it. What is typed goes before both.

Contacts are those on record, not those that came with the request: --contact CHANNEL:ADDRESS, with @DATE since when it is on record, such as mail:rosa@post.example@2023-05-01. Channels: mail, phone, post, bank, account, key, recovery.`,
				Flags: join([]cli.Flag{
					&cli.StringFlag{Name: "act", Value: "code", Usage: "what is asked for, `ACT`: code, unlock, push, tag, repoint"},
					&cli.StringFlag{Name: "target", Usage: "where it is to go, `TARGET`: name servers, an account, a tag"},
					&cli.StringFlag{Name: "holder", Usage: "`NAME` of the registrant of record: an organisation, or a person"},
					&cli.StringFlag{Name: "of", Usage: "take the register's account `CUSTOMER`, where several have the name"},
					&cli.StringSliceFlag{Name: "host-domain", Usage: "a `DOMAIN` of the host's own: a mailbox in it is none that outlives the host; may be repeated"},
					&cli.StringFlag{Name: "requester", Usage: "`NAME` of who asks, if not the holder"},
					&cli.StringFlag{Name: "customer", Usage: "`NAME` of the host's customer, if not the holder"},
					&cli.StringSliceFlag{Name: "contact", Usage: "a contact of the holder on record, `CHANNEL:ADDRESS@DATE`, or with customer/ or requester/ before it one of theirs; may be repeated"},
					&cli.StringFlag{Name: "first", Usage: "`TIME` of the first request by any channel (default: now)"},
					&cli.StringFlag{Name: "through", Value: "phone", Usage: "the `CHANNEL` by which it came"},
					&cli.StringFlag{Name: "incident", Usage: "`TIME` since when the host has failed"},
					&cli.StringFlag{Name: "asked-by", Usage: "the `ADDRESS` that a request by mail came from: looked at for signs of risk, no contact"},
					&cli.BoolFlag{Name: "high-value", Usage: "the name is of high value: two operators sign"},
					&cli.BoolFlag{Name: "pressure", Usage: "the requester presses for haste or threatens"},
				}, openFlags(), deskFlags()),
				Action: s.deskRequests,
			},
			{
				Name: "list", Usage: "the cases, the soonest to be done first", ArgsUsage: " ",
				Flags:  join([]cli.Flag{&cli.BoolFlag{Name: "all", Usage: "those that are done or closed too"}}, deskFlags()),
				Action: s.deskList,
			},
			{Name: "show", Usage: "all about a case: what is proven, what would suffice, what it waits for", ArgsUsage: "CASE", Flags: join(deskFlags(), registryFlags()), Action: s.deskShow},
			s.deskCheckCommand(),
			{
				Name: "note", Usage: "write on a case: a word, how a notice ended, a doubt, a mandate, an earlier request", ArgsUsage: "CASE [WORD…]",
				Description: `A doubt about who asks is what lets more be asked for than is usual under rules that want parity (Transfer Policy I.A.5.3): it needs a concrete reason, and its words. The signs of risk that "desk show" lists are such reasons.`,
				Flags: join([]cli.Flag{
					&cli.StringSliceFlag{Name: "told", Usage: "the `CONTACT` was told; with CONTACT=REASON it could not be; may be repeated"},
					&cli.StringFlag{Name: "earlier", Usage: "`TIME` of an earlier request, by whatever channel: the clock runs from it"},
					&cli.StringFlag{Name: "through", Usage: "the `CHANNEL` by which it came"},
					&cli.StringFlag{Name: "doubt", Usage: "record a doubt, with its `REASON`, such as recent_contact_change"},
					&cli.StringFlag{Name: "clear", Usage: "the `DOUBT` stands no more, such as d1; the words say why"},
					&cli.BoolFlag{Name: "mandate", Usage: "the requester shows a mandate of the holder's for this"},
					&cli.StringFlag{Name: "since", Usage: "with --mandate: it holds from `DATE` (default: now)"},
					&cli.StringFlag{Name: "until", Usage: "with --mandate: it holds until `DATE` (default: until it is withdrawn)"},
					&cli.StringFlag{Name: "mandate-withdrawn", Usage: "the holder withdraws the `MANDATE`, such as m1"},
					&cli.BoolFlag{Name: "pressure", Usage: "the requester presses for haste or threatens"},
				}, deskFlags()),
				Action: s.deskNote,
			},
			{
				Name: "object", Usage: "enter somebody's objection", ArgsUsage: "CASE [WORD…]",
				Flags: join([]cli.Flag{
					&cli.StringFlag{Name: "party", Usage: "`NAME` of who objects"},
					&cli.StringFlag{Name: "claims", Value: "objector", Usage: "what they say they are, `SIDE`: holder, customer, objector"},
				}, deskFlags()),
				Action: s.deskObject,
			},
			s.deskApproveCommand(),
			s.deskDenyCommand(),
			{Name: "revoke", Usage: "take the approvals of a case back; a code that stands is unset", ArgsUsage: "CASE", Flags: join(signFlags(), deskFlags(), registryFlags(), yesFlag()), Action: s.deskRevoke},
			{
				Name: "release", Usage: "set the code at the registry and hand it over, once", ArgsUsage: "[CASE]",
				Description: `Goes on with the case as far as it can, then writes the sealed code to --output, or tells the operator what to speak. With --approved all cases that are due are gone on with, and nothing is handed over.

If what was written is lost, the code is not told again: revoke it and release another.`,
				Flags: join([]cli.Flag{
					&cli.BoolFlag{Name: "approved", Usage: "go on with all cases that are due"},
					&cli.IntFlag{Name: "parallel", Value: 4, Usage: "cases worked on at once"},
					&cli.StringFlag{Name: "output", Aliases: []string{"o"}, Usage: "write the sealed code to `FILE` (mode 0600)"},
				}, deskFlags(), registryFlags(), yesFlag()),
				Action: s.deskRelease,
			},
			s.deskTransferCommand(),
			s.deskLockdownCommand(),
			s.deskNotifyCommand(),
			s.deskPrivacyCommand(),
		},
	}
}

// deskFlags are what every command of the desk takes.
func deskFlags() []cli.Flag {
	return join(moveFlags(), storeFlags(), []cli.Flag{
		&cli.StringFlag{Name: "profile", Value: identity.Normal, Usage: "how strictly identities are checked, `PROFILE`: normal, crisis, or a file"},
		&cli.StringFlag{Name: "signers", Usage: "the operators' keys from `FILE`, in the form of OpenSSH's allowed signers"},
		&cli.StringFlag{Name: "operator", Usage: "`NAME` of who acts, as the signers' file has it (default: your login)"},
		nowFlag(),
	})
}

func yesFlag() []cli.Flag {
	return []cli.Flag{&cli.BoolFlag{Name: "yes", Usage: "do it; without it nothing is changed"}}
}

// deskJob is one run of a command of the desk.
type deskJob struct {
	*session
	c       *cli.Context
	store   *store.Store
	desk    *desk.Desk
	policy  *policy.Set
	profile identity.Profile
	signers identity.Signers
	// enrolled are customers' keys, which sign no decisions.
	enrolled identity.Signers
	now      func() time.Time
}

func (s *session) deskJob(c *cli.Context) (*deskJob, error) {
	if _, err := s.language(c); err != nil {
		return nil, err
	}
	if f := c.String("format"); f != report.FormatTable && f != report.FormatJSON && f != report.FormatJSONL {
		return nil, misuse(freehold.T("%q is not a format of this result", freehold.OneLine(f)), freehold.T("use one of %s", "table, json, jsonl"))
	}
	j := &deskJob{session: s, c: c}
	var err error
	if j.now, err = s.clock(c); err != nil {
		return nil, err
	}
	if j.policy, err = policy.Load(); err != nil {
		return nil, err
	}
	if j.profile, err = readProfile(c.String("profile")); err != nil {
		return nil, err
	}
	if path := c.String("signers"); path != "" {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, &freehold.Error{Kind: freehold.KindUsage, Text: freehold.T("cannot read %q", path), Err: plain(err)}
		}
		if j.signers, err = identity.ParseSigners(text); err != nil {
			return nil, err
		}
	}
	if j.store, err = s.openStore(c.Context, c); err != nil {
		return nil, err
	}
	host, _ := os.Hostname()
	j.desk = &desk.Desk{
		Store: j.store, Keeper: j.keeper, Registrar: j.registrar, Seal: seal.Sealer{}, Commit: ledger.Committer(rand.Reader), Random: rand.Reader,
		Now: j.now, Worker: fmt.Sprintf("%s %d", host, os.Getpid()), Tell: func(t freehold.Text) { s.tell(t) },
	}
	return j, nil
}

func (j *deskJob) close() { j.store.Close() }

// readProfile loads a profile by its name, or from a file.
func readProfile(name string) (identity.Profile, error) {
	if name == identity.Normal || name == identity.Crisis {
		return identity.LoadProfile(name)
	}
	body, err := os.ReadFile(name)
	if err != nil {
		return identity.Profile{}, &freehold.Error{Kind: freehold.KindUsage, Text: freehold.T("cannot read %q", name), Err: plain(err), Advice: freehold.T("use one of %s", "normal, crisis")}
	}
	return identity.ParseProfile(body)
}

func (j *deskJob) keeper(name freehold.Name, at time.Time) identity.Keeper {
	return identity.Keeper{Policy: identity.PolicyFor(j.profile, j.policy, name, at), Signers: j.signers}
}

// registrar without an account refuses everything.
func (j *deskJob) registrar(freehold.Name) (transfer.Registrar, error) {
	return nil, misuse(freehold.T("no account at a registry was named"), freehold.T("give --account and an account of the config file"))
}

// withCase runs a command on one case, told by its identifier or its name.
func (s *session) withCase(c *cli.Context, f func(ctx context.Context, j *deskJob, id string) error) error {
	j, err := s.deskJob(c)
	if err != nil {
		return err
	}
	defer j.close()
	if c.NArg() == 0 {
		return misuse(freehold.T("which case is not said"), freehold.T("%s lists them", "freehold desk list"))
	}
	id, err := caseOf(c.Context, j.store, c.Args().First())
	if err != nil {
		return err
	}
	return f(c.Context, j, id)
}

func (j *deskJob) operator() string { return j.person(j.c.String("operator")) }

func (j *deskJob) json() bool { return j.c.String("format") != report.FormatTable }

func (j *deskJob) write(doc any) error { return json.NewEncoder(j.Out).Encode(doc) }

// words joins the arguments after the first.
func (j *deskJob) words() string { return strings.Join(j.c.Args().Tail(), " ") }
