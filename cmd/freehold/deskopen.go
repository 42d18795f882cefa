package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"freehold"
	"freehold/verify/identity"
)

func (s *session) deskOpen(c *cli.Context) error {
	j, err := s.deskJob(c)
	if err != nil {
		return err
	}
	defer j.close()
	if c.NArg() != 1 {
		return misuse(freehold.T("one name is wanted"), freehold.T("for example: %s", "freehold desk open example.ch --holder \"Example AG\""))
	}
	r, through, err := j.request(c.Args().First())
	if err != nil {
		return err
	}
	row, err := j.desk.Open(c.Context, r, j.operator(), through)
	if err != nil {
		return err
	}
	return j.tellCase(row, nil, nil, false)
}

// request reads what was asked for from the flags.
func (j *deskJob) request(name string) (r freehold.Request, through freehold.Channel, err error) {
	if r.Name, err = parseName(name); err != nil {
		return r, 0, err
	}
	if err := r.Act.UnmarshalText([]byte(j.c.String("act"))); err != nil || r.Act == freehold.ActNone {
		return r, 0, misuse(freehold.T("%q is nothing that can be asked for", freehold.OneLine(j.c.String("act"))), freehold.T("use one of %s", "code, unlock, push, tag, repoint"))
	}
	if err := through.UnmarshalText([]byte(j.c.String("through"))); err != nil {
		return r, 0, misuse(freehold.T("%q is no channel", freehold.OneLine(j.c.String("through"))), freehold.Text{})
	}
	if j.c.String("holder") == "" {
		return r, 0, misuse(freehold.T("who the holder is is not said"), freehold.T("give --holder and the registrant of record, as the registry has it"))
	}
	party := func(flag string) freehold.Party {
		if said := j.c.String(flag); said != "" {
			return freehold.Party{Organisation: said}
		}
		return freehold.Party{Organisation: j.c.String("holder")}
	}
	r.Holder, r.Requester, r.Customer, r.Target = party("holder"), party("requester"), party("customer"), j.c.String("target")
	if r.FirstRequest, err = timeFlag(j.c, "first", j.now()); err != nil {
		return r, 0, err
	}
	if r.Incident, err = timeFlag(j.c, "incident", time.Time{}); err != nil {
		return r, 0, err
	}
	for i, said := range j.c.StringSlice("contact") {
		k, err := parseContact(said)
		if err != nil {
			return r, 0, err
		}
		k.ID = fmt.Sprintf("c%d", i+1)
		r.Contacts = append(r.Contacts, k)
	}
	return r, through, nil
}

// timeFlag reads a time or a day; otherwise is what stands where it is not given.
func timeFlag(c *cli.Context, flag string, otherwise time.Time) (time.Time, error) {
	text := c.String(flag)
	if text == "" {
		return otherwise, nil
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if at, err := time.Parse(layout, text); err == nil {
			return at.UTC(), nil
		}
	}
	return time.Time{}, misuse(freehold.T("%q is not a time", freehold.OneLine(text)), freehold.T("write it as 2026-11-25T08:00:00Z"))
}

// parseContact reads CHANNEL:ADDRESS@DATE. The date is what follows the last @, if it
// is one: an address may hold another.
func parseContact(s string) (freehold.Contact, error) {
	k := freehold.Contact{Of: freehold.SideHolder, Source: "desk"}
	channel, address, ok := strings.Cut(s, ":")
	if err := k.Channel.UnmarshalText([]byte(channel)); !ok || err != nil || k.Channel == freehold.ChannelNone || address == "" {
		return k, misuse(freehold.T("%q is no contact", freehold.OneLine(s)), freehold.T("for example: %s", "mail:rosa@post.example@2023-05-01"))
	}
	k.Address = address
	if at := strings.LastIndexByte(address, '@'); at > 0 {
		if day, err := time.Parse(time.DateOnly, address[at+1:]); err == nil {
			k.Address, k.Since = address[:at], day
		}
	}
	return k, nil
}

type checkedDoc struct {
	Schema   string     `json:"schema"`
	Case     string     `json:"case"`
	Question string     `json:"question"`
	Method   string     `json:"method"`
	To       string     `json:"to"`
	Token    string     `json:"token,omitempty"`
	Expires  *time.Time `json:"expires,omitempty"`
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
		if m.Life > 0 {
			return j.ask(ctx, row, m, of)
		}
		return j.enter(ctx, row, m, of)
	})
}

