package main

import (
	"context"
	"crypto/sha256"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/urfave/cli/v2"

	"freehold"
	"freehold/internal/tabular"
	"freehold/verify/identity"
)

// openFlags are those of desk open for requests that come written.
func openFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "from-mail", Usage: "the request is a mail, whole as it arrived, in `FILE`: its sender's signature is checked, and it is dated by the house's own server"},
		&cli.StringSliceFlag{Name: "received-by", Usage: "with --from-mail: a mail server of the house's own, `HOST` as its Received headers name it; may be repeated"},
		&cli.StringFlag{Name: "csv", Usage: "open a case for each line of the table in `FILE` (CSV or XLSX), which has a column name and others that are called as the flags"},
		&cli.StringFlag{Name: "dns-hints", Usage: "root name servers, and the trust anchor, from `FILE` (a master file)"},
		&cli.IntFlag{Name: "dns-port", Value: 53, Usage: "port of all name servers"},
		timeoutFlag(),
	}
}

// deskRequests is desk open, for a request that is typed, a mail, or a table of them.
func (s *session) deskRequests(c *cli.Context) error {
	switch {
	case c.String("csv") != "" && c.String("from-mail") != "":
		return misuse(freehold.T("%s and %s do not go together", "--csv", "--from-mail"), freehold.Text{})
	case c.String("csv") != "":
		return s.openTable(c)
	case c.String("from-mail") != "":
		return s.openMail(c)
	}
	return s.deskOpen(c)
}

// said is a context in which flags say something else than on the command line.
func said(c *cli.Context, values map[string][]string) (*cli.Context, error) {
	set := flag.NewFlagSet(c.Command.Name, flag.ContinueOnError)
	for _, f := range c.Command.Flags {
		name := f.Names()[0]
		words := values[name]
		if len(words) == 0 {
			continue
		}
		switch f.(type) {
		case *cli.StringSliceFlag:
			f = &cli.StringSliceFlag{Name: name, Value: cli.NewStringSlice(words...)} // whole: an address may hold a comma
		case *cli.BoolFlag:
			yes, err := truth(words[0])
			if err != nil {
				return nil, err
			}
			f = &cli.BoolFlag{Name: name, Value: yes}
		default:
			f = &cli.StringFlag{Name: name, Value: words[0]}
		}
		if err := f.Apply(set); err != nil {
			return nil, err
		}
	}
	child := cli.NewContext(c.App, set, c)
	child.Command = c.Command
	return child, nil
}

// truth reads what people write for yes and no.
func truth(s string) (bool, error) {
	switch strings.ToLower(s) {
	case "yes", "oui", "ja", "x":
		return true, nil
	case "no", "non", "nein", "-":
		return false, nil
	}
	yes, err := strconv.ParseBool(strings.ToLower(s))
	if err != nil {
		return false, misuse(freehold.T("%q is neither yes nor no", freehold.OneLine(s)), freehold.Text{})
	}
	return yes, nil
}

// openMail opens a case for a request by mail, and tells what the mail shows.
func (s *session) openMail(c *cli.Context) error {
	j, err := s.deskJob(c)
	if err != nil {
		return err
	}
	defer j.close()
	if c.NArg() != 1 {
		return misuse(freehold.T("one name is wanted"), freehold.T("for example: %s", "freehold desk open example.ch --from-mail request.eml --received-by mx.example.net"))
	}
	if len(c.StringSlice("received-by")) == 0 && c.String("first") == "" {
		return misuse(freehold.T("which mail server is the house's own is not said"), freehold.T("give --received-by HOST: the sender can have written all other dates; or --first TIME"))
	}
	raw, err := readShort(c.String("from-mail"), maxShownMail)
	if err != nil {
		return err
	}
	keys, unknown, err := j.mailKeys(c.Context, raw)
	if err != nil {
		return err
	}
	m, err := identity.ReadRequest(raw, c.StringSlice("received-by"), keys, j.now())
	if err != nil {
		return err
	}
	values := map[string][]string{"through": {freehold.ChannelMail.String()}}
	if c.String("asked-by") == "" {
		values["asked-by"] = []string{m.From}
	}
	if c.String("first") == "" {
		if m.Received.IsZero() {
			return &freehold.Error{Kind: freehold.KindInvalid, Text: freehold.T("no server of the house's own dates this mail"), Advice: freehold.T("look at its Received headers for what --received-by should name, or give --first TIME")}
		}
		values["first"] = []string{m.Received.Format(time.RFC3339)}
	}
	if j.c, err = said(c, values); err != nil {
		return err
	}
	row, again, err := j.openOne(c.Context, c.Args().First())
	if err != nil {
		return err
	}
	if row, err = j.desk.Add(c.Context, row.Case.ID, j.operator(), freehold.ChannelMail, freehold.Noted{Words: mailNote(m, raw, unknown)}); err != nil {
		return err
	}
	j.tellAgain(again)
	j.tellMail(m, row.Case, unknown)
	return j.tellCase(row, nil, nil, false)
}

