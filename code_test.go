package freehold

import (
	"bytes"
	"crypto/rand"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

const aCode = "Sb7#kQ2m-Zr9x_Wd4T"

func code(s string) TransferCode { return NewTransferCode([]byte(s)) }

// TestNothingPrintsACode writes a code in every way Go offers, alone and inside
// other values.
func TestNothingPrintsACode(t *testing.T) {
	c := code(aCode)
	type open struct {
		Name string
		Code TransferCode
	}
	type closed struct{ code TransferCode }
	var b bytes.Buffer
	for _, v := range []any{c, &c, open{"x", c}, &open{"x", c}, closed{c}, &closed{c}, []TransferCode{c}, map[string]TransferCode{"x": c}, any(c)} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%p", "%t", "% x"} {
			fmt.Fprintf(&b, verb+"\n", v)
		}
		slog.New(slog.NewJSONHandler(&b, nil)).Info("m", "v", v)
		slog.New(slog.NewTextHandler(&b, nil)).Info("m", "v", v)
		j, _ := json.Marshal(v)
		b.Write(j)
		x, _ := xml.Marshal(v)
		b.Write(x)
		var g bytes.Buffer
		gob.NewEncoder(&g).Encode(v)
		b.Write(g.Bytes())
	}
	for _, form := range []string{aCode, fmt.Sprintf("%x", aCode), fmt.Sprintf("%X", aCode), strings.Trim(fmt.Sprint([]byte(aCode)), "[]"), "U2I3I2tRMm0t"} {
		if strings.Contains(b.String(), form) {
			t.Errorf("a code was written as %q", form)
		}
	}
	if got := fmt.Sprint(c); got != redactedCode {
		t.Errorf("printed %q", got)
	}
	if _, err := c.Value(); !errors.Is(err, errNoCodeStored) {
		t.Errorf("stored: %v", err)
	}
}

func TestCodeIsUsedOnceAndWiped(t *testing.T) {
	given := []byte(aCode)
	c := NewTransferCode(given)
	if strings.Trim(string(given), "\x00") != "" {
		t.Errorf("the giver still holds %q", given)
	}
	other := c
	var seen string
	var kept []byte
	if !c.Use(func(code []byte) { seen, kept = string(code), code }) || seen != aCode {
		t.Errorf("used %q", seen)
	}
	if !c.Matches([]byte(aCode)) || c.Matches([]byte(aCode[1:])) || c.Matches(nil) {
		t.Error("comparison is wrong")
	}
	other.Destroy()
	if !c.IsZero() || c.Matches([]byte(aCode)) || strings.Trim(string(kept), "\x00") != "" {
		t.Errorf("after Destroy: %q", kept)
	}
	var zero TransferCode
	zero.Destroy()
	if zero.Use(func([]byte) { t.Error("the zero code was revealed") }) || !zero.IsZero() || zero.Matches(nil) || !NewTransferCode(nil).IsZero() {
		t.Error("the zero code is a code")
	}
}

func TestCodeShapes(t *testing.T) {
	for _, c := range []struct {
		what         string
		shape        CodeShape
		length, bits int
	}{
		{"letters, digits, symbols", NewCodeShape(12, 32, true), 21, 128},
		{"letters and digits", NewCodeShape(6, 64, false), 22, 130},
		{"at most sixteen", NewCodeShape(8, 16, false), 16, 95},
		{"one case and digits", CodeShape{Min: 1, Max: 40, Classes: []string{codeLower + codeDigits}}, 25, 129},
		{"fifteen digits", CodeShape{Min: 15, Max: 15, Classes: []string{codeDigits}}, 15, 49},
		{"printable ASCII", CodeShape{Min: 1, Max: 40, Classes: []string{strings.Repeat("x", 94)}}, 20, 131},
		{"long minimum", NewCodeShape(30, 40, true), 30, 183},
		{"nothing", CodeShape{}, 0, 0},
		{"too short for its classes", NewCodeShape(1, 3, true), 0, 0},
	} {
		length, bits := c.shape.Length()
		if length != c.length || bits != c.bits {
			t.Errorf("%s: %d characters of %d bits, want %d of %d", c.what, length, bits, c.length, c.bits)
		}
		code, err := c.shape.Generate(rand.Reader)
		if (err == nil) != (c.length > 0) {
			t.Errorf("%s: %v", c.what, err)
		}
		code.Use(func(b []byte) {
			if len(b) != c.length || !c.shape.Accepts(b) {
				t.Errorf("%s: generated %q", c.what, b)
			}
		})
	}
}

// TestCodesAreUniform counts the characters of many codes: none may be favoured.
func TestCodesAreUniform(t *testing.T) {
	shape := CodeShape{Min: 50, Max: 50, Classes: []string{codeLower + codeUpper + codeDigits}}
	counts := map[byte]int{}
	random := &counter{}
	const codes = 2000
	for range codes {
		code, err := shape.Generate(random)
		if err != nil {
			t.Fatal(err)
		}
		code.Use(func(b []byte) {
			for _, c := range b {
				counts[c]++
			}
		})
	}
	want := codes * 50 / 62
	for c, n := range counts {
		if n < want*98/100 || n > want*102/100 {
			t.Errorf("%q was drawn %d times, want about %d", c, n, want)
		}
	}
	if len(counts) != 62 {
		t.Errorf("%d characters drawn", len(counts))
	}
}

// counter yields every byte equally often.
type counter struct{ next byte }

func (c *counter) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = c.next
		c.next++
	}
	return len(p), nil
}

func TestNoRandomnessNoCode(t *testing.T) {
	if c, err := NewCodeShape(12, 32, true).Generate(strings.NewReader("short")); err == nil || !c.IsZero() {
		t.Errorf("%v", err)
	}
}
