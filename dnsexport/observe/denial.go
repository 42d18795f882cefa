package observe

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/miekg/dns"
)

// denial is how a zone says that a name does not exist.
type denial struct {
	kind denialKind
	// of NSEC3
	salt       string // hexadecimal
	iterations uint16
}

type denialKind uint8

const (
	denialPlain     denialKind = iota // without proof: not signed
	denialNSEC                        // a chain of names that can be followed
	denialNSEC3                       // a chain of hashes
	denialWhiteLies                   // proofs made up on the spot (RFC 4470; for NSEC3, RFC 7129 appendix B)
	denialCompact                     // every name "exists", with nothing (RFC 9824)
)

// maxIterations: beyond it nobody validates (RFC 9276 §3.2), and hashing costs
// more than it is worth.
const maxIterations = 150

// denialStyle asks for two names that cannot exist and looks at the proofs.
func (o *observer) denialStyle(ctx context.Context) (denial, error) {
	var seen [2]denial
	for i := range seen {
		name := o.nobody(o.origin, i)
		m, err := o.ask(ctx, name, dns.TypeA)
		if err != nil {
			return denial{}, err
		}
		seen[i] = style(m, name, o.origin)
	}
	if seen[0].kind != seen[1].kind {
		return denial{}, nil // two servers that deny differently: neither chain is to be trusted
	}
	return seen[0], nil
}

func style(m *dns.Msg, name, origin string) denial {
	for _, rr := range m.Ns {
		switch rr := rr.(type) {
		case *dns.NSEC:
			owner, next := dns.CanonicalName(rr.Hdr.Name), dns.CanonicalName(rr.NextDomain)
			// RFC 9824 §3: the owner is the name asked for, the next one its
			// immediate successor.
			if owner == name && next == `\000.`+name {
				return denial{kind: denialCompact}
			}
			// RFC 4470: the proof spans next to nothing around the name.
			if strings.Contains(next, `\000`) || strings.HasSuffix(strings.SplitN(owner, ".", 2)[0], `\255`) {
				return denial{kind: denialWhiteLies}
			}
			return denial{kind: denialNSEC}
		case *dns.NSEC3:
			if rr.Hash != dns.SHA1 || rr.Iterations > maxIterations || !strings.EqualFold(parentOf(rr.Hdr.Name), origin) {
				return denial{kind: denialWhiteLies}
			}
			owner, next, ok := hashes(rr)
			if !ok {
				return denial{kind: denialWhiteLies}
			}
			// A proof made up on the spot spans three hashes at most: the one before the
			// name's own to the one after.
			if distance(owner, next).Cmp(three) < 0 {
				return denial{kind: denialWhiteLies}
			}
			return denial{kind: denialNSEC3, salt: strings.ToLower(rr.Salt), iterations: rr.Iterations}
		}
	}
	return denial{}
}

// nobody is a name below a level that nobody has: 20 hexadecimal digits, the same
// for the same number as long as the journal lives, so that an observation taken
// up again asks what it asked before.
func (o *observer) nobody(level string, number int) string {
	return o.label(level, number) + "." + level
}

func (o *observer) label(level string, number int) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%x %s %d", o.seed, level, number))
	return hex.EncodeToString(sum[:10])
}

func parentOf(name string) string {
	if i, end := dns.NextLabel(name, 0); !end {
		return name[i:]
	}
	return "."
}
