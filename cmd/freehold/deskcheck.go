package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/miekg/dns"
	"github.com/urfave/cli/v2"

	"freehold"
	"freehold/internal/flow/register"
	"freehold/internal/resolve"
	"freehold/verify/identity"
)

func (s *session) deskCheckCommand() *cli.Command {
	return &cli.Command{
		Name: "check", Usage: "check who somebody is: ask for a token, or enter what was shown", ArgsUsage: "CASE METHOD",
		Description: `With a method that has a token, one is drawn and shown once: for that contact and nobody else. Then run it again with --answer: what came back is read from standard input, or for dns_txt looked for in the DNS.

A method without a token is entered by what was shown; the flags name the method they belong to. A check that passed and should not have is taken back with --withdraw.`,
		Flags: join([]cli.Flag{
			&cli.StringFlag{Name: "to", Usage: "the `CONTACT` of the case that it goes to, such as c1"},
			&cli.BoolFlag{Name: "send", Usage: "send the token to the mailbox on record by the house's mail; it is not shown"},
			&cli.StringFlag{Name: "answer", Usage: "the `QUESTION` that is answered; the answer is read from standard input"},
			&cli.StringFlag{Name: "of", Value: "holder", Usage: "whose identity it is about, `SIDE`: holder, requester, objector, claimant"},
			&cli.StringFlag{Name: "about", Usage: "the `OBJECTION` or claim it is about"},
			&cli.BoolFlag{Name: "withdraw", Usage: "the check had passed, and is found not to have"},
			&cli.StringFlag{Name: "viewed", Usage: "document_viewed, mandate_paper: the `KIND` of document that was viewed and is not kept; never its number"},
			&cli.StringFlag{Name: "how", Usage: "`HOW` it was viewed: video, in person, paper"},
			&cli.StringFlag{Name: "from", Usage: "payment_reference: the `ACCOUNT` it came from, as the bank's statement has it"},
			&cli.StringFlag{Name: "login", Usage: "account_login: the `ACCOUNT` that was logged in to"},
			&cli.BoolFlag{Name: "second-factor", Usage: "account_login: it had a second factor"},
			&cli.StringFlag{Name: "password-set", Usage: "account_login: the `DATE` when its password was last set or reset"},
			&cli.StringFlag{Name: "text", Usage: "mandate_key: the text that was signed, in `FILE`; without one it is told what to sign"},
			&cli.StringFlag{Name: "signature", Usage: "mandate_key: its signature by ssh-keygen -Y sign or minisign, in `FILE`"},
			&cli.StringFlag{Name: "enrolled", Usage: "mandate_key: customers' keys from `FILE`, in the form of OpenSSH's allowed signers (default: those of the register)"},
			&cli.StringFlag{Name: "mail", Usage: "dkim_mail: the whole message as it arrived, in `FILE`"},
			&cli.StringFlag{Name: "said", Usage: "invoice: what the requester says of a past one, as `NUMBER_AND_AMOUNT`"},
			&cli.StringFlag{Name: "books", Usage: "invoice: what our books have of it, as `NUMBER_AND_AMOUNT`"},
			&cli.StringFlag{Name: "organisation", Usage: "register_extract: the organisation's `NAME`"},
			&cli.StringFlag{Name: "number", Usage: "register_extract: its `NUMBER` in the register"},
			&cli.StringFlag{Name: "drawn", Usage: "register_extract: the `DATE` when it was drawn"},
			&cli.BoolFlag{Name: "struck-off", Usage: "register_extract: the organisation has ended, or is in liquidation"},
			&cli.StringSliceFlag{Name: "ask-resolver", Usage: "dns_txt: ask the resolver at `HOST:PORT` too; may be repeated (default: the system's)"},
			&cli.StringFlag{Name: "dns-hints", Usage: "root name servers, and the trust anchor, from `FILE` (a master file)"},
			&cli.IntFlag{Name: "dns-port", Value: 53, Usage: "port of all name servers"},
			timeoutFlag(),
		}, deskFlags()),
		Action: s.deskCheck,
	}
}

type checkedDoc struct {
	Schema   string     `json:"schema"`
	Case     string     `json:"case"`
	Question string     `json:"question"`
	Method   string     `json:"method"`
	To       string     `json:"to"`
	Token    string     `json:"token,omitempty"`
	Expires  *time.Time `json:"expires,omitempty"`
	Late     bool       `json:"late,omitempty"` // it would be done after the deadline only
	Outcome  string     `json:"outcome,omitempty"`
}

