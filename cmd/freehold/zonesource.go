package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"filippo.io/age"
	"github.com/urfave/cli/v2"

	"freehold"
	"freehold/dnsexport/axfr"
	"freehold/dnsexport/format"
	"freehold/dnsexport/zonefile"
	"freehold/internal/fetch"
	"freehold/internal/flow/export"
	"freehold/internal/lab"
)

// transferFlags say from where and how a zone is transferred.
func transferFlags() []cli.Flag {
	return append([]cli.Flag{
		&cli.StringFlag{Name: "server", Usage: "transfer from `HOST:PORT` instead of the delegation's servers"},
	}, channelFlags()...)
}

// channelFlags say what protects a transfer.
func channelFlags() []cli.Flag {
	return []cli.Flag{
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
			return nil, misuse(freehold.T("--tsig needs the key's secret"), freehold.T("give --tsig-secret env:VARIABLE or file:PATH"))
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
				return nil, &freehold.Error{Kind: freehold.KindUsage, Text: freehold.T("cannot read the certificates in %q", path), Err: plain(err)}
			}
			cfg.TLS.RootCAs = x509.NewCertPool()
			if !cfg.TLS.RootCAs.AppendCertsFromPEM(pem) {
				return nil, misuse(freehold.T("%q holds no certificate in PEM form", path), freehold.Text{})
			}
		}
	}
	return axfr.New(cfg), nil
}

// delegation finds the servers of a name's delegation.
func (o *observers) delegation(c *cli.Context) export.Servers {
	return func(ctx context.Context, zone freehold.Host) ([]export.Server, error) {
		name, err := freehold.NameOf(zone)
		if err != nil {
			return nil, err
		}
		if name.Host() != zone {
			return nil, &freehold.Error{Kind: freehold.KindInvalid, Text: freehold.T("%q is a zone inside a domain", zone), Advice: freehold.T("name its server with --server HOST:PORT")}
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

// readZoneFile reads a zone in the format that the file's name tells, else as a
// BIND master file.
func readZoneFile(path string, origin freehold.Owner) (*freehold.Zone, error) {
	var best *format.Format
	for _, f := range slices.Concat(format.All, format.ReadOnly) {
		if strings.HasSuffix(path, f.Suffix) && (best == nil || len(f.Suffix) > len(best.Suffix)) {
			best = f
		}
	}
	if best == nil || best.Name == "bind" {
		return zonefile.ReadFile(path, zonefile.Options{Origin: origin})
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, &freehold.Error{Kind: freehold.KindUsage, Text: freehold.T("cannot read the zone in %q", path), Err: plain(err)}
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
				return nil, nil, &freehold.Error{Kind: freehold.KindUsage, Text: freehold.T("cannot read the recipients in %q", path), Err: plain(err)}
			}
			defer f.Close()
			r = io.LimitReader(f, 1<<20)
		}
		parsed, err := age.ParseRecipients(r)
		if err != nil {
			return nil, nil, misuse(freehold.T("an age recipient is not valid"), freehold.T("as age1…, or file:PATH with one a line"))
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
		return nil, &freehold.Error{Kind: freehold.KindUsage, Text: freehold.T("cannot read the age identity in %q", path), Err: plain(err)}
	}
	defer f.Close()
	ids, err := age.ParseIdentities(io.LimitReader(f, 1<<20))
	if err != nil { // the error would repeat what stands in the file
		return nil, misuse(freehold.T("%q holds no age identity", path), freehold.Text{})
	}
	return ids, nil
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
