package all

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"freehold"
	"freehold/dnsexport"
	"freehold/dnsexport/dnsexporttest"
	"freehold/dnsexport/dnsexporttest/shapes"
)

// Two batches of each provider that has batches; most take a request for each.
func init() { dnsexporttest.Many = 600 }

// at is the time of every test here; Route 53's and OVH's signatures hold it.
var at = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

type server struct {
	id     string
	serve  func(testing.TB, *shapes.Store) string
	faults []shapes.Fault
	page   int // of its lists in tests of pages; 0: it has none
}

// servers are the servers of recorded shapes, and the faults that each can have
// beside those that all have.
var servers = []server{
	{"cloudflare", shapes.Cloudflare, []shapes.Fault{shapes.Miscounted, shapes.Circle, shapes.Overlap, shapes.Refused}, 7},
	{"desec", shapes.DeSEC, []shapes.Fault{shapes.Circle, shapes.Overlap}, 7},
	{"digitalocean", shapes.DigitalOcean, []shapes.Fault{shapes.Miscounted, shapes.Circle, shapes.Overlap}, 7},
	{"gandi", shapes.Gandi, []shapes.Fault{shapes.Miscounted, shapes.Overlap}, 0},
	{"godaddy", shapes.GoDaddy, nil, 0},
	{"hetzner", shapes.Hetzner, []shapes.Fault{shapes.Miscounted, shapes.Circle, shapes.Overlap}, 7},
	{"infomaniak", shapes.Infomaniak, []shapes.Fault{shapes.Miscounted, shapes.Overlap, shapes.Refused}, 7},
	{"ovh", func(t testing.TB, s *shapes.Store) string { return shapes.OVH(t, s, nil) }, []shapes.Fault{shapes.Miscounted}, 0},
	{"porkbun", shapes.Porkbun, []shapes.Fault{shapes.Overlap, shapes.Refused}, 0},
	{"route53", func(t testing.TB, s *shapes.Store) string { return shapes.Route53(t, s, nil) }, []shapes.Fault{shapes.Miscounted, shapes.Circle, shapes.Overlap}, 7},
}

var waits = func(context.Context, time.Duration) error { return nil }