func (s *session) deskCheck(c *cli.Context) error {
	return s.withCase(c, func(ctx context.Context, j *deskJob, id string) error {
		row, err := j.store.Case(ctx, id)
		if err != nil {
			return err
		}
		var of freehold.Side
		if err := of.UnmarshalText([]byte(c.String("of"))); err != nil {
			return misuse(freehold.T("%q is no side of a case", freehold.OneLine(c.String("of"))), freehold.Text{})
		}
		if c.String("answer") != "" {
			return j.answer(ctx, row, c.String("answer"))
		}
		m, ok := identity.MethodOf(c.Args().Get(1))
		if !ok {
			return misuse(freehold.T("%q is no check", freehold.OneLine(c.Args().Get(1))), freehold.T("%s lists what would suffice", "freehold desk show "+id))
		}
		ended := freehold.CheckEnded{Method: m.ID, Of: of, Ref: c.String("about"), Contact: c.String("to")}
		switch {
		case c.Bool("withdraw"):
			return j.withdraw(ctx, row, ended)
		case m.Life > 0:
			return j.ask(ctx, row, m, of)
		}
		return j.enter(ctx, row, ended)
	})
}

// ask draws a token and shows it once.
func (j *deskJob) ask(ctx context.Context, row freehold.CaseRow, m identity.Method, of freehold.Side) error {
	q := freehold.CheckAsked{ID: fmt.Sprintf("q%d", len(row.Case.Asks)+1), Method: m.ID, Of: of, Ref: j.c.String("about"), Contact: j.c.String("to")}
	if j.c.Bool("send") {
		if _, _, err := j.sendable(row.Case, q.Contact); err != nil {
			return err // before a question is drawn that nobody gets
		}
	}
	asked, err := identity.Ask(rand.Reader, row.Case, q, j.now())
	if err != nil {
		return err
	}
	defer asked.Token.Destroy()
	if _, err := j.desk.Add(ctx, row.Case.ID, j.operator(), freehold.ChannelDesk, asked.Event); err != nil {
		return err
	}
	k, _ := row.Case.Contact(q.Contact)
	doc := checkedDoc{Schema: "freehold.check/1", Case: row.Case.ID, Question: q.ID, Method: m.ID, To: k.Address, Expires: &asked.Event.Expires}
	would := j.keeper(row.Case.Name, j.now()).Policy.Would(m.ID, j.now(), row.Deadline)
	doc.Late = !would.InTime
	again := "freehold desk check " + row.Case.ID + " --answer " + q.ID
	if j.c.Bool("send") {
		return j.sent(ctx, row.Case, asked, doc, again)
	}
	tell := func(token string) {
		doc.Token = token
		switch {
		case j.json():
			err = j.write(doc)
		case m.Channel == freehold.ChannelZone:
			fmt.Fprintln(j.Out, j.say("Question %s. The holder publishes this record in the zone of %s:", q.ID, row.Case.Name.Unicode()))
			fmt.Fprintf(j.Out, "\n  _freehold-challenge.%s. 300 IN TXT %q\n\n", row.Case.Name.ASCII(), token)
			fmt.Fprintln(j.Out, j.say("It is good until %s UTC, once. To look for it: %s", stamp(asked.Event.Expires), again))
		default:
			fmt.Fprintln(j.Out, j.say("Question %s. Give this to %s and to nobody else: %s", q.ID, freehold.OneLine(k.Address), token))
			fmt.Fprintln(j.Out, j.say("It is good until %s UTC, once. What comes back: %s", stamp(asked.Event.Expires), again))
		}
	}
	if m.Channel == freehold.ChannelZone {
		identity.ChallengeText(asked.Token, asked.Event.Expires, tell)
	} else {
		identity.Grouped(asked.Token, tell)
	}
	if doc.Late {
		j.tell(freehold.T("%m: %m", m.Title, would.Text))
	}
	return err
}

// sent has the token leave by mail, where no operator reads it.
func (j *deskJob) sent(ctx context.Context, c freehold.Case, asked identity.Asked, doc checkedDoc, again string) error {
	if err := j.sendToken(ctx, c, asked); err != nil {
		return err
	}
	if j.json() {
		return j.write(doc)
	}
	fmt.Fprintln(j.Out, j.say("Question %s went to %s.", asked.Event.ID, freehold.OneLine(doc.To)))
	fmt.Fprintln(j.Out, j.say("It is good until %s UTC, once. What comes back: %s", stamp(asked.Event.Expires), again))
	return nil
}

