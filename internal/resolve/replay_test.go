package resolve

import (
	"context"
	"crypto/dsa" //lint:ignore SA1019 the scenarios are older than its end
	"crypto/sha1"
	"encoding/asn1"
	"encoding/base64"
	"errors"
	"fmt"
	"math/big"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"freehold"
)

// The scenarios of two validators (.rpl files: what each server of a small world
// answers, one question, the result) are played to ours. They use algorithms
// and key lengths of their day, so the test brings those along.

// replay is one scenario.
type replay struct {
	hints   *Hints
	now     time.Time
	ranges  []replayRange
	steps   []replayStep
	title   string
	skipped string
	// stub is the zone that resolution begins at; oneResolver lets every server
	// answer for all.
	stub        string
	oneResolver bool
}

type replayRange struct {
	from, to int
	addrs    []netip.Addr
	entries  []replayEntry
}

type replayEntry struct {
	match, adjust, reply string
	msg                  *dns.Msg
}

type replayStep struct {
	number int
	kind   string
	entry  replayEntry
	elapse time.Duration
}

var quoted = regexp.MustCompile(`^\s*trust-anchor:\s*"?([^"]*)"?`)

func parseReplay(text string) (*replay, error) {
	p := &replay{hints: &Hints{anchors: map[string][]dns.RR{}, private: true}}
	lines := strings.Split(strings.ReplaceAll(text, "\r", ""), "\n")
	var entry *replayEntry
	var section string
	var body map[string][]string
	var rng *replayRange
	var step *replayStep
	for _, line := range lines {
		trimmed := strings.TrimSpace(line)
		word, rest, _ := strings.Cut(trimmed, " ")
		rest = strings.TrimSpace(rest)
		if tab, after, ok := strings.Cut(word, "\t"); ok {
			word, rest = tab, strings.TrimSpace(after+" "+rest)
		}
		switch {
		case trimmed == "" || strings.HasPrefix(trimmed, ";") || strings.HasPrefix(trimmed, "#"):
		case word == "trust-anchor:":
			rr, err := dns.NewRR(quoted.FindStringSubmatch(trimmed)[1])
			if err != nil {
				return nil, err
			}
			owner := dns.CanonicalName(rr.Header().Name)
			p.hints.anchors[owner] = append(p.hints.anchors[owner], rr)
		case word == "val-override-date:" || word == "val-override-timestamp:":
			var err error
			if p.now, err = replayTime(strings.Trim(rest, `"`)); err != nil {
				return nil, err
			}
		case word == "stub-addr:" && len(p.hints.servers) == 0:
			addr, err := netip.ParseAddr(strings.Trim(strings.Fields(rest)[0], `"`))
			if err != nil {
				return nil, err
			}
			p.hints.servers = []nameServer{{host: "root.invalid.", addrs: []netip.Addr{addr}}}
		case word == "name:":
			p.stub = dns.CanonicalName(strings.Trim(rest, `"`))
		case word == "SCENARIO_BEGIN":
			p.title = rest
		case word == "RANGE_BEGIN":
			rng = &replayRange{}
			fmt.Sscanf(rest, "%d %d", &rng.from, &rng.to)
		case word == "ADDRESS" && rng != nil:
			addr, err := netip.ParseAddr(strings.Fields(rest)[0])
			if err != nil {
				return nil, err
			}
			rng.addrs = append(rng.addrs, addr)
		case word == "RANGE_END":
			p.ranges = append(p.ranges, *rng)
			rng = nil
		case word == "STEP":
			f := strings.Fields(rest)
			n, _ := strconv.Atoi(f[0])
			step = &replayStep{number: n, kind: f[1]}
			if f[1] == "TIME_PASSES" {
				s, _ := strconv.Atoi(f[len(f)-1])
				step.elapse = time.Duration(s) * time.Second
				p.steps, step = append(p.steps, *step), nil
			}
		case word == "ENTRY_BEGIN":
			entry, section, body = &replayEntry{}, "", map[string][]string{}
		case word == "ENTRY_END":
			if err := entry.build(body); err != nil {
				return nil, err
			}
			if step != nil {
				step.entry = *entry
				p.steps, step = append(p.steps, *step), nil
			} else if rng != nil {
				rng.entries = append(rng.entries, *entry)
			}
			entry = nil
		case entry != nil && word == "MATCH":
			entry.match = rest
		case entry != nil && word == "ADJUST":
			entry.adjust = rest
		case entry != nil && word == "REPLY":
			entry.reply, _, _ = strings.Cut(rest, ";")
		case entry != nil && word == "SECTION":
			section = strings.Fields(rest)[0]
		case entry != nil && section != "":
			body[section] = append(body[section], line)
		}
	}
	if len(p.hints.servers) == 0 || p.now.IsZero() {
		p.skipped = "no root server or no date"
	}
	return p, nil
}

