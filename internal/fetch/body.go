package fetch

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// keptPrefix is how much of a body that is too large is kept to look at.
const keptPrefix = 64 << 10

// bodies holds what bodies are read with and into before they are kept in their
// exact size.
var bodies = sync.Pool{New: func() any { return new(body) }}

type body struct {
	bytes.Buffer
	from     io.LimitedReader
	inflater *gzip.Reader // made for the first compressed body
}

// readBody reads at most most octets. Of a larger body the beginning is kept.
// Compressed bodies are counted as they are inflated.
func readBody(hr *http.Response, most int64) (kept []byte, truncated bool, err error) {
	buf := bodies.Get().(*body)
	buf.Reset()
	defer func() {
		buf.from.R = nil
		if buf.Cap() <= keptPrefix { // the odd large one is not kept for the many small ones
			bodies.Put(buf)
		}
	}()
	limit, source := most+1, io.Reader(hr.Body)
	switch {
	case strings.EqualFold(first(hr.Header, "Content-Encoding"), "gzip"):
		source, err = buf.inflate(source)
		if err == io.EOF { // no body, as with a 304
			return nil, false, nil
		}
		if err != nil {
			return nil, false, err
		}
		defer buf.inflater.Reset(empty{})
	case hr.ContentLength > most:
		limit, truncated = min(keptPrefix, most), true
	}
	buf.from = io.LimitedReader{R: source, N: limit}
	_, err = buf.ReadFrom(&buf.from)
	if int64(buf.Len()) > most {
		buf.Truncate(int(min(keptPrefix, most)))
		truncated, err = true, nil
	}
	return bytes.Clone(buf.Bytes()), truncated, err
}

// inflate returns what a compressed source holds. We ask for gzip ourselves: a
// transport that does puts a header of its own into each request.
func (b *body) inflate(source io.Reader) (inflated io.Reader, err error) {
	if b.inflater == nil {
		b.inflater = new(gzip.Reader)
	}
	return b.inflater, b.inflater.Reset(source)
}

// empty is a source to let go of another.
type empty struct{}

func (empty) Read([]byte) (int, error) { return 0, io.EOF }
func (empty) ReadByte() (byte, error)  { return 0, io.EOF }

func (r *Response) readHeader(h http.Header, now func() time.Time) {
	r.ContentType = first(h, "Content-Type")
	r.ETag = first(h, "Etag")
	r.LastModified = first(h, "Last-Modified")
	for part := range strings.SplitSeq(first(h, "Cache-Control"), ",") {
		if s, ok := strings.CutPrefix(strings.TrimSpace(strings.ToLower(part)), "max-age="); ok {
			if n, err := strconv.ParseUint(strings.Trim(s, `"`), 10, 32); err == nil {
				r.Expires = now().Add(time.Duration(n) * time.Second)
				return
			}
		}
	}
	if expires := first(h, "Expires"); expires != "" {
		if at, err := http.ParseTime(expires); err == nil {
			r.Expires = at
		}
	}
}

// first is h.Get for a key in canonical form.
func first(h http.Header, key string) string {
	if values := h[key]; len(values) > 0 {
		return values[0]
	}
	return ""
}

// retryAfter reads the header of that name, seconds or a date (RFC 9110 section
// 10.2.3). Nonsense is 0: the server did not say.
func retryAfter(s string, now time.Time) time.Duration {
	s = strings.TrimSpace(s)
	if n, err := strconv.ParseUint(s, 10, 64); err == nil {
		return time.Duration(min(n, 1<<31)) * time.Second
	}
	if at, err := http.ParseTime(s); err == nil {
		return max(0, at.Sub(now))
	}
	return 0
}

// wasReset tells whether the connection was dropped in the middle: what an
// overloaded or a rate-limiting server does.
func wasReset(err error) bool {
	return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}

func statusText(status int) string {
	if text := http.StatusText(status); text != "" {
		return fmt.Sprintf("%d %s", status, strings.ToLower(text))
	}
	return strconv.Itoa(status)
}

func size(n int64) string {
	switch {
	case n >= 1<<20 && n%(1<<20) == 0:
		return fmt.Sprintf("%d MiB", n>>20)
	case n >= 1<<10 && n%(1<<10) == 0:
		return fmt.Sprintf("%d KiB", n>>10)
	}
	return fmt.Sprintf("%d octets", n)
}
