package lab

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"freehold"
)

// Story is one name of the world and what it is there for.
type Story struct {
	Name     freehold.Name
	Story    string
	CanLeave freehold.CanLeave   // the verdict it should reach, with what Attestations holds
	Status   freehold.NameStatus // how far an audit of it should get
}

// Describe lists the names an audit of the world is about, in the order of their
// hosts.
func Describe() []Story {
	list := make([]Story, 0, len(stories))
	for _, d := range stories {
		list = append(list, Story{mustName(d.name), d.story, d.leave, d.status})
	}
	return list
}

// Names lists the names of Describe.
func Names() []freehold.Name {
	list := make([]freehold.Name, 0, len(stories))
	for _, d := range stories {
		list = append(list, mustName(d.name))
	}
	return list
}

// Attestations is what the owners said and proved before Now.
func Attestations() []freehold.Attestation {
	var list []freehold.Attestation
	for _, d := range stories {
		for _, s := range d.said {
			a := freehold.Attestation{Name: mustName(d.name), Subject: s.subject, Value: s.value, By: "owner", At: day(s.day), Proven: s.proven}
			a.Evidence = Evidence(a).ID()
			list = append(list, a)
		}
	}
	return list
}

// Evidence is the record behind an attestation of the world.
func Evidence(a freehold.Attestation) freehold.Evidence {
	e := freehold.Evidence{
		Kind: freehold.EvidenceAttestation, Source: "said by " + a.By, Query: a.Name.ASCII() + " " + a.Subject, Time: a.At,
		Status: "said", MediaType: "text/plain; charset=utf-8", Body: []byte(a.Subject + "=" + a.Value + "\n"),
	}
	if a.Proven {
		e.Kind, e.Status = freehold.EvidenceProof, "proven"
	}
	return e
}

// ZoneCopies are the copies that the owners made before Now.
func ZoneCopies() []freehold.ZoneCopy {
	var list []freehold.ZoneCopy
	for _, d := range stories {
		for _, k := range d.copies {
			c := freehold.ZoneCopy{Name: mustName(d.name), At: day(k.day), Source: k.source, Coverage: k.coverage, Serial: k.serial, Records: k.records, Location: k.location}
			c.Evidence = []freehold.EvidenceID{CopyEvidence(c).ID()}
			list = append(list, c)
		}
	}
	return list
}

// Earlier is what an audit before Now found about a name, the zero value where
// there was none.
func Earlier(name freehold.Name) freehold.Earlier {
	for _, d := range stories {
		if d.before == nil || mustName(d.name) != name {
			continue
		}
		e := freehold.Earlier{At: day(d.before.day), Registrar: d.before.registrar}
		for _, ns := range d.before.ns {
			h, err := freehold.ParseHost(ns)
			if err != nil {
				panic("lab: " + err.Error()) // the world is ours
			}
			e.NameServers = append(e.NameServers, h)
		}
		return e
	}
	return freehold.Earlier{}
}

// CopyEvidence is the record that a copy was made.
func CopyEvidence(c freehold.ZoneCopy) freehold.Evidence {
	return freehold.Evidence{
		Kind: freehold.EvidenceOwnRecord, Source: "export", Query: c.Name.ASCII(), Time: c.At, Status: "copied", MediaType: "text/plain; charset=utf-8",
		Body: fmt.Appendf(nil, "zone copy from %s\t%s\tserial %d\t%d records\tat %s\n", c.Source, c.Coverage, c.Serial, c.Records, c.Location),
	}
}

func mustName(s string) freehold.Name {
	n, err := freehold.ParseName(s)
	if err != nil {
		panic("lab: " + err.Error()) // the world is ours: TestWorld reads every name
	}
	return n
}

// Dir is the folder with the files of the world.
func (l *Lab) Dir() string { return l.dir }

// DNSPort is the port of every name server.
func (l *Lab) DNSPort() int { return l.dnsPort }

// Resolver is the address of a resolver that knows all of the world. It passes
// signatures on and checks none.
func (l *Lab) Resolver() string {
	return net.JoinHostPort(resolverAddr.String(), strconv.Itoa(l.dnsPort))
}

// WHOIS returns the address of a top-level domain's WHOIS server, and whether it
// has one.
func (l *Lab) WHOIS(tld string) (string, bool) {
	port, ok := l.whoisPort[tld]
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), ok
}

// Flags are those that let freehold see this world and nothing else.
func (l *Lab) Flags() []string {
	flags := []string{"--rdap-bootstrap", l.dir, "--registrar-ids", filepath.Join(l.dir, "registrar-ids.csv")}
	for _, reg := range l.world.registries {
		if reg.server == "" { // others have RDAP: asking both would hide what their RDAP does not say
			addr, _ := l.WHOIS(reg.tld)
			flags = append(flags, "--whois", reg.tld+"="+addr)
		}
	}
	return append(flags,
		"--dns-hints", filepath.Join(l.dir, "root.hints"), "--dns-port", strconv.Itoa(l.dnsPort),
		"--now", Now.Format(time.RFC3339), "--rate", "0")
}

// makeDir makes the folder of the files, of which config files tell the whole path.
func (l *Lab) makeDir() error {
	var err error
	if l.dir == "" {
		l.temporary = true
		l.dir, err = os.MkdirTemp("", "freehold-lab-")
	} else if l.dir, err = filepath.Abs(l.dir); err == nil {
		err = os.MkdirAll(l.dir, 0o700)
	}
	if err != nil {
		return &freehold.Error{Kind: freehold.KindPermission, Text: freehold.T("the lab cannot make its folder %q", l.dir), Err: err}
	}
	return nil
}