// maxAnswer bounds what is read as an answer.
const maxAnswer = 4096

// answer reads what came back from standard input.
func (j *deskJob) answer(ctx context.Context, row freehold.CaseRow, question string) error {
	q, ok := row.Case.Ask(question)
	if !ok {
		return &freehold.Error{Kind: freehold.KindNotFound, Text: freehold.T("the case has no question %q", question)}
	}
	k, _ := row.Case.Contact(q.Contact)
	ended := freehold.CheckEnded{Ask: q.ID, Method: q.Method, Of: q.Of, Ref: q.Ref, Contact: q.Contact}
	if q.Method == "dns_txt" {
		proof, err := j.zoneTexts(ctx, row.Case.Name)
		if err != nil {
			return err
		}
		return j.looked(ctx, row, ended, proof, freehold.ChannelZone)
	}
	if q.Method == "payment_reference" && j.c.String("from") == "" {
		return misuse(freehold.T("which account the payment came from is not said"), freehold.T("give --from as the bank's statement has it: a payment from another account proves nothing"))
	}
	line, err := bufio.NewReader(io.LimitReader(j.In, maxAnswer)).ReadString('\n')
	if err != nil && line == "" {
		return misuse(freehold.T("no answer came on standard input"), freehold.Text{})
	}
	var proof identity.Proof = identity.TokenShown{Token: strings.TrimSpace(line)}
	if q.Method == "payment_reference" {
		proof = identity.PaymentSeen{Account: j.c.String("from"), Reference: strings.TrimSpace(line)}
	}
	return j.looked(ctx, row, ended, proof, k.Channel)
}

// enter enters a check without a token, by what its flags say was seen.
func (j *deskJob) enter(ctx context.Context, row freehold.CaseRow, ended freehold.CheckEnded) error {
	proof, err := j.shown(ctx, row.Case, ended)
	if err != nil || proof == nil {
		return err
	}
	through := freehold.ChannelDesk
	if k, ok := row.Case.Contact(ended.Contact); ok {
		through = k.Channel
	}
	return j.looked(ctx, row, ended, proof, through)
}

// shown reads what was brought; nil where only the text to sign was told.
func (j *deskJob) shown(ctx context.Context, c freehold.Case, ended freehold.CheckEnded) (identity.Proof, error) {
	missing := func(flags string) error {
		return misuse(freehold.T("what was shown is not said"), freehold.T("%s needs %s", ended.Method, flags))
	}
	said := j.c.String
	switch ended.Method {
	case "account_login":
		if said("login") == "" {
			return nil, missing("--login")
		}
		set, err := timeFlag(j.c, "password-set", time.Time{})
		return identity.LoginSeen{Account: said("login"), SecondFactor: j.c.Bool("second-factor"), PasswordSet: set}, err
	case "invoice":
		if said("said") == "" || said("books") == "" {
			return nil, missing("--said --books")
		}
		number, amount, _ := strings.Cut(strings.TrimSpace(said("said")), " ")
		real, due, _ := strings.Cut(strings.TrimSpace(said("books")), " ")
		return identity.InvoiceShown{Number: number, Amount: strings.TrimSpace(amount), RealNumber: real, RealAmount: strings.TrimSpace(due)}, nil
	case "register_extract":
		if said("organisation") == "" || said("drawn") == "" {
			return nil, missing("--organisation --number --drawn")
		}
		drawn, err := timeFlag(j.c, "drawn", time.Time{})
		return identity.ExtractSeen{Number: said("number"), Organisation: said("organisation"), Ended: j.c.Bool("struck-off"), Drawn: drawn}, err
	case "mandate_key":
		return j.signed(ctx, c, ended)
	case "dkim_mail":
		if said("mail") == "" {
			return nil, missing("--mail")
		}
		raw, err := readShort(said("mail"), maxShownMail)
		if err != nil {
			return nil, err
		}
		return j.mailSeen(ctx, raw)
	}
	if said("viewed") == "" {
		return nil, misuse(freehold.T("what was shown is not said"), freehold.T("give --viewed and the kind of document, and --how"))
	}
	return identity.Viewed{Kind: said("viewed"), How: said("how"), Matches: true}, nil
}

