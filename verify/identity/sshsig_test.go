package identity

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/blake2b"
	"golang.org/x/crypto/ssh"
)

func sshKeygen(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("ssh-keygen")
	if err != nil {
		t.Skip("ssh-keygen is not installed (openssh-client)")
	}
	return path
}

func run(t *testing.T, stdin []byte, name string, args ...string) (string, error) {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), "TZ=UTC")
	cmd.Stdin = bytes.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// TestSSHKeygenSigns: what ssh-keygen signs, with each type of key, we verify.
func TestSSHKeygenSigns(t *testing.T) {
	keygen, dir, text := sshKeygen(t), t.TempDir(), []byte("freehold-decision: 1\nCase: \"c1\"\n")
	for _, kind := range [][]string{{"ed25519"}, {"ecdsa", "-b", "256"}, {"ecdsa", "-b", "384"}, {"ecdsa", "-b", "521"}, {"rsa", "-b", "2048"}} {
		file := filepath.Join(dir, strings.Join(kind, ""))
		if out, err := run(t, nil, keygen, append([]string{"-q", "-N", "", "-C", "", "-f", file, "-t"}, kind...)...); err != nil {
			t.Fatal(out, err)
		}
		pub, err := os.ReadFile(file + ".pub")
		if err != nil {
			t.Fatal(err)
		}
		for _, hash := range []string{"sha256", "sha512"} {
			sig, err := run(t, text, keygen, "-Y", "sign", "-q", "-n", Namespace, "-O", "hashalg="+hash, "-f", file)
			if err != nil {
				t.Fatal(sig, err)
			}
			s, err := ParseSigners([]byte("ana " + string(pub)))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := s.Verify("ana", Namespace, text, []byte(sig), monday); err != nil {
				t.Errorf("%v, %s: %v", kind, hash, err)
			}
			for what, bad := range map[string]error{
				"another text":      second(s.Verify("ana", Namespace, append(text, ' '), []byte(sig), monday)),
				"another namespace": second(s.Verify("ana", "file", text, []byte(sig), monday)),
				"another principal": second(s.Verify("bruno", Namespace, text, []byte(sig), monday)),
				"half a signature":  second(s.Verify("ana", Namespace, text, []byte(sig[:len(sig)/2]), monday)),
				"two signatures":    second(s.Verify("ana", Namespace, text, []byte(sig+sig), monday)),
			} {
				if bad == nil {
					t.Errorf("%v, %s: %s was taken", kind, hash, what)
				}
			}
		}
	}
}

func second[A any](_ A, err error) error { return err }

// TestSSHKeygenVerifies: what we sign, and which signers we trust, ssh-keygen judges
// the same way.
func TestSSHKeygenVerifies(t *testing.T) {
	keygen, dir, text := sshKeygen(t), t.TempDir(), []byte("freehold-decision: 1\n")
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	byRSA, err := ssh.NewSignerFromKey(rsaKey)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []ssh.Signer{keyOf("ana"), byRSA} {
		sig, err := Sign(rand.Reader, key, text)
		if err != nil {
			t.Fatal(err)
		}
		pub := string(ssh.MarshalAuthorizedKey(key.PublicKey()))
		file := filepath.Join(dir, "sig")
		if err := os.WriteFile(file, sig, 0o600); err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			line string
			good bool
		}{
			{"ana " + pub, true},
			{"bruno,ana " + pub, true},
			{"bruno " + pub, false},
			{"an? " + pub, true},
			{"*,!ana " + pub, false},
			{"!bruno,* " + pub, true},
			{`ana namespaces="freehold" ` + pub, true},
			{`ana namespaces="file,free*" ` + pub, true},
			{`ana namespaces="file" ` + pub, false},
			{`ana valid-after="20260101Z" ` + pub, true},
			{`ana valid-after="20270101Z" ` + pub, false},
			{`ana valid-before="20270101Z" ` + pub, true},
			{`ana valid-before="202601010101Z" ` + pub, false},
			{`ana namespaces="freehold",valid-after="20260101Z",valid-before="20270101000000Z" ` + pub, true},
			{"# a comment\n\nana " + pub, true},
			{"ana " + string(ssh.MarshalAuthorizedKey(keyOf("somebody").PublicKey())), false},
		} {
			allowed := filepath.Join(dir, "allowed")
			if err := os.WriteFile(allowed, []byte(c.line), 0o600); err != nil {
				t.Fatal(err)
			}
			out, err := run(t, text, keygen, "-Y", "verify", "-f", allowed, "-I", "ana", "-n", Namespace, "-s", file, "-O", "verify-time=20261123090000Z")
			if (err == nil) != c.good {
				t.Errorf("ssh-keygen, %.60q: %v, %s", c.line, err, out)
			}
			s, err := ParseSigners([]byte(c.line))
			if err != nil {
				t.Fatalf("%.60q: %v", c.line, err)
			}
			if _, err := s.Verify("ana", Namespace, text, sig, monday); (err == nil) != c.good {
				t.Errorf("%.60q: %v", c.line, err)
			}
		}
	}
}

