package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"freehold"
	"freehold/dnsexport"
	"freehold/dnsexport/axfr"
	"freehold/dnsexport/move"
	"freehold/internal/flow/export"
	flow "freehold/internal/flow/move"
	"freehold/internal/report"
)

func (s *session) moveCommand() *cli.Command {
	return &cli.Command{
		Name:  "move",
		Usage: "move a zone to another DNS operator, in the order that loses nothing",
		Description: `"move plan" says every step, how long caches make it wait, and what the new operator cannot hold; it changes nothing. Who agrees to it gives its digest to "move apply".

"move apply" without --yes only says what it would do next. With --yes it goes as far as it can today and says when to come back; it may be killed at any moment and run again.`,
		Subcommands: []*cli.Command{
			{
				Name: "plan", Usage: "say every step of a move, and change nothing", ArgsUsage: "NAME",
				Flags: join([]cli.Flag{
					&cli.StringFlag{Name: "to", Usage: "move to the `ACCOUNT` of the config file"},
					&cli.StringSliceFlag{Name: "ns", Usage: "the new operator's name server `HOST` or HOST=ADDRESS; may be repeated (default: the account's)"},
					&cli.StringFlag{Name: "file", Usage: "serve the copy in the zone file `PATH` instead of the old operator's zone"},
					&cli.StringFlag{Name: "old", Usage: "the old operator can be edited by the `ACCOUNT` of the config file"},
					&cli.StringFlag{Name: "registrar-account", Usage: "name servers and DS records are changed through the registrar's `ACCOUNT` of the config file (default: by hand)"},
					&cli.BoolFlag{Name: "rescue", Usage: "the old operator is dead: serve the last copy, and skip what needs it"},
					&cli.StringFlag{Name: "down-since", Usage: "with --rescue: since `TIME` (2026-11-25T08:00:00Z)"},
					&cli.BoolFlag{Name: "sign", Usage: "sign the zone at the new operator"},
					&cli.BoolFlag{Name: "cooperate", Usage: "the old operator helps: the zone stays signed all the way (RFC 8901)"},
				}, moveFlags(), transferFlags(), observeFlags()),
				Action: s.movePlan,
			},
			{
				Name: "apply", Usage: "go on with a planned move as far as it can today", ArgsUsage: "NAME",
				Flags: join([]cli.Flag{
					&cli.StringFlag{Name: "approve", Usage: "begin: the `DIGEST` of the plan that was read and agreed to"},
					&cli.BoolFlag{Name: "yes", Usage: "do it; without it nothing is changed"},
					acceptRiskFlag(),
				}, moveFlags(), observeFlags()),
				Action: s.moveApply,
			},
			{Name: "check", Usage: "say how far a move is", ArgsUsage: "NAME", Flags: moveFlags(), Action: s.moveCheck},
			{
				Name: "rollback", Usage: "take a move back: the old name servers, then the old DS", ArgsUsage: "NAME",
				Flags:  join([]cli.Flag{&cli.BoolFlag{Name: "yes", Usage: "do it; without it nothing is changed"}, acceptRiskFlag()}, moveFlags(), observeFlags()),
				Action: s.moveBack,
			},
			s.evacuateCommand(),
		},
	}
}

func moveFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "format", Value: report.FormatTable, Usage: "`FORMAT` of the result: table, json"},
		langFlag(),
	}
}

// moveJob is one run of a move's command.
type moveJob struct {
	*session
	c      *cli.Context
	name   freehold.Name
	folder *flow.Folder
}

func (s *session) moveJob(c *cli.Context) (*moveJob, error) {
	if _, err := s.language(c); err != nil {
		return nil, err
	}
	if f := c.String("format"); f != report.FormatTable && f != report.FormatJSON {
		return nil, misuse(freehold.T("%q is not a format of this result", freehold.OneLine(f)), freehold.T("use one of %s", "table, json"))
	}
	if c.NArg() != 1 {
		return nil, misuse(freehold.T("one name is wanted"), freehold.T("for example: %s", "freehold move check example.ch"))
	}
	name, err := parseName(c.Args().First())
	if err != nil {
		return nil, err
	}
	base := s.dir("XDG_STATE_HOME", ".local/state")
	if base == "" {
		return nil, misuse(freehold.T("there is no home to keep the move in"), freehold.T("set HOME or XDG_STATE_HOME"))
	}
	return &moveJob{s, c, name, flow.Open(base+"/moves", name)}, nil
}

