package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/urfave/cli/v2"

	"freehold"
	"freehold/internal/fetch"
	"freehold/internal/flow/doctor"
	"freehold/internal/report"
	"freehold/internal/resolve"
	"freehold/internal/store"
	"freehold/verify/rules"
)

func (s *session) doctorCommand() *cli.Command {
	return &cli.Command{
		Name:      "doctor",
		Usage:     "what is wrong with the set-up: config, database, clock, DNS, registries, age of data, shared fate",
		ArgsUsage: " ",
		Description: `Looks at what an audit depends on and says what is wrong, each with the way out. It asks the registries of the top-level domains in the last
run, about one name of each, at the usual pace; with --all, every registry that is known. The clock is compared with what their answers say.

Exit codes: 0 nothing is wrong, 2 usage, 3 something is wrong.`,
		Flags: join(
			[]cli.Flag{
				&cli.BoolFlag{Name: "all", Usage: "ask every registry that is known, not only those of the last run"},
				&cli.StringFlag{Name: "here", Usage: "`NAME` of who supplies the network that this machine and its database stand in"},
				&cli.IntFlag{Name: "parallel", Value: 32, Usage: "registries asked at once"},
			},
			observeFlags(), outputFlags(), storeFlags()),
		Action: s.doctor,
	}
}

func (s *session) doctor(c *cli.Context) error {
	out, err := s.openOutput(c)
	if err != nil {
		return err
	}
	clocks := &doctor.Clocks{}
	s.sawDate = clocks.Saw
	checks := []doctor.Check{s.checkConfigFile(c)}
	storeChecks, last := s.checkStore(c)
	checks = append(checks, storeChecks...)
	world, err := s.observe(c.Context, c)
	if err != nil {
		// Without the lists nothing can be asked; what is known by now is still told.
		checks = append(checks, doctor.Check{Area: doctor.Registries, State: doctor.Wrong, Said: s.textOf(err), Advice: adviceOf(err)})
		return s.tellChecks(out, checks)
	}
	defer world.Close()
	reached := doctor.Reach(c.Context, world.rdap, world.whois, s.samples(c, world, last.samples), c.Int("parallel"))
	checks = append(checks, clocks.Check())
	checks = append(checks, s.checkPort53(c)...)
	checks = append(checks, reached...)
	checks = append(checks, doctor.Rules(world.policy.Date(), world.at))
	checks = append(checks, s.checkCopies(c, time.Now())...)
	for _, p := range append(s.places(c), zonePlaces(c.Context, world, last.machines)...) {
		checks = append(checks, last.neighbours.Check(p))
	}
	return s.tellChecks(out, checks)
}

func (s *session) tellChecks(out *output, checks []doctor.Check) error {
	var told []report.DoctorCheck
	for _, c := range checks {
		told = append(told, report.DoctorCheck{Area: string(c.Area), Subject: c.Subject, State: c.State.String(), Said: c.Said, Advice: c.Advice})
	}
	if doctor.Worst(checks) == doctor.Wrong {
		s.code = exitFindings
	}
	if err := report.Doctor(out.format, out, out.options, told); err != nil {
		return err
	}
	return out.finish()
}

// textOf is what an error says, in the language.
func (s *session) textOf(err error) freehold.Text {
	var e *freehold.Error
	if errors.As(err, &e) && !e.Text.IsZero() && e.Err == nil {
		return e.Text
	}
	return freehold.T("it cannot be used: %s", freehold.SayError(s.speaker, err))
}

func adviceOf(err error) freehold.Text {
	var e *freehold.Error
	if errors.As(err, &e) && !e.Advice.IsZero() {
		return e.Advice
	}
	return freehold.Text{}
}

// checkConfigFile looks at the config file as every command does, and at who
// else can read it.
func (s *session) checkConfigFile(c *cli.Context) doctor.Check {
	path, values, err := s.config()
	check := doctor.Check{Area: doctor.Config, Subject: path, State: doctor.Fine}
	if err == nil {
		err = checkConfig(path, values, flagSet(c.App.Commands))
	}
	info, statErr := os.Stat(path)
	switch {
	case err != nil:
		check.State, check.Said, check.Advice = doctor.Wrong, s.textOf(err), adviceOf(err)
	case path == "" || statErr != nil:
		check.Said = freehold.T("there is none, and none is needed")
	case info.Mode().Perm()&0o077 != 0:
		check.State, check.Said = doctor.Wrong, freehold.T("others can read or change it (mode %s)", fmt.Sprintf("%04o", info.Mode().Perm()))
		check.Advice = freehold.T("run: %s", "chmod 600 "+path)
	default:
		check.Said = freehold.T("%d settings, all known", len(values))
	}
	return check
}