// open opens a provider at a server of shapes.
func open(t testing.TB, id, base string) dnsexport.Target {
	t.Helper()
	p, ok := ByID(id)
	if !ok {
		t.Fatal(id)
	}
	c, err := p.Open(Account{URL: base, Secret: shapes.Secret, Key: shapes.Key, Consumer: "consumer-key", Account: "account-1"},
		Options{Now: func() time.Time { return at }, Wait: waits, Transport: &http.Transport{DisableKeepAlives: false}})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestServersOfAll(t *testing.T) {
	for _, p := range Providers {
		if has := slices.ContainsFunc(servers, func(s server) bool { return s.id == p.ID }); !has && p.Tested == Shapes {
			t.Errorf("%s is said to be tested on shapes, and is not", p.ID)
		}
	}
	if !slices.IsSorted(IDs()) {
		t.Error("the list is not sorted")
	}
}

// TestTargets: every adapter does to its server what the suite asks.
func TestTargets(t *testing.T) {
	for _, s := range servers {
		t.Run(s.id, func(t *testing.T) {
			t.Parallel()
			store := shapes.New()
			if p, _ := ByID(s.id); !p.Can().Create {
				store = shapes.New(shapes.Zone)
			}
			dnsexporttest.Target(t, open(t, s.id, s.serve(t, store)))
		})
	}
}

// filled makes a store that holds what the provider can of the rich zone.
func filled(t testing.TB, id string) (*shapes.Store, *freehold.Zone, dnsexport.Traits) {
	t.Helper()
	traits := open(t, id, "http://127.0.0.1:1").Traits()
	want := dnsexporttest.Held(dnsexporttest.RichZone(t, dnsexporttest.Name(t, shapes.Zone)), traits)
	store := shapes.New("aaa.test", shapes.Zone, "zzz.test")
	content := *want
	content.Records = slices.DeleteFunc(slices.Clone(want.Records), func(r freehold.Record) bool {
		return r.Owner.Equal(want.Origin) && (r.Type == freehold.TypeNS || r.Type == freehold.TypeSOA)
	})
	store.Fill(shapes.Zone, &content, nil)
	return store, want, traits
}

// TestSources: a zone that is there already is read whole, in one piece and in
// many pages.
func TestSources(t *testing.T) {
	for _, s := range servers {
		for _, page := range slices.Compact([]int{0, s.page, min(s.page, 1)}) {
			t.Run(fmt.Sprintf("%s %d", s.id, page), func(t *testing.T) {
				t.Parallel()
				store, want, traits := filled(t, s.id)
				store.Page = page
				c := open(t, s.id, s.serve(t, store))
				dnsexporttest.Source(t, c, want, dnsexporttest.Rules(traits))
				l, ok := c.(dnsexport.Lister)
				if !ok {
					return
				}
				if names, err := l.Zones(context.Background()); err != nil || !slices.Equal(names, []string{"aaa.test", shapes.Zone, "zzz.test"}) {
					t.Errorf("zones %q, %v", names, err)
				}
			})
		}
	}
}

// TestFaults: whatever the API does, a zone is either whole or not returned, in one
// clear line without the secret.
func TestFaults(t *testing.T) {
	common := []shapes.Fault{shapes.Throttled, shapes.Hiccup, shapes.Broken, shapes.NotJSON, shapes.CutOff, shapes.Denied, shapes.Strange}
	for _, s := range servers {
		for _, fault := range append(slices.Clone(common), s.faults...) {
			t.Run(s.id+" "+fault.String(), func(t *testing.T) {
				t.Parallel()
				store, want, traits := filled(t, s.id)
				base := s.serve(t, store)
				store.Fault = fault
				if fault != shapes.Throttled && fault != shapes.Hiccup {
					store.Page = s.page
				}
				got, err := open(t, s.id, base).Read(context.Background(), dnsexporttest.Name(t, shapes.Zone))
				switch {
				case fault == shapes.Throttled || fault == shapes.Hiccup:
					if err != nil || len(want.Diff(got, dnsexporttest.Rules(traits)).Changes) > 0 {
						t.Errorf("it passes, and yet: %v", err)
					}
					return
				case err == nil && fault == shapes.Broken && store.Requests() < 3:
					return // all was asked in two requests
				case err == nil:
					t.Fatalf("%d records, and no error", len(got.Records))
				}
				if text := err.Error() + freehold.HintOf(err); strings.Contains(text, shapes.Secret) || strings.ContainsAny(text, "\x1b\n") || len(text) > 700 {
					t.Errorf("%q", text)
				}
				// What the pages of a list did is said with the page or the zone it was seen in.
				if text := err.Error(); fault == shapes.Circle && !strings.Contains(text, ": after page ") && !strings.Contains(text, `"`+shapes.Zone+`" twice`) ||
					(fault == shapes.Overlap || fault == shapes.Miscounted) && !strings.Contains(text, `"`+shapes.Zone+`"`) {
					t.Errorf("neither page nor zone is said: %v", err)
				}
				kind := freehold.KindUnavailable
				if k, ok := map[shapes.Fault]freehold.ErrorKind{shapes.Denied: freehold.KindPermission, shapes.Refused: freehold.KindInvalid}[fault]; ok {
					kind = k
				}
				if freehold.KindOf(err) != kind {
					t.Errorf("kind %v: %v", freehold.KindOf(err), err)
				}
				if freehold.SayError(freehold.English{}, err) == "" {
					t.Error("it says nothing")
				}
			})
		}
	}
}

// traps are records that are easily lost or changed on their way.
const traps = `nomail MX 0 .
_no._tcp SRV 0 0 0 .
_yes._tcp SRV 0 0 443 @
_two._tcp SRV 1 2 3 a
_two._tcp SRV 1 2 3 b
spaces TXT " before and after "
quotes TXT "\"all in quotes\""
one TXT "\""
slash TXT "\\"
semi TXT "a;b; c"
at TXT "@"
like A 192.0.2.1
like TXT "192.0.2.1"
long TXT "%s" "%s" "%s"
caa CAA 0 issue ";"
caa CAA 0 issue "ca.example; account=1"
caa CAA 128 issuewild "ca.example"
_under_score CNAME _other.elsewhere.test.
*.wild MX 10 @
* TXT "wild"
a.b.c.d A 192.0.2.2
zero AAAA ::
zero AAAA ::ffff:192.0.2.1
http HTTPS 0 cdn.elsewhere.test.
del NS ns.elsewhere.test.
`

// TestTraps: written, read back, changed in part, and taken away again.
func TestTraps(t *testing.T) {
	name := dnsexporttest.Name(t, shapes.Zone)
	whole := dnsexporttest.Zone(t, name, fmt.Sprintf(traps, strings.Repeat("x", 255), strings.Repeat("y", 255), "z"))
	for _, s := range servers {
		t.Run(s.id, func(t *testing.T) {
			t.Parallel()
			c := open(t, s.id, s.serve(t, shapes.New(shapes.Zone)))
			become := func(z *freehold.Zone) {
				t.Helper()
				at, err := c.Read(t.Context(), name)
				if err != nil {
					t.Fatal(err)
				}
				z = dnsexporttest.Held(z, c.Traits())
				if err := c.Change(t.Context(), name, dnsexport.Plan(at, z, c.Traits())); err != nil {
					t.Fatal(err)
				}
				dnsexporttest.Source(t, c, z, dnsexporttest.Rules(c.Traits()))
			}
			become(whole)
			part := *whole
			part.Records = nil
			for i, r := range whole.Records {
				if i%3 != 0 || r.Type == freehold.TypeSOA {
					r.TTL += uint32(i%2) * 600
					part.Records = append(part.Records, r)
				}
			}
			become(&part)
			become(dnsexporttest.Zone(t, name, ""))
		})
	}
}

// canned answers every request alike.
type canned string

func (c canned) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(string(c))), Request: r}, nil
}

