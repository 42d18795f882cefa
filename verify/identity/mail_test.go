package identity

import (
	"strings"
	"testing"
	"time"

	"freehold"
)

var (
	arrived = time.Date(2026, 11, 24, 20, 0, 0, 0, time.UTC)
	taken   = "Received: from out.poste-verrine.ch (out.poste-verrine.ch [192.0.2.7])\r\n\tby mx.rhodanum.ch with ESMTPS id 4c; Tue, 24 Nov 2026 21:00:00 +0100\r\n"
)

// TestRequestsByMail: what a request by mail shows, and that its sender cannot date it.
func TestRequestsByMail(t *testing.T) {
	signed, keys := testMail{from: "Verrine <atelier@poste-verrine.ch>", subject: "our name", body: "we leave\r\n", domain: "poste-verrine.ch", canon: "relaxed/relaxed"}.build(arrived.Unix() - 60)
	good := taken + string(signed)
	for _, c := range []struct {
		what, raw string
		at        time.Time
		signed    bool
		why       string // or the error
	}{
		{"as it came", good, arrived, true, ""},
		{"looked at months later", good, arrived, true, ""},
		{"saved without carriage returns", strings.ReplaceAll(good, "\r\n", "\n"), arrived, true, ""},
		{"an earlier one that the sender wrote below ours", taken + strings.Replace(taken, "24 Nov", "14 Nov", 1) + string(signed), arrived, true, ""},
		{"only one that another server wrote", strings.Replace(good, "by mx.rhodanum.ch", "by mx.ailleurs.ru", 1), time.Time{}, false, ""},
		{"our name in the sender's words", strings.Replace(good, "from out.poste-verrine.ch (out", "from mx.rhodanum.ch (helo by mx.ailleurs.ru) (by mx.rhodanum.ch", 1), arrived, true, ""},
		{"a date that is none", strings.Replace(good, "24 Nov", "44 Nov", 1), time.Time{}, false, ""},
		{"no date", taken[:strings.Index(taken, ";")] + "\r\n" + string(signed), time.Time{}, false, ""},
		{"changed on its way", good + "and more\r\n", arrived, false, "changed"},
		{"not signed", strings.Replace(good, "DKIM-Signature", "X-Was", 1), arrived, false, "no signature"},
		{"another sender", strings.Replace(good, "atelier@poste-verrine.ch", "atelier@ailleurs.ru", 1), arrived, false, "not by the sender's domain"},
		{"two senders", "From: x@ailleurs.ru\r\n" + good, time.Time{}, false, "no single sender"},
		{"no message", "PK\x03\x04", time.Time{}, false, "cannot be read"},
		{"nothing", "", time.Time{}, false, "cannot be read"},
	} {
		t.Run(c.what, func(t *testing.T) {
			got, err := ReadRequest([]byte(c.raw), []string{"MX.rhodanum.ch."}, keys, arrived.AddDate(0, 3, 0))
			switch {
			case err != nil:
				if c.why == "" || !strings.Contains(err.Error(), c.why) || freehold.KindOf(err) != freehold.KindInvalid {
					t.Fatal(err)
				}
				return
			case !got.Received.Equal(c.at):
				t.Errorf("received %v, want %v", got.Received, c.at)
			case c.at.IsZero():
				return // nothing dates the signature either
			case (got.Signed == "poste-verrine.ch") != c.signed || !strings.Contains(got.Why.String(), c.why):
				t.Errorf("signed by %q, %s", got.Signed, got.Why)
			}
		})
	}
}

// FuzzReadRequest: whatever the message, it is refused or has one sender, nothing of it
// has a second line, and what stands below our server's header never dates it.
func FuzzReadRequest(f *testing.F) {
	signed, keys := testMail{from: "Verrine <atelier@poste-verrine.ch>", subject: "our name", body: "we leave\r\n", domain: "poste-verrine.ch", canon: "relaxed/relaxed"}.build(arrived.Unix() - 60)
	f.Add([]byte(taken + string(signed)))
	f.Add(signed)
	f.Add([]byte("From: =?utf-8?q?a=0Ab?= <a@b.example>\nReceived: by mx.rhodanum.ch; \n\n"))
	f.Add([]byte("From: \"a\\\r\n b\"@c.example\r\n\r\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		servers := []string{"mx.rhodanum.ch"}
		m, err := ReadRequest(raw, servers, keys, arrived)
		if err != nil {
			return
		}
		if m.From == "" || freehold.OneLine(m.From) != m.From || freehold.OneLine(m.ID) != m.ID || freehold.OneLine(m.Subject) != m.Subject {
			t.Fatalf("%+v", m)
		}
		ours, err := ReadRequest(append([]byte(taken), raw...), servers, keys, arrived)
		if err == nil && !ours.Received.Equal(arrived) {
			t.Fatalf("dated %v by what stands below", ours.Received)
		}
	})
}
