package rdap

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"freehold"
	"freehold/internal/fetch"
)

// maxList is the largest list read. IANA's are below 1 MiB.
const maxList = 16 << 20

// Ages of a kept copy of IANA's lists. The CA/Browser Forum allows bootstrap data
// of at most 48 hours; without an expiry date from the server a day is enough.
const (
	maxListAge     = 48 * time.Hour
	defaultListAge = 24 * time.Hour
)

// Getter asks HTTP servers within a policy: a *fetch.Client.
type Getter interface {
	Get(ctx context.Context, req fetch.Request) (fetch.Response, error)
}

// Sources says how the lists of servers are read.
type Sources struct {
	Fetch Getter
	// CacheDir keeps copies of IANA's lists; empty keeps none.
	CacheDir string
	// Again asks for IANA's lists even where the copies are fresh.
	Again bool
	// Now is the clock that copies age by; nil means the real one.
	Now func() time.Time
}

func (s Sources) now() time.Time {
	if s.Now == nil {
		return time.Now()
	}
	return s.Now()
}

// isURL tells a URL from a file name.
func isURL(spec string) bool {
	return strings.HasPrefix(spec, "https://") || strings.HasPrefix(spec, "http://")
}

// readFile reads a list of the user's.
func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fileError(path, err)
	}
	defer f.Close()
	body, err := io.ReadAll(io.LimitReader(f, maxList+1))
	if err != nil {
		return nil, fileError(path, err)
	}
	if len(body) > maxList {
		return nil, &freehold.Error{Kind: freehold.KindInvalid, Text: freehold.T("%q is larger than %d MiB", path, maxList>>20)}
	}
	return body, nil
}

func fileError(path string, err error) error {
	kind := freehold.KindInvalid
	switch {
	case errors.Is(err, fs.ErrNotExist):
		kind = freehold.KindNotFound
	case errors.Is(err, fs.ErrPermission):
		kind = freehold.KindPermission
	}
	var pe *fs.PathError
	if errors.As(err, &pe) {
		err = pe.Err
	}
	return &freehold.Error{Kind: kind, Text: freehold.T("cannot read %q", path), Err: err}
}

// readURL reads a list from a URL that the user named.
func (s Sources) readURL(ctx context.Context, raw string) ([]byte, error) {
	named := &fetch.Bases{}
	if err := named.Add(raw); err != nil {
		return nil, err
	}
	resp, err := s.Fetch.Get(ctx, fetch.Request{URL: raw, Policy: fetch.Policy{Named: named}, MaxBody: maxList})
	if err != nil {
		return nil, err
	}
	if resp.Status != http.StatusOK {
		return nil, &freehold.Error{Kind: freehold.KindNotFound, Text: freehold.T("%q is not there", shorten(raw))}
	}
	return resp.Body, nil
}

// published is one of IANA's lists: where it is, and what its copy is called.
type published struct {
	url, file string
	check     func([]byte) error // what is no such list is not kept
}

// copyMeta stands beside a kept copy.
type copyMeta struct {
	URL          string    `json:"url"`
	ETag         string    `json:"etag,omitempty"`
	LastModified string    `json:"last_modified,omitempty"`
	Expires      time.Time `json:"expires"`
	Fetched      time.Time `json:"fetched"`
}

