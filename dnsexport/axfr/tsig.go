package axfr

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"freehold"
)

// Key is a shared secret of TSIG (RFC 8945). It never prints its secret.
type Key struct {
	name      freehold.Owner
	algorithm freehold.Owner
	hash      func() hash.Hash
	size      int // octets of the MAC, fewer than the hash gives where it is cut
	secret    []byte
}

// Name returns the key's name without its final dot.
func (k *Key) Name() string { return strings.TrimSuffix(k.name.String(), ".") }

// String returns the name alone.
func (k *Key) String() string { return k.Name() }

// GoString keeps the secret out of %#v.
func (k *Key) GoString() string { return "axfr.Key(" + k.Name() + ")" }

// hashes are the algorithms of RFC 8945 section 6. hmac-md5 is left out: it
// must not be used.
var hashes = map[string]func() hash.Hash{
	"hmac-sha1": sha1.New, "hmac-sha224": sha256.New224, "hmac-sha256": sha256.New, "hmac-sha384": sha512.New384, "hmac-sha512": sha512.New,
}

// Algorithms lists what NewKey takes; each but the shortest may be followed by
// a number of bits to cut to, as in "hmac-sha256-128".
func Algorithms() []string {
	return []string{"hmac-sha256", "hmac-sha512", "hmac-sha384", "hmac-sha224", "hmac-sha1"}
}

// NewKey makes a key of its name, algorithm ("" is hmac-sha256) and secret in base64.
func NewKey(name, algorithm, secret string) (*Key, error) {
	owner, err := freehold.ParseOwner(name, freehold.RootOwner)
	if err != nil {
		return nil, &freehold.Error{Kind: freehold.KindInvalid, Text: freehold.T("%q is no name of a key", name)}
	}
	algorithm = strings.TrimSuffix(strings.ToLower(algorithm), ".")
	if algorithm == "" {
		algorithm = "hmac-sha256"
	}
	k := &Key{name: owner.Canonical()}
	base, bits := algorithm, 0
	if parts := strings.Split(algorithm, "-"); len(parts) == 3 {
		base = parts[0] + "-" + parts[1]
		bits, _ = strconv.Atoi(parts[2])
	}
	if k.hash = hashes[base]; k.hash == nil {
		hint := "use one of " + strings.Join(Algorithms(), ", ")
		if strings.Contains(base, "md5") {
			hint = "HMAC-MD5 must not be used any more (RFC 8945 section 6): make a new key, as with tsig-keygen"
		}
		return nil, &freehold.Error{Kind: freehold.KindInvalid, Text: freehold.T("TSIG algorithm %q is not supported", algorithm), Hint: hint}
	}
	full := k.hash().Size()
	k.size = full
	if base != algorithm {
		// Not below half the hash nor below ten octets (RFC 8945 section 5.2.2.1).
		if k.size = bits / 8; bits%8 != 0 || k.size > full || k.size < max(10, full/2) {
			return nil, &freehold.Error{Kind: freehold.KindInvalid, Text: freehold.T("TSIG algorithm %q cuts to a length that is not allowed", algorithm)}
		}
	}
	if k.algorithm, err = freehold.ParseOwner(base, freehold.RootOwner); err != nil {
		return nil, err
	}
	if k.secret, err = base64.StdEncoding.DecodeString(strings.Join(strings.Fields(secret), "")); err != nil || len(k.secret) == 0 {
		return nil, &freehold.Error{Kind: freehold.KindInvalid, Text: freehold.T("the secret of the TSIG key %q is not base64", k.Name())}
	}
	return k, nil
}

