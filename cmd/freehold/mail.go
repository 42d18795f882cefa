package main

import (
	"context"
	"crypto/x509"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/BurntSushi/toml"
	"github.com/urfave/cli/v2"

	"freehold"
	"freehold/internal/flow/desk"
	"freehold/internal/mail"
	"freehold/internal/report"
	"freehold/verify/identity"
)

// The tables of the config file that hold no flags, beside accountsKey:
//
//	[mail]
//	server = "mail.house.example:587"
//	tls = "starttls"                     # or "tls"; "none" on loopback only
//	user = "desk"
//	secret = "env:MAIL_PASSWORD"         # or file:PATH; never the secret itself
//	roots = "mail-ca.pem"                # who vouches for the server; default: the system's
//	from = "Desk of the House <desk@house.example>"
//	reply_to = "desk@house.example"
//	house = "alarm@house.example"        # gets what needs somebody at once
//	languages = ["fr", "de", "en"]       # each letter has them one after the other
//
//	[desk]
//	controller = "House AG, Gasse 1, 8000 Zürich"   # who answers for the data
//	contact = "privacy@house.example"
//	phone = "+41 44 000 00 00"           # where to object
//	dpo = ""
//	authority = "EDÖB, Bern"
const (
	mailKey = "mail"
	deskKey = "desk"
)

type mailTable struct {
	Server    string   `toml:"server"`
	TLS       string   `toml:"tls"`
	User      string   `toml:"user"`
	Secret    string   `toml:"secret"`
	Roots     string   `toml:"roots"`
	From      string   `toml:"from"`
	ReplyTo   string   `toml:"reply_to"`
	House     string   `toml:"house"`
	Languages []string `toml:"languages"`
}

type deskTable struct {
	Controller string `toml:"controller"`
	Contact    string `toml:"contact"`
	Phone      string `toml:"phone"`
	DPO        string `toml:"dpo"`
	Authority  string `toml:"authority"`
}

// postOffice is the house's mail: who writes, and through what. post is nil where the
// config file has no [mail].
type postOffice struct {
	post *mail.Post
	kept []mail.Kept
	mail.Controller
}

// openPost reads [mail] and [desk]. A word in them that is none of theirs is refused.
func (s *session) openPost() (o postOffice, err error) {
	path, _ := s.configPath()
	var doc struct {
		Mail *mailTable `toml:"mail"`
		Desk deskTable  `toml:"desk"`
	}
	if path != "" {
		read, err := toml.DecodeFile(path, &doc)
		if err != nil && !os.IsNotExist(err) {
			return o, &freehold.Error{Kind: freehold.KindUsage, Text: freehold.T("config file %q cannot be read", path), Err: plain(err)}
		}
		for _, key := range read.Undecoded() {
			if len(key) > 1 && (key[0] == mailKey || key[0] == deskKey) {
				return o, misuse(freehold.T("config file %q: nothing is called %q", path, key.String()), freehold.Text{})
			}
		}
	}
	if o.kept, err = retained(); err != nil {
		return o, err
	}
	o.Controller = mail.Controller{Name: doc.Desk.Controller, Contact: doc.Desk.Contact, Phone: doc.Desk.Phone, DPO: doc.Desk.DPO, Authority: doc.Desk.Authority}
	if doc.Mail == nil {
		return o, nil
	}
	if err := o.Whole(); err != nil {
		return o, err
	}
	m := doc.Mail
	c := mail.Config{Server: m.Server, TLS: m.TLS, User: m.User, From: m.From, ReplyTo: m.ReplyTo, House: m.House, About: o.About()}
	if c.TLS == "" {
		c.TLS = "starttls"
	}
	if m.Secret != "" {
		if c.Password, err = s.secret(mailKey, m.Secret); err != nil {
			return o, err
		}
	}
	if m.Roots != "" {
		if c.Roots, err = certificates(path, m.Roots); err != nil {
			return o, err
		}
	}
	if len(m.Languages) == 0 {
		m.Languages = []string{"en"}
	}
	for _, code := range m.Languages {
		speaker, err := report.SpeakerFor(code)
		if err != nil {
			return o, err
		}
		c.Languages = append(c.Languages, mail.Language{Code: code, Speaker: speaker})
	}
	o.post, err = mail.New(c)
	return o, err
}

// retained is how long what is kept, as the dated data of this program has it.
func retained() (kept []mail.Kept, err error) {
	rows, _, err := identity.Retentions()
	for _, r := range rows {
		if r.Jurisdiction == "default" {
			kept = append(kept, mail.Kept{What: r.What, Days: r.Keep.N})
		}
	}
	return kept, err
}

// certificates reads those of a PEM file beside the config file.
func certificates(config, path string) (*x509.CertPool, error) {
	if !filepath.IsAbs(path) {
		path = filepath.Join(filepath.Dir(config), path)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, &freehold.Error{Kind: freehold.KindUsage, Text: freehold.T("cannot read the certificates in %q", path), Err: plain(err)}
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, misuse(freehold.T("%q holds no certificate in PEM form", path), freehold.Text{})
	}
	return pool, nil
}

