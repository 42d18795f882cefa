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
		{"elsewhere", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "http://127.0.0.1:1/", http.StatusFound) }, freehold.KindUnavailable, "302"},
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
