package register

import (
	"strings"

	"golang.org/x/crypto/ssh"

	"freehold"
)

// KeyKind tells what kind of public key a line is: "ssh-ed25519" and its like, or
// "minisign". A secret key is refused without being repeated. Errors are of KindInvalid.
func KeyKind(line string) (string, error) {
	line = strings.TrimSpace(line)
	if strings.Contains(line, "PRIVATE KEY") || strings.Contains(strings.ToUpper(line), "SECRET") {
		return "", &freehold.Error{Kind: freehold.KindInvalid, Text: freehold.T("this is a secret key: whoever wrote it here has given it away"), Advice: freehold.T("make a new pair, and give its public half only")}
	}
	if key, _, _, _, err := ssh.ParseAuthorizedKey([]byte(line)); err == nil {
		return key.Type(), nil
	}
	if strings.HasPrefix(line, "RW") && len(line) == 56 { // minisign: base64 of "Ed", 8 and 32 octets
		return "minisign", nil
	}
	return "", &freehold.Error{Kind: freehold.KindInvalid, Text: freehold.T("%q is no public key", freehold.OneLine(cutKey(line))), Advice: freehold.T("give a key of OpenSSH or of minisign, the whole line")}
}

func cutKey(s string) string {
	if len(s) > 40 {
		return s[:40] + "…"
	}
	return s
}
