package lab

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/miekg/dns"
)

// TestRegistryStyles: each registry writes in its own way, which readers must
// stand.
func TestRegistryStyles(t *testing.T) {
	l, c := up(t, Config{}), web(t)
	for name, want := range map[string][]string{
		"garage-montfleuri.com":       {`"ldhName":"GARAGE-MONTFLEURI.COM"`, `"NS1.NORDET-WEB.CA"`, `"identifier":"88002"`, `"eventAction":"transfer"`, `"client transfer prohibited"`},
		"association-rivebelle.org":   {`"method":"removal"`, `"method":"emptyValue"`, `"method":"replacementValue"`, `"method":"partialValue"`, `"Privacy Service"`},
		"ebenisterie-colline.shop":    {`["fn",{},"text",""],["org",{},"text","Comptoir des Noms SA"]`, `"identifier":88001`, `T09:13:22.000Z`},
		"librairie-sept-marches.fr":   {`"roles":["sponsor","registrar"]`, `T09:13:22.000000Z`, `"Librairie des Sept Marches SCOP"`, `"dsData"`},
		"yoga-anse-bleue.re":          {`"object redacted due to authorization"`},
		"xn--caf-des-tanneurs-dqb.fr": {`"unicodeName":"café-des-tanneurs.fr"`},
		"atelier-verrine.ch":          {`"roles":["Registrar"]`, `"handle":"Alpenname AG"`, `"Ns1.rhodanum-web.ch."`, `"keyData"`, `"eventDate":"2007-06-05"`},
		"clinique-des-erables.ca":     {`"2012-02-06T09:13:22"`, `"REDACTED FOR PRIVACY"`, `"iana registrar identifier"`},
		"bijoux-aurelle.uk":           {`"delegationSigned":"false"`, `"Albion Registrar Identifier"`, `"entities":[{"entities":[{"entities"`},
		"hotel-petit-passage.com":     {`"pending delete","redemption period"`, `"nameservers":[]`},
	} {
		body := mustGet(t, c, domainURL(t, l, name))
		for _, w := range want {
			if !strings.Contains(body, w) {
				t.Errorf("%s: no %s in %s", name, w, body)
			}
		}
	}
	if body := mustGet(t, c, domainURL(t, l, "yoga-anse-bleue.re")); strings.Contains(body, "Payet") {
		t.Errorf("a person is shown: %s", body)
	}
	if body := mustGet(t, c, domainURL(t, l, "atelier-verrine.ch")); strings.Contains(body, "delegationSigned") || strings.Contains(body, "Verrine") {
		t.Errorf("the Swiss registry says too much: %s", body)
	}
}

func TestRegistrarStyles(t *testing.T) {
	l, c := up(t, Config{}), web(t)
	for name, want := range map[string][]string{
		"menuiserie-octave.com": {`"eventAction":"registrar expiration","eventDate":"2026-11-10T09:13:22Z"`, `"eventAction":"expiration","eventDate":"2027-11-10T09:13:22Z"`, `"auto renew period"`, `"contact-uri"`},
		"garage-montfleuri.com": {`"clientTransferProhibited"`, `+00:00"`, `"roles":["reseller"]`, `"REDACTED FOR PRIVACY"`},
		"meunerie-castelan.net": {`"ldhName":"quelqu-un-dautre.net"`},
		"herboriste-lumen.org":  {`<!DOCTYPE html>`},
	} {
		_, _, body := get(t, c, relatedURL(t, mustGet(t, c, domainURL(t, l, name))))
		for _, w := range want {
			if !strings.Contains(body, w) {
				t.Errorf("%s: no %s in %s", name, w, body)
			}
		}
	}
	if _, err := c.Get(relatedURL(t, mustGet(t, c, domainURL(t, l, "imprimerie-grandlac.com")))); err == nil {
		t.Error("a registrar that is gone answers")
	}
	base := l.registrarBase("ormalis")
	if body := mustGet(t, c, base+"domain/serrurerie-quaibleu.fr"); !strings.Contains(body, `"REGISTRAR"`) || !strings.Contains(body, "Quai Bleu") {
		t.Errorf("the host's record: %s", body)
	}
	if status, _, _ := get(t, c, base+"domain/garage-montfleuri.com"); status != http.StatusNotFound {
		t.Errorf("another registrar's name: %d", status)
	}
}

