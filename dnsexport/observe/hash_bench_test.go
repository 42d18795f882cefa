package observe

import (
	"crypto/sha1"
	"encoding/hex"
	"os/exec"
	"regexp"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"time"
)

// TestHashVectors are those of RFC 5155, appendix A.
func TestHashVectors(t *testing.T) {
	h, err := NewHasher("example.", "aabbccdd", 12)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"example.": "0P9MHAVEQVM6T7VBL5LOP2U3T2RP3TOM", "a.example.": "35MTHGPGCU1QG68FAB165KLNSNK3DPVL", "*.w.example.": "R53BQ7CC2UVMUBFU5OCMM6PERS9TK9EN",
		"x.y.w.example.": "2VPTU5TIMAMQTTGL4LUU9KG21E0AOR3S",
	} {
		if sum, ok := h.Name(name); !ok || base32hex.EncodeToString(sum[:]) != want {
			t.Errorf("%s is %s, want %s", name, base32hex.EncodeToString(sum[:]), want)
		}
	}
	byLabel, byName := h.Label([]byte("a")), [sha1.Size]byte{}
	byName, _ = h.Name("a.example.")
	if byLabel != byName {
		t.Errorf("%s by label, %s by name", hex.EncodeToString(byLabel[:]), hex.EncodeToString(byName[:]))
	}
	if _, err := NewHasher("example.", "xyz", 0); err == nil {
		t.Error("a salt that is no number")
	}
}

// BenchmarkHashes prints how many labels a second are hashed on all cores, and
// the ratio to what openssl reaches with blocks of that size.
func BenchmarkHashes(b *testing.B) {
	const label = "sauvegarde-2026"
	size := 1 + len(label) + len("\x07example\x04test\x00")
	for b.Loop() {
		cores := runtime.GOMAXPROCS(0)
		var mu sync.Mutex
		var wg sync.WaitGroup
		total, stop := 0, time.Now().Add(time.Second)
		for range cores {
			wg.Go(func() {
				h, _ := NewHasher("example.test.", "", 0)
				l, n := []byte(label), 0
				for time.Now().Before(stop) {
					for range 4096 {
						l[0] = byte(n)
						h.Label(l)
						n++
					}
				}
				mu.Lock()
				total += n
				mu.Unlock()
			})
		}
		wg.Wait()
		b.ReportMetric(float64(total), "hashes/s")
		if peer := openssl(cores, size); peer > 0 {
			b.ReportMetric(float64(total)/peer, "ratio-to-openssl")
		}
	}
}

var perSecond = regexp.MustCompile(`(?m)^sha1\s+([0-9.]+)k`)

// openssl returns how many blocks of a size it hashes a second, 0 where it is not there.
func openssl(cores, size int) float64 {
	out, err := exec.Command("openssl", "speed", "-seconds", "1", "-bytes", strconv.Itoa(size), "-multi", strconv.Itoa(cores), "sha1").Output()
	m := perSecond.FindSubmatch(out)
	if err != nil || m == nil {
		return 0
	}
	k, _ := strconv.ParseFloat(string(m[1]), 64)
	return k * 1000 / float64(size)
}
