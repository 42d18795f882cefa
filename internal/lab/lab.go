// Package lab is an offline world in one process: a signed root with top-level
// domains, registries and registrars that speak RDAP and WHOIS, address
// registries, hosts with their name servers, and names that reach every verdict.
// All of it is invented and stands on loopback addresses, so any user can start
// it and any client can ask it: dig, delv, whois, curl, freehold.
//
// The world is data: registries.go, companies.go and names.go. What answers from
// it is small: dns.go (with zone.go, answer.go, sign.go), rdap.go (with
// rdapstyle.go), whois.go, epp.go (with the package eppd). Any server can be made to go wrong: faults.go.
//
// Hosts are modelled on what has happened to hosts; docs/design.md §1 tells it.
package lab

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"

	"freehold"
	"freehold/internal/lab/eppd"
)

// Now is the moment the world is made for: dates of registrations lie around it,
// and a verdict is right at this time only.
var Now = time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC)

// Config says how to start the world. The zero Config is a good one.
type Config struct {
	// Dir gets the files that clients need (see Lab.Files). Empty: a temporary
	// folder, removed by Close.
	Dir string
	// DNSPort and HTTPPort are the ports of all name servers and of all RDAP
	// servers; 0 takes free ones.
	DNSPort, HTTPPort int
	// Bulk adds that many names below shop, see BulkName; a million at most.
	Bulk int
	// Delay passes before every answer, as on a real network.
	Delay time.Duration
	// Faults come on top of those the world has on any day.
	Faults []Fault
	// EPP is where the registries serve registrars, "127.0.0.1:0" for a free port;
	// empty: nowhere. See addEPP.
	EPP string
	// TXT is published before the first question, see SetTXT.
	TXT []TXT
	// Sleep lets time pass for Delay and slow servers; nil is the wall clock.
	Sleep func(context.Context, time.Duration) error
}

// Lab is a running world.
type Lab struct {
	cfg       Config
	bulk      bulk
	world     *world
	dir       string
	temporary bool

	ctx       context.Context
	cancel    context.CancelCauseFunc
	unhook    func() bool
	running   sync.WaitGroup
	closeOnce sync.Once

	servers     map[string]*server
	nameServers map[string]*nameServer // by the id of their server
	publishing  sync.Mutex
	stopControl func()
	registry    *eppd.Server // nil without Config.EPP
	clock       registryClock

	dnsPort   int
	httpPort  int
	whoisPort map[string]int
}

// resolverAddr answers recursively for all of the world, for clients that cannot
// walk down from its root.
var resolverAddr = netip.MustParseAddr("127.53.0.53")

// Start starts the world and returns when every server answers. It ends with
// ctx or Close. Errors are of KindUnavailable where ports are taken, of
// KindInvalid for a wrong Config.
func Start(ctx context.Context, cfg Config) (*Lab, error) {
	if cfg.Bulk < 0 || cfg.Bulk > maxBulk {
		return nil, &freehold.Error{Kind: freehold.KindInvalid, Text: freehold.T("the lab cannot hold %d names", cfg.Bulk), Advice: freehold.T("at most %d", maxBulk)}
	}
	if cfg.Sleep == nil {
		cfg.Sleep = sleep
	}
	w, err := newWorld()
	if err != nil {
		return nil, &freehold.Error{Kind: freehold.KindInternal, Text: freehold.T("the lab's world is not of one piece"), Err: err}
	}
	l := &Lab{cfg: cfg, bulk: bulk(cfg.Bulk), world: w, dir: cfg.Dir, dnsPort: cfg.DNSPort, httpPort: cfg.HTTPPort, servers: map[string]*server{}, nameServers: map[string]*nameServer{}, whoisPort: map[string]int{}}
	l.clock.t = Now
	l.ctx, l.cancel = context.WithCancelCause(ctx)
	if err := l.start(); err != nil {
		l.Close()
		return nil, err
	}
	l.unhook = context.AfterFunc(ctx, l.Close)
	return l, nil
}

