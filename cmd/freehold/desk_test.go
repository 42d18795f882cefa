package main

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"fmt"
	"io"
	"mime"
	"mime/quotedprintable"
	"net/http"
	"net/mail"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/crypto/ssh"

	"freehold"
	"freehold/internal/lab/desklab"
	"freehold/internal/lab/eppd"
	"freehold/internal/lab/eximd"
	"freehold/internal/seal"
	"freehold/registrar/epp"
	"freehold/registrar/registrartest/shapes"
)

// TestDeskScripts runs testdata/desk: whole cases by commands alone, at a registry of
// the lab that the script's own "registry" starts.
func TestDeskScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:           "testdata/desk",
		UpdateScripts: os.Getenv("UPDATE_GOLDEN") != "",
		Setup: func(env *testscript.Env) error {
			env.Setenv("HOME", env.WorkDir+"/home")
			env.Setenv("LANG", "en_US.UTF-8")
			env.Setenv("USER", "anne")
			env.Values[worldKey{}] = &deskWorld{clock: desklab.NewClock(desklab.Start)}
			return os.MkdirAll(env.WorkDir+"/home/.config/freehold", 0o700)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "world": world, "publish": publish, "registry": startRegistry, "people": people, "match": match, "gains": gains, "identity": writeIdentity, "registered": registered, "post": startPost, "letters": letters,
			"registrar": startRegistrar, "redeems": redeems, "untouched": untouched,
		},
		Condition: func(cond string) (bool, error) {
			if cond != "exim" {
				return false, fmt.Errorf("no condition %q", cond)
			}
			_, err := exec.LookPath(eximd.Program)
			return err == nil && os.Getuid() == 0, nil
		},
	})
}

// deskWorld is what the commands of a script share.
type deskWorld struct {
	registry *eppd.Server
	clock    *desklab.Clock
	key      *age.X25519Identity
	post     *eximd.Server

	registrar *shapes.Store // of recorded shapes
	sold      string        // its name
}

type worldKey struct{}

func worldOf(ts *testscript.TestScript) *deskWorld { return ts.Value(worldKey{}).(*deskWorld) }

// startRegistry starts a registry with the names given, locked at our account, and
// writes the config file that leads to it: "registry old-shop.com …".
func startRegistry(ts *testscript.TestScript, _ bool, names []string) {
	w := worldOf(ts)
	home := ts.Getenv("HOME") + "/.config/freehold"
	var err error
	w.registry, err = eppd.Listen(eppd.Config{Secure: true, TransferDelay: 5 * 24 * time.Hour, Now: w.clock.Now,
		Registrars: map[string]string{desklab.Loser: desklab.LoserPassword, desklab.Gainer: desklab.GainerPassword}}, home)
	ts.Check(err)
	ts.Defer(w.registry.Close)
	for _, n := range names {
		w.registry.Add(eppd.Domain{Name: n, Sponsor: desklab.Loser, Statuses: []string{"clientTransferProhibited"}, Created: desklab.Start.AddDate(-9, 0, 0), Expires: desklab.Start.AddDate(1, 0, 0)}, "")
	}
	config := fmt.Sprintf("[accounts.registry]\nprovider = \"epp\"\ntest = true\nserver = %q\nuser = %q\nsecret = \"env:EPP_PASSWORD\"\ncertificate = \"registry-client.pem\"\nprivate_key = \"registry-client-key.pem\"\nroots = \"registry-ca.pem\"\n\n[accounts.panel]\nprovider = \"manual\"\n",
		w.registry.Addr, desklab.Loser)
	ts.Check(os.WriteFile(home+"/config.toml", []byte(config), 0o600))
	ts.Setenv("EPP_PASSWORD", desklab.LoserPassword)
}

// startPost starts a mail server and writes into the config file how the house sends.
func startPost(ts *testscript.TestScript, _ bool, _ []string) {
	w := worldOf(ts)
	var err error
	w.post, err = eximd.Start()
	ts.Check(err)
	ts.Defer(w.post.Close)
	ts.Setenv("MAIL_PASSWORD", eximd.Password)
	f, err := os.OpenFile(ts.Getenv("HOME")+"/.config/freehold/config.toml", os.O_APPEND|os.O_WRONLY, 0)
	ts.Check(err)
	_, err = fmt.Fprintf(f, "\n[mail]\nserver = %q\nuser = %q\nsecret = \"env:MAIL_PASSWORD\"\nroots = %q\nfrom = \"Guichet <desk@host.example>\"\nlanguages = [\"fr\", \"de\"]\n\n[desk]\ncontroller = \"Host AG, Gasse 1, 8000 Zürich\"\ncontact = \"privacy@host.example\"\nphone = \"+41 44 000 00 00\"\n",
		w.post.Addr, eximd.User, w.post.CA)
	ts.Check(err)
	ts.Check(f.Close())
}

