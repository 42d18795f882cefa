package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"freehold/internal/lab"
)

// hostile are the answers of registries at their worst, by the name that gets
// them, with what the report says of each.
var hostile = []struct {
	name, says string
	answer     http.HandlerFunc
}{
	{"huge", "1 MiB", func(w http.ResponseWriter, _ *http.Request) {
		rdapType(w)
		chunk := bytes.Repeat([]byte(" "), 1<<20)
		for range 100 {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	}},
	{"endless", "1 MiB", func(w http.ResponseWriter, _ *http.Request) {
		rdapType(w)
		for {
			if _, err := io.WriteString(w, `{"ldhName":"x","notices":[`); err != nil {
				return
			}
		}
	}},
	{"deep", "nested", func(w http.ResponseWriter, _ *http.Request) {
		rdapType(w)
		io.WriteString(w, strings.Repeat(`{"a":[`, 30000)+strings.Repeat(`]}`, 30000))
	}},
	{"twice", "twice", func(w http.ResponseWriter, r *http.Request) {
		rdapType(w)
		fmt.Fprintf(w, `{"objectClassName":"domain","ldhName":%q,"ldhName":"other.shop"}`, asked(r))
	}},
	{"html", "a web page", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		io.WriteString(w, "<!doctype html><html><body>registered</body></html>")
	}},
	{"broken", "ends too early", func(w http.ResponseWriter, _ *http.Request) {
		rdapType(w)
		io.WriteString(w, `{"objectClassName":"domain","ldhName":`)
	}},
	{"other", "another name", func(w http.ResponseWriter, _ *http.Request) {
		rdapType(w)
		io.WriteString(w, `{"objectClassName":"domain","ldhName":"somebody-else.shop"}`)
	}},
	{"elsewhere", "not on the list", redirect("https://rdap.elsewhere.example/domain/x")},
	{"inside", "only https", redirect("http://127.0.0.1:1/domain/x")},
	{"metadata", "only https", redirect("http://169.254.169.254/latest/meta-data/")},
	{"round", "redirect", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, r.URL.Path, http.StatusFound) }},
	{"dropped", "", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }},
	{"failing", "500", func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "stack trace \x1b[2J", 500) }},
	{"silent", "time", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }},
}

func rdapType(w http.ResponseWriter) { w.Header().Set("Content-Type", "application/rdap+json") }

func asked(r *http.Request) string { return r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:] }

func redirect(to string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, to, http.StatusFound) }
}

// hostileName is the form of result this test reads.
type hostileName struct {
	Type, Name, Status string
	Registration       struct{ State string }
	Asks               []hostileAsk
}

type hostileAsk struct{ About, Outcome, Error string }

// TestHostileRegistry audits names whose registry misbehaves in every way beside
// honest ones: each of the first is said to be unknown, with the reason, and the
// honest ones are told as if nothing had happened.
func TestHostileRegistry(t *testing.T) {
	world, err := lab.Start(context.Background(), lab.Config{Bulk: 3})
	if err != nil {
		t.Fatal(err)
	}
	defer world.Close()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		label, _, _ := strings.Cut(asked(r), ".")
		for _, h := range hostile {
			if h.name == label {
				h.answer(w, r)
				return
			}
		}
		rdapType(w)
		fmt.Fprintf(w, `{"objectClassName":"domain","ldhName":%q,"status":["active"]}`, asked(r))
	}))
	defer server.Close()
	strangers := httptest.NewUnstartedServer(server.Config.Handler) // nobody vouches for its certificate
	strangers.Config.ErrorLog = log.New(io.Discard, "", 0)
	strangers.StartTLS()
	defer strangers.Close()

	bootstrap := filepath.Join(t.TempDir(), "dns.json")
	services := fmt.Sprintf(`{"version":"1.0","publication":"2026-01-01T00:00:00Z","services":[[["shop"],[%q]],[["swiss"],[%q]]]}`, server.URL+"/", strangers.URL+"/")
	if err := os.WriteFile(bootstrap, []byte(services), 0o600); err != nil {
		t.Fatal(err)
	}
	flags := world.Flags()
	if i := slices.IndexFunc(flags, func(f string) bool { return f == "--rdap-bootstrap" || strings.HasPrefix(f, "--rdap-bootstrap=") }); i < 0 {
		t.Fatalf("the lab gives no --rdap-bootstrap: %q", flags)
	} else if flags[i] == "--rdap-bootstrap" {
		flags[i+1] = bootstrap
	} else {
		flags[i] = "--rdap-bootstrap=" + bootstrap
	}
	names := []string{"honest.shop", "forged.swiss"}
	for _, h := range hostile {
		names = append(names, h.name+".shop")
	}
	args := slices.Concat([]string{"freehold", "audit", "--no-save", "--format", "jsonl", "--timeout", "3s"}, flags, names)
	var out, errs bytes.Buffer
	code := Run(context.Background(), args, Streams{In: strings.NewReader(""), Out: &out, Err: &errs, Getenv: environment(t)})
	if code != exitFindings {
		t.Errorf("exit code %d, want %d; stderr: %s", code, exitFindings, errs.String())
	}
	if bytes.ContainsRune(out.Bytes(), 0x1b) || bytes.ContainsRune(errs.Bytes(), 0x1b) {
		t.Error("a terminal escape of the registry was printed")
	}
	reasons := map[string]string{}
	for line := range strings.Lines(out.String()) {
		var n hostileName
		if err := json.Unmarshal([]byte(line), &n); err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		if n.Type == "name" {
			reasons[n.Name] = "none"
			if i := slices.IndexFunc(n.Asks, func(a hostileAsk) bool { return a.About == "registration" }); i >= 0 {
				reasons[n.Name] = n.Asks[i].Outcome + ": " + n.Asks[i].Error
			}
			want := "unknown"
			if n.Name == "honest.shop" {
				want = "registered"
			}
			if n.Registration.State != want || (want == "unknown" && n.Status == "ok") {
				t.Errorf("%s is %s, %s; want %s", n.Name, n.Registration.State, n.Status, want)
			}
		}
	}
	for _, name := range names {
		if reasons[name] == "" {
			t.Errorf("%s is not told", name)
		}
	}
	for _, h := range hostile {
		if got := reasons[h.name+".shop"]; !strings.Contains(got, h.says) {
			t.Errorf("%s: %q does not say %q", h.name, got, h.says)
		}
	}
	if got := reasons["forged.swiss"]; !strings.Contains(got, "certificate") {
		t.Errorf("%q does not blame the certificate", got)
	}
	if got := reasons["honest.shop"]; got != "answered: " {
		t.Errorf("the honest registry ended as %q", got)
	}
}