// writeFiles writes what clients of the world need:
//
//	dns.json ipv4.json ipv6.json   RDAP bootstrap (RFC 9224)
//	registrar-ids.csv              IANA's list of registrars
//	root.hints                     root name servers, and the trust anchor as DS
//	names.txt                      the names, each with its story
//	whois.txt servers.txt          WHOIS servers by top-level domain; every server by its id
//	lab.env                        for a shell: all that leads freehold to this world
//	lab.toml                       with Config.EPP: the registrars' accounts, with their secrets and certificates
func (l *Lab) writeFiles() error {
	files := map[string][]byte{
		"dns.json": l.bootstrap(l.domainServices()), "ipv4.json": l.bootstrap(l.addressServices(4)), "ipv6.json": l.bootstrap(l.addressServices(6)),
		"registrar-ids.csv": l.registrarIDs(), "root.hints": l.rootHints(), "names.txt": namesFile(), "whois.txt": l.whoisFile(),
		"servers.txt": []byte(strings.Join(l.Servers(), "\n") + "\n"), "lab.env": l.envFile(),
	}
	if l.registry != nil {
		maps.Copy(files, l.eppFiles())
	}
	for name, body := range files {
		if err := os.WriteFile(filepath.Join(l.dir, name), body, 0o600); err != nil {
			return &freehold.Error{Kind: freehold.KindPermission, Text: freehold.T("the lab cannot write %q", filepath.Join(l.dir, name)), Err: err}
		}
	}
	return nil
}

func (l *Lab) bootstrap(services [][2][]string) []byte {
	body, err := json.MarshalIndent(map[string]any{
		"version": "1.0", "description": "RDAP bootstrap of an invented world", "publication": Now.Format(time.RFC3339), "services": services,
	}, "", "  ")
	if err != nil {
		panic("lab: " + err.Error())
	}
	return append(body, '\n')
}

func (l *Lab) domainServices() [][2][]string {
	var services [][2][]string
	for i := range l.world.registries {
		if reg := &l.world.registries[i]; reg.server != "" {
			services = append(services, [2][]string{{reg.tld}, {l.registryBase(reg)}})
		}
	}
	return services
}

// addressServices lists the address registries for one version of IP.
func (l *Lab) addressServices(version int) [][2][]string {
	var services [][2][]string
	for i, r := range rirs {
		var prefixes []string
		for _, p := range r.prefixes {
			if strings.Contains(p, ":") == (version == 6) {
				prefixes = append(prefixes, p)
			}
		}
		if len(prefixes) > 0 {
			services = append(services, [2][]string{prefixes, {l.url(rirAddr(i)) + "/rdap/"}})
		}
	}
	return services
}

// registrarIDs is the list of registrars in IANA's columns.
func (l *Lab) registrarIDs() []byte {
	var b strings.Builder
	w := csv.NewWriter(&b)
	w.Write([]string{"ID", "Registrar Name", "Status", "RDAP Base URL"})
	w.Write([]string{"1", "Reserved", "Reserved", ""})
	for _, r := range l.world.registrars {
		w.Write([]string{r.ianaID, r.name, "Accredited", l.registrarBase(r.key)})
	}
	w.Write([]string{"88010", "Feu Noms de Jadis SARL", "Terminated", ""})
	w.Flush()
	return []byte(b.String())
}

// rootHints are the root's servers in master file form, with the trust anchor.
func (l *Lab) rootHints() []byte {
	var b strings.Builder
	b.WriteString("; root of an invented world: its name servers, and the digest of its key\n")
	for i, label := range []string{"a", "b"} {
		fmt.Fprintf(&b, ".\t3600000\tIN\tNS\t%s.\n%s.\t3600000\tIN\tA\t%s\n", rootServer(label), rootServer(label), rootAddrs[i])
	}
	fmt.Fprintln(&b, newZoneKey(".").ds())
	return []byte(b.String())
}

func namesFile() []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "# names of an invented world, at %s\n", Now.Format(time.RFC3339))
	for _, d := range stories {
		fmt.Fprintf(&b, "\n# %s\n%s\n", d.story, d.name)
	}
	return []byte(b.String())
}

func (l *Lab) whoisFile() []byte {
	var lines []string
	for tld := range l.whoisPort {
		addr, _ := l.WHOIS(tld)
		lines = append(lines, tld+"\t"+addr)
	}
	slices.Sort(lines)
	return []byte(strings.Join(lines, "\n") + "\n")
}

// Environment is what leads every command of freehold to this world: the variables of
// Flags and of ConfigFile where there is one; LAB and LAB_RESOLVER, which are Control and
// Resolver.
func (l *Lab) Environment() map[string]string {
	env := map[string]string{"LAB": l.Control(), "LAB_RESOLVER": l.Resolver()}
	flags := l.Flags()
	for i := 0; i+1 < len(flags); i += 2 {
		variable := "FREEHOLD_" + strings.ToUpper(strings.ReplaceAll(strings.TrimPrefix(flags[i], "--"), "-", "_"))
		if env[variable] != "" {
			env[variable] += "," // as flags that may be repeated are read
		}
		env[variable] += flags[i+1]
	}
	if l.registry != nil {
		env["FREEHOLD_CONFIG"] = l.ConfigFile()
	}
	return env
}

func (l *Lab) envFile() []byte {
	var b strings.Builder
	env := l.Environment()
	for _, k := range slices.Sorted(maps.Keys(env)) {
		fmt.Fprintf(&b, "export %s='%s'\n", k, strings.ReplaceAll(env[k], "'", `'\''`))
	}
	return []byte(b.String())
}
