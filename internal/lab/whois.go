package lab

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"

	"freehold"
)

// whoisFormat is how a registry answers on port 43 (RFC 3912).
type whoisFormat struct {
	// greeting precedes every answer; %s is the name as it was asked.
	greeting string
	found    func(*recordView) string
	free     func(name string) string
	// throttled is the answer to who asks too often; %d is a number of seconds.
	throttled string
}

// whoisEuropean hides every holder and mailbox, and shows no date.
var whoisEuropean = &whoisFormat{
	greeting: "% The WHOIS service of this registry says whether a name is available and how it is\n% delegated. It never shows who a registrant is.\n%\n% WHOIS %s\n",
	found: func(v *recordView) string {
		var b strings.Builder
		fmt.Fprintf(&b, "Domain: %s\nScript: LATIN\n\nRegistrant:\n        NOT DISCLOSED!\n        Visit the registry's site for the web-based WHOIS.\n\n", v.ascii)
		fmt.Fprintf(&b, "Technical:\n        Organisation: %s\n        Language: fr\n        Email: %s\n\n", v.registrar.name, v.registrar.abuse)
		fmt.Fprintf(&b, "Registrar:\n        Name: %s\n        Website: https://www.%s/\n\nName servers:\n", v.registrar.name, v.registrar.domain)
		for _, host := range v.d.ns {
			fmt.Fprintf(&b, "        %s\n", v.withGlue(host, " (%s)"))
		}
		if v.d.signed != unsigned {
			key := newZoneKey(v.ascii + ".").record
			fmt.Fprintf(&b, "\nKeys:\n        flags:KSK protocol:3 algorithm:ECDSAP256SHA256 pubKey:%s\n", key.PublicKey)
		}
		b.WriteString("\nPlease visit the registry's site for more info.\n")
		return b.String()
	},
	free:      func(name string) string { return "Domain: " + name + "\nScript: LATIN\nStatus: AVAILABLE\n" },
	throttled: "-1: Still in grace period, wait %d seconds\n",
}

// whoisBelgian tabs its fields and says when a name was registered.
var whoisBelgian = &whoisFormat{
	greeting: "% .be Whois Server, invented\n%\n% %s\n",
	found: func(v *recordView) string {
		var b strings.Builder
		fmt.Fprintf(&b, "\nDomain:\t%s\nStatus:\tNOT AVAILABLE\nRegistered:\t%s\n\n", v.ascii, day(v.d.created).Format("Mon Jan 2 2006"))
		b.WriteString("Registrant:\n\tNot shown, please visit the registry's site for webbased whois.\n\n")
		fmt.Fprintf(&b, "Registrar Technical Contacts:\n\tOrganisation:\t%s\n\tLanguage:\tfr\n\tEmail:\t%s\n\n\n", v.registrar.name, v.registrar.abuse)
		fmt.Fprintf(&b, "Registrar:\n\tName:\t %s\n\tWebsite: https://www.%s/\n\nNameservers:\n", v.registrar.name, v.registrar.domain)
		for _, host := range v.d.ns {
			fmt.Fprintf(&b, "\t%s\n", v.withGlue(host, " (%s)"))
		}
		b.WriteString("\nKeys:\n\nFlags:\n\nPlease visit the registry's site for more info.\n")
		return b.String()
	},
	free:      func(name string) string { return "\nDomain:\t" + name + "\nStatus:\tAVAILABLE\n" },
	throttled: "\n-3: IP address used has exceeded allowed query limit, wait %d seconds\n",
}

// whoisThin is a thin registry's: registrar, dates, statuses, servers.
var whoisThin = &whoisFormat{
	found: func(v *recordView) string {
		var b strings.Builder
		line := func(key, value string) { fmt.Fprintf(&b, "   %s: %s\r\n", key, value) }
		line("Domain Name", strings.ToUpper(v.ascii))
		line("Registry Domain ID", handleOf(v))
		line("Registrar URL", "http://www."+v.registrar.domain)
		line("Updated Date", day(v.d.changed).Format(time.RFC3339))
		line("Creation Date", day(v.d.created).Format(time.RFC3339))
		line("Registry Expiry Date", day(v.d.expires).Format(time.RFC3339))
		line("Registrar", v.registrar.name)
		line("Registrar IANA ID", v.registrar.ianaID)
		line("Registrar Abuse Contact Email", v.registrar.abuse)
		line("Registrar Abuse Contact Phone", v.registrar.phone)
		for _, s := range v.d.statuses {
			line("Domain Status", s+" https://icann.org/epp#"+s)
		}
		for _, host := range v.d.ns {
			line("Name Server", strings.ToUpper(host))
		}
		line("DNSSEC", map[bool]string{true: "signedDelegation", false: "unsigned"}[v.d.signed != unsigned])
		b.WriteString(">>> Last update of whois database: " + Now.Format(time.RFC3339) + " <<<\r\n")
		return b.String()
	},
	free:      func(name string) string { return "No match for domain \"" + strings.ToUpper(name) + "\".\r\n" },
	throttled: "WHOIS LIMIT EXCEEDED, wait %d seconds\r\n",
}