// ReadKey reads the secret of a key from where ref says: "env:VARIABLE" or
// "file:PATH". It may be base64 alone, or a key clause of BIND (as tsig-keygen
// writes it), which gives name and algorithm too where they are not given.
func ReadKey(name, algorithm, ref string, getenv func(string) string) (*Key, error) {
	kind, where, _ := strings.Cut(ref, ":")
	var text string
	switch {
	case kind == "env" && where != "":
		if text = getenv(where); text == "" {
			return nil, &freehold.Error{Kind: freehold.KindUsage, Text: freehold.T("the environment has no TSIG secret in %q", where)}
		}
	case kind == "file" && where != "":
		b, err := readSmall(where)
		if err != nil {
			return nil, &freehold.Error{Kind: freehold.KindUsage, Text: freehold.T("cannot read the TSIG secret in %q", where), Err: err}
		}
		text = string(b)
	default: // what was given may be the secret itself: it is not repeated
		return nil, &freehold.Error{Kind: freehold.KindUsage, Text: freehold.T("a TSIG secret comes by reference only"), Advice: freehold.T("as env:VARIABLE or file:PATH")}
	}
	if m := keyClause.FindStringSubmatch(text); m != nil {
		clause := m[2]
		if name == "" {
			name = m[1]
		} else if !sameName(name, m[1]) {
			return nil, &freehold.Error{Kind: freehold.KindUsage, Text: freehold.T("the key in %s is called %q, not %q", ref, m[1], name)}
		}
		if a := algorithmClause.FindStringSubmatch(clause); a != nil && algorithm == "" {
			algorithm = a[1]
		}
		s := secretClause.FindStringSubmatch(clause)
		if s == nil {
			return nil, &freehold.Error{Kind: freehold.KindUsage, Text: freehold.T("the key clause in %s has no secret", ref)}
		}
		text = s[1]
	}
	return NewKey(name, algorithm, text)
}

var (
	keyClause       = regexp.MustCompile(`(?s)key\s+"?([^"\s{]+)"?\s*\{(.*?)\}`)
	algorithmClause = regexp.MustCompile(`algorithm\s+"?([\w-]+)"?\s*;`)
	secretClause    = regexp.MustCompile(`secret\s+"?([A-Za-z0-9+/=\s]+?)"?\s*;`)
)

func sameName(a, b string) bool {
	return strings.EqualFold(strings.TrimSuffix(a, "."), strings.TrimSuffix(b, "."))
}

func readSmall(path string) ([]byte, error) {
	f, err := os.Open(filepath.Clean(path))
	if err != nil {
		var pe *os.PathError
		if errors.As(err, &pe) {
			err = pe.Err
		}
		return nil, err
	}
	defer f.Close()
	b := make([]byte, 1<<14)
	n, err := f.Read(b)
	if err != nil {
		return nil, errors.New("it is empty or cannot be read")
	}
	return b[:n], nil
}

// fudge is how far the clocks may differ, in seconds; unsigned is how many
// messages may follow without a signature (RFC 8945 section 5.3.1).
const (
	fudge    = 300
	unsigned = 99
)

func (k *Key) mac(parts ...[]byte) []byte {
	m := hmac.New(k.hash, k.secret)
	for _, p := range parts {
		m.Write(p)
	}
	return m.Sum(nil)
}

func appendTime(b []byte, seconds uint64, allowed uint16) []byte {
	b = binary.BigEndian.AppendUint16(b, uint16(seconds>>32))
	b = binary.BigEndian.AppendUint32(b, uint32(seconds))
	return binary.BigEndian.AppendUint16(b, allowed)
}

// variables are what a signature covers beside the message (RFC 8945 section 4.3.3).
func (k *Key) variables(seconds uint64, allowed uint16, code uint16, other []byte) []byte {
	b := append([]byte(nil), k.name...)
	b = append(b, 0, classANY, 0, 0, 0, 0)
	b = append(b, k.algorithm...)
	b = appendTime(b, seconds, allowed)
	b = binary.BigEndian.AppendUint16(b, code)
	b = binary.BigEndian.AppendUint16(b, uint16(len(other)))
	return append(b, other...)
}

// sign adds a TSIG record to a question and returns what checks the answers.
func (k *Key) sign(msg []byte, now time.Time) ([]byte, *verifier) {
	seconds := uint64(now.Unix())
	mac := k.mac(msg, k.variables(seconds, fudge, 0, nil))[:k.size]
	data := append([]byte(nil), k.algorithm...)
	data = appendTime(data, seconds, fudge)
	data = binary.BigEndian.AppendUint16(data, uint16(len(mac)))
	data = append(append(data, mac...), msg[0], msg[1], 0, 0, 0, 0)
	signed := append([]byte(nil), msg...)
	binary.BigEndian.PutUint16(signed[10:], be16(signed[10:])+1)
	signed = append(signed, k.name...)
	signed = append(signed, 0, typeTSIG, 0, classANY, 0, 0, 0, 0)
	signed = binary.BigEndian.AppendUint16(signed, uint16(len(data)))
	return append(signed, data...), &verifier{key: k, prior: mac, first: true}
}

