package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"freehold"
	"freehold/dnsexport/archive"
	"freehold/dnsexport/axfr"
	"freehold/dnsexport/format"
	"freehold/internal/flow/export"
	"freehold/internal/report"
)

func (s *session) exportCommand() *cli.Command {
	return &cli.Command{
		Name:      "export",
		Usage:     "keep a complete copy of zones away from their host",
		ArgsUsage: "[NAME…]",
		Description: `Reads each zone and writes it into a folder, in the formats of --as, beside manifest.json: source, serial, how complete the copy is, and the digest of each file, signed with a key made on first use.

Without --server each zone is transferred from the name servers of its delegation. What was good is never touched before its successor is whole on disk.
"export --check DIR" verifies signature and digests, and reads every file back.

--from api reads from the provider of --account, and holds each zone against its name servers: only where all of them agree is the copy complete. --from observe asks the name servers for what can be guessed and found, for names you answer for, slowly; it can be interrupted and run again, and its copies are PARTIAL.

Exit codes: 0 all is exported and complete, 1 nothing achieved, 2 usage, 3 a zone is partial or failed, or the check found something.`,
		Flags: join(
			[]cli.Flag{
				&cli.StringFlag{Name: "directory", Aliases: []string{"o", "output"}, Usage: "write to the folder `DIR`"},
				&cli.StringFlag{Name: "as", Value: "bind", Usage: "`FORMATS`, separated by commas: bind,json,octodns,dnscontrol,terraform,terraform-cloudflare,route53,csv"},
				&cli.StringFlag{Name: "from", Value: "auto", Usage: "where zones are read: auto, axfr, api, observe, file"},
				&cli.StringFlag{Name: "file", Usage: "with --from file: the zone file at `PATH`, or a folder of NAME.zone"},
				&cli.StringFlag{Name: "account", Usage: "with --from api: the `ACCOUNT` of the config file; --all then means all of its zones"},
				&cli.StringFlag{Name: "wordlist", Usage: "with --from observe: ask first for the words in `FILE`, one a line"},
				&cli.StringFlag{Name: "hints", Usage: "with --from observe: names that exist or existed, in `FILE`, one a line"},
				&cli.Float64Flag{Name: "rate", Value: nameServerRate, Usage: "0 lifts the limit of 20 questions a second to one name server"},
				&cli.IntFlag{Name: "keep", Value: 1, Usage: "keep `N` generations; what did not change is stored once"},
				&cli.StringSliceFlag{Name: "encrypt-to", Usage: "encrypt the zones to the age `RECIPIENT` (age1…) or to those in file:PATH; may be repeated"},
				&cli.StringFlag{Name: "check", Usage: "check the export in `DIR` instead"},
				&cli.StringFlag{Name: "key", Usage: "with --check: the public `KEY` (or file:PATH) that signed it, where it is not your own"},
				&cli.StringFlag{Name: "identity", Usage: "with --check: read encrypted files with the age identity in `FILE`"},
				&cli.IntFlag{Name: "parallel", Value: 4, Usage: "zones worked on at once"},
				&cli.StringFlag{Name: "format", Value: report.FormatTable, Usage: "`FORMAT` of the result: table, json"},
				langFlag(),
			},
			selectionFlags(), transferFlags(), delegationFlags(), storeFlags(),
		),
		Action: s.export,
	}
}

func (s *session) export(c *cli.Context) error {
	if f := c.String("format"); f != report.FormatTable && f != report.FormatJSON {
		return misuse(freehold.T("%q is not a format of this result", f), freehold.T("use table or json"))
	}
	if _, err := s.language(c); err != nil {
		return err
	}
	j := &exportJob{session: s, c: c}
	if c.IsSet("check") {
		return j.check()
	}
	return j.run(c.Context)
}

// exportJob is one export from flags to exit code.
type exportJob struct {
	*session
	c     *cli.Context
	world *observers
	// kept are the zones that lie in the folder when the run ends.
	kept map[freehold.Host]bool
}