// mailNote is what the case keeps of a mail: enough to find it again, none of its text.
func mailNote(m identity.Mailed, raw []byte, unknown bool) string {
	signed := "signed by " + m.Signed
	switch {
	case m.Signed == "" && unknown:
		signed = "signature not known"
	case m.Signed == "":
		signed = "not signed: " + m.Why.String()
	}
	received := "not dated by us"
	if !m.Received.IsZero() {
		received = "received " + m.Received.Format(time.RFC3339)
	}
	return freehold.OneLine(fmt.Sprintf("request by mail from %.320s, %s, %s, sha256:%x", m.From, received, signed, sha256.Sum256(raw)))
}

// tellMail says what a mail shows, and what it does not.
func (j *deskJob) tellMail(m identity.Mailed, c freehold.Case, unknown bool) {
	switch {
	case m.Signed != "":
		j.tell(freehold.T("the mail comes from a mailbox of %s, which signed it (DKIM)", m.Signed))
	case unknown:
		j.tell(freehold.T("the key of the mail's signature could not be looked up: whether it comes from %s is not known", m.From))
	default:
		j.tell(freehold.T("nothing shows that the mail comes from %s: %m", m.From, m.Why))
	}
	if i := slices.IndexFunc(c.Contacts, func(k freehold.Contact) bool { return strings.EqualFold(k.Address, m.From) }); i >= 0 {
		j.tell(freehold.T("%s stands on record (%s)", m.From, c.Contacts[i].ID))
	} else {
		j.tell(freehold.T("%s does not stand on record", m.From))
	}
	j.tell(freehold.T("who sat at the mailbox it does not show: it is no check of who asks"))
}

// mailKeys looks up the keys that a message's signatures name. unknown: of one there
// was no answer, which is not that there is none.
func (j *deskJob) mailKeys(ctx context.Context, raw []byte) (keys map[string]string, unknown bool, err error) {
	own, _, err := j.resolvers(ctx, false)
	if err != nil {
		return nil, false, err
	}
	keys = map[string]string{}
	for _, host := range identity.DKIMKeys(raw) {
		texts, validation, _ := own.TXT(ctx, host)
		switch {
		case texts.State == freehold.Unknown || validation == freehold.Bogus:
			unknown = true
		case len(texts.Value) == 1: // RFC 6376 §3.6.2.2: several are undefined
			keys[host.ASCII()] = texts.Value[0]
		}
	}
	return keys, unknown, nil
}

// requestColumns are the flags that a column of a table may be called as.
var requestColumns = []string{"act", "target", "holder", "of", "requester", "customer", "contact", "first", "through", "incident", "asked-by", "high-value", "pressure"}

type openedDoc struct {
	Schema string       `json:"schema"`
	Lines  []openedLine `json:"lines"`
}

type openedLine struct {
	Line  int    `json:"line"`
	Name  string `json:"name"`
	Case  string `json:"case,omitempty"`
	Again bool   `json:"again,omitempty"` // the same person had asked before
	Error string `json:"error,omitempty"`
}