// verifier checks the signatures of an answer of many messages (RFC 8945
// section 5.3.1): each signature covers the one before and all since.
type verifier struct {
	key     *Key
	prior   []byte
	first   bool
	pending []byte // messages since the last signature
	since   int
}

type tsig struct {
	at       int // where the record begins
	key      freehold.Owner
	name     freehold.Owner // of the algorithm
	seconds  uint64
	fudge    uint16
	mac      []byte
	original [2]byte
	code     uint16
	other    []byte
}

func (v *verifier) check(msg []byte, now time.Time) error {
	t, err := findTSIG(msg)
	if err != nil {
		return err
	}
	if t == nil {
		if v.first {
			return errors.New("the answer is not signed")
		}
		if v.since++; v.since > unsigned || len(v.pending) > 8<<20 {
			return fmt.Errorf("more than %d messages without a signature", unsigned)
		}
		v.pending = append(v.pending, msg...)
		return nil
	}
	if t.code != 0 && len(t.mac) == 0 { // it cannot be signed with a key that is not shared
		return &refusal{rcode: int(msg[3] & 15), tsig: int(t.code)}
	}
	if !t.key.Equal(v.key.name) || !t.name.Equal(v.key.algorithm) {
		return errors.New("the answer is signed with another key")
	}
	bare := slices.Clone(msg[:t.at])
	bare[0], bare[1] = t.original[0], t.original[1]
	binary.BigEndian.PutUint16(bare[10:], be16(bare[10:])-1)
	chain := append(binary.BigEndian.AppendUint16(nil, uint16(len(v.prior))), v.prior...)
	covered := v.key.variables(t.seconds, t.fudge, t.code, t.other)
	if !v.first {
		covered = appendTime(nil, t.seconds, t.fudge)
	}
	if len(t.mac) != v.key.size || !hmac.Equal(t.mac, v.key.mac(chain, v.pending, bare, covered)[:v.key.size]) {
		return errors.New("the signature is wrong")
	}
	if t.code != 0 {
		return &refusal{rcode: int(msg[3] & 15), tsig: int(t.code)}
	}
	if drift := now.Unix() - int64(t.seconds); drift > int64(t.fudge) || -drift > int64(t.fudge) {
		return errors.New("the signature is of another time: one of the clocks is wrong")
	}
	v.prior, v.first, v.pending, v.since = slices.Clone(t.mac), false, v.pending[:0], 0
	return nil
}

// end refuses an answer whose last message is not signed.
func (v *verifier) end() error {
	if v.since > 0 {
		return errors.New("the last message is not signed")
	}
	return nil
}

// findTSIG returns the TSIG record, which must be the last of the message; nil
// where there is none.
func findTSIG(msg []byte) (*tsig, error) {
	at := 12
	var buf [512]byte
	for range be16(msg[4:]) {
		_, next, err := appendName(buf[:0], msg, at)
		if err != nil {
			return nil, err
		}
		at = next + 4
	}
	count := int(be16(msg[6:])) + int(be16(msg[8:])) + int(be16(msg[10:]))
	for i := range count {
		from := at
		owner, next, err := appendName(buf[:0], msg, at)
		if err != nil {
			return nil, err
		}
		if next+10 > len(msg) {
			return nil, errShort
		}
		end := next + 10 + int(be16(msg[next+8:]))
		if end > len(msg) {
			return nil, errShort
		}
		if be16(msg[next:]) == typeTSIG {
			if i != count-1 || end != len(msg) {
				return nil, errors.New("something follows the signature")
			}
			return readTSIG(msg[next+10:end], from, freehold.Owner(owner))
		}
		at = end
	}
	return nil, nil
}

func readTSIG(data []byte, at int, key freehold.Owner) (*tsig, error) {
	name, n := freehold.ReadOwner(string(data))
	if n == 0 || len(data) < n+10 {
		return nil, errShort
	}
	t := &tsig{at: at, key: key, name: name}
	data = data[n:]
	t.seconds = uint64(be16(data))<<32 | uint64(binary.BigEndian.Uint32(data[2:]))
	t.fudge = be16(data[6:])
	size := int(be16(data[8:]))
	if data = data[10:]; len(data) < size+6 {
		return nil, errShort
	}
	t.mac, data = data[:size], data[size:]
	t.original, t.code = [2]byte(data[:2]), be16(data[2:])
	if t.other = data[6:]; len(t.other) != int(be16(data[4:])) {
		return nil, errShort
	}
	return t, nil
}
