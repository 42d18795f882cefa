package main

import (
	"context"
	"fmt"
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
	row, again, err := j.openOne(c.Context, c.Args().First())
	if err != nil {
		return err
	}
	j.tellAgain(again)
	return j.tellCase(row, nil, nil, false)
}

// openOne opens a case for what the flags say of a name; again: it was added to a case
// of the same person.
func (j *deskJob) openOne(ctx context.Context, name string) (row freehold.CaseRow, again bool, err error) {
	r, through, err := j.request(name)
	if err != nil {
		return row, false, err
	}
	seen, err := j.seen(ctx, r.Name)
	if err != nil {
		return row, false, err
	}
	return j.desk.Request(ctx, r, seen, j.operator(), through)
}

// seen is what is known around a request: what the flags tell, the saved audits, and the
// register.
func (j *deskJob) seen(ctx context.Context, name freehold.Name) (identity.Surroundings, error) {
	seen, err := j.surroundings(ctx, name, j.c.String("asked-by"))
	if err != nil {
		return seen, err
	}
	seen.Pressure = j.c.Bool("pressure")
	seen.ContactChanged, err = j.changedHands(ctx, name)
	return seen, err
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
	known, err := j.onRecord(j.c.Context, r.Name)
	if err != nil {
		return r, 0, err
	}
	party := func(flag string, otherwise freehold.Party) freehold.Party {
		if said := j.c.String(flag); said != "" {
			return freehold.Party{Organisation: said}
		}
		return otherwise
	}
	r.HighValue = j.c.Bool("high-value")
	r.Holder = party("holder", known.holder)
	if r.Holder == (freehold.Party{}) {
		return r, 0, misuse(freehold.T("who the holder is is not said"), freehold.T("give --holder and the registrant of record, as the registry has it"))
	}
	if known.customer == (freehold.Party{}) {
		known.customer = r.Holder
	}
	r.Requester, r.Customer, r.Target = party("requester", r.Holder), party("customer", known.customer), j.c.String("target")
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
	r.Contacts = withRecorded(r.Contacts, known.contacts)
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

// parseContact reads CHANNEL:ADDRESS@DATE, with SIDE/ before it where it is not the
// holder's. The date is what follows the last @, if it is one: an address may hold
// another.
func parseContact(s string) (freehold.Contact, error) {
	k := freehold.Contact{Of: freehold.SideHolder, Source: "desk"}
	channel, address, ok := strings.Cut(s, ":")
	if side, way, named := strings.Cut(channel, "/"); named {
		channel = way
		if err := k.Of.UnmarshalText([]byte(side)); err != nil || k.Of != freehold.SideHolder && k.Of != freehold.SideCustomer && k.Of != freehold.SideRequester {
			ok = false
		}
	}
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

func (s *session) deskNote(c *cli.Context) error {
	return s.withCase(c, func(ctx context.Context, j *deskJob, id string) error {
		row, err := j.store.Case(ctx, id)
		if err != nil {
			return err
		}
		through := freehold.ChannelDesk
		if c.String("through") != "" {
			if err := through.UnmarshalText([]byte(c.String("through"))); err != nil {
				return misuse(freehold.T("%q is no channel", freehold.OneLine(c.String("through"))), freehold.Text{})
			}
		}
		bodies, err := j.noted(row, through)
		if err != nil {
			return err
		}
		if len(bodies) == 0 {
			return misuse(freehold.T("there is nothing to note"), freehold.Text{})
		}
		for _, b := range bodies {
			if row, err = j.desk.Add(ctx, id, j.operator(), through, b); err != nil {
				return err
			}
		}
		return j.tellCase(row, nil, nil, false)
	})
}

// noted reads what the flags of note enter: how notices ended, an earlier request, a
// doubt or its end, a mandate or its end, and words, which are the reason of those.
func (j *deskJob) noted(row freehold.CaseRow, through freehold.Channel) (bodies []freehold.CaseBody, err error) {
	c := row.Case
	words := freehold.OneLine(j.words())
	for _, told := range j.c.StringSlice("told") {
		contact, why, failed := strings.Cut(told, "=")
		k, ok := c.Contact(contact)
		if !ok {
			return nil, misuse(freehold.T("the case has no contact %q", freehold.OneLine(contact)), freehold.Text{})
		}
		bodies = append(bodies, freehold.NoticeEnded{Contact: contact, Channel: k.Channel, Sent: !failed, Detail: freehold.OneLine(why)})
	}
	if j.c.String("earlier") != "" {
		at, err := timeFlag(j.c, "earlier", time.Time{})
		if err != nil {
			return nil, err
		}
		bodies = append(bodies, freehold.EarlierRequest{At: at, Through: through})
	}
	if j.c.Bool("pressure") {
		for _, sign := range j.keeper(c.Name, j.now()).Policy.Signals(freehold.Case{}, identity.Surroundings{Pressure: true}) {
			bodies = append(bodies, sign)
		}
	}
	if reason := j.c.String("doubt"); reason != "" {
		if words == "" {
			return nil, misuse(freehold.T("a doubt needs words that say what it rests on"), freehold.T("for example: %s", "freehold desk note CASE --doubt recent_contact_change 'the mailbox was changed on 20 November'"))
		}
		bodies, words = append(bodies, freehold.DoubtRecorded{ID: fmt.Sprintf("d%d", count[freehold.DoubtRecorded](row.Events)+1), Reason: freehold.OneLine(reason), Words: words}), ""
	}
	if id := j.c.String("clear"); id != "" {
		bodies, words = append(bodies, freehold.DoubtCleared{ID: id, Words: words}), ""
	}
	if j.c.Bool("mandate") {
		m, err := j.mandate(c, fmt.Sprintf("m%d", count[freehold.MandateShown](row.Events)+1))
		if err != nil {
			return nil, err
		}
		bodies = append(bodies, freehold.MandateShown{Mandate: m})
	}
	if id := j.c.String("mandate-withdrawn"); id != "" {
		bodies = append(bodies, freehold.MandateWithdrawn{ID: id})
	}
	if words != "" {
		bodies = append(bodies, freehold.Noted{Words: words})
	}
	return bodies, nil
}

// count is how many events of a kind there were.
func count[T freehold.CaseBody](events []freehold.CaseEvent) (n int) {
	for _, e := range events {
		if _, is := e.Body.(T); is {
			n++
		}
	}
	return n
}

// mandate is one on paper, of the holder to the requester, for this name and act.
func (j *deskJob) mandate(c freehold.Case, id string) (freehold.Mandate, error) {
	m := freehold.Mandate{ID: id, From: c.Holder, To: c.Requester, Names: []freehold.Name{c.Name}, Acts: []freehold.Act{c.Act}}
	var err error
	if m.Since, err = timeFlag(j.c, "since", j.now()); err != nil {
		return m, err
	}
	m.Until, err = timeFlag(j.c, "until", time.Time{})
	return m, err
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