// letters writes all letters that have arrived into a file, as people read them:
// "letters FILE".
func letters(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: letters FILE")
	}
	all, err := worldOf(ts).post.Mail()
	ts.Check(err)
	var text strings.Builder
	for _, one := range all {
		m, err := mail.ReadMessage(strings.NewReader(one))
		ts.Check(err)
		body, err := io.ReadAll(quotedprintable.NewReader(m.Body))
		ts.Check(err)
		subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
		ts.Check(err)
		fmt.Fprintf(&text, "To: %s\nSubject: %s\n\n%s\n", m.Header.Get("To"), subject, body)
	}
	plain := strings.NewReplacer("\r\n", "\n", "\u00a0", " ", "\u202f", " ")
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(plain.Replace(text.String())), 0o600))
}

// publish publishes a TXT record in the zones of the script's world: "publish OWNER TEXT".
func publish(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: publish OWNER TEXT")
	}
	r, err := http.NewRequest(http.MethodPut, ts.Getenv("LAB")+"/txt/"+args[0], strings.NewReader(args[1]))
	ts.Check(err)
	res, err := http.DefaultClient.Do(r)
	ts.Check(err)
	res.Body.Close()
	if res.StatusCode != http.StatusNoContent {
		ts.Fatalf("the lab says %s", res.Status)
	}
}

// people makes keys: of the operators anne and bruno (anne.key, bruno.key, signers)
// and of the requester, whose public one is $KEY.
func people(ts *testscript.TestScript, _ bool, _ []string) {
	var lines strings.Builder
	for _, who := range []string{"anne", "bruno"} {
		public, private, err := ed25519.GenerateKey(rand.Reader)
		ts.Check(err)
		block, err := ssh.MarshalPrivateKey(private, who)
		ts.Check(err)
		ts.Check(os.WriteFile(ts.MkAbs(who+".key"), pem.EncodeToMemory(block), 0o600))
		key, err := ssh.NewPublicKey(public)
		ts.Check(err)
		fmt.Fprintf(&lines, "%s namespaces=\"freehold\" %s", who, ssh.MarshalAuthorizedKey(key))
	}
	ts.Check(os.WriteFile(ts.MkAbs("signers"), []byte(lines.String()), 0o600))
	key, err := age.GenerateX25519Identity()
	ts.Check(err)
	worldOf(ts).key = key
	ts.Setenv("KEY", key.Recipient().String())
}

// writeIdentity writes the secret key of $KEY: "identity FILE".
func writeIdentity(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: identity FILE")
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(worldOf(ts).key.String()+"\n"), 0o600))
}

// match sets a variable to the first group of a pattern in a file: "match CASE
// opened 'Case (\S+):'".
func match(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: match VARIABLE FILE PATTERN")
	}
	found := regexp.MustCompile(args[2]).FindStringSubmatch(ts.ReadFile(args[1]))
	if found == nil {
		ts.Fatalf("%q is not in %s", args[2], args[1])
	}
	ts.Setenv(args[0], strings.ReplaceAll(found[1], "\u202f", " "))
}

// gains has the gaining registrar open the sealed code in a file and ask for the name
// with it; "! gains" expects to be refused. With a time it first moves the registry's
// clock there.
func gains(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: gains NAME FILE")
	}
	w := worldOf(ts)
	code, err := seal.Open([]byte(ts.ReadFile(args[1])), w.key)
	ts.Check(err)
	s, err := epp.Dial(context.Background(), epp.Config{Addr: w.registry.Addr, TLS: w.registry.TLS, User: desklab.Gainer, Password: freehold.NewTransferCode([]byte(desklab.GainerPassword)), ID: "gain"})
	ts.Check(err)
	defer s.End(context.Background())
	r, err := s.Do(context.Background(), epp.TransferRequest(desklab.Name(args[0]), code))
	if neg != (err != nil) {
		ts.Fatalf("the gaining registrar: %+v, %v", r, err)
	}
}

// registered holds a name at the registry to its registrar, after moving the
// registry's clock: "registered NAME REGISTRAR [TIME]".
func registered(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: registered NAME REGISTRAR [TIME]")
	}
	w := worldOf(ts)
	if len(args) > 2 {
		at, err := time.Parse(time.RFC3339, args[2])
		ts.Check(err)
		w.clock.Set(at)
	}
	if d, ok := w.registry.Get(args[0]); !ok || d.Sponsor != args[1] {
		ts.Fatalf("%s is with %q", args[0], d.Sponsor)
	}
}
