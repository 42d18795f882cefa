package main

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/urfave/cli/v2"

	"freehold"
	"freehold/internal/lab"
)

func (s *session) labCommand() *cli.Command {
	return &cli.Command{
		Name:  "lab",
		Usage: "an offline world of invented registries, registrars, hosts and names",
		Subcommands: []*cli.Command{
			{
				Name: "up", Usage: "serve the lab on loopback until Ctrl-C, for dig, whois, curl and freehold", ArgsUsage: " ",
				Description: `Starts root and top-level name servers, registries' and registrars' RDAP, WHOIS servers, hosts' name servers and address registries on
loopback addresses, and prints how to reach them. Any server can be made slow, throttling, lying or dead with --break.

Registrars reach the registries by EPP, with the accounts of the config file that is printed; another registrar of the lab asks for a name with the code it is told over HTTP.

Records that a proof asks for are published with --txt, or over HTTP while the lab runs.`,
				Flags: []cli.Flag{
					&cli.StringFlag{Name: "dir", Usage: "put the files that clients need into `DIR` (default: a temporary folder)"},
					&cli.IntFlag{Name: "dns-port", Usage: "`PORT` of all name servers (default: a free one)"},
					&cli.IntFlag{Name: "http-port", Usage: "`PORT` of all RDAP servers (default: a free one)"},
					&cli.IntFlag{Name: "epp-port", Usage: "`PORT` of the registries' EPP server (default: a free one)"},
					&cli.IntFlag{Name: "bulk", Usage: "add `N` names n000000.shop, n000001.shop … that are answered but not listed"},
					&cli.DurationFlag{Name: "delay", Usage: "wait before every answer"},
					&cli.StringSliceFlag{Name: "break", Usage: "break `SERVER=KIND`, such as registry/grandgable=dead; may be repeated"},
					&cli.StringSliceFlag{Name: "txt", Usage: "publish the TXT record `OWNER=VALUE`, or OWNER@SERVER=VALUE at one name server alone; may be repeated"},
				},
				Action: s.labUp,
			},
			{Name: "list", Usage: "the names of the lab, each with its story and the verdict it should reach", ArgsUsage: " ", Action: s.labList},
		},
	}
}

func (s *session) labUp(c *cli.Context) error {
	cfg := lab.Config{Dir: c.String("dir"), DNSPort: c.Int("dns-port"), HTTPPort: c.Int("http-port"), EPP: net.JoinHostPort("127.0.0.1", strconv.Itoa(c.Int("epp-port"))), Bulk: c.Int("bulk"), Delay: c.Duration("delay")}
	for _, spec := range c.StringSlice("break") {
		server, word, _ := strings.Cut(spec, "=")
		kind, ok := lab.FaultKindOf(word)
		if !ok {
			return misuse(freehold.T("%q breaks nothing", spec), freehold.T("write SERVER=KIND, such as registry/grandgable=dead; a wrong SERVER lists them all"))
		}
		cfg.Faults = append(cfg.Faults, lab.Fault{Server: server, Kind: kind, Delay: 30 * time.Second, RetryAfter: 60})
	}
	var err error
	if cfg.TXT, err = labTXT(c.StringSlice("txt")); err != nil {
		return err
	}
	l, err := lab.Start(c.Context, cfg)
	if err != nil {
		return err
	}
	defer l.Close()
	losing, gaining := l.Registrars()[1], l.Registrars()[0]
	example := lab.Names()[0].ASCII()
	whoisEU, _ := l.WHOIS("eu")
	whoisHost, whoisPort, _ := strings.Cut(whoisEU, ":")
	resolverHost, resolverPort, _ := strings.Cut(l.Resolver(), ":")
	fmt.Fprintf(s.Out, `%s

  freehold audit %s %s
  freehold audit -f %s/names.txt %s

  dig @%s -p %s %s NS +dnssec
  whois -h %s -p %s %s
  curl -s %s
  curl -X PUT -d VALUE %s/txt/OWNER        # %s

  freehold desk release CASE --account %s --yes
  curl -sS --data-binary @CODE %s/transfer/NAME@%s  # %s

%s

  . %s

%s
`, s.say("The lab is up, at %s of its own clock. Its files are in %s", lab.Now.Format(time.RFC3339), l.Dir()), example, quoted(l.Flags()), l.Dir(), quoted(l.Flags()),
		resolverHost, resolverPort, example, whoisHost, whoisPort, firstWithTLD("eu"), exampleURL(l), l.Control(), s.say("publishes a TXT record"),
		losing, l.Control(), gaining, s.say("another registrar asks for a name with its code"), s.say("All of it for this shell; registrars' accounts at the registries are %s:", strings.Join(l.Registrars(), ", ")),
		filepath.Join(l.Dir(), "lab.env"), s.say("Ctrl-C ends it."))
	<-c.Context.Done()
	return nil
}

// labTXT reads the records to publish in the lab.
func labTXT(specs []string) ([]lab.TXT, error) {
	var list []lab.TXT
	for _, spec := range specs {
		t, err := lab.ParseTXT(spec)
		if err != nil {
			return nil, err
		}
		list = append(list, t)
	}
	return list, nil
}

// exampleURL is a registry's answer to ask curl for.
func exampleURL(l *lab.Lab) string {
	body, err := os.ReadFile(filepath.Join(l.Dir(), "dns.json"))
	var list struct{ Services [][2][]string }
	if err != nil || json.Unmarshal(body, &list) != nil {
		return ""
	}
	for _, n := range lab.Names() {
		for _, service := range list.Services {
			if slices.Contains(service[0], n.TLD()) && len(service[1]) > 0 {
				return service[1][0] + "domain/" + n.ASCII()
			}
		}
	}
	return ""
}

// quoted joins flags so that a shell reads them as they are.
func quoted(flags []string) string {
	out := make([]string, len(flags))
	for i, f := range flags {
		if strings.ContainsAny(f, " '\"\\$") {
			f = "'" + strings.ReplaceAll(f, "'", `'\''`) + "'"
		}
		out[i] = f
	}
	return strings.Join(out, " ")
}

func firstWithTLD(tld string) string {
	for _, n := range lab.Names() {
		if n.TLD() == tld {
			return n.ASCII()
		}
	}
	return "example." + tld
}

func (s *session) labList(*cli.Context) error {
	w := tabwriter.NewWriter(s.Out, 0, 0, 2, ' ', 0)
	for i, story := range lab.Describe() {
		if i == 0 {
			fmt.Fprintln(w, strings.Join([]string{s.say("NAME"), s.say("VERDICT"), s.say("AUDIT"), s.say("STORY")}, "\t"))
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", story.Name.Unicode(), strings.ReplaceAll(story.CanLeave.String(), "_", " "), story.Status, story.Story)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintln(s.Err, s.say("%d names; all of it is invented", len(lab.Describe())))
	return err
}
