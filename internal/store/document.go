package store

import (
	"bytes"
	"compress/flate"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"

	"freehold"
)

// docVersion is the version of the stored form of a result: plain JSON of
// freehold.Result. A new field of the root types needs no new version; a field
// or a word renamed or given another meaning does, with a conversion in decodeResult.
const docVersion = 1

// maxUnpacked bounds one document and one body, in octets. It is far above what
// any source is let say.
const maxUnpacked = 64 << 20

func encodeResult(r *freehold.Result) ([]byte, error) {
	return json.Marshal(r)
}

// decodeResult reads a stored document. It never panics, whatever it is given.
func decodeResult(version int64, doc []byte) (*freehold.Result, error) {
	if version > docVersion || version < 1 {
		return nil, &freehold.Error{Kind: freehold.KindNewer, Text: freehold.T("a result was stored in form %d, this freehold knows %d", version, docVersion), Advice: freehold.T("use the newer version that stored it")}
	}
	var r freehold.Result
	if err := json.Unmarshal(doc, &r); err != nil {
		return nil, err
	}
	return &r, nil
}

var errTooLarge = fmt.Errorf("it is larger than %d octets", maxUnpacked)

// The packings. A value that would not get smaller is kept as it is.
const (
	unpacked = ""
	deflated = "deflate"
)

var deflaters = sync.Pool{New: func() any {
	w, err := flate.NewWriter(io.Discard, flate.BestSpeed)
	if err != nil {
		panic(err) // the level is a constant
	}
	return w
}}

func pack(b []byte) (packing string, packed []byte) {
	if b == nil {
		b = []byte{} // nil would be stored as no value
	}
	if len(b) < 256 {
		return unpacked, b
	}
	var out bytes.Buffer
	w := deflaters.Get().(*flate.Writer)
	defer deflaters.Put(w)
	w.Reset(&out)
	_, _ = w.Write(b) // a Buffer takes everything
	_ = w.Close()
	if out.Len() >= len(b) {
		return unpacked, b
	}
	return deflated, out.Bytes()
}

func unpack(packing string, b []byte) ([]byte, error) {
	switch packing {
	case unpacked:
		return b, nil
	case deflated:
		r := flate.NewReader(bytes.NewReader(b))
		defer r.Close()
		out, err := io.ReadAll(io.LimitReader(r, maxUnpacked+1))
		if err == nil && len(out) > maxUnpacked {
			err = errors.New("it unpacks to more than is ever stored")
		}
		return out, err
	}
	return nil, fmt.Errorf("unknown packing %q", packing)
}

func digestOf(parts ...[]byte) []byte {
	h := sha256.New()
	for _, p := range parts {
		h.Write(p)
	}
	return h.Sum(nil)
}