func (l *Lab) start() error {
	if err := l.makeDir(); err != nil {
		return err
	}
	if l.cfg.EPP != "" {
		if err := l.addEPP(); err != nil {
			return err
		}
	}
	l.addWHOIS()
	l.addDNS()
	if l.httpPort == 0 {
		l.httpPort = freePort()
	}
	l.addRDAP()
	for _, f := range append(append([]Fault{}, faultsOfTheWorld...), l.cfg.Faults...) {
		s, ok := l.servers[f.Server]
		if !ok {
			return &freehold.Error{Kind: freehold.KindInvalid, Text: freehold.T("the lab has no server %q", f.Server), Advice: freehold.T("use one of %s", strings.Join(l.Servers(), ", "))}
		}
		s.fault.Store(&fault{Fault: f})
	}
	for _, t := range l.cfg.TXT {
		if err := l.SetTXT(t); err != nil {
			return err
		}
	}
	if err := l.openAll("whois/", nil); err != nil {
		return err
	}
	if err := l.openAll("dns/", &l.dnsPort); err != nil {
		return err
	}
	if err := l.openAll("r", &l.httpPort); err != nil { // registry/, registrar/, rir/
		return err
	}
	return l.writeFiles()
}

// addDNS makes the name servers, and the resolver.
func (l *Lab) addDNS() {
	set := l.world.zones(l.bulk)
	add := func(host string, addr netip.Addr, n *nameServer) {
		s := &server{id: "dns/" + host}
		n.lab, n.server = l, s
		s.start = func() (func(), error) { return n.listen(addr, l.dnsPort) }
		l.servers[s.id], l.nameServers[s.id] = s, n
	}
	for host, zones := range set.at {
		n := &nameServer{zones: zones}
		for _, b := range bulkServers {
			if host == b {
				n.bulk = l.bulk
			}
		}
		add(host, set.ip[host], n)
	}
	add("resolver", resolverAddr, &nameServer{zones: set.all, resolver: true, bulk: l.bulk})
}

// openTries bounds the search for a port that is free at every address.
const openTries = 20

// openAll opens the servers whose id begins with prefix, all on one port where
// port is given; a port of 0 is replaced by one that is free for all.
func (l *Lab) openAll(prefix string, port *int) error {
	fixed := port == nil || *port != 0 && *port == l.fixedPort(prefix)
	for try := 1; ; try++ {
		if port != nil && *port == 0 {
			*port = freePort()
		}
		err := l.openOnce(prefix)
		if err == nil {
			return nil
		}
		if errors.Is(err, syscall.EADDRNOTAVAIL) {
			return &freehold.Error{Kind: freehold.KindUnavailable, Text: freehold.T("the lab cannot listen"), Err: err, Advice: freehold.T("it needs all of 127.0.0.0/8 on the loopback interface, as Linux has it")}
		}
		if fixed || try == openTries || !errors.Is(err, syscall.EADDRINUSE) {
			return &freehold.Error{Kind: freehold.KindUnavailable, Text: freehold.T("the lab cannot listen"), Err: err, Advice: freehold.T("choose another port, or end what listens there")}
		}
		*port = 0
	}
}

func (l *Lab) fixedPort(prefix string) int {
	if prefix == "dns/" {
		return l.cfg.DNSPort
	}
	return l.cfg.HTTPPort
}

func (l *Lab) openOnce(prefix string) error {
	var opened []*server
	for _, id := range l.Servers() {
		if !strings.HasPrefix(id, prefix) {
			continue
		}
		s := l.servers[id]
		if err := s.open(); err != nil {
			for _, o := range opened {
				o.close()
			}
			return err
		}
		opened = append(opened, s)
	}
	if prefix != "r" {
		return nil
	}
	stop, err := l.serveHTTP(controlAddr, l.control()) // on the port of all RDAP servers
	if err != nil {
		for _, o := range opened {
			o.close()
		}
		return err
	}
	l.stopControl = stop
	return nil
}

// freePort returns a port that nothing listens on just now.
func freePort() int {
	probe, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0
	}
	defer probe.Close()
	return probe.Addr().(*net.TCPAddr).Port
}

// Close ends every server, waits until all is quiet and removes a temporary folder.
func (l *Lab) Close() {
	l.closeOnce.Do(func() {
		if l.unhook != nil {
			l.unhook()
		}
		l.cancel(errClosed)
		var all sync.WaitGroup
		for _, s := range l.servers {
			all.Go(s.close)
		}
		if l.stopControl != nil {
			all.Go(l.stopControl)
		}
		if l.registry != nil {
			all.Go(l.registry.Close)
		}
		all.Wait()
		l.running.Wait()
		if l.temporary {
			os.RemoveAll(l.dir)
		}
	})
}
