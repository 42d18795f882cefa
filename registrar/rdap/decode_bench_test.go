package rdap

import (
	"encoding/json"
	"os"
	"testing"

	openrdap "github.com/openrdap/rdap"

	"freehold"
)

// BenchmarkDecode compares our reader with openrdap's decoder and with
// encoding/json on one answer.
func BenchmarkDecode(b *testing.B) {
	body, err := os.ReadFile("testdata/bench.json")
	if err != nil {
		b.Fatal(err)
	}
	name, err := freehold.ParseHost("boulangerie-perrin.com")
	if err != nil {
		b.Fatal(err)
	}
	b.Run("freehold", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, _, err := readDomain(body, name, "sha256:0", nil); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("openrdap", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := openrdap.NewDecoder(body).Decode(); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("encoding-json", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var v any
			if err := json.Unmarshal(body, &v); err != nil {
				b.Fatal(err)
			}
		}
	})
}