// readPublished returns a list of IANA's: the kept copy while it is fresh, else
// a new one, else the old copy with a note that says so.
func (s Sources) readPublished(ctx context.Context, p published) (body []byte, note string, err error) {
	kept, meta, have := s.keptCopy(p)
	if have && !s.Again && s.now().Before(meta.Expires) && !meta.Fetched.After(s.now()) {
		return kept, "", nil
	}
	req := fetch.Request{URL: p.url, MaxBody: maxList}
	if hp, ok := fetch.HostPort(p.url); ok {
		req.Policy.Hosts = func(asked string) bool { return asked == hp }
	}
	if have {
		req.ETag, req.LastModified = meta.ETag, meta.LastModified
	}
	resp, err := s.Fetch.Get(ctx, req)
	switch {
	case err != nil:
	case resp.Status == http.StatusNotModified && have:
		s.keep(p, kept, &resp, meta)
		return kept, "", nil
	case resp.Status != http.StatusOK:
		err = fmt.Errorf("%q answered %d", p.url, resp.Status)
	default:
		if err = p.check(resp.Body); err == nil {
			s.keep(p, resp.Body, &resp, copyMeta{})
			return resp.Body, "", nil
		}
	}
	if have {
		return kept, fmt.Sprintf("the copy of %s of %s is used: %v", p.url, meta.Fetched.UTC().Format(time.DateOnly), err), nil
	}
	return nil, "", &freehold.Error{
		Kind: freehold.KindUnavailable, Text: freehold.T("cannot get %q", p.url), Err: err,
		Advice: freehold.T("check the network, or give a copy with --rdap-bootstrap and --registrar-ids"),
	}
}

func (s Sources) keptCopy(p published) (body []byte, meta copyMeta, ok bool) {
	if s.CacheDir == "" {
		return nil, meta, false
	}
	path := filepath.Join(s.CacheDir, p.file)
	about, err := os.ReadFile(path + ".meta")
	if err != nil || json.Unmarshal(about, &meta) != nil || meta.URL != p.url {
		return nil, copyMeta{}, false
	}
	if body, err = readFile(path); err != nil || p.check(body) != nil {
		return nil, copyMeta{}, false
	}
	return body, meta, true
}

// keep stores a copy. That it could not be stored is no error: the next run asks
// again.
func (s Sources) keep(p published, body []byte, resp *fetch.Response, old copyMeta) {
	if s.CacheDir == "" || os.MkdirAll(s.CacheDir, 0o700) != nil {
		return
	}
	now := s.now()
	expires := resp.Expires
	if expires.IsZero() {
		expires = now.Add(defaultListAge)
	}
	if latest := now.Add(maxListAge); expires.After(latest) {
		expires = latest
	}
	meta, err := json.Marshal(copyMeta{
		URL: p.url, ETag: cmp.Or(resp.ETag, old.ETag), LastModified: cmp.Or(resp.LastModified, old.LastModified), Expires: expires, Fetched: now,
	})
	if err != nil {
		return
	}
	path := filepath.Join(s.CacheDir, p.file)
	if old.URL == "" && writeWhole(path, body) != nil {
		return
	}
	_ = writeWhole(path+".meta", meta)
}

// writeWhole writes a file so that a reader sees the old content or the new one.
func writeWhole(path string, body []byte) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), ".new-*") // 0600
	if err != nil {
		return err
	}
	_, err = tmp.Write(body)
	if closed := tmp.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		os.Remove(tmp.Name())
	}
	return err
}

// nextTo returns the URL of a file beside the one at raw.
func nextTo(raw, file string) (string, bool) {
	u, err := url.Parse(raw)
	if err != nil {
		return "", false
	}
	return u.ResolveReference(&url.URL{Path: file}).String(), true
}

func shorten(s string) string {
	if r := []rune(freehold.OneLine(s)); len(r) > 100 {
		return string(r[:97]) + "..."
	}
	return freehold.OneLine(s)
}

// Load reads both lists as the options --rdap-bootstrap and --registrar-ids say.
// With a bootstrap of the user's and no list of registrars there is none: what is
// overridden fetches nothing else. A list of registrars of IANA's that cannot be
// had is a note on the bootstrap, and no registrar is asked.
func (s Sources) Load(ctx context.Context, bootstrap, registrarIDs string) (*Bootstrap, *RegistrarIDs, error) {
	b, err := s.LoadBootstrap(ctx, bootstrap)
	if err != nil {
		return nil, nil, err
	}
	if bootstrap != "" && registrarIDs == "" {
		return b, nil, nil
	}
	ids, err := s.LoadRegistrarIDs(ctx, registrarIDs)
	if err != nil && registrarIDs == "" {
		b.Notes = append(b.Notes, "registrars are not asked: "+err.Error())
		return b, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	b.Notes = append(b.Notes, ids.Notes...)
	return b, ids, nil
}
