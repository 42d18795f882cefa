package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"

	"freehold"
	"freehold/dnsexport/archive"
	"freehold/dnsexport/axfr"
	"freehold/dnsexport/zonefile"
	"freehold/internal/flow/export"
	"freehold/internal/report"
)

func (s *session) compareCommand() *cli.Command {
	return &cli.Command{
		Name:      "compare",
		Usage:     "prove that two sources hold the same zone",
		ArgsUsage: "A B",
		Description: `A and B are each a zone file; a folder that export wrote (the copy in it); dns://HOST:PORT (a transfer from that server); api:ACCOUNT (the provider of an account of the config file); or @ (every server of the delegation, asked over UDP and TCP for each record set of the other side).
Many APIs keep the SOA and the name servers to themselves: --soa ignore --ignore-apex-ns leaves both out.

Compared are record sets. Stated rules: upper and lower case never count; a set has one TTL, its lowest, and it counts unless --ignore-ttl; the SOA counts without its serial (--soa exact, ignore); what a DNSSEC signer makes does not count unless --dnssec.
With --every-server each server of the delegation is asked as well, whatever A and B are.

Exit codes: 0 no difference, 1 nothing compared, 2 usage, 3 a difference, or a server that did not answer.`,
		Flags: join(
			[]cli.Flag{
				&cli.StringFlag{Name: "zone", Usage: "`NAME` of the zone, where no file says it"},
				&cli.BoolFlag{Name: "every-server", Usage: "ask each server of the delegation too, over UDP and TCP"},
				&cli.BoolFlag{Name: "ignore-ttl", Usage: "TTLs do not count"},
				&cli.StringFlag{Name: "soa", Value: "content", Usage: "what of the SOA counts: content (all but the serial), exact, ignore"},
				&cli.BoolFlag{Name: "dnssec", Usage: "what a signer makes counts too"},
				&cli.BoolFlag{Name: "ignore-apex-ns", Usage: "the NS set of the origin does not count"},
				&cli.StringFlag{Name: "identity", Usage: "read encrypted copies with the age identity in `FILE`"},
				&cli.StringFlag{Name: "format", Value: report.FormatTable, Usage: "`FORMAT` of the result: table, json"},
				langFlag(),
			},
			channelFlags(), delegationFlags(),
		),
		Action: s.compare,
	}
}

// compareJob is one comparison from flags to exit code.
type compareJob struct {
	*session
	c     *cli.Context
	rules freehold.DiffRules
	world *observers
	zone  freehold.Owner
}

func (s *session) compare(c *cli.Context) (err error) {
	j := &compareJob{session: s, c: c}
	if err := j.flags(); err != nil {
		return err
	}
	defer func() {
		if j.world != nil {
			err = errors.Join(err, j.world.Close())
		}
	}()
	args := c.Args().Slice()
	// The side that says its zone by itself comes first.
	sides := make([]*freehold.Zone, 2)
	for _, servers := range []bool{false, true} {
		for i, a := range args {
			if isServer(a) != servers || a == "@" || strings.HasPrefix(a, "delegation:") {
				continue
			}
			if sides[i], err = j.side(c.Context, a); err != nil {
				return err
			}
			if j.zone == "" {
				j.zone = sides[i].Origin
			}
		}
	}
	return j.verdict(c.Context, sides)
}

// isServer tells a source that does not say which zone it is about.
func isServer(a string) bool { return strings.HasPrefix(a, "dns://") || strings.HasPrefix(a, "api:") }