// needPost is openPost where mail is what the command is for.
func (s *session) needPost() (postOffice, error) {
	o, err := s.openPost()
	if err == nil && o.post == nil {
		err = misuse(freehold.T("the config file says no mail server"), freehold.T("add [mail] with server, from and languages"))
	}
	return o, err
}

// courier carries the letters that go by mail.
type courier struct{ postOffice }

// Carry takes out what goes to a mailbox, or to the house.
func (k courier) Carry(ctx context.Context, l desk.Letter) (string, error) {
	letter, err := k.letter(l)
	if err != nil {
		return "", err
	}
	return k.post.Send(ctx, letter)
}

func (k courier) letter(l desk.Letter) (mail.Letter, error) {
	about := mail.About{ID: fmt.Sprintf("%s.%d.%d", l.Case, l.Event, l.Part), Case: l.Of, By: l.By}
	if l.Contact != "" {
		if about.To = mailboxOf(l.To); about.To == "" {
			return mail.Letter{}, desk.ErrNotMine
		}
	}
	switch l.Kind {
	case freehold.OutNotice:
		letter := k.Notice(about, l.Text) // the first that this person gets of the case (GDPR art. 14(3))
		letter.Privacy = k.Privacy(k.kept)
		return letter, nil
	case freehold.OutTransfer:
		return k.Transfer(about, l.Text), nil
	}
	return k.Alarm(about, l.Text), nil
}

// mailboxOf is where a contact gets mail, "" if it is reached otherwise.
func mailboxOf(k freehold.Contact) string {
	if k.Channel == freehold.ChannelMail || k.Channel == freehold.ChannelRecovery && strings.Contains(k.Address, "@") {
		return k.Address
	}
	return ""
}

func (s *session) deskNotifyCommand() *cli.Command {
	return &cli.Command{
		Name: "notify", Usage: "send the letters that wait: notices to those on record, alarms to the house", ArgsUsage: " ",
		Description: `Letters leave by the mail server of [mail] in the config file, and each case says what became of its own. A server that refuses for now is asked again for a day. What goes to a telephone or a postal address waits for a person, who enters it with "desk note --told".

Without --yes it lists what waits.`,
		Flags:  join(deskFlags(), yesFlag()),
		Action: s.deskNotify,
	}
}

func (s *session) deskNotify(c *cli.Context) error {
	j, err := s.deskJob(c)
	if err != nil {
		return err
	}
	defer j.close()
	if c.NArg() > 0 {
		return misuse(freehold.T("letters are sent for all cases"), freehold.T("leave %q out", freehold.OneLine(c.Args().First())))
	}
	if !c.Bool("yes") {
		return j.listLetters(c.Context)
	}
	office, err := s.needPost()
	if err != nil {
		return err
	}
	var all desk.Sent
	for {
		sent, err := j.desk.Send(c.Context, j.store, courier{office})
		if err != nil {
			return err
		}
		all.Left, all.Failed, all.Waiting = all.Left+sent.Left, all.Failed+sent.Failed, all.Waiting+sent.Waiting
		if sent == (desk.Sent{}) || c.Context.Err() != nil {
			break
		}
	}
	if all.Failed > 0 {
		j.code = exitFindings
	}
	if j.json() {
		return j.write(struct {
			Schema  string `json:"schema"`
			Sent    int    `json:"sent"`
			Failed  int    `json:"failed"`
			Waiting int    `json:"waiting"`
		}{"freehold.notify/1", all.Left, all.Failed, all.Waiting})
	}
	fmt.Fprintln(j.Out, j.say("Sent: %d. Refused for good: %d. For a person, or to be tried again: %d.", all.Left, all.Failed, all.Waiting))
	return nil
}

// listed bounds what desk notify lists.
const listedLetters = 1000

