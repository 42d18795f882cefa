package main

import (
	"context"
	"errors"
	"path/filepath"
	"time"

	"github.com/urfave/cli/v2"

	"freehold"
	"freehold/internal/fetch"
	"freehold/internal/flow/audit"
	"freehold/internal/lab"
	"freehold/internal/limit"
	"freehold/internal/policy"
	"freehold/internal/resolve"
	"freehold/internal/store"
	"freehold/registrar/rdap"
	"freehold/registrar/whois"
)

// observeFlags say whom to ask and how. They are a contract.
func observeFlags() []cli.Flag {
	return append([]cli.Flag{
		&cli.StringFlag{Name: "rdap-bootstrap", Usage: "RDAP servers from `FILE`, DIR or URL in IANA's form (a URL is dns.json itself) instead of IANA's list"},
		&cli.StringFlag{Name: "registrar-ids", Usage: "registrars' RDAP servers from `FILE` or URL, in IANA's CSV form"},
		&cli.StringSliceFlag{Name: "whois", Usage: "ask `TLD=HOST:PORT` by WHOIS; may be repeated"},
		&cli.IntFlag{Name: "dns-port", Value: 53, Usage: "port of all name servers"},
		&cli.Float64Flag{Name: "rate", Value: 2, Usage: "requests a second to one RDAP or WHOIS server, 20 to one name server; 0 is no limit for any"},
		&cli.BoolFlag{Name: "lab", Usage: "start an offline world of invented names around this command"},
		&cli.IntFlag{Name: "lab-bulk", Usage: "with --lab: add that many names n000000.shop, n000001.shop …", Hidden: true},
		&cli.StringSliceFlag{Name: "lab-txt", Usage: "with --lab: publish the TXT record `OWNER=VALUE`, or OWNER@SERVER=VALUE at one name server alone", Hidden: true},
	}, dnsFlags()...)
}

// dnsFlags say how the DNS is asked.
func dnsFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "dns-hints", Usage: "root name servers, and the trust anchor, from `FILE` (a master file)"},
		&cli.StringFlag{Name: "resolver", Usage: "ask only the resolver at `HOST:PORT`: facts about single servers and validation stay unknown"},
		timeoutFlag(),
		nowFlag(),
	}
}

func timeoutFlag() cli.Flag {
	return &cli.DurationFlag{Name: "timeout", Value: 10 * time.Second, Usage: "longest wait for one answer"}
}

func nowFlag() cli.Flag {
	return &cli.StringFlag{Name: "now", Usage: "judge as of `TIME` (RFC 3339 or a date) instead of now"}
}

// observers is everything that looks outside, and what it is judged by.
type observers struct {
	rdap    *rdap.Client
	whois   *whois.Client
	dns     *resolve.Resolver
	limiter *limit.Limiter
	policy  *policy.Set
	lists   *rdap.Bootstrap
	lab     *lab.Lab // nil outside the lab
	fetch   *fetch.Client
	at      time.Time // the moment that is judged
	now     func() time.Time
}

// Close ends what was begun, also where not all of it was.
func (o *observers) Close() error {
	if o.fetch != nil {
		o.fetch.Close()
	}
	if o.lab != nil {
		o.lab.Close()
	}
	return nil
}

// observe builds the observers from flags.
func (s *session) observe(ctx context.Context, c *cli.Context) (*observers, error) {
	o := &observers{}
	if c.Bool("lab") {
		if err := s.startLab(ctx, c, o); err != nil {
			return nil, err
		}
	}
	if err := s.observeWith(ctx, c, o); err != nil {
		return nil, errors.Join(err, o.Close())
	}
	return o, nil
}

func (s *session) observeWith(ctx context.Context, c *cli.Context, o *observers) (err error) {
	if o.now, err = s.clock(c); err != nil {
		return err
	}
	o.at = o.now()
	if c.Float64("rate") < 0 {
		return misuse(freehold.T("--rate must not be negative"), freehold.T("0 is no limit"))
	}
	if c.Duration("timeout") <= 0 {
		return misuse(freehold.T("--timeout must be longer than nothing"), freehold.T("for example: %s", "--timeout 10s"))
	}
	// Pace, patience and ages of copies go by the real clock, whatever is judged.
	o.limiter = limit.New(limit.Config{Rate: c.Float64("rate")})
	o.fetch = fetch.New(fetch.Config{SawDate: s.sawDate, UserAgent: "freehold/" + programVersion(), Timeout: c.Duration("timeout"), Limiter: o.limiter, Parallel: max(64, c.Int("parallel"))})
	if err := s.observeRegistrations(ctx, c, o); err != nil {
		return err
	}
	if o.dns, err = s.resolver(c, o); err != nil {
		return err
	}
	o.policy, err = policy.Load()
	return err
}