// TestSignersFile: one line that is not understood, and nobody is trusted.
func TestSignersFile(t *testing.T) {
	pub := string(ssh.MarshalAuthorizedKey(keyOf("ana").PublicKey()))
	weak, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	weakPub, err := ssh.NewPublicKey(&weak.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	for line, want := range map[string]string{
		"ana":                  "needs principals",
		"ana ssh-ed25519":      "needs principals",
		"ana ssh-ed25519 AAAA": "not one of type",
		"ana ssh-ed25519 !!!!": "not base64",
		"ana ssh-rsa " + pub[len("ssh-ed25519 "):]:         "not one of type",
		"ana," + " " + pub:                                 "principal is empty",
		"ana cert-authority " + pub:                        "certificate authorities",
		"ana verify-required " + pub:                       "not known",
		`ana namespaces="free ` + pub:                      "not closed",
		`ana valid-after="20260101" ` + pub:                "needs a Z",
		`ana valid-after="soonZ" ` + pub:                   "no time such as",
		`ana valid-before="20261399Z" ` + pub:              "month out of range",
		"ana " + string(ssh.MarshalAuthorizedKey(weakPub)): "2048 bits",
		"ana minisign UldT":                                "minisign",
		"ana " + strings.Repeat("x", 17<<10):               "longer than",
	} {
		s, err := ParseSigners([]byte("bruno " + pub + "\n" + line))
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "line 2") && !strings.Contains(err.Error(), "line 3") {
			t.Errorf("%.60q: %v, want %q", line, err, want)
		}
		if len(s.all) != 0 {
			t.Errorf("%.60q: somebody is trusted", line)
		}
	}
	if _, err := (Signers{}).Verify("ana", Namespace, []byte("x"), signIn(Namespace, keyOf("ana"), []byte("x")), monday); err == nil {
		t.Error("the zero signers trust somebody")
	}
}

// minisigned signs as minisign does, prehashed or not.
func minisigned(key ed25519.PrivateKey, hashed bool, comment string, text []byte) []byte {
	kind, message := "Ed", text
	if hashed {
		sum := blake2b.Sum512(text)
		kind, message = "ED", sum[:]
	}
	sig := ed25519.Sign(key, message)
	global := ed25519.Sign(key, append(bytes.Clone(sig), comment...))
	b64 := base64.StdEncoding.EncodeToString
	return []byte("untrusted comment: signature\n" + b64(append([]byte(kind+"12345678"), sig...)) + "\ntrusted comment: " + comment + "\n" + b64(global) + "\n")
}

