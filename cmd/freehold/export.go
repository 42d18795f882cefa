package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"filippo.io/age"
	"github.com/urfave/cli/v2"
	"golang.org/x/mod/sumdb/note"

	"freehold"
	"freehold/dnsexport/archive"
	"freehold/dnsexport/axfr"
	"freehold/dnsexport/format"
	"freehold/dnsexport/zonefile"
	"freehold/internal/fetch"
	"freehold/internal/flow/export"
	"freehold/internal/lab"
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

Exit codes: 0 all is exported and complete, 1 nothing achieved, 2 usage, 3 a zone is partial or failed, or the check found something.`,
		Flags: join(
			[]cli.Flag{
				&cli.StringFlag{Name: "directory", Aliases: []string{"o", "output"}, Usage: "write to the folder `DIR`"},
				&cli.StringFlag{Name: "as", Value: "bind", Usage: "`FORMATS`, separated by commas: bind,json,octodns,dnscontrol,terraform,route53,csv"},
				&cli.StringFlag{Name: "from", Value: "auto", Usage: "where zones are read: auto, axfr, file"},
				&cli.StringFlag{Name: "file", Usage: "with --from file: the zone file at `PATH`, or a folder of NAME.zone"},
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

// transferFlags say how a zone is transferred.
func transferFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "server", Usage: "transfer from `HOST:PORT` instead of the delegation's servers"},
		&cli.StringFlag{Name: "tsig", Usage: "sign with the TSIG key `NAME`"},
		&cli.StringFlag{Name: "tsig-secret", Usage: "where the key's secret is: `REF` is env:VARIABLE or file:PATH (base64, or BIND's key clause)"},
		&cli.StringFlag{Name: "tsig-algorithm", Usage: "`ALGORITHM` of the key: hmac-sha256, hmac-sha512, hmac-sha384, hmac-sha224, hmac-sha1 (default: the key clause's, else hmac-sha256)"},
		&cli.BoolFlag{Name: "tls", Usage: "transfer over TLS (RFC 9103), port 853"},
		&cli.StringFlag{Name: "tls-ca", Usage: "trust the certificates in `FILE` (PEM) instead of the system's"},
		&cli.StringFlag{Name: "tls-name", Usage: "the server's certificate is for `HOST`"},
	}
}

// delegationFlags say how a zone's servers are found.
func delegationFlags() []cli.Flag {
	return append([]cli.Flag{
		&cli.IntFlag{Name: "dns-port", Value: 53, Usage: "port of all name servers"},
		&cli.BoolFlag{Name: "lab", Usage: "start an offline world of invented names around this command"},
	}, dnsFlags()...)
}

// observeDNS builds the part of the observers that asks the DNS alone.
func (s *session) observeDNS(ctx context.Context, c *cli.Context) (o *observers, err error) {
	o = &observers{fetch: fetch.New(fetch.Config{})}
	if c.Bool("lab") {
		if o.lab, err = lab.Start(ctx, lab.Config{}); err != nil {
			return nil, err
		}
		known := flagNames(c.Command.Flags)
		for flags := o.lab.Flags(); len(flags) > 1; flags = flags[2:] {
			name := strings.TrimLeft(flags[0], "-")
			if _, ok := known[name]; ok && !c.IsSet(name) && err == nil {
				err = c.Set(name, flags[1])
			}
		}
	}
	if err == nil {
		o.now, err = s.clock(c)
	}
	if err == nil {
		o.dns, err = s.resolver(c, o)
	}
	if err != nil {
		o.Close()
		return nil, err
	}
	return o, nil
}

// transfers builds the client of zone transfers from flags.
func (s *session) transfers(c *cli.Context) (*axfr.Client, error) {
	cfg := axfr.Config{Idle: c.Duration("timeout")}
	if c.String("tsig") != "" || c.String("tsig-secret") != "" {
		if c.String("tsig-secret") == "" {
			return nil, usageError("--tsig needs the key's secret", "give --tsig-secret env:VARIABLE or file:PATH")
		}
		key, err := axfr.ReadKey(c.String("tsig"), c.String("tsig-algorithm"), c.String("tsig-secret"), s.Getenv)
		if err != nil {
			return nil, err
		}
		cfg.Key = key
	}
	if c.Bool("tls") {
		cfg.TLS = &tls.Config{ServerName: c.String("tls-name"), MinVersion: tls.VersionTLS13}
		if path := c.String("tls-ca"); path != "" {
			pem, err := os.ReadFile(path)
			if err != nil {
				return nil, &freehold.Error{Kind: freehold.KindUsage, Msg: fmt.Sprintf("cannot read the certificates in %q", path), Err: plain(err)}
			}
			cfg.TLS.RootCAs = x509.NewCertPool()
			if !cfg.TLS.RootCAs.AppendCertsFromPEM(pem) {
				return nil, usageError(fmt.Sprintf("%q holds no certificate in PEM form", path), "")
			}
		}
	}
	return axfr.New(cfg), nil
}

func (s *session) export(c *cli.Context) error {
	if f := c.String("format"); f != report.FormatTable && f != report.FormatJSON {
		return usageError(fmt.Sprintf("%q is not a format of this result", freehold.OneLine(f)), "use table or json")
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
}

func (j *exportJob) run(ctx context.Context) (err error) {
	c := j.c
	if c.String("directory") == "" {
		return usageError("there is no folder to write to", "give -o DIR")
	}
	if c.Int("keep") < 1 || c.Int("parallel") < 1 || c.Int("parallel") > 256 {
		return usageError("--keep and --parallel must be at least 1", "")
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
	return j.write(ctx, w, zones, read)
}

func (j *exportJob) write(ctx context.Context, w *archive.Writer, zones []freehold.Host, read export.Reader) error {
	partial := 0
	kept, err := export.Run(ctx, zones, read, w, export.Options{Parallel: j.c.Int("parallel"), Tell: func(o export.Outcome) {
		if o.Err != nil {
			fmt.Fprintf(j.Err, "freehold: %s\n", freehold.OneLine(o.Err.Error()))
			if hint := freehold.HintOf(o.Err); hint != "" {
				fmt.Fprintf(j.Err, "hint: %s\n", hint)
			}
			return
		}
		if o.Entry.Partial {
			partial++
		}
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
	if selects(j.c) {
		listed, err := j.listed(ctx)
		if err != nil {
			return nil, err
		}
		zones = append(zones, listed...)
	}
	if len(zones) == 0 && j.c.String("from") == "file" {
		return j.zonesOfFiles()
	}
	if len(zones) == 0 {
		return nil, usageError("no zones to export", "give names, or --all")
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
			return nil, usageError(fmt.Sprintf("the folder %q holds no NAME.zone", path), "")
		}
		return zones, nil
	}
	z, err := readZoneFile(path, "")
	if err != nil {
		return nil, err
	}
	h, ok := z.Origin.Host()
	if !ok {
		return nil, usageError(fmt.Sprintf("the zone in %q has no name of a host", path), "")
	}
	return []freehold.Host{h}, nil
}

// reader is where the zones are read from.
func (j *exportJob) reader(ctx context.Context) (export.Reader, error) {
	from := j.c.String("from")
	switch from {
	case "auto", "axfr":
	case "file":
		return j.fileReader()
	default:
		return nil, usageError(fmt.Sprintf("--from %q is not known", freehold.OneLine(from)), "use auto, axfr or file")
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

// delegation finds the servers of a name's delegation.
func (o *observers) delegation(c *cli.Context) export.Servers {
	return func(ctx context.Context, zone freehold.Host) ([]export.Server, error) {
		name, err := freehold.NameOf(zone)
		if err != nil {
			return nil, err
		}
		if name.Host() != zone {
			return nil, &freehold.Error{Kind: freehold.KindInvalid, Msg: fmt.Sprintf("%q is a zone inside a domain", zone), Hint: "name its server with --server HOST:PORT"}
		}
		facts, _ := o.dns.Facts(ctx, name)
		var servers []export.Server
		for _, f := range facts.Servers {
			if f.Addr.IsValid() {
				port := uint16(c.Int("dns-port"))
				if c.Bool("tls") {
					port = 853
				}
				servers = append(servers, export.Server{Address: netip.AddrPortFrom(f.Addr, port).String(), Host: f.Host, Serial: f.Serial})
			}
		}
		return servers, nil
	}
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

// readZoneFile reads a zone in the format that the file's name tells.
func readZoneFile(path string, origin freehold.Owner) (*freehold.Zone, error) {
	best := format.All[0]
	for _, f := range format.All {
		if strings.HasSuffix(path, f.Suffix) && len(f.Suffix) > len(best.Suffix) {
			best = f
		}
	}
	for _, f := range format.All[1:] {
		if strings.HasSuffix(path, f.Suffix) && (!strings.HasSuffix(path, best.Suffix) || len(f.Suffix) > len(best.Suffix)) {
			best = f
		}
	}
	if best == format.All[0] {
		return zonefile.ReadFile(path, zonefile.Options{Origin: origin})
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, &freehold.Error{Kind: freehold.KindUsage, Msg: fmt.Sprintf("cannot read the zone in %q", path), Err: plain(err)}
	}
	defer f.Close()
	return best.Read(f, filepath.Base(path), origin)
}

// recipients reads --encrypt-to.
func recipients(given []string) ([]age.Recipient, []string, error) {
	var out []age.Recipient
	var names []string
	for _, g := range given {
		var r io.Reader = strings.NewReader(g)
		if path, ok := strings.CutPrefix(g, "file:"); ok {
			f, err := os.Open(path)
			if err != nil {
				return nil, nil, &freehold.Error{Kind: freehold.KindUsage, Msg: fmt.Sprintf("cannot read the recipients in %q", path), Err: plain(err)}
			}
			defer f.Close()
			r = io.LimitReader(f, 1<<20)
		}
		parsed, err := age.ParseRecipients(r)
		if err != nil {
			return nil, nil, usageError("an age recipient is not valid", "as age1…, or file:PATH with one a line")
		}
		for _, p := range parsed {
			out = append(out, p)
			if s, ok := p.(fmt.Stringer); ok {
				names = append(names, s.String())
			}
		}
	}
	slices.Sort(names)
	return out, names, nil
}

func identities(path string) ([]age.Identity, error) {
	if path == "" {
		return nil, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, &freehold.Error{Kind: freehold.KindUsage, Msg: fmt.Sprintf("cannot read the age identity in %q", path), Err: plain(err)}
	}
	defer f.Close()
	ids, err := age.ParseIdentities(io.LimitReader(f, 1<<20))
	if err != nil { // the error would repeat what stands in the file
		return nil, usageError(fmt.Sprintf("%q holds no age identity", path), "")
	}
	return ids, nil
}

// keyFile is where the key lies that signs manifests.
func (s *session) keyFile() string {
	dir := s.dir("XDG_DATA_HOME", filepath.Join(".local", "share"))
	if dir == "" {
		return ""
	}
	return filepath.Join(dir, "export.key")
}

// signWith puts the signing key into the options; the key is made on first use.
func (j *exportJob) signWith(o *archive.Options) error {
	path := j.keyFile()
	if path == "" {
		fmt.Fprintln(j.Err, "freehold: there is no home folder for a signing key: the manifest is not signed")
		return nil
	}
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if b, err = makeKey(path); err == nil {
			fmt.Fprintf(j.Err, "freehold: made a key to sign exports with: %s (public: %s.pub)\n", path, path)
		}
	}
	if err != nil {
		return &freehold.Error{Kind: freehold.KindInvalid, Msg: fmt.Sprintf("no signing key in %q", path), Err: plain(err)}
	}
	secret := strings.TrimSpace(string(b))
	if o.Signer, err = note.NewSigner(secret); err != nil {
		return &freehold.Error{Kind: freehold.KindDamaged, Msg: fmt.Sprintf("the signing key in %q does not read", path)}
	}
	mark := sha256.Sum256([]byte("freehold export mark\x00" + secret))
	o.Secret = mark[:]
	return nil
}

func makeKey(path string) ([]byte, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	secret, public, err := note.GenerateKey(rand.Reader, "freehold-export")
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(path+".pub", []byte(public+"\n"), 0o600); err != nil {
		return nil, err
	}
	part := path + ".part"
	if err := os.WriteFile(part, []byte(secret+"\n"), 0o600); err != nil {
		return nil, err
	}
	// A link does not replace a key that another run made in the meantime.
	if err := os.Link(part, path); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	os.Remove(part)
	return os.ReadFile(path)
}

// verifier is the public key that is given, or one's own; nil where there is none.
func (j *exportJob) verifier(given string) (note.Verifier, error) {
	text := given
	if path, ok := strings.CutPrefix(given, "file:"); ok || given == "" {
		if given == "" {
			if path = j.keyFile() + ".pub"; path == ".pub" {
				return nil, nil
			}
		}
		b, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) && given == "" {
			return nil, nil
		}
		if err != nil {
			return nil, &freehold.Error{Kind: freehold.KindUsage, Msg: fmt.Sprintf("cannot read the public key in %q", path), Err: plain(err)}
		}
		text = string(b)
	}
	v, err := note.NewVerifier(strings.TrimSpace(text))
	if err != nil {
		return nil, usageError("the public key is not valid", "as freehold-export+1a2b3c4d+A…, the content of export.key.pub")
	}
	return v, nil
}

// hostPort tells whether s is an address, with a port or without.
func hostPort(s string) bool {
	host := s
	if h, _, err := net.SplitHostPort(s); err == nil {
		host = h
	}
	if _, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
		return true
	}
	_, err := freehold.ParseHost(host)
	return err == nil
}
