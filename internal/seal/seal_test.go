package seal

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"
	"filippo.io/age/agessh"
	"golang.org/x/crypto/ssh"

	"freehold"
)

const aCode = "Sb7#kQ2m-Zr9x_Wd4T"

func code() freehold.TransferCode { return freehold.NewTransferCode([]byte(aCode)) }

func opens(t *testing.T, sealed []byte, with age.Identity) {
	t.Helper()
	if bytes.Contains(sealed, []byte(aCode)) || !bytes.HasPrefix(sealed, []byte("-----BEGIN AGE ENCRYPTED FILE-----\n")) {
		t.Fatalf("sealed as %q", sealed)
	}
	got, err := Open(sealed, with)
	if err != nil || !got.Matches([]byte(aCode)) {
		t.Errorf("opened: %v", err)
	}
}

func TestSealToKeys(t *testing.T) {
	native, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	hybrid, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	sshKey, err := ssh.NewPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(private, "")
	if err != nil {
		t.Fatal(err)
	}
	fromSSH, err := agessh.ParseIdentity(pem.EncodeToMemory(block))
	if err != nil {
		t.Fatal(err)
	}
	for key, id := range map[string]age.Identity{
		native.Recipient().String(): native,
		hybrid.Recipient().String(): hybrid,
		strings.TrimSpace(string(ssh.MarshalAuthorizedKey(sshKey))) + " anne@x": fromSSH,
	} {
		to, err := Recipients("# Anne\n\n" + key + "\r\n")
		if err != nil {
			t.Fatal(err)
		}
		sealed, err := Code(code(), to...)
		if err != nil {
			t.Fatal(err)
		}
		opens(t, sealed, id)
		stranger, _ := age.GenerateX25519Identity()
		if c, err := Open(sealed, stranger); freehold.KindOf(err) != freehold.KindPermission || !c.IsZero() {
			t.Errorf("a stranger's key: %v", err)
		}
		broken := bytes.Replace(sealed, sealed[len(sealed)-60:len(sealed)-50], []byte("AAAAAAAAAA"), 1)
		if c, err := Open(broken, id); err == nil || !c.IsZero() {
			t.Errorf("a changed file opened: %v", err)
		}
	}
}

func TestSealWithPhrase(t *testing.T) {
	phrase, err := NewPhrase(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	var spoken string
	Spoken(phrase, func(groups string) { spoken = groups })
	if len(spoken) != 24 || strings.Count(spoken, " ") != 4 {
		t.Fatalf("spoken as %q", spoken)
	}
	sealed, err := withPhrase(code(), phrase, 10)
	if err != nil {
		t.Fatal(err)
	}
	for _, heard := range []string{spoken, strings.ReplaceAll(spoken, " ", ""), strings.ReplaceAll(spoken, " ", "-")} {
		id, err := Phrase(heard)
		if err != nil {
			t.Fatal(err)
		}
		opens(t, sealed, id)
	}
	wrong, _ := Phrase("1" + spoken)
	if _, err := Open(sealed, wrong); freehold.KindOf(err) != freehold.KindPermission {
		t.Errorf("a wrong phrase: %v", err)
	}
}

func TestWhatIsNotSealed(t *testing.T) {
	id, _ := age.GenerateX25519Identity()
	secret := id.String()
	for _, text := range []string{"", "# nobody", "hello", "age1short", "ssh-ed25519 AAAA", "-----BEGIN OPENSSH PRIVATE KEY-----", secret, strings.ToLower(secret),
		strings.Repeat(id.Recipient().String()+"\n", 65), "age1pq1zzz", "\x1b[2Jage1"} {
		_, err := Recipients(text)
		if freehold.KindOf(err) != freehold.KindInvalid || strings.ContainsAny(err.Error(), "\x1b\n") || strings.Contains(strings.ToUpper(err.Error()), secret[20:]) {
			t.Errorf("%q: %v", text, err)
		}
	}
	to := []age.Recipient{id.Recipient()}
	if _, err := Code(freehold.TransferCode{}, to...); err == nil {
		t.Error("no code was sealed")
	}
	if _, err := Code(code()); err == nil {
		t.Error("sealed to nobody")
	}
	if _, err := WithPhrase(code(), freehold.TransferCode{}); err == nil {
		t.Error("sealed with no phrase")
	}
	if _, err := Phrase(" - "); err == nil {
		t.Error("no phrase is a phrase")
	}
}

// TestAgeOpensIt: a customer opens the file with age's own program.
func TestAgeOpensIt(t *testing.T) {
	program, err := exec.LookPath("age")
	if err != nil {
		t.Skip("no age program here; 'make deps' installs it")
	}
	id, _ := age.GenerateX25519Identity()
	sealed, err := Code(code(), id.Recipient())
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	key, file := filepath.Join(dir, "key"), filepath.Join(dir, "code.age")
	os.WriteFile(key, []byte(id.String()+"\n"), 0o600)
	os.WriteFile(file, sealed, 0o600)
	out, err := exec.Command(program, "-d", "-i", key, file).CombinedOutput()
	if err != nil || string(out) != aCode {
		t.Errorf("age says %q, %v", out, err)
	}
}

func FuzzRecipients(f *testing.F) {
	id, _ := age.GenerateX25519Identity()
	f.Add(id.Recipient().String())
	f.Add("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ anne")
	f.Add("ssh-rsa AAAA\n# x")
	f.Fuzz(func(t *testing.T, text string) {
		to, err := Recipients(text)
		if (err == nil) != (len(to) > 0) {
			t.Errorf("%d keys, %v", len(to), err)
		}
	})
}