func (j *exportJob) run(ctx context.Context) (err error) {
	c := j.c
	if c.String("directory") == "" {
		return misuse(freehold.T("there is no folder to write to"), freehold.T("give -o DIR"))
	}
	if c.Int("keep") < 1 || c.Int("parallel") < 1 || c.Int("parallel") > 256 {
		return misuse(freehold.T("--keep and --parallel must be at least 1, --parallel at most 256"), freehold.Text{})
	}
	formats, err := format.Parse(c.String("as"))
	if err != nil {
		return err
	}
	options := archive.Options{Formats: formats, Keep: c.Int("keep"), Version: programVersion()}
	if options.Recipients, options.RecipientNames, err = recipients(c.StringSlice("encrypt-to")); err != nil {
		return err
	}
	zones, err := j.zones(ctx)
	if err != nil {
		return err
	}
	read, err := j.reader(ctx)
	if err != nil {
		return err
	}
	if j.world != nil {
		defer func() { err = errors.Join(err, j.world.Close()) }()
	}
	if options.Now, err = j.clock(c); err != nil {
		return err
	}
	if err := j.signWith(&options); err != nil {
		return err
	}
	w, err := archive.Begin(c.String("directory"), options)
	if err != nil {
		return err
	}
	copies := &copies{now: options.Now, files: c.String("from") == "file"}
	if j.remembers() {
		copies.open = func() openedStore { return j.openBeside(ctx) }
	}
	defer copies.close()
	if err := j.write(ctx, w, zones, copies.reading(read)); err != nil || j.code == exitFailed {
		return err
	}
	return j.remember(ctx, copies)
}

func (j *exportJob) write(ctx context.Context, w *archive.Writer, zones []freehold.Host, read export.Reader) error {
	partial := 0
	j.kept = map[freehold.Host]bool{}
	hinted := map[string]bool{} // once is enough, whatever the number of zones
	kept, err := export.Run(ctx, zones, read, w, export.Options{Parallel: j.c.Int("parallel"), Tell: func(o export.Outcome) {
		if o.Err != nil {
			j.tellText(freehold.SayError(j.speaker, o.Err))
			if hint := freehold.SayHint(j.speaker, o.Err); !hinted[hint] {
				j.hint(hint)
				hinted[hint] = true
			}
			return
		}
		if o.Entry.Partial || j.from() == "api" && !o.Entry.Coverage.Complete() {
			partial++
		}
		j.kept[o.Zone] = true
		j.remarks(o.Entry)
	}})
	if err != nil {
		w.Abort()
		return err
	}
	if kept == 0 && len(zones) > 0 {
		w.Abort() // the folder stays as it was
		j.code = exitFailed
		return j.result(archive.Manifest{Schema: archive.SchemaManifest, Expected: len(zones), Zones: []archive.Entry{}}, nil)
	}
	m, err := w.Commit(len(zones))
	if err != nil {
		return err
	}
	if kept < len(zones) || partial > 0 {
		j.code = exitFindings
	}
	return j.result(m, nil)
}

// remarks say what of a zone a format cannot carry, and what is strange in its source.
func (j *exportJob) remarks(e archive.Entry) {
	for _, l := range e.Losses {
		what := l.Type
		if what == "" {
			what = "–"
		}
		fmt.Fprintf(j.Err, "freehold: %s: %s: %s ×%d (%s): %s\n", e.Unicode, l.Format, what, l.Count, freehold.OneLine(l.Owner), l.Text.Render(j.speaker))
	}
	for _, n := range e.Notes {
		fmt.Fprintf(j.Err, "freehold: %s: %s\n", cmpOr(n.Place, e.Unicode), n.Text.Render(j.speaker))
	}
	for _, f := range e.Foreign {
		fmt.Fprintf(j.Err, "freehold: %s: %s %s: %s\n", e.Unicode, freehold.OneLine(f.Owner), f.Kind, f.Text.Render(j.speaker))
	}
}