// ask draws a token and shows it once.
func (j *deskJob) ask(ctx context.Context, row freehold.CaseRow, m identity.Method, of freehold.Side) error {
	q := freehold.CheckAsked{ID: fmt.Sprintf("q%d", len(row.Case.Asks)+1), Method: m.ID, Of: of, Ref: j.c.String("about"), Contact: j.c.String("to")}
	asked, err := identity.Ask(rand.Reader, row.Case, q, j.now())
	if err != nil {
		return err
	}
	defer asked.Token.Destroy()
	if _, err := j.desk.Add(ctx, row.Case.ID, j.operator(), freehold.ChannelDesk, asked.Event); err != nil {
		return err
	}
	k, _ := row.Case.Contact(q.Contact)
	identity.Grouped(asked.Token, func(groups string) {
		if j.json() {
			err = j.write(checkedDoc{"freehold.check/1", row.Case.ID, q.ID, m.ID, k.Address, groups, &asked.Event.Expires, ""})
			return
		}
		fmt.Fprintln(j.Out, j.say("Question %s. Give this to %s and to nobody else: %s", q.ID, freehold.OneLine(k.Address), groups))
		fmt.Fprintln(j.Out, j.say("It is good until %s UTC, once. What comes back: %s", stamp(asked.Event.Expires), "freehold desk check "+row.Case.ID+" --answer "+q.ID))
	})
	return err
}

// maxAnswer bounds what is read as an answer.
const maxAnswer = 4096

// answer reads what came back from standard input.
func (j *deskJob) answer(ctx context.Context, row freehold.CaseRow, question string) error {
	q, ok := row.Case.Ask(question)
	if !ok {
		return &freehold.Error{Kind: freehold.KindNotFound, Text: freehold.T("the case has no question %q", question)}
	}
	line, err := bufio.NewReader(io.LimitReader(j.In, maxAnswer)).ReadString('\n')
	if err != nil && line == "" {
		return misuse(freehold.T("no answer came on standard input"), freehold.Text{})
	}
	k, _ := row.Case.Contact(q.Contact)
	var proof identity.Proof = identity.TokenShown{Token: strings.TrimSpace(line)}
	if q.Method == "payment_reference" {
		proof = identity.PaymentSeen{Account: k.Address, Reference: strings.TrimSpace(line)}
	}
	return j.looked(ctx, row, freehold.CheckEnded{Ask: q.ID, Method: q.Method, Of: q.Of, Ref: q.Ref, Contact: q.Contact}, proof, k.Channel)
}

// enter enters a check without a token: a document that was viewed.
func (j *deskJob) enter(ctx context.Context, row freehold.CaseRow, m identity.Method, of freehold.Side) error {
	if j.c.String("viewed") == "" {
		return misuse(freehold.T("what was shown is not said"), freehold.T("give --viewed and the kind of document, and --how"))
	}
	proof := identity.Viewed{Kind: j.c.String("viewed"), How: j.c.String("how"), Matches: true}
	return j.looked(ctx, row, freehold.CheckEnded{Method: m.ID, Of: of, Ref: j.c.String("about"), Contact: j.c.String("to")}, proof, freehold.ChannelDesk)
}

func (j *deskJob) looked(ctx context.Context, row freehold.CaseRow, ended freehold.CheckEnded, proof identity.Proof, through freehold.Channel) error {
	ended, err := identity.Look(identity.Trial{Case: row.Case, Ended: ended, Proof: proof, Now: j.now(), Signers: j.signers})
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
		fmt.Fprintln(j.Out, j.say("The check %s has failed: %s", ended.Method, ended.Result))
	}
	return nil
}

func (s *session) deskNote(c *cli.Context) error {
	return s.withCase(c, func(ctx context.Context, j *deskJob, id string) error {
		row, err := j.store.Case(ctx, id)
		if err != nil {
			return err
		}
		var bodies []freehold.CaseBody
		for _, told := range c.StringSlice("told") {
			contact, why, failed := strings.Cut(told, "=")
			k, ok := row.Case.Contact(contact)
			if !ok {
				return misuse(freehold.T("the case has no contact %q", freehold.OneLine(contact)), freehold.Text{})
			}
			bodies = append(bodies, freehold.NoticeEnded{Contact: contact, Channel: k.Channel, Sent: !failed, Detail: freehold.OneLine(why)})
		}
		if words := j.words(); words != "" {
			bodies = append(bodies, freehold.Noted{Words: freehold.OneLine(words)})
		}
		if len(bodies) == 0 {
			return misuse(freehold.T("there is nothing to note"), freehold.Text{})
		}
		for _, b := range bodies {
			if row, err = j.desk.Add(ctx, id, j.operator(), freehold.ChannelDesk, b); err != nil {
				return err
			}
		}
		return j.tellCase(row, nil, nil, false)
	})
}

func (s *session) deskObject(c *cli.Context) error {
	return s.withCase(c, func(ctx context.Context, j *deskJob, id string) error {
		row, err := j.store.Case(ctx, id)
		if err != nil {
			return err
		}
		var claims freehold.Side
		if err := claims.UnmarshalText([]byte(c.String("claims"))); err != nil {
			return misuse(freehold.T("%q is no side of a case", freehold.OneLine(c.String("claims"))), freehold.Text{})
		}
		o := freehold.Objected{ID: fmt.Sprintf("o%d", len(row.Case.Disputes)+1), Party: freehold.Party{Organisation: c.String("party")}, Claims: claims, Words: freehold.OneLine(j.words())}
		if row, err = j.desk.Add(ctx, id, j.operator(), freehold.ChannelDesk, o); err != nil {
			return err
		}
		return j.tellCase(row, nil, nil, false)
	})
}