// lastRun is what the last saved run tells doctor.
type lastRun struct {
	samples    map[string]freehold.Name
	neighbours doctor.Neighbours
	// machines are where recorded copies of zones lie.
	machines []string
}

// maxMachines bounds how many places of zone copies are looked at.
const maxMachines = 50

// lowDisk is too little for the next large run: a result with its evidence takes
// some 30 KiB.
const lowDisk = 256 << 20

// checkStore looks at the database without changing it, and reads the last run.
func (s *session) checkStore(c *cli.Context) (checks []doctor.Check, last lastRun) {
	last.samples = map[string]freehold.Name{}
	dsn, err := s.dsn(c)
	if err != nil {
		return []doctor.Check{{Area: doctor.Store, State: doctor.Wrong, Said: s.textOf(err), Advice: adviceOf(err)}}, last
	}
	st, err := store.Inspect(c.Context, dsn, store.Options{})
	check := doctor.Check{Area: doctor.Store, Subject: st.Location, State: doctor.Fine}
	switch {
	case freehold.KindOf(err) == freehold.KindNotFound && err != nil:
		check.State, check.Said, check.Advice = doctor.Unknown, s.textOf(err), adviceOf(err)
		return []doctor.Check{check}, last
	case err != nil:
		check.State, check.Said, check.Advice = doctor.Wrong, s.textOf(err), adviceOf(err)
		return []doctor.Check{check}, last
	case st.Problem != nil:
		check.State, check.Said, check.Advice = doctor.Wrong, s.textOf(st.Problem), adviceOf(st.Problem)
		return []doctor.Check{check}, last
	}
	check.Said = freehold.T("whole: every record reads back (%s, schema %d)", st.Engine, st.Schema)
	if st.Schema < st.Needed {
		check.Said = freehold.T("whole, of an older schema (%d, this freehold works with %d)", st.Schema, st.Needed)
	}
	checks = append(checks, check)
	if st.Engine == "sqlite" {
		checks = append(checks, checkFile(st.Location)...)
	}
	s.readLastRun(c.Context, dsn, &last)
	return checks, last
}

// checkFile looks at the mode of a SQLite file and the room beside it.
func checkFile(path string) (checks []doctor.Check) {
	if info, err := os.Stat(path); err == nil {
		check := doctor.Check{Area: doctor.Store, Subject: filepath.Base(path), State: doctor.Fine, Said: freehold.T("only you can read it")}
		if info.Mode().Perm()&0o077 != 0 {
			check.State, check.Said = doctor.Wrong, freehold.T("others can read or change it (mode %s)", fmt.Sprintf("%04o", info.Mode().Perm()))
			check.Advice = freehold.T("run: %s", "chmod 600 "+path)
		}
		checks = append(checks, check)
	}
	var disk syscall.Statfs_t
	if err := syscall.Statfs(filepath.Dir(path), &disk); err == nil {
		free := int64(disk.Bavail) * int64(disk.Bsize)
		check := doctor.Check{Area: doctor.Store, Subject: filepath.Dir(path), State: doctor.Fine, Said: freehold.T("%d MiB free", free>>20)}
		if free < lowDisk {
			check.State, check.Advice = doctor.Wrong, freehold.T("free some space: a run of ten thousand names takes some 300 MiB")
		}
		checks = append(checks, check)
	}
	return checks
}

// readLastRun takes one name of each TLD and the networks of all names from the
// last run. An older database is not upgraded for it.
func (s *session) readLastRun(ctx context.Context, dsn string, last *lastRun) {
	st, err := store.Open(ctx, dsn, store.Options{})
	if err != nil {
		return
	}
	defer st.Close()
	run, err := savedRun(ctx, st, "latest")
	if err != nil {
		return
	}
	for r, err := range st.Results(ctx, run.ID) {
		if err != nil {
			return
		}
		if r.Name.IsZero() {
			continue
		}
		if _, have := last.samples[r.Name.TLD()]; !have {
			last.samples[r.Name.TLD()] = r.Name
		}
		last.neighbours.Add(r)
	}
	for z, err := range st.AllZoneCopies(ctx) {
		if err != nil || len(last.machines) >= maxMachines {
			return
		}
		if m := rules.MachineOf(z.Location); m != "" && !slices.Contains(last.machines, m) {
			last.machines = append(last.machines, m)
		}
	}
}

