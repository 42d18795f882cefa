package providerapi

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"freehold"
)

const secret = "s3cr3t-key-value"

func client(t *testing.T, answer http.HandlerFunc) *Client {
	t.Helper()
	s := httptest.NewServer(answer)
	t.Cleanup(s.Close)
	c, err := New(Config{Provider: "Test", Base: s.URL + "/v1/", Header: "X-Key", Secret: secret, Timeout: 300 * time.Millisecond, MaxBody: 1 << 20,
		Wait: func(context.Context, time.Duration) error { return nil }})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestDo(t *testing.T) {
	c := client(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if r.URL.EscapedPath() != "/v1/zones/a%2Fb" || r.Method != "PATCH" || r.Header.Get("X-Key") != secret || string(body) != `{"x":1}` {
			t.Errorf("%s %s %s %q", r.Method, r.URL.EscapedPath(), body, r.Header)
		}
		io.WriteString(w, `{"y":2}`)
	})
	var out struct{ Y int }
	if err := c.Do(context.Background(), "PATCH", "/zones/a%2Fb", map[string]int{"x": 1}, &out); err != nil || out.Y != 2 {
		t.Errorf("%+v %v", out, err)
	}
}

// TestTrouble: every bad answer is one clear line without the secret.
func TestTrouble(t *testing.T) {
	for _, c := range []struct {
		what   string
		answer http.HandlerFunc
		kind   freehold.ErrorKind
		says   string
	}{
		{"wrong key", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(401)
			io.WriteString(w, `{"error":"no such key: `+secret+`\u001b[2J"}`)
		}, freehold.KindPermission, "[secret]"},
		{"not there", func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "<html>", 404) }, freehold.KindNotFound, "status 404"},
		{"refused", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(422)
			io.WriteString(w, `{"errors":[{"message":"TTL too low"}]}`)
		}, freehold.KindInvalid, "TTL too low"},
		{"throttled", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(429) }, freehold.KindUnavailable, "429"},
		{"broken", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) }, freehold.KindUnavailable, "500"},
		{"elsewhere", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://127.0.0.1:1/", http.StatusFound)
		}, freehold.KindUnavailable, "302"},
		{"no JSON", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "<html>200 OK</html>") }, freehold.KindUnavailable, "not the JSON"},
		{"huge", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, strings.Repeat(" ", 2<<20)) }, freehold.KindUnavailable, "longer than"},
		{"long words", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(400)
			io.WriteString(w, `{"message":"`+strings.Repeat("é", 5000)+`"}`)
		}, freehold.KindInvalid, "…"},
		{"cut off", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, freehold.KindUnavailable, "EOF"},
		{"silent", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, freehold.KindUnavailable, "exceeded"},
	} {
		var out any
		err := client(t, c.answer).Do(context.Background(), "GET", "/zones", nil, &out)
		if freehold.KindOf(err) != c.kind || err == nil || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), secret) || strings.ContainsAny(err.Error(), "\x1b\n") || len(err.Error()) > 600 {
			t.Errorf("%s: %v", c.what, err)
		}
		var status *StatusError
		if errors.As(err, &status) != strings.Contains("wrong key, not there, refused, throttled, broken, elsewhere, long words", c.what) {
			t.Errorf("%s: status %v", c.what, status)
		}
	}
}

func TestBases(t *testing.T) {
	for base, good := range map[string]bool{
		"https://api.example/v1": true, "http://127.0.0.1:8081": true, "http://localhost:8081/x": true, "http://[::1]:8081": true,
		"http://api.example": false, "http://10.0.0.1": false, "http://localhost.evil.example": false, "ftp://x.example": false, "https://": false, "": false, "::": false,
		"https://user:pw@api.example": false, "https://api.example?x=1": false,
	} {
		if _, err := New(Config{Base: base}); (err == nil) != good {
			t.Errorf("%q: %v", base, err)
		}
	}
}

// TestAgain: what is throttled is asked again after the time that was named, and
// what is broken only where it reads.
func TestAgain(t *testing.T) {
	for _, c := range []struct {
		what     string
		method   string
		reads    bool
		statuses []int
		after    string
		asked    int
		waited   time.Duration
		good     bool
	}{
		{"at once", "GET", false, []int{200}, "", 1, 0, true},
		{"throttled twice", "POST", false, []int{429, 429, 200}, "7", 3, 14 * time.Second, true},
		{"throttled without a time", "GET", false, []int{429, 429, 200}, "", 3, 3 * time.Second, true},
		{"throttled for ever", "GET", false, []int{429}, "1", maxTries, 15 * time.Second, false},
		{"throttled for too long", "GET", false, []int{429, 200}, "3600", 1, 0, false},
		{"nonsense", "GET", false, []int{429, 200}, "-99999999999999999999", 2, time.Second, true},
		{"broken, reading", "GET", false, []int{502, 200}, "", 2, time.Second, true},
		{"broken, reading by POST", "POST", true, []int{502, 200}, "", 2, time.Second, true},
		{"broken, writing", "POST", false, []int{502, 200}, "", 1, 0, false},
		{"refused", "GET", false, []int{403, 200}, "", 1, 0, false},
	} {
		asked, waited := 0, time.Duration(0)
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", c.after)
			w.WriteHeader(c.statuses[min(asked, len(c.statuses)-1)])
			asked++
		}))
		client, err := New(Config{Provider: "Test", Base: s.URL, Wait: func(_ context.Context, d time.Duration) error {
			waited += d
			return nil
		}})
		if err != nil {
			t.Fatal(err)
		}
		_, err = client.Send(context.Background(), Request{Method: c.method, Path: "/", Reads: c.reads})
		if (err == nil) != c.good || asked != c.asked || waited != c.waited {
			t.Errorf("%s: asked %d times, waited %s, %v", c.what, asked, waited, err)
		}
		s.Close()
	}
}

// TestRefusedWithin: a refusal inside a success is an error without the secrets.
func TestRefusedWithin(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, `{"ok":false}`) }))
	defer s.Close()
	c, err := New(Config{Provider: "Test", Base: s.URL, Header: "Authorization", Scheme: "Bearer", Secret: "one", Secrets: []string{"two"}, Refused: func([]byte) (string, bool) { return "one and two are no keys", true }})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Do(context.Background(), "GET", "/", nil, nil); freehold.KindOf(err) != freehold.KindInvalid || !strings.Contains(err.Error(), "[secret] and [secret] are no keys") {
		t.Error(err)
	}
}
