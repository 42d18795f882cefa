package seal

import (
	"io"

	"freehold"
)

// Sealer is this package as the desk uses it: the delivery's words in, a sealed
// text out.
type Sealer struct{}

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
func (Sealer) WithPhrase(code, phrase freehold.TransferCode) ([]byte, error) {
	return WithPhrase(code, phrase)
}