// whoisFrench writes blocks of records that point to each other.
var whoisFrench = &whoisFormat{
	greeting: "%% This is an invented Whois server.\n%%\n%% complete date format: YYYY-MM-DDThh:mm:ssZ\n%%\n%% Use '-h' option to obtain more information about this service.\n%%\n",
	found: func(v *recordView) string {
		var b strings.Builder
		line := func(key, value string) { fmt.Fprintf(&b, "%-30s%s\n", key+":", value) }
		b.WriteByte('\n')
		line("domain", v.ascii)
		line("status", "ACTIVE")
		line("eppstatus", strings.Join(v.statuses(), ", "))
		line("hold", "NO")
		line("holder-c", "TI"+v.registrar.ianaID+v.registry.handle)
		line("registrar", v.registrar.name)
		line("Expiry Date", day(v.d.expires).Format(time.RFC3339))
		line("created", day(v.d.created).Format(time.RFC3339))
		line("last-update", day(v.d.changed).Format(time.RFC3339))
		line("source", "HXNIC")
		b.WriteByte('\n')
		for _, host := range v.d.ns {
			line("nserver", v.withGlue(host, " [%s]"))
		}
		line("source", "HXNIC")
		b.WriteByte('\n')
		line("registrar", v.registrar.name)
		line("phone", v.registrar.phone)
		line("e-mail", v.registrar.abuse)
		line("website", "https://www."+v.registrar.domain)
		line("anonymous", "No")
		line("source", "HXNIC")
		b.WriteByte('\n')
		v.frenchHolder(line)
		return b.String()
	},
	free:      func(string) string { return "\n%% NOT FOUND\n" },
	throttled: "\n%% Too many requests, wait %d seconds\n",
}

func (v *recordView) frenchHolder(line func(key, value string)) {
	h := v.d.holder
	line("nic-hdl", "TI"+v.registrar.ianaID+v.registry.handle)
	if v.d.conceal == concealNone {
		line("type", "ORGANIZATION")
		line("contact", orElse(h.org, h.person))
		line("country", h.country)
		line("e-mail", h.email)
		line("anonymous", "No")
	} else {
		line("type", "PERSON")
		line("contact", "Ano Nymous")
		line("remarks", "-------------- WARNING --------------")
		line("anonymous", "YES")
	}
	line("registrar", v.registrar.name)
	line("source", "HXNIC")
}

// withGlue adds a host's address where it lies in the name itself.
func (v *recordView) withGlue(host, form string) string {
	if addr, ok := v.w.addrOf[host]; ok && within(host, v.ascii) {
		return host + fmt.Sprintf(form, addr)
	}
	return host
}

// addWHOIS makes a WHOIS server for each registry that has one; registries that
// share a format answer each on a port of its own.
func (l *Lab) addWHOIS() {
	for i := range l.world.registries {
		reg := &l.world.registries[i]
		if reg.whois == nil {
			continue
		}
		s := &server{id: "whois/" + reg.tld}
		s.start = func() (func(), error) {
			listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(l.whoisPort[reg.tld])))
			if err != nil {
				return nil, err
			}
			l.whoisPort[reg.tld] = listener.Addr().(*net.TCPAddr).Port
			ctx, cancel := context.WithCancelCause(l.ctx)
			l.running.Go(func() { l.acceptWHOIS(ctx, listener, s, reg) })
			return func() {
				cancel(errClosed)
				listener.Close()
			}, nil
		}
		l.servers[s.id] = s
	}
}

func (l *Lab) acceptWHOIS(ctx context.Context, listener net.Listener, s *server, reg *registry) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		l.running.Go(func() {
			defer conn.Close()
			defer context.AfterFunc(ctx, func() { conn.Close() })()
			l.serveWHOIS(ctx, conn, s, reg)
		})
	}
}

// maxWHOISQuery bounds the one line of a question, in octets.
const maxWHOISQuery = 1024

func (l *Lab) serveWHOIS(ctx context.Context, conn net.Conn, s *server, reg *registry) {
	conn.SetDeadline(time.Now().Add(30 * time.Second)) // of the connection, not of the world
	line, err := bufio.NewReader(io.LimitReader(conn, maxWHOISQuery)).ReadString('\n')
	if err != nil {
		return
	}
	f := s.next()
	if !l.wait(ctx, l.cfg.Delay) {
		return
	}
	answer := l.whoisAnswer(reg, strings.TrimSpace(line))
	switch f.Kind {
	case Silent:
		<-ctx.Done()
		return
	case Slow:
		if !l.wait(ctx, f.Delay) {
			return
		}
	case Throttle:
		answer = fmt.Appendf(nil, reg.whois.throttled, f.RetryAfter)
	case Unavailable:
		answer = []byte("% The service is temporarily unavailable, please try again later.\r\n")
	case Refuse:
		answer = []byte("% Access denied for your address.\r\n")
	case OtherName:
		fields := strings.Fields(line)
		if len(fields) > 0 {
			answer = aboutAnother(rdapAnswer{body: answer}, fields[len(fields)-1]).body
		}
	case HTML:
		answer = []byte(maintenancePage)
	case Empty:
		return
	case Endless:
		for chunk := bytes.Repeat([]byte("% lorem ipsum\r\n"), 500); ctx.Err() == nil; {
			if _, err := conn.Write(chunk); err != nil {
				return
			}
		}
	case Reset:
		breakOff(conn)
		return
	}
	conn.Write(answer)
}

// whoisAnswer is the right answer to a question: options such as "-T dn" are
// passed over.
func (l *Lab) whoisAnswer(reg *registry, query string) []byte {
	fields := strings.Fields(query)
	if len(fields) == 0 {
		return []byte("% No name was asked for.\r\n")
	}
	asked := freehold.OneLine(fields[len(fields)-1])
	name, err := freehold.ParseName(strings.TrimPrefix(asked, "="))
	if err != nil || name.TLD() != reg.tld {
		return []byte("% Not a name of this registry.\r\n")
	}
	text := strings.Replace(reg.whois.greeting, "%s", name.ASCII(), 1)
	if d := l.world.byName[name.ASCII()]; d != nil && !d.gone {
		text += reg.whois.found(l.view(d, reg, ""))
	} else {
		text += reg.whois.free(name.ASCII())
	}
	return []byte(text)
}