func (s *session) movePlan(c *cli.Context) error {
	j, err := s.moveJob(c)
	if err != nil {
		return err
	}
	if c.String("to") == "" {
		return misuse(freehold.T("where to is not said"), freehold.T("give --to and an account of the config file"))
	}
	to, err := s.account(c.String("to"))
	if err != nil {
		return err
	}
	target, err := s.target(c.String("to"), to)
	if err != nil {
		return err
	}
	servers := c.StringSlice("ns")
	if len(servers) == 0 {
		servers = to.NameServers
	}
	hosts, _, err := nameServers(servers)
	if err != nil {
		return err
	}
	world, err := s.observe(c.Context, c)
	if err != nil {
		return err
	}
	defer world.Close()
	zone, err := j.zone(c.Context, world)
	if err != nil {
		return err
	}
	parent, err := world.dns.Parent(c.Context, j.name)
	if err != nil {
		return err
	}
	situation := move.Situation{Name: j.name, Zone: zone, Target: target.Traits(), NameServers: hosts, Edits: c.String("old") != "", Resigns: c.Bool("sign"), Cooperates: c.Bool("cooperate"), Rescue: c.Bool("rescue"), Now: world.at,
		Parent: move.Parent{NS: parent.NS[0], Signed: !parent.Unsigned(), NSTTL: parent.NSTTL, DSTTL: parent.DSTTL}}
	if text := c.String("down-since"); text != "" {
		if situation.Down, err = time.Parse(time.RFC3339, text); err != nil {
			return misuse(freehold.T("%q is not a time", freehold.OneLine(text)), freehold.T("write it as 2026-11-25T08:00:00Z"))
		}
	}
	if name := c.String("registrar-account"); name != "" {
		_, done, err := j.registrarAccount(name, world)
		if err != nil {
			return err
		}
		done() // nothing is asked of it yet
		situation.Delegates = true
	}
	plan, err := move.Make(situation)
	if err != nil {
		return err
	}
	if err := j.folder.Plan(flow.Planned{Plan: *plan, Account: c.String("to"), Source: zone.Source, Coverage: zone.Coverage, Servers: servers, Old: c.String("old"), Registrar: c.String("registrar-account")}, zone); err != nil {
		return err
	}
	return j.tellPlan(plan)
}

// zone reads what is to be served.
func (j *moveJob) zone(ctx context.Context, world *observers) (*freehold.Zone, error) {
	if path := j.c.String("file"); path != "" {
		return readZoneFile(path, freehold.OwnerOf(j.name.Host()))
	}
	if j.c.Bool("rescue") {
		return nil, misuse(freehold.T("a rescue needs a copy of the zone"), freehold.T("give --file and the last copy that \"freehold export\" made"))
	}
	client, err := j.transfers(j.c)
	if err != nil {
		return nil, err
	}
	if server := j.c.String("server"); server != "" {
		return client.Zone(ctx, freehold.OwnerOf(j.name.Host()), axfr.Address(server, j.c.Bool("tls")))
	}
	return export.FromServers(world.delegation(j.c), client)(ctx, j.name.Host())
}

// nameServers reads HOST and HOST=ADDRESS.
func nameServers(list []string) ([]freehold.Host, map[freehold.Host][]netip.Addr, error) {
	var hosts []freehold.Host
	addrs := map[freehold.Host][]netip.Addr{}
	for _, text := range list {
		name, at, has := strings.Cut(text, "=")
		h, err := freehold.ParseHost(name)
		if err != nil {
			return nil, nil, err
		}
		hosts = append(hosts, h)
		if has {
			a, err := netip.ParseAddr(at)
			if err != nil {
				return nil, nil, misuse(freehold.T("%q is not an address", freehold.OneLine(at)), freehold.Text{})
			}
			addrs[h] = append(addrs[h], a)
		}
	}
	return hosts, addrs, nil
}

func (s *session) moveApply(c *cli.Context) error {
	j, err := s.moveJob(c)
	if err != nil {
		return err
	}
	planned, zone, err := j.folder.Planned()
	if err != nil {
		return err
	}
	world, err := s.observe(c.Context, c)
	if err != nil {
		return err
	}
	defer world.Close()
	m, done, err := j.mover(planned, world)
	if err != nil {
		return err
	}
	defer done()
	if !c.Bool("yes") {
		return j.preview(c.Context, m.Target, planned, zone)
	}
	if !j.folder.Started() {
		if c.String("approve") == "" {
			return misuse(freehold.T("the plan was not approved yet"), freehold.T("read it with \"freehold move check %s\", then give --approve and its digest", j.name.ASCII()))
		}
		if err := m.Begin(c.Context, &planned.Plan, c.String("approve")); err != nil {
			return err
		}
	}
	return j.ended(m.Apply(c.Context, zone))
}

