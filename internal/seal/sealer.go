package seal

import (
	"io"

	"freehold"
)

// Sealer is this package as the desk uses it: the delivery's words in, a sealed
// text out.
type Sealer struct {
	// Work is the logarithm of what a guess of a phrase costs; 0 is the usual 18, and
	// less is for tests.
	Work int
}

// ToKeys seals a code to public keys, one a line.
func (Sealer) ToKeys(code freehold.TransferCode, keys string) ([]byte, error) {
	to, err := Recipients(keys)
	if err != nil {
		return nil, err
	}
	return Code(code, to...)
}

// NewPhrase draws a phrase to be spoken.
func (Sealer) NewPhrase(random io.Reader) (freehold.TransferCode, error) { return NewPhrase(random) }

// WithPhrase seals a code with a phrase.
func (s Sealer) WithPhrase(code, phrase freehold.TransferCode) ([]byte, error) {
	if s.Work > 0 {
		return withPhrase(code, phrase, s.Work)
	}
	return WithPhrase(code, phrase)
}