func (j *compareJob) flags() error {
	c := j.c
	if _, err := j.language(c); err != nil {
		return err
	}
	if f := c.String("format"); f != report.FormatTable && f != report.FormatJSON {
		return misuse(freehold.T("%q is not a format of this result", f), freehold.T("use table or json"))
	}
	if c.NArg() != 2 {
		return misuse(freehold.T("compare wants two sources"), freehold.T("as in freehold compare shop.zone dns://192.0.2.1"))
	}
	soa, ok := map[string]freehold.SOARule{"content": freehold.SOAContent, "exact": freehold.SOAExact, "ignore": freehold.SOAIgnore}[c.String("soa")]
	if !ok {
		return misuse(freehold.T("--soa %q is not known", c.String("soa")), freehold.T("use content, exact or ignore"))
	}
	j.rules = freehold.DiffRules{IgnoreTTL: c.Bool("ignore-ttl"), SOA: soa, DNSSEC: c.Bool("dnssec"), IgnoreApexNS: c.Bool("ignore-apex-ns")}
	if name := c.String("zone"); name != "" {
		h, err := freehold.ParseHost(name)
		if err != nil {
			return err
		}
		j.zone = freehold.OwnerOf(h)
	}
	return nil
}

// ofAccount reads the zone from a provider's API.
func (j *compareJob) ofAccount(ctx context.Context, account string) (*freehold.Zone, error) {
	h, ok := j.zone.Host()
	if !ok {
		return nil, misuse(freehold.T("which zone is meant is not known"), freehold.T("give --zone NAME"))
	}
	name, err := wholeName(h)
	if err != nil {
		return nil, err
	}
	a, err := j.account(account)
	if err != nil {
		return nil, err
	}
	source, err := j.target(account, a)
	if err != nil {
		return nil, err
	}
	return source.Read(ctx, name)
}

// side reads one source that is no delegation.
func (j *compareJob) side(ctx context.Context, a string) (*freehold.Zone, error) {
	if server, ok := strings.CutPrefix(a, "dns://"); ok {
		if !hostPort(server) {
			return nil, misuse(freehold.T("%q is no server", a), freehold.T("as dns://192.0.2.1:53"))
		}
		if j.zone == "" {
			return nil, misuse(freehold.T("which zone is meant is not known"), freehold.T("give --zone NAME"))
		}
		client, err := j.transfers(j.c)
		if err != nil {
			return nil, err
		}
		return client.Zone(ctx, j.zone, axfr.Address(server, j.c.Bool("tls")))
	}
	if name, ok := strings.CutPrefix(a, "api:"); ok {
		return j.ofAccount(ctx, name)
	}
	a = strings.TrimPrefix(a, "copy:")
	st, err := os.Stat(a)
	if err != nil {
		return nil, &freehold.Error{Kind: freehold.KindUsage, Text: freehold.T("there is no file or folder %q", a), Advice: freehold.T("a server is written dns://HOST:PORT, the delegation @")}
	}
	if !st.IsDir() {
		return readZoneFile(a, j.zone)
	}
	ids, err := identities(j.c.String("identity"))
	if err != nil {
		return nil, err
	}
	zone := strings.ToLower(strings.TrimSuffix(j.zone.String(), "."))
	if j.zone == "" {
		r, err := archive.Check(a, archive.CheckOptions{})
		if err != nil {
			return nil, err
		}
		if len(r.Manifest.Zones) != 1 {
			return nil, misuse(freehold.T("%q holds %d zones", a, len(r.Manifest.Zones)), freehold.T("give --zone NAME"))
		}
		zone = r.Manifest.Zones[0].Zone
	}
	return archive.Load(filepath.Clean(a), zone, ids)
}

type compareDoc struct {
	Schema  string      `json:"schema"`
	Zone    string      `json:"zone"`
	Same    bool        `json:"same"`
	Rules   rulesDoc    `json:"rules"`
	A       sideDoc     `json:"a"`
	B       sideDoc     `json:"b"`
	Diff    *diffDoc    `json:"diff"`
	Servers []serverDoc `json:"servers"`
}

type rulesDoc struct {
	TTL    bool   `json:"ttl"`
	SOA    string `json:"soa"`
	DNSSEC bool   `json:"dnssec"`
	ApexNS bool   `json:"apex_ns"`
}