func TestHTTPAnswers(t *testing.T) {
	l, c := up(t, Config{}), web(t)
	for _, tt := range []struct {
		name   string
		status int
		body   string // empty: an empty body
	}{
		{"poterie-valmage.fr", 404, `"errorCode":404`},
		{"expo-lumiere-nord.com", 404, `"errorCode":404`},
		{"personne-encore.shop", 404, ""},
		{"a..com", 400, `"errorCode":400`},
		{"chocolats-aubemont.swiss", 429, ""},
	} {
		status, _, body := get(t, c, domainURL(t, l, tt.name))
		if status != tt.status || !strings.Contains(body, tt.body) || tt.body == "" && body != "" {
			t.Errorf("%s: %d %q", tt.name, status, body)
		}
	}
	if _, err := c.Get(domainURL(t, l, "ostrea-marais.bzh")); err == nil {
		t.Error("a dead registry answers")
	}
	r, err := c.Post(domainURL(t, l, "garage-montfleuri.com"), "text/plain", strings.NewReader("x"))
	if err != nil || r.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("POST: %v %v", r, err)
	}
	r.Body.Close()
}

func TestAddressRegistries(t *testing.T) {
	l, c := up(t, Config{}), web(t)
	for addr, want := range map[string][]string{
		"192.0.2.40":     {`"Transit Loire SAS"`, `"startAddress":"192.0.2.32"`, `"endAddress":"192.0.2.63"`, `"cidr0_cidrs"`},
		"127.53.12.3":    {`"Transit Loire SAS"`, `"endAddress":"127.53.12.255"`},
		"203.0.113.3":    {`"Nordet Hébergement Web inc."`, `"handle":"NET-203-0-113-0-1"`},
		"198.51.100.9":   {`"Rhodanum Web Sàrl"`},
		"2001:db8:16::3": {`"Rhodanum Web Sàrl"`, `"v6prefix":"2001:db8:16::"`, `"endAddress":"2001:db8:16:ffff:ffff:ffff:ffff:ffff"`},
	} {
		base := l.url(rirAddr(0)) + "/rdap/ip/"
		if strings.HasPrefix(addr, "203.") {
			base = l.url(rirAddr(1)) + "/rdap/ip/"
		}
		body := mustGet(t, c, base+addr)
		for _, w := range want {
			if !strings.Contains(body, w) {
				t.Errorf("%s: no %s in %s", addr, w, body)
			}
		}
	}
	for path, want := range map[string]int{"203.0.113.3": 404, "192.0.2.200": 404, "not-an-address": 400} {
		if status, _, body := get(t, c, l.url(rirAddr(0))+"/rdap/ip/"+path); status != want {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
}

// TestWHOISClient: Debian's whois reads the world.
func TestWHOISClient(t *testing.T) {
	program, l := need(t, "whois"), up(t, Config{})
	for query, want := range map[string][]string{
		"pepiniere-du-vully.eu":   {"Domain: pepiniere-du-vully.eu", "NOT DISCLOSED!", "Name: Comptoir des Noms SA", "ns1.postilla-mail.ch", "flags:KSK"},
		"libre-encore.eu":         {"Status: AVAILABLE"},
		"delta-meuse.be":          {"Status:\tNOT AVAILABLE", "ns1.delta-meuse.be (127.53.13.1)"},
		"garage-montfleuri.com":   {"Domain Name: GARAGE-MONTFLEURI.COM", "Registrar IANA ID: 88002"},
		"expo-lumiere-nord.com":   {`No match for domain "EXPO-LUMIERE-NORD.COM"`},
		"yoga-anse-bleue.re":      {"Ano Nymous"},
		"serrurerie-quaibleu.fr":  {"Serrurerie du Quai Bleu SARL"},
		"poterie-valmage.fr":      {"NOT FOUND"},
		"transports-gervanne.net": {"pendingTransfer"},
	} {
		tld := query[strings.LastIndexByte(query, '.')+1:]
		addr, _ := l.WHOIS(tld)
		host, port, _ := strings.Cut(addr, ":")
		out, err := exec.Command(program, "-h", host, "-p", port, query).Output()
		for _, w := range want {
			if !strings.Contains(string(out), w) {
				t.Errorf("%s: no %q in %v %s", query, w, err, out)
			}
		}
	}
	if text, err := askWHOIS(l, "eu", "", 1e9); err != nil || !strings.HasPrefix(text, "%") {
		t.Errorf("an empty question: %q %v", text, err)
	}
}

// TestDig: dig reads the world, from the root down and through the resolver.
func TestDig(t *testing.T) {
	program, l := need(t, "dig"), up(t, Config{})
	for _, tt := range []struct{ addr, query, want string }{
		{"127.53.0.1", "com NS", "a.com.registry-wing.net."},
		{"127.53.1.1", "garage-montfleuri.com NS", "ns1.nordet-web.ca."},
		{"127.53.1.1", "fournil-des-orgues.com DS", " 13 2 "},
		{"127.53.10.1", "garage-montfleuri.com SOA", "2026111801"},
		{"127.53.10.1", "fleuriste-hautecour.com SOA", "2026111801"},
		{"127.53.10.2", "fleuriste-hautecour.com SOA", "2026090301"},
		{"127.53.11.2", "yoga-anse-bleue.re SOA", "status: REFUSED"},
		{"127.53.11.1", "yoga-anse-bleue.re SOA", "2026111801"},
		{"127.53.12.2", "nimporte.radio-vallon-libre.fr A", "192.0.2.40"},
		{"127.53.19.1", "ebenisterie-colline.shop NS", "ns1.anycastel-dns.net."},
		{"127.53.1.8", "ebenisterie-colline.shop NS", "dns2.comptoir-des-noms.com."},
		{"127.53.1.1", "hotel-petit-passage.com NS", "status: NXDOMAIN"},
		{"127.53.1.3", "relais-perdu.net NS", "status: NXDOMAIN"},
		{"127.53.0.53", "www.fournil-des-orgues.com A", "198.51.100.3"},
		{"127.53.0.53", "_spf.nordet-web.ca TXT", "ip4:203.0.113.9"},
		{"127.53.0.53", "in2.postilla-mail.ch A", "198.51.100.66"},
		{"127.53.0.53", "clairiere.ostrea-marais.bzh A", "status: NXDOMAIN"},
		{"127.53.16.1", "atelier-verrine.ch AXFR", "XFR size: "},
		{"127.53.11.1", "fournil-des-orgues.com AXFR", "failed"}, // not there
		{"127.53.17.1", "fromagerie-du-cret.com AXFR", "failed"},
		{"127.53.1.1", "com AXFR", "failed"},
		{"127.53.0.53", "atelier-verrine.ch AXFR", "failed"},
	} {
		args := append([]string{"@" + tt.addr, "-p", strconv.Itoa(l.DNSPort()), "+tries=1", "+time=5"}, strings.Fields(tt.query)...)
		out, err := exec.Command(program, args...).CombinedOutput()
		if !strings.Contains(strings.ToLower(string(out)), strings.ToLower(tt.want)) {
			t.Errorf("%s: no %q in %v %s", tt.query, tt.want, err, out)
		}
	}
	// Nothing listens where the world is dead.
	out, _ := exec.Command(program, "@127.53.1.11", "-p", strconv.Itoa(l.DNSPort()), "+tries=1", "+time=1", "bzh", "SOA").CombinedOutput()
	if !strings.Contains(string(out), "refused") {
		t.Errorf("a dead server: %s", out)
	}
}

// TestCurl: curl reads the world, with nothing but the files to go by.
func TestCurl(t *testing.T) {
	program, l := need(t, "curl"), up(t, Config{})
	out, err := exec.Command(program, "-sS", "-i", "--noproxy", "*", domainURL(t, l, "velo-cantilene.com")).CombinedOutput()
	for _, want := range []string{"200 OK", "application/rdap+json", `"transfer period"`, `"eventDate":"2026-11-05T09:13:22Z"`} {
		if !strings.Contains(string(out), want) {
			t.Errorf("no %q in %v %s", want, err, out)
		}
	}
	ids, err := os.ReadFile(filepath.Join(l.Dir(), "registrar-ids.csv"))
	if err != nil || !strings.Contains(string(ids), "ID,Registrar Name,Status,RDAP Base URL\n") || !strings.Contains(string(ids), fmt.Sprintf("88003,Ormalis SAS,Accredited,%s\n", l.registrarBase("ormalis"))) {
		t.Errorf("%v %s", err, ids)
	}
}

// TestTruncation: what does not fit is cut, marked, and whole over TCP.
func TestTruncation(t *testing.T) {
	l := up(t, Config{})
	q := new(dns.Msg).SetQuestion("absent.fournil-des-orgues.com.", dns.TypeA)
	q.SetEdns0(512, true)
	server := "127.53.14.1:" + strconv.Itoa(l.DNSPort())
	m, err := exchange(server, q, 1e9)
	if err != nil {
		t.Fatal(err)
	}
	if m.Compress = true; !m.Truncated || m.Len() > 512 {
		t.Errorf("%d octets: %v", m.Len(), m)
	}
	m, _, err = (&dns.Client{Net: "tcp"}).Exchange(q, server)
	if err != nil || m.Truncated || m.Rcode != dns.RcodeNameError || len(m.Ns) != 6 { // SOA, two NSEC3 that say it all, their signatures
		t.Errorf("%v %v", m, err)
	}
}