func TestMinisign(t *testing.T) {
	seed := sha256.Sum256([]byte("minisign"))
	key := ed25519.NewKeyFromSeed(seed[:])
	line := "verrine minisign " + base64.StdEncoding.EncodeToString(append([]byte("Ed12345678"), key.Public().(ed25519.PublicKey)...))
	s, err := ParseSigners([]byte(line))
	if err != nil {
		t.Fatal(err)
	}
	text := []byte("freehold request c1 verrine.ch code")
	for _, c := range []struct {
		what string
		sig  []byte
		good bool
	}{
		{"prehashed", minisigned(key, true, "freehold 2026-11-23", text), true},
		{"legacy", minisigned(key, false, "freehold", text), true},
		{"with carriage returns", bytes.ReplaceAll(minisigned(key, true, "freehold", text), []byte("\n"), []byte("\r\n")), true},
		{"for something else", minisigned(key, true, "timestamp:1 file:x", text), false},
		{"for something alike", minisigned(key, true, "freeholder", text), false},
		{"another text", minisigned(key, true, "freehold", []byte("x")), false},
		{"comment changed", bytes.Replace(minisigned(key, true, "file", text), []byte("comment: file"), []byte("comment: freehold"), 1), false},
		{"hash claimed", bytes.Replace(minisigned(key, false, "freehold", text), []byte("\nRWQ"), []byte("\nRUQ"), 1), false},
		{"cut", minisigned(key, true, "freehold", text)[:100], false},
		{"empty", nil, false},
	} {
		if _, err := s.Verify("verrine", Namespace, text, c.sig, monday); (err == nil) != c.good {
			t.Errorf("%s: %v", c.what, err)
		}
	}
}

// FuzzSignature: whatever is given as a signature or a signers' file, nothing panics,
// and nothing but the signature that was made verifies.
func FuzzSignature(f *testing.F) {
	text := []byte("freehold-decision: 1\n")
	good := signIn(Namespace, keyOf("ana"), text)
	f.Add(good, "ana "+string(ssh.MarshalAuthorizedKey(keyOf("ana").PublicKey())))
	f.Add(minisigned(ed25519.NewKeyFromSeed(make([]byte, 32)), true, "freehold", text), "ana minisign RWQ=")
	block, _ := pem.Decode(good)
	trusted := signersOf("ana")
	f.Fuzz(func(t *testing.T, sig []byte, file string) {
		if _, err := trusted.Verify("ana", Namespace, text, sig, monday); err == nil {
			b, _ := pem.Decode(bytes.TrimSpace(sig))
			if b == nil || !bytes.Equal(b.Bytes, block.Bytes) {
				t.Fatalf("another signature verifies: %q", sig)
			}
		}
		if s, err := ParseSigners([]byte(file)); err == nil {
			s.Verify("ana", Namespace, text, sig, monday.Add(time.Hour))
		}
	})
}

// FuzzMail: whatever message comes, nothing panics, and none passes that was not
// signed by the key of the holder's domain.
func FuzzMail(f *testing.F) {
	m := testMail{from: "atelier@poste-verrine.ch", subject: "case-7", body: "yes\r\n", domain: "poste-verrine.ch", canon: "relaxed/relaxed"}
	raw, keys := m.build(monday.Unix())
	f.Add(raw)
	f.Add([]byte("DKIM-Signature: v=1; h=from:from:subject; b=\r\n\r\n"))
	key := keys["sel._domainkey.poste-verrine.ch"]
	f.Fuzz(func(t *testing.T, raw []byte) {
		DKIMKeys(raw)
		p, err := parseMail(raw)
		if err != nil {
			return
		}
		from, err := p.sender()
		if err != nil || !strings.HasSuffix(strings.ToLower(from), "@poste-verrine.ch") {
			return
		}
		for _, s := range p.signatures() {
			if p.verify(s, "poste-verrine.ch", map[string]string{"sel._domainkey.poste-verrine.ch": key}, monday) == nil {
				// All that the signature covers has to be there as it was signed.
				if !strings.EqualFold(from, m.from) || p.one("subject") != "case-7" || strings.TrimSpace(string(p.body)) != "yes" {
					t.Fatalf("another message verifies: %q", raw)
				}
			}
		}
	})
}
