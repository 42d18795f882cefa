package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"freehold"
	"freehold/dnsexport/archive"
	"freehold/dnsexport/axfr"
	"freehold/internal/flow/evacuate"
	"freehold/internal/flow/export"
	"freehold/internal/report"
)

func (s *session) evacuateCommand() *cli.Command {
	return &cli.Command{
		Name: "evacuate", Usage: "a host's own act: all its zones to other servers, under the same name-server names", ArgsUsage: "[ZONE…]",
		Description: `Reads all zones, from the old server while it answers or from the last export, and makes a folder that a name server can be started on. No customer's delegation changes: only the addresses of the host's name servers do, with --ns in the zones and by hand in the glue at the registry.

It may be killed at any moment and run again: it goes on where it was. With --check the zones that the new server gives are held against the folder, record by record, before anybody is sent there.`,
		Flags: join([]cli.Flag{
			&cli.StringFlag{Name: "f", Usage: "read the zones from `FILE`, one a line"},
			&cli.StringFlag{Name: "directory", Aliases: []string{"o", "output"}, Usage: "make the folder `DIR`"},
			&cli.StringFlag{Name: "as", Value: "nsd", Usage: "for which `SERVER`: nsd, knot, bind"},
			&cli.StringFlag{Name: "copies", Usage: "the old server is dead: take the zones of the export in `DIR`"},
			&cli.StringSliceFlag{Name: "ns", Usage: "the new address of a name server, `HOST=ADDRESS`; may be repeated"},
			&cli.StringFlag{Name: "check", Usage: "hold what the server at `HOST:PORT` gives against the folder"},
			&cli.IntFlag{Name: "parallel", Value: 8, Usage: "zones worked on at once"},
		}, moveFlags(), transferFlags(), observeFlags()),
		Action: s.evacuate,
	}
}

// evacuateJob is one run of the command.
type evacuateJob struct {
	*session
	c *cli.Context
}

func (s *session) evacuate(c *cli.Context) error {
	if _, err := s.language(c); err != nil {
		return err
	}
	if f := c.String("format"); f != report.FormatTable && f != report.FormatJSON {
		return misuse(freehold.T("%q is not a format of this result", freehold.OneLine(f)), freehold.T("use one of %s", "table, json"))
	}
	if c.String("directory") == "" {
		return misuse(freehold.T("there is no folder to write to"), freehold.T("give -o and a folder"))
	}
	j := &evacuateJob{s, c}
	if c.String("check") != "" {
		return j.check(c.Context)
	}
	return j.run(c.Context)
}

func (j *evacuateJob) run(ctx context.Context) error {
	_, addrs, err := nameServers(j.c.StringSlice("ns"))
	if err != nil {
		return err
	}
	zones, err := j.zones()
	if err != nil {
		return err
	}
	read, done, err := j.reader(ctx)
	if err != nil {
		return err
	}
	defer done()
	now, err := j.clock(j.c)
	if err != nil {
		return err
	}
	var failed []evacuate.Outcome
	kept := 0
	state, err := evacuate.Run(ctx, zones, read, evacuate.Options{Dir: j.c.String("directory"), As: j.c.String("as"), Addresses: addrs, Parallel: j.c.Int("parallel"), Now: now, Tell: func(o evacuate.Outcome) {
		if o.Err != nil {
			failed = append(failed, o)
			j.tellText(freehold.OneLine(o.Err.Error()))
		} else if o.Kept {
			kept++
		}
	}})
	if err != nil {
		return err
	}
	switch {
	case len(state.Zones) == 0:
		j.code = exitFailed
	case len(failed) > 0:
		j.code = exitFindings
	}
	return j.told(state, addrs, kept, failed)
}

type evacuationDoc struct {
	Schema    string           `json:"schema"`
	Directory string           `json:"directory"`
	As        string           `json:"as"`
	Zones     int              `json:"zones"`
	Kept      int              `json:"kept_from_before"`
	Failed    []evacuationFail `json:"failed"`
	Signed    int              `json:"signed"`
	Until     *time.Time       `json:"first_signature_ends"`
	Glue      []string         `json:"glue_to_change"`
}

type evacuationFail struct {
	Zone  string `json:"zone"`
	Error string `json:"error"`
}