// signed reads a signed text; without one it tells what to sign, and how.
func (j *deskJob) signed(ctx context.Context, c freehold.Case, ended freehold.CheckEnded) (identity.Proof, error) {
	k, ok := c.Contact(ended.Contact)
	if !ok || k.Channel != freehold.ChannelKey {
		return nil, misuse(freehold.T("the case has no contact %q that %q goes to", freehold.OneLine(ended.Contact), ended.Method), freehold.Text{})
	}
	if j.c.String("signature") == "" {
		text := identity.TextToSign(c, ended.Of)
		if j.json() {
			return nil, j.write(struct {
				Schema string `json:"schema"`
				Case   string `json:"case"`
				Text   string `json:"text"`
			}{"freehold.text-to-sign/1", c.ID, text})
		}
		fmt.Fprintln(j.Out, j.say("%s signs this text with the key enrolled before:", freehold.OneLine(k.Address)))
		fmt.Fprintf(j.Out, "\n  %s\n\n  printf '%%s\\n' '%s' > text; ssh-keygen -Y sign -n %s -f KEY text\n", text, text, identity.Namespace)
		return nil, nil
	}
	var files [2][]byte
	for i, flag := range []string{"text", "signature"} {
		if j.c.String(flag) == "" {
			return nil, misuse(freehold.T("what was shown is not said"), freehold.T("%s needs %s", ended.Method, "--text --signature"))
		}
		var err error
		if files[i], err = readShort(j.c.String(flag), maxShownMail); err != nil {
			return nil, err
		}
	}
	var err error
	if j.enrolled, err = j.keysOf(ctx, k.Address); err != nil {
		return nil, err
	}
	return identity.Signed{Text: files[0], Signature: files[1], Principal: k.Address}, nil
}

// keysOf are the keys that somebody enrolled: those of --enrolled, or those that the
// register has of the account.
func (j *deskJob) keysOf(ctx context.Context, account string) (identity.Signers, error) {
	if path := j.c.String("enrolled"); path != "" {
		text, err := readShort(path, maxShownMail)
		if err != nil {
			return identity.Signers{}, err
		}
		return identity.ParseSigners(text)
	}
	a, err := j.store.RegisterAccount(ctx, account)
	if err != nil && freehold.KindOf(err) != freehold.KindNotFound {
		return identity.Signers{}, err
	}
	var lines strings.Builder
	for _, e := range a.Entries {
		if e.Field != freehold.RegisterKey || !e.Standing() {
			continue
		}
		key := e.Value
		if kind, err := register.KeyKind(key); err == nil && kind == "minisign" {
			key = kind + " " + key
		}
		fmt.Fprintf(&lines, "* namespaces=%q %s\n", identity.Namespace, key) // all of them this account's
	}
	if lines.Len() == 0 {
		return identity.Signers{}, misuse(freehold.T("the register has no key of %q", freehold.OneLine(account)), freehold.T("give --enrolled and a file of keys enrolled before"))
	}
	return identity.ParseSigners([]byte(lines.String()))
}

// maxShownMail bounds a file that is shown, in bytes.
const maxShownMail = 30 << 20

func readShort(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, &freehold.Error{Kind: freehold.KindUsage, Text: freehold.T("cannot read %q", path), Err: plain(err)}
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, &freehold.Error{Kind: freehold.KindUsage, Text: freehold.T("cannot read %q", path), Err: plain(err)}
	}
	if int64(len(b)) > limit {
		return nil, &freehold.Error{Kind: freehold.KindInvalid, Text: freehold.T("%q is longer than %d octets", path, limit)}
	}
	return b, nil
}

// withdraw takes back a check that had passed.
func (j *deskJob) withdraw(ctx context.Context, row freehold.CaseRow, ended freehold.CheckEnded) error {
	i := slices.IndexFunc(row.Case.Checks, func(d freehold.CheckDone) bool {
		return d.Outcome == freehold.CheckPassed && d.Method == ended.Method && d.Of == ended.Of && d.Ref == ended.Ref && (ended.Contact == "" || d.Contact == ended.Contact)
	})
	if i < 0 {
		return &freehold.Error{Kind: freehold.KindPermission, Text: freehold.T("no such check had passed")}
	}
	back := row.Case.Checks[i].CheckEnded
	back.Outcome, back.Result = freehold.CheckWithdrawn, freehold.OneLine(strings.Join(j.c.Args().Slice()[2:], " "))
	row, err := j.desk.Add(ctx, row.Case.ID, j.operator(), freehold.ChannelDesk, back)
	if err != nil {
		return err
	}
	return j.tellCase(row, nil, nil, false)
}