// openTable opens a case for each line of a table. A line that cannot be opened is told
// and never keeps the others waiting; the same table can be read again.
func (s *session) openTable(c *cli.Context) error {
	j, err := s.deskJob(c)
	if err != nil {
		return err
	}
	defer j.close()
	if c.NArg() != 0 {
		return misuse(freehold.T("with --csv the names are in the file"), freehold.Text{})
	}
	path := c.String("csv")
	f, err := os.Open(path)
	if err != nil {
		return &freehold.Error{Kind: freehold.KindUsage, Text: freehold.T("cannot read %q", path), Err: plain(err)}
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return &freehold.Error{Kind: freehold.KindUsage, Text: freehold.T("cannot read %q", path), Err: plain(err)}
	}
	table, err := tabular.Open(filepath.Base(path), f, info.Size(), tabular.Options{})
	if err != nil {
		return err
	}
	doc := openedDoc{Schema: "freehold.opened/1", Lines: []openedLine{}}
	var columns []string
	for row, err := range table.Sheets[0].Rows() {
		switch {
		case err != nil:
			return err
		case c.Context.Err() != nil:
			return &freehold.Error{Kind: freehold.KindUnavailable, Text: freehold.T("interrupted at line %d: the same table can be read again", row.Line)}
		case row.Empty():
		case columns == nil:
			if columns, err = j.columns(row.Cells); err != nil {
				return err
			}
		default:
			doc.Lines = append(doc.Lines, j.openLine(c, columns, row))
		}
	}
	return j.tellOpened(doc)
}

// columns reads the heading. What is called otherwise is told, and not read.
func (j *deskJob) columns(heading []string) ([]string, error) {
	var columns []string
	named := false
	for _, cell := range heading {
		column := strings.ReplaceAll(strings.ToLower(strings.TrimSpace(cell)), "_", "-")
		switch {
		case column == "name":
			named = true
		case !slices.Contains(requestColumns, column):
			if cell != "" {
				j.tell(freehold.T("the column %q is not read", freehold.OneLine(cell)))
			}
			column = ""
		}
		columns = append(columns, column)
	}
	if !named {
		return nil, misuse(freehold.T("the table has no column %q", "name"), freehold.T("its first line says what the columns are: name, %s", strings.Join(requestColumns, ", ")))
	}
	return columns, nil
}

func (j *deskJob) openLine(c *cli.Context, columns []string, row tabular.Row) openedLine {
	line := openedLine{Line: row.Line}
	values := map[string][]string{}
	for i, cell := range row.Cells {
		if i < len(columns) && columns[i] != "" && cell != "" {
			values[columns[i]] = append(values[columns[i]], cell)
		}
	}
	if names := values["name"]; len(names) > 0 {
		line.Name = freehold.OneLine(names[0])
	}
	failed := func(err error) openedLine {
		j.tell(freehold.T("line %d: %s", row.Line, freehold.SayError(j.speaker, err)))
		line.Error = err.Error()
		return line
	}
	if !row.Problem.IsZero() {
		return failed(&freehold.Error{Kind: freehold.KindInvalid, Text: row.Problem})
	}
	said, err := said(c, values)
	if err != nil {
		return failed(err)
	}
	one := *j
	one.c = said
	opened, again, err := one.openOne(c.Context, line.Name)
	if err != nil {
		return failed(err)
	}
	line.Name, line.Case, line.Again = opened.Case.Name.Unicode(), opened.Case.ID, again
	return line
}

func (j *deskJob) tellOpened(doc openedDoc) error {
	opened, again, failed := 0, 0, 0
	w := tabwriter.NewWriter(j.Out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "%s\t%s\t%s\n", j.say("LINE"), j.say("CASE"), j.say("NAME"))
	for _, l := range doc.Lines {
		switch {
		case l.Error != "":
			failed++
			continue
		case l.Again:
			again++
		default:
			opened++
		}
		fmt.Fprintf(w, "%d\t%s\t%s\n", l.Line, l.Case, l.Name)
	}
	switch {
	case failed > 0 && opened+again == 0:
		j.code = exitFailed
	case failed > 0:
		j.code = exitFindings
	}
	if j.json() {
		return j.write(doc)
	}
	if opened+again > 0 {
		if err := w.Flush(); err != nil {
			return err
		}
	}
	fmt.Fprintln(j.Out, j.say("Opened: %d. The same person asked before: %d. Not opened: %d.", opened, again, failed))
	return nil
}

func (j *deskJob) tellAgain(again bool) {
	if again {
		j.tell(freehold.T("the same person asked before: it was added to that case"))
	}
}