// told says what the folder holds and what is left to do by hand.
func (j *evacuateJob) told(state *evacuate.State, addrs map[freehold.Host][]netip.Addr, kept int, failed []evacuate.Outcome) error {
	doc := evacuationDoc{Schema: "freehold.evacuation/1", Directory: j.c.String("directory"), As: state.As, Zones: len(state.Zones), Kept: kept, Failed: []evacuationFail{}, Glue: []string{}}
	var broken []string
	for _, name := range slices.Sorted(maps.Keys(state.Zones)) {
		e := state.Zones[name]
		if !e.Signed {
			continue
		}
		doc.Signed++
		if e.Renumbered {
			broken = append(broken, name)
		}
		if doc.Until == nil || e.Until.Before(*doc.Until) {
			doc.Until = &e.Until
		}
	}
	for _, f := range failed {
		doc.Failed = append(doc.Failed, evacuationFail{f.Zone.ASCII(), freehold.OneLine(f.Err.Error())})
	}
	hosts := slices.SortedFunc(maps.Keys(addrs), func(a, b freehold.Host) int { return strings.Compare(a.ASCII(), b.ASCII()) })
	for _, h := range hosts {
		for _, a := range addrs[h] {
			doc.Glue = append(doc.Glue, h.ASCII()+" "+a.String())
		}
	}
	if j.c.String("format") == report.FormatJSON {
		return json.NewEncoder(j.Out).Encode(doc)
	}
	fmt.Fprintln(j.Out, j.say("%d zones lie in %s, %d of them from an earlier run; %d could not be read.", doc.Zones, doc.Directory, kept, len(failed)))
	fmt.Fprintln(j.Out, j.say("Start the server with %s, then prove it: %s", state.As+".conf", "freehold move evacuate --check HOST:PORT -o "+doc.Directory))
	for _, g := range doc.Glue {
		fmt.Fprintln(j.Out, j.say("By hand, once it is proven: have the registrar of the name server's own domain change its glue to %s.", g))
	}
	if doc.Signed > 0 {
		fmt.Fprintln(j.Out, j.say("%d zones are signed and nobody signs them any more: the first signature ends on %t. Before that, sign them anew or have their DS records taken out.", doc.Signed, *doc.Until))
	}
	for _, name := range broken {
		fmt.Fprintln(j.Out, j.say("%s is signed, and an address in it was changed: have its DS record taken out first, or whoever validates will not find the name server.", name))
	}
	return nil
}

// zones reads the names from the arguments, a file, or the export.
func (j *evacuateJob) zones() ([]freehold.Host, error) {
	texts := j.c.Args().Slice()
	if path := j.c.String("f"); path != "" {
		b, err := os.ReadFile(path)
		if err != nil {
			return nil, &freehold.Error{Kind: freehold.KindUsage, Text: freehold.T("cannot read %q", path), Err: plain(err)}
		}
		for line := range strings.Lines(string(b)) {
			if line, _, _ = strings.Cut(line, "#"); strings.TrimSpace(line) != "" {
				texts = append(texts, strings.TrimSpace(line))
			}
		}
	}
	if dir := j.c.String("copies"); dir != "" && len(texts) == 0 {
		r, err := archive.Check(dir, archive.CheckOptions{})
		if err != nil {
			return nil, err
		}
		for _, e := range r.Manifest.Zones {
			texts = append(texts, e.Zone)
		}
	}
	var zones []freehold.Host
	for _, text := range texts {
		h, err := freehold.ParseHost(text)
		if err != nil {
			return nil, err
		}
		zones = append(zones, h)
	}
	if len(zones) == 0 {
		return nil, misuse(freehold.T("there are no zones to evacuate"), freehold.T("give names, or -f and a file with one a line"))
	}
	slices.SortFunc(zones, func(a, b freehold.Host) int { return strings.Compare(a.ASCII(), b.ASCII()) })
	return slices.Compact(zones), nil
}

// reader reads zones from the old server, or from the last copies of it.
func (j *evacuateJob) reader(ctx context.Context) (evacuate.Reader, func(), error) {
	if dir := j.c.String("copies"); dir != "" {
		return func(_ context.Context, zone freehold.Host) (*freehold.Zone, error) {
			return archive.Load(dir, zone.ASCII(), nil)
		}, func() {}, nil
	}
	client, err := j.transfers(j.c)
	if err != nil {
		return nil, nil, err
	}
	if server := j.c.String("server"); server != "" {
		return func(ctx context.Context, zone freehold.Host) (*freehold.Zone, error) {
			return client.Zone(ctx, freehold.OwnerOf(zone), axfr.Address(server, j.c.Bool("tls")))
		}, func() {}, nil
	}
	world, err := j.observe(ctx, j.c)
	if err != nil {
		return nil, nil, err
	}
	return evacuate.Reader(export.FromServers(world.delegation(j.c), client)), func() { world.Close() }, nil
}

// check proves parity.
func (j *evacuateJob) check(ctx context.Context) error {
	dir, server := j.c.String("directory"), j.c.String("check")
	if _, _, err := net.SplitHostPort(server); err != nil {
		server = net.JoinHostPort(server, "53")
	}
	secret, err := evacuate.Secret(dir)
	if err != nil {
		return err
	}
	key, err := axfr.NewKey(evacuate.KeyName, "hmac-sha256", secret)
	if err != nil {
		return err
	}
	client := axfr.New(axfr.Config{Key: key, Idle: j.c.Duration("timeout")})
	checked, wrong, err := evacuate.Parity(ctx, dir, func(ctx context.Context, zone freehold.Owner) (*freehold.Zone, error) {
		return client.Zone(ctx, zone, server)
	}, j.c.Int("parallel"))
	if err != nil {
		return err
	}
	if len(wrong) > 0 {
		j.code = exitFindings
	}
	if j.c.String("format") == report.FormatJSON {
		doc := struct {
			Schema  string           `json:"schema"`
			Server  string           `json:"server"`
			Checked int              `json:"checked"`
			Wrong   []evacuationFail `json:"wrong"`
		}{"freehold.parity/1", server, checked, []evacuationFail{}}
		for _, d := range wrong {
			doc.Wrong = append(doc.Wrong, evacuationFail{d.Zone, d.Why.Render(j.speaker)})
		}
		return json.NewEncoder(j.Out).Encode(doc)
	}
	for _, d := range wrong {
		fmt.Fprintf(j.Out, "%s: %s\n", d.Zone, d.Why.Render(j.speaker))
	}
	fmt.Fprintln(j.Out, j.say("%d zones checked at %s, %d are not as they should be.", checked, server, len(wrong)))
	return nil
}
