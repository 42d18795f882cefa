package identity

import (
	"bytes"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"io"

	"golang.org/x/crypto/ssh"

	"freehold"
)

// The format of "ssh-keygen -Y sign" (OpenSSH, PROTOCOL.sshsig): an armored blob
// of version, public key, namespace, hash and signature.

// Namespace is the one decisions and mandates are signed in, so that a signature
// made for files or commits is none of ours.
const Namespace = "freehold"

const (
	sshsigMagic   = "SSHSIG"
	sshsigVersion = 1
	armorBegin    = "-----BEGIN SSH SIGNATURE-----"
	armorType     = "SSH SIGNATURE"

	maxSignature  = 64 << 10
	maxSignedText = 1 << 20
	minRSABits    = 2048
)

type sshSignature struct {
	key       ssh.PublicKey
	namespace string
	hash      string
	sig       ssh.Signature
}

// sshsigBlob is what follows the magic in the armor.
type sshsigBlob struct {
	Version                                   uint32
	PublicKey, Namespace, Reserved, Hash, Sig []byte
}

// sshsigSigned is what is signed, after the magic.
type sshsigSigned struct {
	Namespace, Reserved, Hash, Digest []byte
}

func parseSSHSignature(armored []byte) (*sshSignature, error) {
	block, rest := pem.Decode(bytes.TrimSpace(armored))
	if block == nil || block.Type != armorType || len(block.Headers) > 0 || len(bytes.TrimSpace(rest)) > 0 {
		return nil, fmt.Errorf("no armored SSH signature")
	}
	body, ok := bytes.CutPrefix(block.Bytes, []byte(sshsigMagic))
	if !ok {
		return nil, fmt.Errorf("no SSH signature")
	}
	var b sshsigBlob
	if err := ssh.Unmarshal(body, &b); err != nil || b.Version != sshsigVersion {
		return nil, fmt.Errorf("not an SSH signature of version 1")
	}
	s := &sshSignature{namespace: string(b.Namespace), hash: string(b.Hash)}
	key, err := ssh.ParsePublicKey(b.PublicKey)
	if err != nil {
		return nil, err
	}
	s.key = key
	if err := ssh.Unmarshal(b.Sig, &s.sig); err != nil {
		return nil, err
	}
	return s, nil
}

// acceptable refuses keys that are too weak to decide anything.
func acceptable(key ssh.PublicKey) error {
	switch key.Type() {
	case ssh.KeyAlgoED25519, ssh.KeyAlgoSKED25519, ssh.KeyAlgoECDSA256, ssh.KeyAlgoECDSA384, ssh.KeyAlgoECDSA521, ssh.KeyAlgoSKECDSA256:
		return nil
	case ssh.KeyAlgoRSA:
		c, ok := key.(ssh.CryptoPublicKey)
		if !ok {
			break
		}
		if k, ok := c.CryptoPublicKey().(*rsa.PublicKey); ok && k.N.BitLen() >= minRSABits {
			return nil
		}
		return fmt.Errorf("an RSA key needs %d bits at least", minRSABits)
	}
	return fmt.Errorf("keys of type %q are not accepted", key.Type())
}

func (s *sshSignature) verify(namespace string, text []byte) error {
	if s.namespace != namespace || namespace == "" {
		return fmt.Errorf("it was made in the namespace %q", s.namespace)
	}
	if err := acceptable(s.key); err != nil {
		return err
	}
	if s.key.Type() == ssh.KeyAlgoRSA && s.sig.Format != ssh.KeyAlgoRSASHA256 && s.sig.Format != ssh.KeyAlgoRSASHA512 {
		return fmt.Errorf("an RSA signature over SHA-1 proves nothing")
	}
	signed, err := signedBytes(s.namespace, s.hash, text)
	if err != nil {
		return err
	}
	return s.key.Verify(signed, &s.sig)
}

func signedBytes(namespace, hash string, text []byte) ([]byte, error) {
	var digest []byte
	switch hash {
	case "sha256":
		sum := sha256.Sum256(text)
		digest = sum[:]
	case "sha512":
		sum := sha512.Sum512(text)
		digest = sum[:]
	default:
		return nil, fmt.Errorf("the hash %q is not one of SSH signatures", hash)
	}
	return append([]byte(sshsigMagic), ssh.Marshal(sshsigSigned{Namespace: []byte(namespace), Hash: []byte(hash), Digest: digest})...), nil
}

// Sign signs a text in our namespace, as "ssh-keygen -Y sign -n freehold" does.
func Sign(random io.Reader, key ssh.Signer, text []byte) ([]byte, error) {
	signed, err := signedBytes(Namespace, "sha512", text)
	if err != nil {
		return nil, err
	}
	var sig *ssh.Signature
	if rsaKey, ok := key.(ssh.AlgorithmSigner); ok && key.PublicKey().Type() == ssh.KeyAlgoRSA {
		sig, err = rsaKey.SignWithAlgorithm(random, signed, ssh.KeyAlgoRSASHA512)
	} else {
		sig, err = key.Sign(random, signed)
	}
	if err != nil {
		return nil, &freehold.Error{Kind: freehold.KindPermission, Text: freehold.T("the key does not sign"), Err: err}
	}
	blob := append([]byte(sshsigMagic), ssh.Marshal(sshsigBlob{Version: sshsigVersion, PublicKey: key.PublicKey().Marshal(), Namespace: []byte(Namespace), Hash: []byte("sha512"), Sig: ssh.Marshal(sig)})...)
	// Lines of 70 characters, as OpenSSH writes them; it reads any length.
	var b bytes.Buffer
	b.WriteString(armorBegin + "\n")
	for text := base64.StdEncoding.EncodeToString(blob); text != ""; {
		n := min(70, len(text))
		b.WriteString(text[:n] + "\n")
		text = text[n:]
	}
	b.WriteString("-----END SSH SIGNATURE-----\n")
	return b.Bytes(), nil
}