// owners joins record lines; what is indented is no continuation of an owner.
func owners(lines []string) string {
	var b strings.Builder
	open := 0
	for _, l := range lines {
		if open == 0 {
			l = strings.TrimSpace(l)
		}
		bare, _, _ := strings.Cut(l, ";")
		open += strings.Count(bare, "(") - strings.Count(bare, ")")
		b.WriteString(l + "\n")
	}
	return b.String()
}

func replayTime(s string) (time.Time, error) {
	if len(s) == 14 {
		return time.Parse("20060102150405", s)
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return time.Unix(n, 0).UTC(), err
}

func (e *replayEntry) build(body map[string][]string) error {
	m := new(dns.Msg)
	for _, line := range body["QUESTION"] {
		f := strings.Fields(line)
		if len(f) < 2 {
			continue
		}
		t, ok := dns.StringToType[f[len(f)-1]]
		if n, err := strconv.ParseUint(strings.TrimPrefix(f[len(f)-1], "TYPE"), 10, 16); err == nil {
			t, ok = uint16(n), true
		}
		if !ok {
			return fmt.Errorf("unknown type in %q", line)
		}
		m.Question = []dns.Question{{Name: dns.Fqdn(f[0]), Qtype: t, Qclass: dns.ClassINET}}
	}
	for _, s := range []struct {
		name string
		to   *[]dns.RR
	}{{"ANSWER", &m.Answer}, {"AUTHORITY", &m.Ns}, {"ADDITIONAL", &m.Extra}} {
		zp := dns.NewZoneParser(strings.NewReader(owners(body[s.name])), ".", "")
		zp.SetDefaultTTL(3600)
		for rr, ok := zp.Next(); ok; rr, ok = zp.Next() {
			switch n := rr.(type) {
			case *dns.NSEC:
				slices.Sort(n.TypeBitMap)
			case *dns.NSEC3:
				slices.Sort(n.TypeBitMap)
			}
			*s.to = append(*s.to, rr)
		}
		if err := zp.Err(); err != nil {
			return err
		}
	}
	for _, f := range strings.Fields(e.reply) {
		switch f {
		case "NXDOMAIN", "SERVFAIL", "REFUSED", "FORMERR", "NOTIMP":
			m.Rcode = dns.StringToRcode[f]
		}
	}
	// The scenarios leave the AA bit out where their validator does not look at it.
	delegates := slices.ContainsFunc(m.Ns, func(rr dns.RR) bool { return rr.Header().Rrtype == dns.TypeNS })
	m.Authoritative = len(m.Answer) > 0 || !delegates || soaOwner(m) != ""
	m.Response = true
	e.msg = m
	return nil
}

// answer returns the reply of a server at a step.
func (p *replay) answer(addr netip.Addr, step int, q *dns.Msg) *dns.Msg {
	if m := p.answerOf(step, q, func(r replayRange) bool { return slices.Contains(r.addrs, addr) }); m != nil || !p.oneResolver {
		return m
	}
	return p.answerOf(step, q, func(replayRange) bool { return true })
}

func (p *replay) answerOf(step int, q *dns.Msg, takes func(replayRange) bool) *dns.Msg {
	want := q.Question[0]
	for _, r := range p.ranges {
		if step < r.from || step > r.to || !takes(r) {
			continue
		}
		for _, e := range r.entries {
			if !e.matches(want) {
				continue
			}
			m := e.msg.Copy()
			m.Id, m.Question = q.Id, q.Question
			return m
		}
	}
	return nil
}

func (e *replayEntry) matches(q dns.Question) bool {
	if len(e.msg.Question) == 0 {
		return false
	}
	have := e.msg.Question[0]
	for _, m := range strings.Fields(e.match) {
		same := strings.EqualFold(have.Name, q.Name)
		switch {
		case m == "qtype" && have.Qtype != q.Qtype,
			m == "qname" && !same,
			m == "question" && (!same || have.Qtype != q.Qtype),
			m == "subdomain" && !dns.IsSubDomain(strings.ToLower(have.Name), strings.ToLower(q.Name)):
			return false
		}
	}
	return true
}

// oldCrypto also checks what nobody should use any more.
type oldCrypto struct{ standardCrypto }

func (c oldCrypto) supports(alg uint8) bool {
	return alg == dns.DSA || alg == dns.DSANSEC3SHA1 || c.standardCrypto.supports(alg)
}

func (c oldCrypto) verify(sig *dns.RRSIG, key *dns.DNSKEY, set []dns.RR) error {
	if key.Algorithm != dns.DSA && key.Algorithm != dns.DSANSEC3SHA1 {
		return c.standardCrypto.verify(sig, key, set)
	}
	return verifyDSA(sig, key, set)
}

// verifyDSA is RFC 2536 over the signed data of RFC 4034 section 3.1.8.1.
func verifyDSA(sig *dns.RRSIG, key *dns.DNSKEY, set []dns.RR) error {
	raw, err := base64.StdEncoding.DecodeString(key.PublicKey)
	if err != nil || len(raw) < 21 {
		return errors.New("no key")
	}
	size := 64 + 8*int(raw[0])
	if len(raw) != 21+3*size {
		return errors.New("no key")
	}
	number := func(b []byte) *big.Int { return new(big.Int).SetBytes(b) }
	pub := dsa.PublicKey{Parameters: dsa.Parameters{Q: number(raw[1:21]), P: number(raw[21 : 21+size]), G: number(raw[21+size : 21+2*size])}, Y: number(raw[21+2*size:])}
	s, err := base64.StdEncoding.DecodeString(sig.Signature)
	if err != nil {
		return errors.New("no signature")
	}
	var rs struct{ R, S *big.Int }
	if len(s) == 41 {
		rs.R, rs.S = number(s[1:21]), number(s[21:])
	} else if _, err := asn1.Unmarshal(s, &rs); err != nil { // as an old signer wrote them
		return errors.New("no signature")
	}
	data, err := signedData(sig, set)
	if err != nil {
		return err
	}
	sum := sha1.Sum(data)
	if !dsa.Verify(&pub, sum[:], rs.R, rs.S) {
		return errors.New("wrong signature")
	}
	return nil
}

// expected reads the result that a scenario states for a query, or why it
// states none for us.
func expected(query, check replayEntry) (want string, skip string) {
	reply := " " + check.reply + " "
	asked := " " + query.reply + " "
	switch {
	case strings.Contains(asked, " CD "):
		return "", "asks for unchecked data"
	case strings.Contains(reply, " SERVFAIL "):
		return "bogus", ""
	case strings.Contains(reply, " AD "):
		return "secure", ""
	case !strings.Contains(asked, " DO ") && !strings.Contains(asked, " AD "):
		return "", "does not ask whether it validates"
	}
	return "insecure", ""
}

// knownDifferences are scenarios where another result is right for us.
var knownDifferences = map[string]string{
	"unbound-validator/val_nsec3_cname_ds": "the world does not answer for the DS that the alias leads to",
	"test-data/val_faildnskey":             "keys that are not answered are unknown to us, not bogus",
	"test-data/val_rrsig":                  "a question for signatures alone",
}

func TestValidatorScenarios(t *testing.T) {
	root := os.Getenv("FREEHOLD_CORPUS")
	if root == "" {
		root = filepath.Join("..", "..", "..", "shared", "corpus")
	}
	files, _ := filepath.Glob(filepath.Join(root, "6-dnssec", "*", "testdata", "*.rpl"))
	more, _ := filepath.Glob(filepath.Join(root, "6-dnssec", "*", "test-data", "validator", "*.rpl"))
	if files = append(files, more...); len(files) == 0 {
		t.Skip("no validator scenarios: the corpus is not there (FREEHOLD_CORPUS)")
	}
	scenarios, checks, skipped := 0, 0, 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimSuffix(filepath.Base(file), ".rpl")
		t.Run(filepath.Base(filepath.Dir(filepath.Dir(file)))+"/"+name, func(t *testing.T) {
			p, err := parseReplay(string(text))
			if err != nil {
				t.Fatalf("the scenario does not parse: %v", err)
			}
			if p.skipped != "" {
				skipped++
				t.Logf("left out: %s", p.skipped)
				return
			}
			if why := knownDifferences[strings.TrimPrefix(t.Name(), "TestValidatorScenarios/")]; why != "" {
				skipped++
				t.Logf("left out: %s", why)
				return
			}
			// Half of the scenarios are for a validator that asks one resolver.
			p.oneResolver = strings.Contains(file, "nlnetlabs-domain")
			scenarios++
			n, s := p.play(t)
			checks += n
			skipped += s
		})
	}
	t.Logf("%d scenarios with %d stated results; %d left out", scenarios, checks, skipped)
	if scenarios < 70 {
		t.Errorf("only %d scenarios were played", scenarios)
	}
}

