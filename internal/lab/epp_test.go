package lab

import (
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
)

// TestRegistries: with Config.EPP every registrar of the world has its names at the
// registries, and Control asks for one, moves the clock and tells whose it is.
// (That a right code moves a name is played by the examples.)
func TestRegistries(t *testing.T) {
	l, err := Start(t.Context(), Config{EPP: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ask := func(method, path, body string) string {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), method, l.Control()+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		text, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return res.Status[:3] + " " + strings.TrimSpace(string(text))
	}
	for _, c := range []struct{ method, path, body, want string }{
		{"GET", "/sponsor/garage-montfleuri.com", "", "200 wholenames"},
		{"GET", "/sponsor/caf%C3%A9-des-tanneurs.fr", "", "200 ormalis"},
		{"GET", "/sponsor/poterie-valmage.fr", "", "404 no such name"},
		{"POST", "/transfer/garage-montfleuri.com@comptoir", "guessed\n", `409 transfer request of "garage-montfleuri.com": a lock on it forbids this`},
		{"POST", "/transfer/garage-montfleuri.com@nobody", "x", `409 the lab has no registrar "nobody"`},
		{"POST", "/transfer/serrurerie-quaibleu.fr@comptoir", "guessed", `409 transfer request of "serrurerie-quaibleu.fr": the code is wrong`},
		{"PUT", "/clock", "2026-11-25T08:59:59Z", "400 write a time"},
		{"PUT", "/clock", "soon", "400 write a time"},
		{"PUT", "/clock", "2026-12-01T00:00:00Z\n", "204 "},
		{"PUT", "/clock", "2026-11-30T00:00:00Z", "400 write a time as RFC 3339 has it, not before 2026-12-01T00:00:00Z"},
	} {
		if got := ask(c.method, c.path, c.body); !strings.HasPrefix(got, c.want) {
			t.Errorf("%s %s %q: %s, want %s", c.method, c.path, c.body, got, c.want)
		}
	}
	env, err := os.ReadFile(l.Dir() + "/lab.env")
	if err != nil || !strings.Contains(string(env), "export FREEHOLD_CONFIG='"+l.ConfigFile()+"'\n") || !strings.Contains(string(env), "export LAB='"+l.Control()+"'\n") {
		t.Errorf("lab.env: %s, %v", env, err)
	}
}