func (j *moveJob) mover(p flow.Planned, world *observers) (m *move.Mover, done func(), err error) {
	a, err := j.account(p.Account)
	if err != nil {
		return nil, nil, err
	}
	target, err := j.target(p.Account, a)
	if err != nil {
		return nil, nil, err
	}
	_, addrs, err := nameServers(p.Servers)
	if err != nil {
		return nil, nil, err
	}
	m = &move.Mover{Target: target, Memory: j.folder, Now: world.now, Look: &move.Eyes{Resolver: world.dns, Addrs: addrs, Port: uint16(j.c.Int("dns-port"))}, Told: func(step freehold.MoveStep, done bool) {
		if done {
			j.tell(freehold.T("done: %s", step.Title.Render(j.speaker)))
		}
	}}
	if p.Old != "" {
		old, err := j.account(p.Old)
		if err != nil {
			return nil, nil, err
		}
		if m.Old, err = j.target(p.Old, old); err != nil {
			return nil, nil, err
		}
	}
	done = func() {}
	if p.Registrar != "" {
		if m.Registrar, done, err = j.registrarAccount(p.Registrar, world); err != nil {
			return nil, nil, err
		}
	}
	return m, done, nil
}

// registrarAccount opens the account that changes the delegation. With --yes it is held
// to what the desk's accounts are: nothing is changed through an adapter that was never
// tried live, unless that risk is taken.
func (j *moveJob) registrarAccount(name string, world *observers) (move.Registrar, func(), error) {
	reg, done, err := (&deskJob{session: j.session, c: j.c, policy: world.policy, now: world.now}).account(name)
	if err != nil {
		return nil, nil, err
	}
	r, ok := reg.(move.Registrar)
	if !ok {
		done()
		return nil, nil, misuse(freehold.T("the account %q cannot change name servers", name), freehold.T("leave --registrar-account out: the plan then says what to do by hand"))
	}
	return r, done, nil
}

// ended tells how far a run got: done, or what it waits for.
func (j *moveJob) ended(err error) error {
	var wait *move.Waiting
	switch {
	case err == nil:
		if j.c.String("format") == report.FormatJSON {
			return j.moveCheck(j.c)
		}
		fmt.Fprintln(j.Out, j.say("The move of %s is done.", j.name.Unicode()))
		return nil
	case !errors.As(err, &wait):
		return err
	}
	j.code = exitWaiting
	if j.c.String("format") == report.FormatJSON {
		return j.moveCheck(j.c)
	}
	if wait.Until.IsZero() {
		fmt.Fprintln(j.Out, j.say("Now somebody has to act: %s", wait.Step.Title.Render(j.speaker)))
		fmt.Fprintln(j.Out, j.say("Then run the same command again; it looks whether it was done."))
		return nil
	}
	fmt.Fprintln(j.Out, j.say("Come back at %s UTC: until then caches keep what was before.", wait.Until.UTC().Format("2006-01-02 15:04")))
	return nil
}

// preview is the dry run: it only reads, and says what would be written next.
func (j *moveJob) preview(ctx context.Context, target dnsexport.Target, p flow.Planned, zone *freehold.Zone) error {
	fmt.Fprintln(j.Out, j.say("Nothing is changed without --yes."))
	at, err := target.Read(ctx, j.name)
	switch {
	case freehold.KindOf(err) == freehold.KindNotFound:
		at = &freehold.Zone{Origin: zone.Origin}
		fmt.Fprintln(j.Out, j.say("%s has no zone %s yet; it would be made.", p.Plan.To, j.name.Unicode()))
	case err != nil:
		return err
	}
	d := at.Diff(move.Content(zone), freehold.DiffRules{SOA: freehold.SOAIgnore, IgnoreApexNS: true})
	for _, c := range d.Changes {
		fmt.Fprintf(j.Out, "  %-8s %s %s\n", c.Kind, freehold.OneLine(c.Set().Owner.String()), c.Set().Type)
	}
	fmt.Fprintln(j.Out, j.say("%d record sets would be written.", len(d.Changes)))
	return j.steps(&p.Plan)
}

func (s *session) moveCheck(c *cli.Context) error {
	j, err := s.moveJob(c)
	if err != nil {
		return err
	}
	planned, _, err := j.folder.Planned()
	if err != nil {
		return err
	}
	return j.tellPlan(&planned.Plan)
}

func (s *session) moveBack(c *cli.Context) error {
	j, err := s.moveJob(c)
	if err != nil {
		return err
	}
	record, err := j.folder.Load()
	if err != nil {
		return err
	}
	if !c.Bool("yes") {
		fmt.Fprintln(j.Out, j.say("Nothing is changed without --yes."))
		for _, step := range record.Plan.Steps {
			if !record.Marks[step.Kind].Started.IsZero() && !step.Undo.IsZero() {
				fmt.Fprintln(j.Out, "  "+step.Undo.Render(j.speaker))
			}
		}
		return nil
	}
	planned, _, err := j.folder.Planned()
	if err != nil {
		return err
	}
	world, err := s.observe(c.Context, c)
	if err != nil {
		return err
	}
	defer world.Close()
	m, done, err := j.mover(planned, world)
	if err != nil {
		return err
	}
	defer done()
	return j.ended(m.TakeBack(c.Context))
}