func cmpOr(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

type exportDoc struct {
	Schema    string           `json:"schema"`
	Directory string           `json:"directory"`
	Manifest  archive.Manifest `json:"manifest"`
	Check     *checkDoc        `json:"check,omitempty"`
}

type checkDoc struct {
	OK       bool         `json:"ok"`
	Signed   bool         `json:"signed"`
	Files    int          `json:"files"`
	ReadBack int          `json:"read_back"`
	Sealed   int          `json:"sealed"`
	Problems []problemDoc `json:"problems"`
}

type problemDoc struct {
	Zone string `json:"zone"`
	File string `json:"file"`
	Text string `json:"text"`
}

// result tells what the folder holds now.
func (j *exportJob) result(m archive.Manifest, check *archive.CheckResult) error {
	dir := cmpOr(j.c.String("check"), j.c.String("directory"))
	if j.c.String("format") == report.FormatJSON {
		doc := exportDoc{Schema: "freehold.export/1", Directory: dir, Manifest: m}
		if check != nil {
			doc.Check = &checkDoc{OK: len(check.Problems) == 0, Signed: check.Signed, Files: check.Files, ReadBack: check.Read, Sealed: check.Sealed, Problems: []problemDoc{}}
			for _, p := range check.Problems {
				doc.Check.Problems = append(doc.Check.Problems, problemDoc{p.Zone, p.File, p.Text.Render(j.speaker)})
			}
		}
		enc := json.NewEncoder(j.Out)
		return enc.Encode(doc)
	}
	for _, e := range m.Zones {
		if check == nil && !e.Current {
			continue
		}
		label, serial := "", "-"
		if e.Partial {
			label = "PARTIAL  "
		}
		if e.Serial != nil {
			serial = strconv.FormatUint(uint64(*e.Serial), 10)
		}
		fmt.Fprintf(j.Out, "%-30s  %s%-12s  %7d  %10s  %s  %s\n", e.Unicode, label, e.Coverage, e.Records, serial, e.At.Format(time.DateOnly), freehold.OneLine(e.Source))
	}
	if check != nil {
		for _, p := range check.Problems {
			fmt.Fprintf(j.Out, "%s: %s\n", cmpOr(p.File, p.Zone), p.Text.Render(j.speaker))
		}
		said := freehold.T("Checked: %d files, %d read back, %d sealed; problems: %d.", check.Files, check.Read, check.Sealed, len(check.Problems))
		fmt.Fprintln(j.Out, said.Render(j.speaker))
		return nil
	}
	said := freehold.T("%d of %d zones exported to %s.", m.Exported, m.Expected, dir)
	fmt.Fprintln(j.Out, said.Render(j.speaker))
	return nil
}

func (j *exportJob) check() error {
	o := archive.CheckOptions{}
	var err error
	if o.Identities, err = identities(j.c.String("identity")); err != nil {
		return err
	}
	if o.Verifier, err = j.verifier(j.c.String("key")); err != nil {
		return err
	}
	r, err := archive.Check(j.c.String("check"), o)
	if err != nil {
		return err
	}
	if len(r.Problems) > 0 {
		j.code = exitFindings
	}
	return j.result(r.Manifest, &r)
}

// zones are the zones that are meant.
func (j *exportJob) zones(ctx context.Context) ([]freehold.Host, error) {
	var zones []freehold.Host
	for _, a := range j.c.Args().Slice() {
		h, err := freehold.ParseHost(a)
		if err != nil {
			return nil, err
		}
		zones = append(zones, h)
	}
	if j.from() == "api" && j.c.Bool("all") {
		return j.zonesOfAccount(ctx)
	}
	if selects(j.c) && !j.wholeLab() {
		listed, err := j.listed(ctx)
		if err != nil {
			return nil, err
		}
		zones = append(zones, listed...)
	}
	if len(zones) == 0 && j.c.String("from") == "file" {
		return j.zonesOfFiles()
	}
	if len(zones) == 0 && j.c.Bool("lab") {
		zones = labZones()
	}
	if len(zones) == 0 {
		return nil, misuse(freehold.T("no zones to export"), freehold.T("give names, or --all"))
	}
	slices.SortFunc(zones, func(a, b freehold.Host) int { return strings.Compare(a.ASCII(), b.ASCII()) })
	return slices.Compact(zones), nil
}

// listed are the names of the portfolio that are asked for.
func (j *exportJob) listed(ctx context.Context) (zones []freehold.Host, err error) {
	st, err := j.openStore(ctx, j.c)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	for l, err := range st.Listings(ctx, selection(j.c)) {
		if err != nil {
			return nil, err
		}
		zones = append(zones, l.Name.Host())
	}
	if len(zones) == 0 {
		return nil, nothingSelected(ctx, st, selection(j.c))
	}
	return zones, nil
}

// zonesOfFiles takes the names from the files where none was given.
func (j *exportJob) zonesOfFiles() ([]freehold.Host, error) {
	path := j.c.String("file")
	if st, err := os.Stat(path); err == nil && st.IsDir() {
		files, _ := filepath.Glob(filepath.Join(path, "*.zone"))
		var zones []freehold.Host
		for _, f := range files {
			if h, err := freehold.ParseHost(strings.TrimSuffix(filepath.Base(f), ".zone")); err == nil && !strings.HasSuffix(f, ".dnssec.zone") {
				zones = append(zones, h)
			}
		}
		if len(zones) == 0 {
			return nil, misuse(freehold.T("the folder %q holds no NAME.zone", path), freehold.Text{})
		}
		return zones, nil
	}
	z, err := readZoneFile(path, "")
	if err != nil {
		return nil, err
	}
	h, ok := z.Origin.Host()
	if !ok {
		return nil, misuse(freehold.T("the zone in %q has no name of a host", path), freehold.Text{})
	}
	return []freehold.Host{h}, nil
}

// from is where zones are read: an account that is named without more is asked.
func (j *exportJob) from() string {
	from := j.c.String("from")
	if from == "auto" && j.c.String("account") != "" {
		return "api"
	}
	return from
}

// reader is where the zones are read from.
func (j *exportJob) reader(ctx context.Context) (export.Reader, error) {
	switch from := j.from(); from {
	case "auto", "axfr":
	case "file":
		return j.fileReader()
	case "api":
		return j.apiReader(ctx)
	case "observe":
		return j.observeReader(ctx)
	default:
		return nil, misuse(freehold.T("--from %q is not known", freehold.OneLine(from)), freehold.T("use one of %s", "auto, axfr, api, observe, file"))
	}
	client, err := j.transfers(j.c)
	if err != nil {
		return nil, err
	}
	if server := j.c.String("server"); server != "" {
		return func(ctx context.Context, zone freehold.Host) (*freehold.Zone, error) {
			return client.Zone(ctx, freehold.OwnerOf(zone), axfr.Address(server, j.c.Bool("tls")))
		}, nil
	}
	if j.world, err = j.observeDNS(ctx, j.c); err != nil {
		return nil, err
	}
	return export.FromServers(j.world.delegation(j.c), client), nil
}

func (j *exportJob) fileReader() (export.Reader, error) {
	path := j.c.String("file")
	st, err := os.Stat(path)
	if path == "" || err != nil {
		return nil, usageError(fmt.Sprintf("there is no zone file %q", path), "give it with --file PATH")
	}
	return func(_ context.Context, zone freehold.Host) (*freehold.Zone, error) {
		file := path
		if st.IsDir() {
			file = filepath.Join(path, zone.ASCII()+".zone")
		}
		z, err := readZoneFile(file, freehold.OwnerOf(zone))
		if err == nil {
			z.At = time.Now().UTC()
		}
		return z, err
	}, nil
}
