package seal

import (
	"bytes"
	"io"
	"strings"

	"filippo.io/age"
	"filippo.io/age/agessh"

	"freehold"
)

// Checked is a stream that is sealed to keys and can be read back once by who wrote
// it: besides them it is sealed to a key that is made for it, never leaves memory, and
// is forgotten with it.
type Checked struct {
	io.WriteCloser
	once age.Identity
}

// NewChecked begins a sealed stream. It is whole when it was closed.
func NewChecked(to io.Writer, keys ...age.Recipient) (*Checked, error) {
	c := &Checked{}
	var also age.Recipient
	var err error
	if _, hybrid := keys[0].(*age.HybridRecipient); hybrid { // the two kinds do not mix in one file
		var id *age.HybridIdentity
		if id, err = age.GenerateHybridIdentity(); err == nil {
			c.once, also = id, id.Recipient()
		}
	} else {
		var id *age.X25519Identity
		if id, err = age.GenerateX25519Identity(); err == nil {
			c.once, also = id, id.Recipient()
		}
	}
	if err == nil {
		c.WriteCloser, err = age.Encrypt(to, append(keys[:len(keys):len(keys)], also)...)
	}
	if err != nil {
		return nil, &freehold.Error{Kind: freehold.KindInvalid, Text: freehold.T("nothing can be sealed to these keys"), Err: err}
	}
	return c, nil
}

// ReadBack opens what was written, as it lies where it was written to.
func (c *Checked) ReadBack(r io.Reader) (io.Reader, error) { return Unseal(r, c.once) }

// Unseal opens a sealed stream. Errors: KindPermission (none of the keys opens it),
// KindDamaged (it is no sealed file). What is read from it fails where it was altered.
func Unseal(r io.Reader, with ...age.Identity) (io.Reader, error) {
	out, err := age.Decrypt(r, with...)
	if _, other := err.(*age.NoIdentityMatchError); other {
		return nil, &freehold.Error{Kind: freehold.KindPermission, Text: freehold.T("the file does not open with this key")}
	}
	if err != nil {
		return nil, &freehold.Error{Kind: freehold.KindDamaged, Text: freehold.T("this is no sealed file, or it is damaged"), Err: err}
	}
	return out, nil
}

// Identities reads secret keys: a file of age's, or a private key of SSH without a
// passphrase. Nothing of them is repeated in an error.
func Identities(text []byte) ([]age.Identity, error) {
	if bytes.Contains(text, []byte("PRIVATE KEY-----")) {
		id, err := agessh.ParseIdentity(text)
		if err != nil {
			return nil, &freehold.Error{Kind: freehold.KindInvalid, Text: freehold.T("this private key of SSH cannot be used"), Advice: freehold.T("it must be an ed25519 or RSA key without a passphrase")}
		}
		return []age.Identity{id}, nil
	}
	all, err := age.ParseIdentities(strings.NewReader(string(text)))
	if err != nil || len(all) == 0 {
		return nil, &freehold.Error{Kind: freehold.KindInvalid, Text: freehold.T("there is no secret key in the file"), Advice: freehold.T("give the file that %s wrote, or a private key of SSH", "age-keygen")}
	}
	return all, nil
}