// mailSeen fetches the keys that a message's signatures name.
func (j *deskJob) mailSeen(ctx context.Context, raw []byte) (identity.Proof, error) {
	own, _, err := j.resolvers(ctx, false)
	if err != nil {
		return nil, err
	}
	seen := identity.MailSeen{Raw: raw, Keys: map[string]string{}}
	for _, host := range identity.DKIMKeys(raw) {
		texts, validation, _ := own.TXT(ctx, host)
		if validation != freehold.Bogus && len(texts.Value) == 1 { // RFC 6376 §3.6.2.2: several are undefined
			seen.Keys[host.ASCII()] = texts.Value[0]
		}
	}
	return seen, nil
}

// zoneTexts asks every authoritative server for the challenge, and two resolvers: our
// own way from the root, and those that --ask-resolver names or else the system's. All
// of it is seen from one place.
func (j *deskJob) zoneTexts(ctx context.Context, name freehold.Name) (identity.Proof, error) {
	own, others, err := j.resolvers(ctx, true)
	if err != nil {
		return nil, err
	}
	host, err := challengeHost(name)
	if err != nil {
		return nil, err
	}
	var seen identity.TXTSeen
	servers, _ := own.TXTAtEveryServer(ctx, name, host)
	for _, s := range servers {
		seen.Servers = append(seen.Servers, s.TXT.Value) // none where it did not answer: it shows nothing
	}
	texts, validation, _ := own.TXT(ctx, host)
	seen.Bogus = validation == freehold.Bogus
	seen.Resolvers = append(seen.Resolvers, texts.Value)
	for _, r := range others {
		texts, _, _ := r.TXT(ctx, host)
		seen.Resolvers = append(seen.Resolvers, texts.Value)
	}
	return seen, nil
}

func challengeHost(name freehold.Name) (freehold.Host, error) {
	return freehold.ParseHost("_freehold-challenge." + name.ASCII())
}

// resolvers builds our own, and those of others.
func (j *deskJob) resolvers(_ context.Context, others bool) (own *resolve.Resolver, more []*resolve.Resolver, err error) {
	if own, err = j.resolver(j.c, &observers{now: j.now}); err != nil || !others {
		return own, nil, err
	}
	at := j.c.StringSlice("ask-resolver")
	if len(at) == 0 {
		system, err := dns.ClientConfigFromFile("/etc/resolv.conf")
		if err != nil || len(system.Servers) == 0 {
			return nil, nil, misuse(freehold.T("there is no second resolver to ask"), freehold.T("give --ask-resolver HOST:PORT"))
		}
		at = []string{net.JoinHostPort(system.Servers[0], system.Port)}
	}
	for _, addr := range at {
		r, err := resolve.New(resolve.Config{Resolver: addr, Timeout: min(3*time.Second, j.c.Duration("timeout")), Now: j.now})
		if err != nil {
			return nil, nil, err
		}
		more = append(more, r)
	}
	return own, more, nil
}

func (j *deskJob) looked(ctx context.Context, row freehold.CaseRow, ended freehold.CheckEnded, proof identity.Proof, through freehold.Channel) error {
	ended, err := identity.Look(identity.Trial{Case: row.Case, Ended: ended, Proof: proof, Now: j.now(), Signers: j.enrolled})
	if err != nil {
		return err
	}
	if _, err := j.desk.Add(ctx, row.Case.ID, j.operator(), through, ended); err != nil {
		return err
	}
	if ended.Outcome != freehold.CheckPassed {
		j.code = exitFindings
	}
	if j.json() {
		return j.write(checkedDoc{Schema: "freehold.check/1", Case: row.Case.ID, Question: ended.Ask, Method: ended.Method, To: ended.Contact, Outcome: ended.Outcome.String()})
	}
	if ended.Outcome == freehold.CheckPassed {
		fmt.Fprintln(j.Out, j.say("The check %s has passed.", ended.Method))
	} else {
		fmt.Fprintln(j.Out, j.say("The check %s has failed: %m", ended.Method, ended.Result))
	}
	return nil
}