type moveDoc struct {
	Schema      string        `json:"schema"`
	Name        string        `json:"name"`
	To          string        `json:"to"`
	Digest      string        `json:"digest"`
	Made        time.Time     `json:"made"`
	NameServers []string      `json:"nameservers"`
	State       string        `json:"state"`
	Waits       string        `json:"waits_at_least"`
	Losses      []string      `json:"losses"`
	Warnings    []string      `json:"warnings"`
	Steps       []moveStepDoc `json:"steps"`
}

type moveStepDoc struct {
	Step    string     `json:"step"`
	Title   string     `json:"title"`
	Why     string     `json:"why"`
	ByHand  bool       `json:"by_hand"`
	Visible bool       `json:"visible"`
	Wait    float64    `json:"wait_seconds"`
	Undo    *string    `json:"undo"`
	Started *time.Time `json:"started"`
	Done    *time.Time `json:"done"`
}

// tellPlan writes the plan and how far it got.
func (j *moveJob) tellPlan(p *freehold.MovePlan) error {
	marks, state := map[freehold.StepKind]move.Mark{}, "planned"
	if j.folder.Started() {
		record, err := j.folder.Load()
		if err != nil {
			return err
		}
		marks, state = record.Marks, "under_way"
		if record.Back {
			state = "taken_back"
		} else if last := p.Steps[len(p.Steps)-1]; !marks[last.Kind].Done.IsZero() {
			state = "done"
		}
	}
	if j.c.String("format") == report.FormatJSON {
		return json.NewEncoder(j.Out).Encode(j.document(p, marks, state))
	}
	fmt.Fprintln(j.Out, j.say("Move of %s to %s, made on %t", p.Name.Unicode(), p.To, p.Made))
	for _, t := range p.Losses {
		fmt.Fprintln(j.Out, "! "+t.Render(j.speaker))
	}
	for _, t := range p.Warnings {
		fmt.Fprintln(j.Out, "! "+t.Render(j.speaker))
	}
	if err := j.stepsWith(p, marks); err != nil {
		return err
	}
	fmt.Fprintln(j.Out, j.say("It takes at least %s.", move.Span(p.Waits())))
	if state == "planned" {
		fmt.Fprintln(j.Out, j.say("Whoever agrees to it: %s", "freehold move apply "+p.Name.ASCII()+" --approve "+p.Digest()+" --yes"))
	}
	return nil
}

func (j *moveJob) document(p *freehold.MovePlan, marks map[freehold.StepKind]move.Mark, state string) moveDoc {
	doc := moveDoc{Schema: "freehold.move/1", Name: p.Name.ASCII(), To: p.To, Digest: p.Digest(), Made: p.Made, State: state, Waits: p.Waits().String(), NameServers: []string{}, Losses: []string{}, Warnings: []string{}}
	for _, h := range p.NameServers {
		doc.NameServers = append(doc.NameServers, h.ASCII())
	}
	for _, t := range p.Losses {
		doc.Losses = append(doc.Losses, t.Render(j.speaker))
	}
	for _, t := range p.Warnings {
		doc.Warnings = append(doc.Warnings, t.Render(j.speaker))
	}
	for _, s := range p.Steps {
		step := moveStepDoc{Step: s.Kind.String(), Title: s.Title.Render(j.speaker), Why: s.Why.Render(j.speaker), ByHand: s.ByHand, Visible: s.Visible, Wait: s.After.Seconds()}
		if !s.Undo.IsZero() {
			undo := s.Undo.Render(j.speaker)
			step.Undo = &undo
		}
		if at := marks[s.Kind]; !at.Started.IsZero() {
			step.Started = &at.Started
			if !at.Done.IsZero() {
				step.Done = &at.Done
			}
		}
		doc.Steps = append(doc.Steps, step)
	}
	return doc
}

func (j *moveJob) steps(p *freehold.MovePlan) error { return j.stepsWith(p, nil) }

// stepsWith lists the steps: number, state, who acts, what, why, how long to wait.
func (j *moveJob) stepsWith(p *freehold.MovePlan, marks map[freehold.StepKind]move.Mark) error {
	for i, s := range p.Steps {
		state := " "
		if !marks[s.Kind].Done.IsZero() {
			state = "+"
		} else if !marks[s.Kind].Started.IsZero() {
			state = ">"
		}
		title := s.Title.Render(j.speaker)
		if s.ByHand {
			title = j.say("By hand: %s", title)
		}
		fmt.Fprintf(j.Out, "%s%2d. %s\n", state, i+1, title)
		fmt.Fprintf(j.Out, "     %s\n", s.Why.Render(j.speaker))
		if s.After > 0 {
			fmt.Fprintf(j.Out, "     %s\n", j.say("Then wait %s.", move.Span(s.After)))
		}
	}
	return nil
}
