package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/urfave/cli/v2"

	"freehold"
	"freehold/internal/flow/register"
)

func (s *session) deskEnrolCommand() *cli.Command {
	return &cli.Command{
		Name: "enrol", Usage: "enter a customer's recovery contacts and keys, in quiet times", ArgsUsage: "CUSTOMER",
		Description: `What is entered here is what a customer proves with, on the day when nothing else works: a mailbox elsewhere, a number, the public key of a signature. Who vouches that it is theirs, and how they know, is kept with it. Without anything to enter it shows what there is.

A mailbox in the customer's own names, or in a domain of the host's, would fall with the host: it is refused.`,
		Flags: join([]cli.Flag{
			&cli.StringSliceFlag{Name: "mail", Usage: "a recovery mailbox, `ADDRESS`; may be repeated"},
			&cli.StringSliceFlag{Name: "phone", Usage: "a recovery telephone `NUMBER`; may be repeated"},
			&cli.StringSliceFlag{Name: "key", Usage: "the public key in `FILE`, of SSH or minisign; may be repeated"},
			&cli.StringFlag{Name: "vouched", Usage: "how the operator knows, in `WORDS`: \"shown in person with the contract\""},
			&cli.StringSliceFlag{Name: "host-domain", Usage: "a `DOMAIN` of the host's own: a mailbox in it is none that outlives the host; may be repeated"},
		}, deskFlags()),
		Action: s.deskEnrol,
	}
}

func (s *session) deskEnrol(c *cli.Context) error {
	j, err := s.deskJob(c)
	if err != nil {
		return err
	}
	defer j.close()
	if c.NArg() != 1 {
		return misuse(freehold.T("which customer is not said"), freehold.T("for example: %s", "freehold desk enrol 4711 --mail rosa@elsewhere.example --vouched \"in person\""))
	}
	account, err := j.store.RegisterAccount(c.Context, c.Args().First())
	if err != nil {
		return err
	}
	entries, err := j.toEnrol(c.Context, &account)
	if err != nil {
		return err
	}
	if len(entries) > 0 {
		if strings.TrimSpace(c.String("vouched")) == "" {
			return misuse(freehold.T("nobody vouches for it"), freehold.T("say with %s how you know that it is theirs", "--vouched WORDS"))
		}
		said := freehold.RegisterSaid{Account: account.ID, At: entries[0].Added, Source: freehold.SourceEnrolled, Entries: entries}
		if err := j.store.ImportRegister(c.Context, nil, false, func(put func([]freehold.RegisterSaid) ([]freehold.RegisterMerge, error)) error {
			_, err := put([]freehold.RegisterSaid{said})
			return err
		}); err != nil {
			return err
		}
		if account, err = j.store.RegisterAccount(c.Context, account.ID); err != nil {
			return err
		}
	}
	return j.tellAccount(&account)
}

// toEnrol reads what is to be entered. It came on record now: it proves nothing
// before it has been there for as long as the policy wants.
func (j *deskJob) toEnrol(ctx context.Context, a *freehold.RegisterAccount) (all []freehold.RegisterEntry, err error) {
	now := j.now().UTC().Truncate(time.Microsecond)
	add := func(f freehold.ListingField, value, detail string) {
		all = append(all, freehold.RegisterEntry{Of: freehold.SideCustomer, Field: f, Value: value, Detail: detail, Since: now, Added: now, Source: freehold.SourceEnrolled,
			By: j.operator() + ": " + freehold.OneLine(j.c.String("vouched"))})
	}
	for _, address := range j.c.StringSlice("mail") {
		domain, ok := mailName(address)
		if !ok {
			return nil, misuse(freehold.T("%q is no address of a mailbox", freehold.OneLine(address)), freehold.Text{})
		}
		if err := j.outlives(ctx, a, domain); err != nil {
			return nil, err
		}
		add(freehold.RegisterRecovery, address, "mail")
	}
	for _, number := range j.c.StringSlice("phone") {
		if key := freehold.RegisterKeyOf(freehold.RegisterPhone, number); len(key) < 6 || strings.Trim(key, "+0123456789") != "" {
			return nil, misuse(freehold.T("%q is no telephone number", freehold.OneLine(number)), freehold.Text{})
		}
		add(freehold.RegisterRecovery, number, "phone")
	}
	for _, path := range j.c.StringSlice("key") {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, &freehold.Error{Kind: freehold.KindUsage, Text: freehold.T("cannot read %q", path), Err: plain(err)}
		}
		line := keyLine(string(text))
		if _, err := register.KeyKind(line); err != nil {
			return nil, err
		}
		add(freehold.RegisterKey, line, a.ID)
	}
	return all, nil
}

