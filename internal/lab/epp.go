package lab

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"freehold"
	"freehold/internal/lab/eppd"
	"freehold/registrar/epp"
)

// transferDelay is how long a losing registrar has to answer, as ICANN's Transfer
// Policy gives it (I.A.3: five calendar days).
const transferDelay = 5 * 24 * time.Hour

// registryClock is that of the registries' EPP server: it stands at Now until it is
// moved on, so that a case can be played to its end in a minute.
type registryClock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *registryClock) now() time.Time { c.mu.Lock(); defer c.mu.Unlock(); return c.t }

// forward moves it; never back.
func (c *registryClock) forward(t time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if t.Before(c.t) {
		return false
	}
	c.t = t
	return true
}

// addEPP serves all registries of the world as registrars meet them: every registrar
// has an account, and the names it sponsors. Certificates go into Dir.
func (l *Lab) addEPP() error {
	c := eppd.Config{Addr: l.cfg.EPP, Secure: true, TransferDelay: transferDelay, Now: l.clock.now, Registrars: map[string]string{}}
	for _, r := range l.world.registrars {
		c.Registrars[r.key] = eppPassword(r.key)
	}
	var err error
	if l.registry, err = eppd.Listen(c, l.dir); err != nil {
		return &freehold.Error{Kind: freehold.KindUnavailable, Text: freehold.T("the lab cannot listen"), Err: err, Advice: freehold.T("choose another port, or end what listens there")}
	}
	for i := range l.world.domains {
		if d := &l.world.domains[i]; !d.gone {
			l.registry.Add(eppd.Domain{Name: l.world.asciiOf(d), Sponsor: d.registrar, Registrant: "H-" + strings.ToUpper(d.registrar) + fmt.Sprintf("-%d", i), Statuses: without(d.statuses, "ok"),
				NameServers: d.ns, Created: day(d.created), Expires: day(d.expires), Transferred: day(d.transferred)}, "")
		}
	}
	return nil
}

func without(list []string, word string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return s == word })
}

// eppPassword protects nothing: all of it is invented.
func eppPassword(key string) string { return key + "-of-the-lab" }

// eppFiles are a config file of freehold with every registrar's account at the
// registries, and one at which an operator works by hand, and the secrets it refers to.
func (l *Lab) eppFiles() map[string][]byte {
	var b strings.Builder
	files := map[string][]byte{}
	b.WriteString("# The accounts of the lab's registrars at its registries.\n")
	for _, r := range l.world.registrars {
		file := "epp-" + r.key + ".secret"
		files[file] = []byte(eppPassword(r.key) + "\n")
		fmt.Fprintf(&b, "\n[accounts.%s] # %s\nprovider = \"epp\"\ntest = true\nserver = %q\nuser = %q\nsecret = %q\ncertificate = \"registry-client.pem\"\nprivate_key = \"registry-client-key.pem\"\nroots = \"registry-ca.pem\"\n",
			r.key, r.name, l.registry.Addr, r.key, "file:"+filepath.Join(l.dir, file))
	}
	b.WriteString("\n[accounts.panel]\nprovider = \"manual\"\n")
	files["lab.toml"] = []byte(b.String())
	return files
}

// EPP is the address of the registries' EPP server, "" where Config.EPP is empty.
func (l *Lab) EPP() string {
	if l.registry == nil {
		return ""
	}
	return l.registry.Addr
}

// ConfigFile leads freehold to the registries, as one registrar or another.
func (l *Lab) ConfigFile() string { return filepath.Join(l.dir, "lab.toml") }

// Gain has a registrar of the world ask for a name with a code, as its customer told
// it to, and returns what the registry answered. The errors are those of EPP.
func (l *Lab) Gain(ctx context.Context, name freehold.Name, registrar string, code freehold.TransferCode) (string, error) {
	if l.registry == nil || l.world.byKey[registrar] == nil {
		return "", &freehold.Error{Kind: freehold.KindNotFound, Text: freehold.T("the lab has no registrar %q", freehold.OneLine(registrar)), Advice: freehold.T("use one of %s", strings.Join(l.Registrars(), ", "))}
	}
	s, err := epp.Dial(ctx, epp.Config{Addr: l.registry.Addr, TLS: l.registry.TLS, User: registrar, Password: freehold.NewTransferCode([]byte(eppPassword(registrar))), ID: "lab"})
	if err != nil {
		return "", err
	}
	defer s.End(ctx)
	r, err := s.Do(ctx, epp.TransferRequest(name, code))
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%d %s", r.Code, r.Message), nil
}

// Registrars are the users of the accounts at the registries.
func (l *Lab) Registrars() []string {
	var keys []string
	for _, r := range l.world.registrars {
		keys = append(keys, r.key)
	}
	return keys
}

// controlEPP adds to what Control takes:
//
//	curl -X POST --data-binary @- URL/transfer/NAME@REGISTRAR   a registrar asks for a name with the code it reads
//	curl URL/sponsor/NAME                                       whose it is at the registry
//	curl -X PUT -d TIME URL/clock                               the registries' clock goes on
func (l *Lab) controlEPP(mux *http.ServeMux) {
	fail := func(w http.ResponseWriter, status int, err error) { http.Error(w, err.Error(), status) }
	name := func(w http.ResponseWriter, text string) (freehold.Name, bool) {
		n, err := freehold.ParseName(text)
		if err != nil {
			fail(w, http.StatusBadRequest, err)
		}
		return n, err == nil
	}
	mux.HandleFunc("POST /transfer/{what}", func(w http.ResponseWriter, r *http.Request) {
		what, registrar, _ := strings.Cut(r.PathValue("what"), "@")
		n, ok := name(w, what)
		if !ok {
			return
		}
		body, ok := short(w, r)
		if !ok {
			return
		}
		said, err := l.Gain(r.Context(), n, registrar, freehold.NewTransferCode(bytes.TrimSpace(body)))
		if err != nil {
			fail(w, http.StatusConflict, err)
			return
		}
		fmt.Fprintln(w, said)
	})
	mux.HandleFunc("GET /sponsor/{name}", func(w http.ResponseWriter, r *http.Request) {
		n, ok := name(w, r.PathValue("name"))
		if !ok {
			return
		}
		d, ok := l.registry.Get(n.ASCII())
		if !ok {
			http.Error(w, "no such name", http.StatusNotFound)
			return
		}
		fmt.Fprintln(w, d.Sponsor)
	})
	mux.HandleFunc("PUT /clock", func(w http.ResponseWriter, r *http.Request) {
		body, ok := short(w, r)
		if !ok {
			return
		}
		t, err := time.Parse(time.RFC3339, strings.TrimSpace(string(body)))
		if err != nil || !l.clock.forward(t) {
			http.Error(w, "write a time as RFC 3339 has it, not before "+l.clock.now().Format(time.RFC3339), http.StatusBadRequest)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	})
}