// zonePlaces are the machines with copies of zones, where they can be looked up.
func zonePlaces(ctx context.Context, world *observers, machines []string) []doctor.Place {
	var places []doctor.Place
	for _, m := range machines {
		place := doctor.Place{What: m, Zones: true}
		if a, err := netip.ParseAddr(m); err == nil {
			place.Addrs = []netip.Addr{a.Unmap()}
		} else if h, err := freehold.ParseHost(m); err == nil {
			found, _, _ := world.dns.Addrs(ctx, h)
			place.Addrs = found.Value
		}
		places = append(places, place)
	}
	return places
}

// samples chooses a name to ask each registry about. With --all it is one that
// every registry can be asked about, there or not.
func (s *session) samples(c *cli.Context, world *observers, samples map[string]freehold.Name) map[string]freehold.Name {
	if world.lab != nil {
		for _, arg := range world.labNames() {
			if n, err := freehold.ParseName(arg); err == nil {
				if _, have := samples[n.TLD()]; !have {
					samples[n.TLD()] = n
				}
			}
		}
	}
	if !c.Bool("all") {
		return samples
	}
	for _, suffix := range append(world.lists.Suffixes(), world.whois.Suffixes()...) {
		n, err := freehold.ParseName("nic." + suffix)
		if _, have := samples[suffix]; err == nil && !have {
			samples[suffix] = n
		}
	}
	return samples
}

func (s *session) checkPort53(c *cli.Context) []doctor.Check {
	d := doctor.DNS{Port: c.Int("dns-port"), Timeout: min(3*time.Second, c.Duration("timeout"))}
	if text := c.String("resolver"); text != "" {
		if ap, err := netip.ParseAddrPort(text); err == nil {
			d.Resolver = ap
		} else if a, err := netip.ParseAddr(text); err == nil {
			d.Resolver = netip.AddrPortFrom(a, 53)
		}
		return d.Check(c.Context)
	}
	hints := resolve.RootHints()
	if path := c.String("dns-hints"); path != "" {
		if read, err := resolve.ReadHints(path); err == nil { // it was read before, to build the resolver
			hints = read
		}
	}
	d.Roots = hints.Addresses()
	return d.Check(c.Context)
}

// checkCopies looks at the kept copies of IANA's lists. Lists of the user's own
// have no age here.
func (s *session) checkCopies(c *cli.Context, now time.Time) []doctor.Check {
	if c.String("rdap-bootstrap") != "" {
		return nil
	}
	dir := s.dir("XDG_CACHE_HOME", ".cache")
	var checks []doctor.Check
	for _, file := range ianaLists {
		var fetched time.Time
		if info, err := os.Stat(filepath.Join(dir, "iana", file+".meta")); err == nil {
			fetched = info.ModTime()
		} else if !errors.Is(err, fs.ErrNotExist) {
			checks = append(checks, doctor.Check{Area: doctor.Data, Subject: file, State: doctor.Wrong, Said: freehold.T("it cannot be read: %s", plain(err).Error())})
			continue
		}
		checks = append(checks, doctor.Copy(file, fetched, now))
	}
	return checks
}

// places are where what is kept stands: this machine, and the server of a
// database that is elsewhere.
func (s *session) places(c *cli.Context) []doctor.Place {
	here := doctor.Place{What: s.say("this machine"), Holder: c.String("here")}
	addrs, _ := net.InterfaceAddrs()
	for _, a := range addrs {
		if p, err := netip.ParsePrefix(a.String()); err == nil && fetch.IsPublic(p.Addr()) {
			here.Addrs = append(here.Addrs, p.Addr().Unmap())
		}
	}
	places := []doctor.Place{here}
	dsn, err := s.dsn(c)
	u, uerr := url.Parse(dsn)
	if err != nil || uerr != nil || !strings.HasPrefix(u.Scheme, "postgres") || u.Hostname() == "" {
		return places
	}
	ctx, stop := context.WithTimeout(c.Context, 5*time.Second)
	defer stop()
	there := doctor.Place{What: u.Hostname(), Holder: c.String("here")}
	found, _ := net.DefaultResolver.LookupNetIP(ctx, "ip", u.Hostname())
	for _, a := range found {
		if fetch.IsPublic(a.Unmap()) {
			there.Addrs = append(there.Addrs, a.Unmap())
		}
	}
	return append(places, there)
}
