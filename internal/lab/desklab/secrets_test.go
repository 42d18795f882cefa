package desklab

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"freehold"
	"freehold/internal/flow/desk"
	"freehold/internal/lab/eppd"
	"freehold/registrar/transfer"
)

// watched remembers every code that is set through it, as nothing of ours may.
type watched struct {
	*transfer.EPP
	mu    *sync.Mutex
	codes *[]string
}

func (w watched) Set(ctx context.Context, name freehold.Name, code freehold.TransferCode, unlock bool) error {
	code.Use(func(b []byte) {
		w.mu.Lock()
		defer w.mu.Unlock()
		*w.codes = append(*w.codes, string(b))
	})
	return w.EPP.Set(ctx, name, code, unlock)
}

// forms are the ways in which a secret may lie in a file.
func forms(secret string) []string {
	all := []string{secret, hex.EncodeToString([]byte(secret)), strings.ToUpper(hex.EncodeToString([]byte(secret))), url.QueryEscape(secret)}
	for shift := range 3 { // wherever in a longer text that was encoded
		for _, enc := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			text := enc.EncodeToString(append(make([]byte, shift), secret...))
			from, to := (shift*8+5)/6, len(text)-1
			all = append(all, text[from:to])
		}
	}
	return all
}

// holds returns the first form of a secret that is in b, "" if none is.
func holds(b []byte, secret string) string {
	for _, f := range forms(secret) {
		if bytes.Contains(b, []byte(f)) {
			return f
		}
	}
	return ""
}

func TestFormsAreFound(t *testing.T) {
	const secret = "Sb7#kQ2m-Zr9x_Wd4T+aa"
	for i := range 6 {
		around := strings.Repeat("x", i) + secret + strings.Repeat("y", i)
		for what, text := range map[string]string{
			"plain": around, "hex": hex.EncodeToString([]byte(around)), "HEX": fmt.Sprintf("%X", around), "base64": base64.StdEncoding.EncodeToString([]byte(around)),
			"base64 for URLs": base64.URLEncoding.EncodeToString([]byte(around)), "in a URL": "?c=" + url.QueryEscape(around),
		} {
			if holds([]byte(text), secret) == "" {
				t.Errorf("%s at %d is not found", what, i)
			}
		}
	}
	if f := holds([]byte("nothing of the kind"), secret); f != "" {
		t.Errorf("found %q in nothing", f)
	}
}

// TestNoCodeIsKept plays cases of every kind, then looks for every code that ever
// existed, and every phrase, in all that was written: the database, its log, its
// backup, and all that was said; the one file that is handed over is sealed.
func TestNoCodeIsKept(t *testing.T) {
	dir := t.TempDir()
	var mu sync.Mutex
	var codes []string
	var said bytes.Buffer
	w := world(t, Config{DB: filepath.Join(dir, "freehold.db"), Tell: func(x freehold.Text) { mu.Lock(); defer mu.Unlock(); fmt.Fprintln(&said, x) },
		Watch: func(r transfer.Registrar) transfer.Registrar { return watched{r.(*transfer.EPP), &mu, &codes} }})
	ctx := t.Context()
	at := &attendant{heard: true}
	w.Desk.Attendant = at
	for i, c := range []struct {
		delivery string
		faults   eppd.Faults
		reveal   bool
	}{
		{"", eppd.Faults{}, true},
		{"", eppd.Faults{RefuseCode: 3}, false},
		{"", eppd.Faults{DropAfter: 2}, true},
		{"", eppd.Faults{DropAfter: 1000}, false},
		{"", eppd.Faults{RefuseCode: 1000}, false},
		{"aloud", eppd.Faults{DropBefore: 1}, false},
		{"phrase", eppd.Faults{}, true},
	} {
		name := fmt.Sprintf("shop-%d.com", i)
		w.Register(name)
		id := w.ready(t, name, c.delivery)
		w.Registry.Fail(c.faults)
		o, err := w.Desk.Advance(ctx, id)
		fmt.Fprintf(&said, "%+v %v %v\n", o, o.Waits, err)
		w.Registry.Fail(eppd.Faults{})
		if !c.reveal {
			continue
		}
		text, row, err := w.Desk.Reveal(ctx, id, "anne")
		must(t, err)
		fmt.Fprintf(&said, "%+v %s\n", row, text)
	}
	w.Clock.Add(80 * time.Hour)
	if _, err := w.Desk.Sweep(ctx, 2); err != nil {
		t.Fatal(err)
	}
	secrets := append(codes, at.code, at.phrase, strings.ReplaceAll(at.phrase, " ", ""))
	if len(codes) < 15 || at.code == "" || at.phrase == "" {
		t.Fatalf("only %d codes existed", len(codes))
	}
	// Before the store is closed, so that the write-ahead log is still there.
	written, err := Everything(dir)
	must(t, err)
	if _, err := os.Stat(filepath.Join(dir, "freehold.db-wal")); err != nil {
		t.Errorf("the log is not among what is looked at: %v", err)
	}
	written["what was said"] = said.Bytes()
	written["the backup"] = backup(t, w, filepath.Join(t.TempDir(), "backup.gz"))
	for where, b := range written {
		for _, s := range secrets {
			if f := holds(b, s); f != "" {
				t.Errorf("%s holds a secret as %q", where, f)
			}
		}
	}
	t.Logf("%d codes and phrases looked for in %d files", len(secrets), len(written))
}

func backup(t *testing.T, w *World, path string) []byte {
	t.Helper()
	_, err := w.Store.Backup(t.Context(), path, w.Clock.Now())
	must(t, err)
	f, err := os.Open(path)
	must(t, err)
	defer f.Close()
	z, err := gzip.NewReader(f)
	must(t, err)
	b, err := io.ReadAll(z)
	must(t, err)
	return b
}

var _ desk.Attendant = (*attendant)(nil)