func (j *deskJob) listLetters(ctx context.Context) error {
	waiting, err := j.store.Outbox(ctx, j.now().AddDate(1, 0, 0), listedLetters)
	if err != nil {
		return err
	}
	type letterDoc struct {
		Case    string `json:"case"`
		Kind    string `json:"kind"`
		Contact string `json:"contact,omitempty"`
		Channel string `json:"channel,omitempty"`
		Tries   int    `json:"tries"`
	}
	docs := []letterDoc{}
	w := tabwriter.NewWriter(j.Out, 0, 0, 2, ' ', 0)
	for i, o := range waiting {
		row, err := j.store.Case(ctx, o.Case)
		if err != nil {
			return err
		}
		k, _ := row.Case.Contact(o.Contact)
		d := letterDoc{Case: o.Case, Kind: o.Kind, Contact: o.Contact, Tries: o.Tries}
		if o.Contact != "" {
			d.Channel = k.Channel.String()
		}
		if docs = append(docs, d); j.json() {
			continue
		}
		if i == 0 {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", j.say("CASE"), j.say("NAME"), j.say("LETTER"), j.say("TO"))
		}
		to := j.say("the house")
		if o.Contact != "" {
			to = k.ID + " " + freehold.OneLine(k.Address)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", o.Case, row.Case.Name.Unicode(), j.letterWord(o.Kind), to)
	}
	if j.json() {
		return j.write(struct {
			Schema  string      `json:"schema"`
			Letters []letterDoc `json:"letters"`
		}{"freehold.letters/1", docs})
	}
	if len(waiting) == 0 {
		j.tell(freehold.T("no letter waits"))
		return nil
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(j.Out, j.say("Nothing is sent without --yes."))
	return nil
}

func (s *session) letterWord(kind string) string {
	switch kind {
	case freehold.OutNotice:
		return s.say("notice")
	case freehold.OutTransfer:
		return s.say("transfer")
	}
	return s.say("alarm")
}

// sendable finds the mailbox of a contact and the mail to send to it.
func (j *deskJob) sendable(c freehold.Case, contact string) (office postOffice, to string, err error) {
	if office, err = j.needPost(); err != nil {
		return office, "", err
	}
	k, _ := c.Contact(contact)
	if to = mailboxOf(k); to == "" {
		return office, "", misuse(freehold.T("%q is no mailbox", freehold.OneLine(contact)), freehold.T("without --send the token is shown, to be spoken or written"))
	}
	return office, to, nil
}

// sendToken sends what a check asks for to the mailbox on record, where nobody else
// reads it.
func (j *deskJob) sendToken(ctx context.Context, c freehold.Case, asked identity.Asked) error {
	office, to, err := j.sendable(c, asked.Event.Contact)
	if err != nil {
		return err
	}
	var letter mail.Letter
	identity.Grouped(asked.Token, func(groups string) {
		letter = office.Token(mail.About{ID: c.ID + "." + asked.Event.ID, To: to, Case: c}, groups, freehold.T("It is good until %s UTC, once.", stamp(asked.Event.Expires)))
	})
	_, err = office.post.Send(ctx, letter)
	return err
}

func (s *session) deskPrivacyCommand() *cli.Command {
	return &cli.Command{
		Name: "privacy", Usage: "what people have to be told about their data (GDPR art. 13 and 14)", ArgsUsage: "[CASE]",
		Description: `Prints the text, from [desk] of the config file and the retention this program keeps to. With a case and --to it is sent to a contact of the case. It is a text to begin with: whoever answers for the data has to make it theirs.`,
		Flags: join([]cli.Flag{&cli.StringFlag{Name: "to", Usage: "send it to the `CONTACT` of the case, such as c1"}},
			deskFlags(), yesFlag()),
		Action: s.deskPrivacy,
	}
}

func (s *session) deskPrivacy(c *cli.Context) error {
	j, err := s.deskJob(c)
	if err != nil {
		return err
	}
	defer j.close()
	office, err := s.openPost()
	if err != nil {
		return err
	}
	if err := office.Whole(); err != nil {
		return err
	}
	text := office.Privacy(office.kept)
	if c.String("to") == "" {
		for _, t := range text {
			fmt.Fprintf(j.Out, "%s\n\n", t.Render(j.speaker))
		}
		return nil
	}
	if office, err = s.needPost(); err != nil {
		return err
	}
	return j.sendPrivacy(c.Context, office, text)
}

func (j *deskJob) sendPrivacy(ctx context.Context, office postOffice, text []freehold.Text) error {
	id, err := caseOf(ctx, j.store, j.c.Args().First())
	if err != nil {
		return err
	}
	row, err := j.store.Case(ctx, id)
	if err != nil {
		return err
	}
	k, ok := row.Case.Contact(j.c.String("to"))
	to := mailboxOf(k)
	if !ok || to == "" {
		return misuse(freehold.T("%q is no mailbox", freehold.OneLine(j.c.String("to"))), freehold.Text{})
	}
	letter := mail.Letter{ID: fmt.Sprintf("%s.privacy.%d", id, row.Version()), To: to, Subject: freehold.T("%s: what we keep about you (%s)", row.Case.Name.Unicode(), id), Body: slices.Clone(text)}
	if !j.c.Bool("yes") {
		shown, err := office.post.Preview(letter)
		if err != nil {
			return err
		}
		fmt.Fprintln(j.Out, shown)
		fmt.Fprintln(j.Out, j.say("Nothing is sent without --yes."))
		return nil
	}
	detail, err := office.post.Send(ctx, letter)
	if err != nil {
		return err
	}
	if row, err = j.desk.Add(ctx, id, j.operator(), freehold.ChannelMail, freehold.Noted{Words: "told what is kept (GDPR art. 13): " + k.ID + ", " + detail}); err != nil {
		return err
	}
	return j.tellCase(row, nil, nil, false)
}