type sideDoc struct {
	Source   string  `json:"source"`
	Coverage string  `json:"coverage"`
	Partial  bool    `json:"partial"`
	Serial   *uint32 `json:"serial"`
	Records  int     `json:"records"`
}

type diffDoc struct {
	Equal   int         `json:"equal"`   // record sets
	Skipped int         `json:"skipped"` // records that the rules leave out
	Changes []changeDoc `json:"changes"`
}

type changeDoc struct {
	Kind  freehold.DiffKind `json:"kind"`
	Owner string            `json:"owner"`
	Type  string            `json:"type"`
	TTLA  *uint32           `json:"ttl_a"`
	TTLB  *uint32           `json:"ttl_b"`
	OnlyA []string          `json:"only_a"`
	OnlyB []string          `json:"only_b"`
}

type serverDoc struct {
	Server  string  `json:"server"`
	Address string  `json:"address"`
	Network string  `json:"network"`
	Failed  int     `json:"failed"`
	Error   string  `json:"error"`
	Diff    diffDoc `json:"diff"`
}

func (j *compareJob) verdict(ctx context.Context, sides []*freehold.Zone) error {
	args := j.c.Args().Slice()
	doc := compareDoc{Schema: "freehold.compare/1", Same: true, Servers: []serverDoc{},
		Rules: rulesDoc{TTL: !j.rules.IgnoreTTL, SOA: j.c.String("soa"), DNSSEC: j.rules.DNSSEC, ApexNS: !j.rules.IgnoreApexNS}}
	reference := sides[0]
	if reference == nil {
		reference = sides[1]
	}
	if reference == nil {
		return misuse(freehold.T("both sides are the delegation"), freehold.T("name a file, a copy or a server as the other"))
	}
	doc.Zone = j.zone.String()
	doc.A, doc.B = sideOf(sides[0], args[0]), sideOf(sides[1], args[1])
	if sides[0] != nil && sides[1] != nil {
		if !sides[0].Origin.Equal(sides[1].Origin) {
			return misuse(freehold.T("the sources are of two zones, %q and %q", sides[0].Origin, sides[1].Origin), freehold.Text{})
		}
		d := diffOf(sides[0].Diff(sides[1], j.rules))
		doc.Diff, doc.Same = &d, len(d.Changes) == 0
	}
	if sides[0] == nil || sides[1] == nil || j.c.Bool("every-server") {
		if err := j.everyServer(ctx, reference, &doc); err != nil {
			return err
		}
	}
	if !doc.Same {
		j.code = exitFindings
	}
	if j.c.String("format") == report.FormatJSON {
		return json.NewEncoder(j.Out).Encode(doc)
	}
	return j.table(doc, reference.Origin)
}

func (j *compareJob) everyServer(ctx context.Context, reference *freehold.Zone, doc *compareDoc) (err error) {
	if j.world, err = j.observeDNS(ctx, j.c); err != nil {
		return err
	}
	host, ok := reference.Origin.Host()
	if !ok {
		return misuse(freehold.T("%q has no delegation", reference.Origin), freehold.Text{})
	}
	servers, err := j.world.delegation(j.c)(ctx, host)
	if err != nil {
		return err
	}
	if len(servers) == 0 {
		return &freehold.Error{Kind: freehold.KindUnavailable, Text: freehold.T("no name server of %q was found", host)}
	}
	for _, d := range export.EveryServer(ctx, reference, servers, axfr.Asker{Timeout: j.c.Duration("timeout")}, j.rules, 16) {
		s := serverDoc{Server: d.Server.Host.ASCII(), Address: d.Server.Address, Network: d.Network, Failed: d.Failed, Error: d.Error, Diff: diffOf(d.Diff)}
		doc.Same = doc.Same && d.Failed == 0 && len(d.Diff.Changes) == 0
		doc.Servers = append(doc.Servers, s)
	}
	return nil
}