func (p *replay) play(t *testing.T) (checks, skipped int) {
	step := 0
	net := &fakeNet{servers: map[netip.Addr]func(*dns.Msg) *dns.Msg{}}
	for _, r := range p.ranges {
		for _, a := range r.addrs {
			net.servers[a] = func(q *dns.Msg) *dns.Msg { return p.answer(a, step, q) }
		}
	}
	now := p.now
	r := over(t, net, p.hints, now)
	r.cfg.Now = func() time.Time { return now }
	r.client.now = r.cfg.Now
	r.crypto = oldCrypto{}
	if p.stub != "" && p.stub != "." {
		z := &zone{name: p.stub, servers: p.hints.servers}
		r.trustKeys(context.Background(), newTask(false), z, p.hints.anchors[p.stub])
		r.remember(z)
	}
	for i, s := range p.steps {
		now = now.Add(s.elapse)
		step = s.number
		if s.kind != "QUERY" {
			continue
		}
		var check *replayStep
		for j := i + 1; j < len(p.steps) && p.steps[j].kind != "QUERY"; j++ {
			if p.steps[j].kind == "CHECK_ANSWER" {
				check = &p.steps[j]
			}
		}
		if check == nil {
			continue
		}
		want, why := expected(s.entry, check.entry)
		if why != "" {
			skipped++
			t.Logf("step %d: %s", s.number, why)
			continue
		}
		checks++
		q := s.entry.msg.Question[0]
		a, err := r.lookup(context.Background(), newTask(false), ask(q.Name, q.Qtype))
		got, reason := "", ""
		switch {
		case err != nil:
			got, reason = "bogus", "no answer: "+err.Error()
		case a.validation == freehold.Secure:
			got = "secure"
		case a.validation == freehold.Bogus:
			got, reason = "bogus", a.why
		default:
			got, reason = "insecure", a.validation.String()+" "+a.why
		}
		if got != want {
			t.Errorf("step %d: %s is %s (%s), the scenario says %s", s.number, ask(q.Name, q.Qtype), got, reason, want)
		}
	}
	return checks, skipped
}
