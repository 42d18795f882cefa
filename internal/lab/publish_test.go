package lab

import (
	"net/http"
	"strings"
	"testing"

	"freehold"

	"github.com/miekg/dns"
)

// texts returns the TXT values a server gives, and whether it is authoritative.
func texts(m *dns.Msg) string {
	var all []string
	for _, rr := range m.Answer {
		if t, ok := rr.(*dns.TXT); ok {
			all = append(all, strings.Join(t.Txt, ""))
		}
	}
	return strings.Join(all, "|")
}

// TestPublish: a record stands at every server of its zone, or at one alone, is
// signed where the zone is, and goes again.
func TestPublish(t *testing.T) {
	const owner, first, second, resolver = "_freehold-challenge.atelier-verrine.ch", "127.53.16.1", "127.53.16.2", "127.53.0.53"
	long := strings.Repeat("x", 300)
	l := up(t, Config{TXT: []TXT{{Owner: owner, Server: "ns1.rhodanum-web.ch", Values: []string{"here"}}}})
	steps := []struct {
		what                 string
		set                  TXT
		first, second, third string
	}{
		{"one server, from the start", TXT{}, "here", "", ""},
		{"everywhere", TXT{Owner: owner, Values: []string{long, `a"b\c`}}, long + `|a\"b\\c`, long + `|a\"b\\c`, long + `|a\"b\\c`},
		{"one server has the next already", TXT{Owner: owner, Server: "NS2.rhodanum-web.ch.", Values: []string{"next"}}, long + `|a\"b\\c`, "next", long + `|a\"b\\c`},
		{"gone", TXT{Owner: owner}, "", "", ""},
	}
	for _, s := range steps {
		if s.set.Owner != "" {
			if err := l.SetTXT(s.set); err != nil {
				t.Fatalf("%s: %v", s.what, err)
			}
		}
		for addr, want := range map[string]string{first: s.first, second: s.second, resolver: s.third} {
			m := ask(t, l, addr, owner, dns.TypeTXT)
			if got := texts(m); got != want {
				t.Errorf("%s: %s says %q, want %q", s.what, addr, got, want)
			}
			if signed := strings.Contains(m.String(), "RRSIG"); !signed {
				t.Errorf("%s: %s gives no signature", s.what, addr)
			}
		}
	}
	if m := ask(t, l, first, "atelier-verrine.ch", dns.TypeTXT); !strings.Contains(texts(m), "v=spf1") {
		t.Errorf("the rest of the zone is lost: %s", m)
	}
}

func TestPublishRefuses(t *testing.T) {
	l := up(t, Config{})
	for _, set := range []TXT{
		{Owner: "no host", Values: []string{"a"}},
		{Owner: "nowhere.example", Values: []string{"a"}},
		{Owner: "com", Values: []string{"a"}},
		{Owner: "hotel-petit-passage.com", Values: []string{"a"}}, // not delegated
		{Owner: "atelier-verrine.ch", Server: "ns1.nordet-web.ca", Values: []string{"a"}},
		{Owner: "atelier-verrine.ch", Server: "ns9.rhodanum-web.ch", Values: []string{"a"}},
		{Owner: "atelier-verrine.ch", Values: []string{strings.Repeat("x", maxTXT+1)}},
	} {
		if err := l.SetTXT(set); freehold.KindOf(err) != freehold.KindInvalid {
			t.Errorf("%+v: %v", set, err)
		}
	}
	for _, spec := range []string{"", "=a", "a.example", "@ns.example=a"} {
		if _, err := ParseTXT(spec); freehold.KindOf(err) != freehold.KindInvalid {
			t.Errorf("%q: %v", spec, err)
		}
	}
	got, err := ParseTXT("a.example@ns.example=token=x expiry=y")
	if err != nil || got.Owner != "a.example" || got.Server != "ns.example" || len(got.Values) != 1 || got.Values[0] != "token=x expiry=y" {
		t.Errorf("%+v, %v", got, err)
	}
}

// TestControl publishes over HTTP, as a script does beside a running lab.
func TestControl(t *testing.T) {
	const owner = "_freehold-challenge.savon-cardinal.com"
	l, c := up(t, Config{}), web(t)
	do := func(method, path, body string) int {
		t.Helper()
		r, err := http.NewRequest(method, l.Control()+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		answer, err := c.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		return answer.StatusCode
	}
	if code := do(http.MethodPut, "/txt/"+owner+"@ns1.rhodanum-web.ch", "token=a"); code != http.StatusNoContent {
		t.Errorf("put: %d", code)
	}
	if one, two := texts(ask(t, l, "127.53.16.1", owner, dns.TypeTXT)), texts(ask(t, l, "127.53.16.2", owner, dns.TypeTXT)); one != "token=a" || two != "" {
		t.Errorf("%q and %q", one, two)
	}
	if code := do(http.MethodDelete, "/txt/"+owner, ""); code != http.StatusNoContent {
		t.Errorf("delete: %d", code)
	}
	if one := texts(ask(t, l, "127.53.16.1", owner, dns.TypeTXT)); one != "" {
		t.Errorf("still %q", one)
	}
	for _, wrong := range [][3]string{{http.MethodPut, "/txt/nowhere.example", "a"}, {http.MethodPut, "/txt/" + owner, strings.Repeat("x", maxTXT+1)}, {http.MethodGet, "/txt/" + owner, ""}, {http.MethodPut, "/", "a"}} {
		if code := do(wrong[0], wrong[1], wrong[2]); code < 400 || code > 499 {
			t.Errorf("%v: %d", wrong[:2], code)
		}
	}
}
