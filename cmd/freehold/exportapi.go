package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"strings"

	"freehold"
	"freehold/dnsexport"
	"freehold/dnsexport/agree"
	"freehold/dnsexport/axfr"
	"freehold/dnsexport/observe"
	"freehold/internal/flow/export"
	"freehold/internal/resolve"
)

// provider opens the account that --account names.
func (j *exportJob) provider() (dnsexport.Target, error) {
	name := j.c.String("account")
	if name == "" {
		return nil, misuse(freehold.T("the account is not said"), freehold.T("give --account and an account of the config file"))
	}
	a, err := j.account(name)
	if err != nil {
		return nil, err
	}
	return j.target(name, a)
}

// zonesOfAccount lists the account's zones.
func (j *exportJob) zonesOfAccount(ctx context.Context) ([]freehold.Host, error) {
	source, err := j.provider()
	if err != nil {
		return nil, err
	}
	lister, ok := source.(dnsexport.Lister)
	if !ok {
		return nil, misuse(freehold.T("%s cannot list its zones", source.Traits().Name), freehold.T("name them"))
	}
	names, err := lister.Zones(ctx)
	if err != nil {
		return nil, err
	}
	var zones []freehold.Host
	for _, n := range names {
		h, err := freehold.ParseHost(n)
		if err != nil {
			return nil, &freehold.Error{Kind: freehold.KindUnavailable, Text: freehold.T("%s lists a zone %q", source.Traits().Name, freehold.OneLine(n)), Err: err}
		}
		zones = append(zones, h)
	}
	if len(zones) == 0 {
		return nil, &freehold.Error{Kind: freehold.KindNotFound, Text: freehold.T("the account %q has no zones", j.c.String("account"))}
	}
	return zones, nil
}

// apiReader reads zones from a provider's API, and holds each against its name
// servers: only then is it complete.
func (j *exportJob) apiReader(ctx context.Context) (export.Reader, error) {
	source, err := j.provider()
	if err != nil {
		return nil, err
	}
	if j.world, err = j.observeDNS(ctx, j.c); err != nil {
		return nil, err
	}
	return func(ctx context.Context, zone freehold.Host) (*freehold.Zone, error) {
		name, err := wholeName(zone)
		if err != nil {
			return nil, err
		}
		z, err := source.Read(ctx, name)
		if err != nil || z.Coverage.Complete() { // a transfer is complete by itself
			return z, err
		}
		servers, err := j.serversOf(ctx, name)
		if err != nil {
			z.Reasons = append(z.Reasons, freehold.T("The name servers could not be found: %s", freehold.OneLine(err.Error())))
		}
		return z, agree.Judge(ctx, z, agree.Config{Ask: j.world.dns.Ask, Servers: servers})
	}, nil
}

// wholeName is the name of a zone that is a domain and not a part of one.
func wholeName(zone freehold.Host) (freehold.Name, error) {
	name, err := freehold.NameOf(zone)
	if err == nil && name.Host() != zone {
		err = &freehold.Error{Kind: freehold.KindInvalid, Text: freehold.T("%q is a zone inside a domain", zone.ASCII()), Advice: freehold.T("transfer it: --from axfr --server HOST:PORT")}
	}
	return name, err
}

// serversOf are the zone's own name servers: the one that --server names, or those
// of the delegation.
func (j *exportJob) serversOf(ctx context.Context, name freehold.Name) ([]resolve.Server, error) {
	text := j.c.String("server")
	if text == "" {
		return j.world.dns.ServersOf(ctx, name)
	}
	at, err := netip.ParseAddrPort(axfr.Address(text, false))
	if err != nil {
		return nil, misuse(freehold.T("%q is not an address", freehold.OneLine(text)), freehold.T("for example: %s", "192.0.2.1:53"))
	}
	host, err := freehold.ParseHost("server." + name.ASCII())
	if err != nil {
		return nil, err
	}
	return []resolve.Server{{Host: host, Addr: at}}, nil
}

// observeReader reads zones by questions to their own name servers.
func (j *exportJob) observeReader(ctx context.Context) (export.Reader, error) {
	words, err := j.lines("wordlist")
	if err != nil {
		return nil, err
	}
	if words != nil {
		words = append(words, observe.Words()...)
	}
	hints, err := j.lines("hints")
	if err != nil {
		return nil, err
	}
	base := j.dir("XDG_STATE_HOME", ".local/state")
	if base == "" {
		return nil, misuse(freehold.T("there is no home to keep what was learnt in"), freehold.T("set HOME or XDG_STATE_HOME"))
	}
	folder := filepath.Join(base, "observe")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, &freehold.Error{Kind: freehold.KindPermission, Text: freehold.T("the folder %q cannot be made", folder), Err: plain(err)}
	}
	if j.world, err = j.observeDNS(ctx, j.c); err != nil {
		return nil, err
	}
	return func(ctx context.Context, zone freehold.Host) (*freehold.Zone, error) {
		return j.observeZone(ctx, zone, filepath.Join(folder, zone.ASCII()+".journal"), observe.Config{Ask: j.world.dns.Ask, Words: words, Hints: hints, Now: j.world.now})
	}, nil
}

// observeZone observes one zone. The journal stays where that was interrupted, so
// that the next run asks nothing twice, and goes once the zone is read.
func (j *exportJob) observeZone(ctx context.Context, zone freehold.Host, path string, c observe.Config) (*freehold.Zone, error) {
	name, err := wholeName(zone)
	if err != nil {
		return nil, err
	}
	servers, err := j.serversOf(ctx, name)
	if err != nil {
		return nil, err
	}
	for _, s := range servers {
		c.Servers = append(c.Servers, s.Addr)
	}
	if c.Journal, err = observe.OpenJournal(path); err != nil {
		return nil, err
	}
	z, err := observe.Zone(ctx, name, c)
	if closed := c.Journal.Close(); err == nil {
		err = errors.Join(closed, os.Remove(path))
	}
	if err != nil {
		return nil, err
	}
	return z, nil
}

// maxLines bounds a list of words.
const maxLines = 1_000_000

// lines reads the file that a flag names: one word a line, "#" before remarks. nil
// where the flag is not given.
func (j *exportJob) lines(flag string) ([]string, error) {
	path := j.c.String(flag)
	if path == "" {
		return nil, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, &freehold.Error{Kind: freehold.KindUsage, Text: freehold.T("cannot read %q", path), Err: plain(err)}
	}
	defer f.Close()
	out := []string{}
	in := bufio.NewScanner(io.LimitReader(f, 64<<20))
	for in.Scan() {
		word, _, _ := strings.Cut(in.Text(), "#")
		if word = strings.TrimSpace(word); word != "" {
			out = append(out, word)
		}
		if len(out) > maxLines {
			return nil, misuse(freehold.T("%q has more than %d lines", path, maxLines), freehold.Text{})
		}
	}
	if err := in.Err(); err != nil {
		return nil, &freehold.Error{Kind: freehold.KindUsage, Text: freehold.T("cannot read %q", path), Err: err}
	}
	return out, nil
}