func (s *session) observeRegistrations(ctx context.Context, c *cli.Context, o *observers) error {
	servers := map[string]string{}
	for _, spec := range c.StringSlice("whois") {
		suffix, hostport, err := whois.ParseServer(spec)
		if err != nil {
			return err
		}
		servers[suffix] = hostport
	}
	bootstrap := c.String("rdap-bootstrap")
	o.whois = whois.New(whois.Config{Servers: servers, Builtin: bootstrap == "", Limiter: o.limiter, Timeout: c.Duration("timeout"), Now: o.now})
	sources := rdap.Sources{Fetch: o.fetch}
	if dir := s.dir("XDG_CACHE_HOME", ".cache"); dir != "" {
		sources.CacheDir = filepath.Join(dir, "iana")
	}
	list, ids, err := sources.Load(ctx, bootstrap, c.String("registrar-ids"))
	if err != nil {
		return err
	}
	o.lists = list
	for _, note := range list.Notes {
		s.tellText(note)
	}
	o.rdap, err = rdap.New(rdap.Config{Bootstrap: list, RegistrarIDs: ids, Fetch: o.fetch, Now: o.now})
	return err
}

// nameServerRate is how many questions a second one name server gets at most. A
// host's servers have the names of many customers of one list; a second's worth of
// questions about one name is some ten.
const nameServerRate = 20

func (s *session) resolver(c *cli.Context, o *observers) (*resolve.Resolver, error) {
	cfg := resolve.Config{Port: c.Int("dns-port"), Resolver: c.String("resolver"), Timeout: min(3*time.Second, c.Duration("timeout")), Now: o.now, Parallel: max(64, 4*c.Int("parallel"))}
	if c.String("resolver") == "" && (c.Float64("rate") != 0 || !c.IsSet("rate")) { // a resolver of one's own needs no mercy
		cfg.Limiter = limit.New(limit.Config{Rate: nameServerRate})
	}
	if path := c.String("dns-hints"); path != "" {
		hints, err := resolve.ReadHints(path)
		if err != nil {
			return nil, err
		}
		cfg.Hints = hints
	}
	return resolve.New(cfg)
}

// clock is the real one, or stands still at --now.
func (s *session) clock(c *cli.Context) (func() time.Time, error) {
	text := c.String("now")
	if text == "" {
		return time.Now, nil
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if at, err := time.Parse(layout, text); err == nil {
			return func() time.Time { return at.UTC() }, nil
		}
	}
	return nil, misuse(freehold.T("--now %q is no time", text), freehold.T("for example: %s", "2026-11-25T09:00:00Z, 2026-11-25"))
}

// startLab starts the offline world and points the flags that were not given at it.
func (s *session) startLab(ctx context.Context, c *cli.Context, o *observers) (err error) {
	published, err := labTXT(c.StringSlice("lab-txt"))
	if err != nil {
		return err
	}
	if o.lab, err = lab.Start(ctx, lab.Config{Bulk: c.Int("lab-bulk"), TXT: published}); err != nil {
		return err
	}
	flags := o.lab.Flags()
	for i := 0; i+1 < len(flags); i += 2 {
		name := flags[i][2:]
		if c.IsSet(name) && name != "whois" {
			continue
		}
		if err := c.Set(name, flags[i+1]); err != nil {
			return &freehold.Error{Kind: freehold.KindInternal, Text: freehold.T("the lab wants %q", flags[i]), Err: err}
		}
	}
	return nil
}

func (o *observers) labNames() []string {
	var names []string
	for _, n := range lab.Names() {
		names = append(names, n.ASCII())
	}
	return names
}

// memory is what was said before: the store's, in the lab without a store the lab's.
func (o *observers) memory(st *store.Store) audit.Memory {
	switch {
	case st != nil:
		return st
	case o.lab != nil:
		return labMemory{}
	}
	return nil
}

// storeFlags say where things are kept.
func storeFlags() []cli.Flag {
	return []cli.Flag{&cli.StringFlag{Name: "db", Usage: "keep things in the SQLite file `PATH` or the PostgreSQL database postgres://… (default: freehold.db in your data folder)"}}
}

// dsn is the database that is meant.
func (s *session) dsn(c *cli.Context) (string, error) {
	if dsn := c.String("db"); dsn != "" {
		return dsn, nil
	}
	dir := s.dir("XDG_DATA_HOME", filepath.Join(".local", "share"))
	if dir == "" {
		return "", misuse(freehold.T("there is no home folder to keep the database in"), freehold.T("give --db PATH, or --no-save with audit"))
	}
	return filepath.Join(dir, "freehold.db"), nil
}

func (s *session) openStore(ctx context.Context, c *cli.Context) (*store.Store, error) {
	return s.openStoreSaying(ctx, c, func(t freehold.Text) { s.tell(t) })
}

func (s *session) openStoreSaying(ctx context.Context, c *cli.Context, say func(freehold.Text)) (*store.Store, error) {
	dsn, err := s.dsn(c)
	if err != nil {
		return nil, err
	}
	st, err := store.Open(ctx, dsn, store.Options{AutoMigrate: true, Log: say})
	if err != nil && errors.Is(err, context.Canceled) {
		return nil, &freehold.Error{Kind: freehold.KindUnavailable, Text: freehold.T("interrupted")}
	}
	return st, err
}