// FuzzAnswers: whatever an API says, an adapter does not break down, and what it
// gives is a zone: valid records within it, and no claim to be complete.
func FuzzAnswers(f *testing.F) {
	for i := range Providers {
		for _, body := range []string{
			`{"success":true,"result":[{"id":"1","name":"suite.test","type":"A","content":"192.0.2.1","ttl":1,"proxied":true}],"result_info":{"total_pages":1,"total_count":1}}`,
			`{"domain_records":[{"id":1,"type":"SRV","name":"_s._tcp","data":"@","priority":1,"weight":2,"port":3,"ttl":30}],"meta":{"total":1}}`,
			`[{"rrset_name":"@","rrset_type":"TXT","rrset_ttl":300,"rrset_values":["\"a\" \"b\""]}]`,
			`[{"subname":"","type":"MX","ttl":3600,"records":["0 ."]}]`,
			`[{"data":"x","name":"@","type":"TXT","ttl":600}]`,
			`{"zone":{"ttl":3600},"rrsets":[{"name":"@","type":"A","ttl":null,"records":[{"value":"192.0.2.1"}]}],"meta":{"pagination":{"total_entries":1}}}`,
			`{"result":"success","data":[{"id":1,"source":".","type":"CAA","ttl":60,"target":"0 issue \"x\""}]}`,
			`{"status":"SUCCESS","records":[{"id":"1","name":"suite.test","type":"MX","content":"m","ttl":"600","prio":"5"}]}`,
			`"$TTL 60\n@ SOA a. b. 1 2 3 4 5\n"`,
			`<r><HostedZones><HostedZone><Id>/hostedzone/Z</Id><Name>suite.test.</Name><ResourceRecordSetCount>1</ResourceRecordSetCount></HostedZone></HostedZones><ResourceRecordSets><ResourceRecordSet><Name>\052.suite.test.</Name><Type>A</Type><TTL>60</TTL><ResourceRecords><ResourceRecord><Value>192.0.2.1</Value></ResourceRecord></ResourceRecords></ResourceRecordSet></ResourceRecordSets></r>`,
		} {
			f.Add(i, body)
		}
	}
	name, err := freehold.ParseName("suite.test")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, i int, body string) {
		if i < 0 || i >= len(Providers) || Providers[i].ID == "ddns" {
			return
		}
		c, err := Providers[i].Open(Account{URL: "http://127.0.0.1:1", Secret: "s", Key: "k", Consumer: "c"}, Options{Now: func() time.Time { return at }, Wait: waits, Transport: canned(body)})
		if err != nil {
			t.Fatal(err)
		}
		z, err := c.Read(context.Background(), name)
		if err != nil {
			if strings.ContainsAny(err.Error(), "\x1b\n\r") {
				t.Errorf("%q", err)
			}
			return
		}
		for _, r := range z.Records {
			if !r.Valid() || !r.Owner.Within(z.Origin) {
				t.Errorf("%s gives %v", Providers[i].ID, r)
			}
		}
		if z.Coverage.Complete() {
			t.Errorf("%s claims to be %s", Providers[i].ID, z.Coverage)
		}
	})
}