func sideOf(z *freehold.Zone, arg string) sideDoc {
	if z == nil {
		return sideDoc{Source: arg, Coverage: freehold.CoverageUnknown.String()}
	}
	d := sideDoc{Source: freehold.OneLine(z.Source), Coverage: z.Coverage.String(), Partial: z.Partial(), Records: len(z.Records)}
	if serial, ok := z.Serial(); ok {
		d.Serial = &serial
	}
	return d
}

func diffOf(d freehold.ZoneDiff) diffDoc {
	out := diffDoc{Equal: d.Equal, Skipped: d.Skipped, Changes: []changeDoc{}}
	for _, c := range d.Changes {
		set := c.Set()
		ch := changeDoc{Kind: c.Kind, Owner: set.Owner.String(), Type: set.Type.String(), OnlyA: texts(set.Type, c.OnlyA), OnlyB: texts(set.Type, c.OnlyB)}
		if c.Kind != freehold.DiffAdded {
			ch.TTLA = &c.A.TTL
		}
		if c.Kind != freehold.DiffRemoved {
			ch.TTLB = &c.B.TTL
		}
		out.Changes = append(out.Changes, ch)
	}
	return out
}

func texts(t freehold.RRType, data []string) []string {
	out := []string{}
	for _, d := range data {
		out = append(out, zonefile.Data(t, d))
	}
	return out
}

// table is a text like that of diff: lines with - are A's alone, with + B's.
func (j *compareJob) table(doc compareDoc, origin freehold.Owner) error {
	out := bufio.NewWriter(j.Out)
	partial := func(s sideDoc) string {
		if s.Partial {
			return "  PARTIAL"
		}
		return ""
	}
	fmt.Fprintf(out, "--- %s  (%s)%s\n+++ %s  (%s)%s\n", doc.A.Source, doc.A.Coverage, partial(doc.A), doc.B.Source, doc.B.Coverage, partial(doc.B))
	if doc.Diff != nil {
		lines(out, *doc.Diff, origin)
		fmt.Fprintln(out, freehold.T("Record sets: %d the same, %d different; %d records left out by the rules.", doc.Diff.Equal, len(doc.Diff.Changes), doc.Diff.Skipped).Render(j.speaker))
	}
	for _, s := range doc.Servers {
		fmt.Fprintf(out, "@@ %s %s %s\n", s.Server, s.Address, s.Network)
		lines(out, s.Diff, origin)
		fmt.Fprintln(out, freehold.T("Record sets: %d the same, %d different; %d records left out by the rules.", s.Diff.Equal, len(s.Diff.Changes), s.Diff.Skipped).Render(j.speaker))
		if s.Failed > 0 {
			fmt.Fprintln(out, freehold.T("Questions without an answer: %d, the first: %s.", s.Failed, s.Error).Render(j.speaker))
		}
	}
	if len(doc.Servers) > 0 {
		fmt.Fprintln(out, freehold.T("Record sets that only a server has cannot be seen in this way: a transfer shows them.").Render(j.speaker))
	}
	return out.Flush()
}

func lines(out *bufio.Writer, d diffDoc, origin freehold.Owner) {
	for _, c := range d.Changes {
		owner, err := freehold.ParseOwner(c.Owner, "")
		name := c.Owner
		if err == nil {
			name = owner.Relative(origin)
		}
		if c.Kind == freehold.DiffTTL {
			fmt.Fprintf(out, "~%s\t%s\tTTL %d → %d\n", name, c.Type, *c.TTLA, *c.TTLB)
		}
		for _, data := range c.OnlyA {
			fmt.Fprintf(out, "-%s\t%d\tIN\t%s\t%s\n", name, *c.TTLA, c.Type, data)
		}
		for _, data := range c.OnlyB {
			fmt.Fprintf(out, "+%s\t%d\tIN\t%s\t%s\n", name, *c.TTLB, c.Type, data)
		}
	}
}