// keyLine is the key in a file of one: minisign writes a comment before it.
func keyLine(text string) string {
	last := ""
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "untrusted comment:") && !strings.HasPrefix(line, "#") {
			last = line
		}
	}
	return last
}

// outlives refuses a mailbox that falls with the host.
func (j *deskJob) outlives(ctx context.Context, a *freehold.RegisterAccount, domain string) error {
	hosted, err := j.hosted(ctx, freehold.Name{}, a)
	if err != nil {
		return err
	}
	all, err := j.store.FindRegister(ctx, freehold.ListedName, []string{domain}, true)
	if err != nil {
		return err
	}
	if len(all) > 0 || hosted(freehold.ChannelMail, "x@"+domain) {
		return &freehold.Error{Kind: freehold.KindInvalid, Text: freehold.T("mailboxes in %q fall with the host: it is no recovery contact", domain), Advice: freehold.T("ask for one at another provider, in a name that does not hang on us")}
	}
	return nil
}

type registerEntryDoc struct {
	Of       string     `json:"of"`
	Field    string     `json:"field"`
	Value    string     `json:"value"`
	Detail   *string    `json:"detail"`
	Name     *string    `json:"name"`
	Since    *time.Time `json:"since"`
	Source   string     `json:"source"`
	File     *string    `json:"file"`
	Digest   *string    `json:"digest"`
	Row      *int       `json:"row"`
	By       *string    `json:"by"`
	Added    time.Time  `json:"added"`
	Replaced *time.Time `json:"replaced"`
}

func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func registerEntryDocOf(e *freehold.RegisterEntry) registerEntryDoc {
	d := registerEntryDoc{Of: e.Of.String(), Field: string(e.Field), Value: e.Value, Detail: orNull(e.Detail), Name: orNull(e.Name.ASCII()), Since: momentOrNull(e.Since), Source: string(e.Source),
		File: orNull(e.From.File), Digest: orNull(e.From.Digest), By: orNull(e.By), Added: e.Added, Replaced: momentOrNull(e.Replaced)}
	if e.From.Row > 0 {
		d.Row = &e.From.Row
	}
	return d
}

// tellAccount shows all that the register has of an account, and where it is from.
func (j *deskJob) tellAccount(a *freehold.RegisterAccount) error {
	if j.json() {
		docs := make([]registerEntryDoc, len(a.Entries))
		for i := range a.Entries {
			docs[i] = registerEntryDocOf(&a.Entries[i])
		}
		return j.write(struct {
			Schema   string             `json:"schema"`
			Customer string             `json:"customer"`
			Entries  []registerEntryDoc `json:"entries"`
		}{"freehold.register_account/1", a.ID, docs})
	}
	w := tabwriter.NewWriter(j.Out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", j.say("FIELD"), j.say("VALUE"), j.say("SINCE"), j.say("FROM"))
	for i := range a.Entries {
		e := &a.Entries[i]
		since, value := "–", e.Value
		if !e.Since.IsZero() {
			since = e.Since.UTC().Format(time.DateOnly)
		}
		if !e.Standing() {
			value += " " + j.say("(until %t)", e.Replaced)
		}
		from := register.SourceText(e.Source).Render(j.speaker)
		if e.From.Row > 0 {
			from = fmt.Sprintf("%s:%d", freehold.OneLine(e.From.File), e.From.Row)
		} else if e.By != "" {
			from = e.By
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", e.Field, freehold.OneLine(value), since, freehold.OneLine(from))
	}
	return w.Flush()
}
