package dnsexporttest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/miekg/dns"

	"freehold"
	"freehold/dnsexport"
	"freehold/dnsexport/axfr"
	"freehold/dnsexport/ddns"
	"freehold/internal/resolve/serverstest"
)

// Where the servers of a World are, all on port 53.
const (
	rootAt = "127.0.6.1"
	tldAt  = "127.0.6.2"
	// OldAt is the old operator, NewAt where ns1.new.test is, whom the caller starts.
	OldAt = "127.0.6.3"
	NewAt = "127.0.6.5"
	// UnboundAt is a validating resolver.
	UnboundAt = "127.0.6.9"
)

// Cached is how long anything of a World is remembered.
const Cached = 2 * time.Second

// A World is a small Internet of real servers: a signed root, a registry for
// "test" that is signed and changed by updates, an old operator that serves
// shop.test with the content of Rich, and a resolver that validates.
type World struct {
	// Hints is a hints file of it, with its trust anchor.
	Hints    string
	Registry Registry
	// Old is the old operator, which can be edited.
	Old dnsexport.Target
}

// NewWorld starts one, in a network of its own. With signed the old operator
// signs, and the registry has its DS.
func NewWorld(t testing.TB, signed bool) World {
	t.Helper()
	Knot(t, tldAt, true, "test")
	w := World{Registry: Registry{t}, Old: ddns.New(axfr.New(axfr.Config{Key: Key(t)}), OldAt+":53")}
	for owner, at := range map[string]string{"ns1.ours.test.": tldAt, "ns1.old.test.": OldAt, "ns1.new.test.": NewAt} {
		if err := w.Registry.Replace(owner, dns.TypeA, owner+" 2 A "+at); err != nil {
			t.Fatal(err)
		}
	}
	root := ". 300 SOA ns.root. hostmaster.root. 1 3600 600 86400 2\n. 300 NS ns.root.\nns.root. 300 A " + rootAt + "\ntest. 2 NS ns1.ours.test.\nns1.ours.test. 2 A " + tldAt + "\n" +
		serverstest.DSAt(t, tldAt, "test.").String() + "\n"
	s := serverstest.Sign(t, ".", root, serverstest.Signing{})
	serverstest.BIND(t, rootAt, serverstest.Served{Name: ".", Text: s.Text})
	w.Hints = ". 3600 IN NS ns.root.\nns.root. 3600 IN A " + rootAt + "\n" + s.DS.String() + "\n"
	Knot(t, OldAt, signed, "shop.test")
	w.fill(t, signed)
	serverstest.Unbound(t, UnboundAt, rootAt, s.DS.String())
	return w
}

// fill puts the content into the old operator's zone and delegates to it.
func (w World) fill(t testing.TB, signed bool) {
	t.Helper()
	ctx, name := context.Background(), Name(t, "shop.test")
	at, err := w.Old.Read(ctx, name)
	if err != nil {
		t.Fatal(err)
	}
	ns, err := freehold.ParseHost("ns1.old.test")
	if err != nil {
		t.Fatal(err)
	}
	want := RichZone(t, name)
	for i, rec := range want.Records {
		want.Records[i].TTL = uint32(Cached / time.Second)
		if rec.Type == freehold.TypeNS && rec.Owner.Equal(want.Origin) {
			want.Records[i].Data = string(freehold.OwnerOf(ns))
		}
	}
	want.Sort()
	if err := w.Old.Change(ctx, name, dnsexport.Plan(at, want, w.Old.Traits())); err != nil {
		t.Fatal(err)
	}
	if err := w.Registry.Delegate(ctx, name, []freehold.Host{ns}); err != nil {
		t.Fatal(err)
	}
	if signed {
		ds := serverstest.DSAt(t, OldAt, "shop.test.")
		if err := w.Registry.SetDS(ctx, name, []freehold.DS{{KeyTag: ds.KeyTag, Algorithm: ds.Algorithm, DigestType: ds.DigestType, Digest: ds.Digest}}); err != nil {
			t.Fatal(err)
		}
	}
}

// A Registry is the zone "test" as a registrar changes it.
type Registry struct{ t testing.TB }

func (r Registry) update(f func(*dns.Msg)) error {
	m := new(dns.Msg)
	m.SetUpdate("test.")
	f(m)
	m.SetTsig("mover.", dns.HmacSHA256, 300, time.Now().Unix())
	c := dns.Client{Net: "tcp", TsigSecret: map[string]string{"mover.": keySecret}}
	answer, _, err := c.Exchange(m, tldAt+":53")
	if err == nil && answer.Rcode != dns.RcodeSuccess {
		err = errors.New(dns.RcodeToString[answer.Rcode])
	}
	return err
}

// Replace makes these the records of one type at a name.
func (r Registry) Replace(name string, rrtype uint16, texts ...string) error {
	return r.update(func(m *dns.Msg) {
		m.RemoveRRset([]dns.RR{&dns.ANY{Hdr: dns.RR_Header{Name: name, Rrtype: rrtype}}})
		for _, text := range texts {
			rr, err := dns.NewRR(text)
			if err != nil {
				r.t.Fatal(err)
			}
			m.Insert([]dns.RR{rr})
		}
	})
}

// Delegate makes these the name servers of a name.
func (r Registry) Delegate(_ context.Context, name freehold.Name, ns []freehold.Host) error {
	var texts []string
	for _, h := range ns {
		texts = append(texts, fmt.Sprintf("%s. 2 NS %s.", name.ASCII(), h.ASCII()))
	}
	return r.Replace(name.ASCII()+".", dns.TypeNS, texts...)
}

// SetDS makes these its DS records.
func (r Registry) SetDS(_ context.Context, name freehold.Name, ds []freehold.DS) error {
	var texts []string
	for _, d := range ds {
		texts = append(texts, fmt.Sprintf("%s. 2 DS %d %d %d %s", name.ASCII(), d.KeyTag, d.Algorithm, d.DigestType, d.Digest))
	}
	return r.Replace(name.ASCII()+".", dns.TypeDS, texts...)
}

// Insert adds records.
func (r Registry) Insert(texts ...string) error {
	for len(texts) > 0 {
		n := min(len(texts), 500)
		err := r.update(func(m *dns.Msg) {
			for _, text := range texts[:n] {
				rr, err := dns.NewRR(text)
				if err != nil {
					r.t.Fatal(err)
				}
				m.Insert([]dns.RR{rr})
			}
		})
		if err != nil {
			return err
		}
		texts = texts[n:]
	}
	return nil
}
