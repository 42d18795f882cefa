package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"

	"freehold"
)

// encoder writes JSON values, one a line, with the characters that move or
// disguise text on a terminal escaped: the data is kept, and printing it does
// no harm.
type encoder struct {
	w io.Writer
}

func (e encoder) write(v any) error {
	b, err := marshal(v)
	if err != nil {
		return err
	}
	_, err = e.w.Write(append(b, '\n'))
	return err
}

func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil { // ends in a line break
		return nil, err
	}
	return escapeHostile(bytes.TrimSuffix(b.Bytes(), []byte{'\n'})), nil
}

// escapeHostile replaces DEL, the C1 controls and the bidirectional overrides
// by their \u escapes. C0 controls and bad UTF-8 never pass encoding/json.
// In valid JSON these characters stand only inside strings.
func escapeHostile(b []byte) []byte {
	const hex = "0123456789abcdef"
	var out []byte
	copied := 0 // how much of b is in out
	for i := 0; i < len(b); i++ {
		if c := b[i]; c != 0x7f && c != 0xc2 && c != 0xe2 {
			continue
		}
		r, n := hostileAt(b[i:])
		if n == 0 {
			continue
		}
		out = append(out, b[copied:i]...)
		out = append(out, '\\', 'u', hex[r>>12&15], hex[r>>8&15], hex[r>>4&15], hex[r&15])
		copied = i + n
		i = copied - 1
	}
	if copied == 0 {
		return b
	}
	return append(out, b[copied:]...)
}

// hostileAt returns the character at the start of b and its length if it is one
// to escape, else 0, 0.
func hostileAt(b []byte) (r rune, n int) {
	switch {
	case b[0] == 0x7f:
		return 0x7f, 1
	case b[0] == 0xc2 && len(b) > 1 && b[1] < 0xa0: // U+0080 to U+009F
		return rune(b[1]), 2
	case b[0] != 0xe2 || len(b) < 3:
		return 0, 0
	}
	r = 0x2000 | rune(b[1]&0x3f)<<6 | rune(b[2]&0x3f)
	switch {
	case r == 0x200e, r == 0x200f, r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069:
		return r, 3
	}
	return 0, 0
}

// jsonWriter writes the envelope of SchemaAudit, a name at a time.
type jsonWriter struct {
	out     encoder
	speaker freehold.Speaker
	begun   bool
	names   int
}

// member writes `key:value` after a prefix.
func (j *jsonWriter) member(prefix string, v any, suffix string) error {
	b, err := marshal(v)
	if err != nil {
		return err
	}
	_, err = j.out.w.Write(append(append([]byte(prefix), b...), suffix...))
	return err
}

func (j *jsonWriter) Begin(r freehold.Run) error {
	j.begun = true
	return j.member(`{"schema":"`+SchemaAudit+`","run":`, runDoc(r), `,"names":[`)
}

func (j *jsonWriter) Result(r *freehold.Result) error {
	prefix := "\n"
	if j.names > 0 {
		prefix = ",\n"
	}
	j.names++
	return j.member(prefix, nameDoc(r, j.speaker), "")
}

func (j *jsonWriter) End(r freehold.Run, s freehold.Summary) error {
	return j.member("],\n"+`"summary":`, summaryDoc(r, s), "}\n")
}

// Fail closes the envelope with the error, so that what was told until then
// still reads as JSON.
func (j *jsonWriter) Fail(err error) error {
	if !j.begun {
		return j.out.write(errorEnvelope{Schema: SchemaAudit, Error: errorDoc(err), Names: emptyNames(SchemaAudit)})
	}
	return j.member("],\n"+`"error":`, errorDoc(err), "}\n")
}

// jsonlWriter writes the same objects one a line; "type" says which it is.
type jsonlWriter struct {
	out     encoder
	speaker freehold.Speaker
}

func (j *jsonlWriter) Begin(r freehold.Run) error {
	return j.out.write(runLine{Type: "run", Schema: SchemaAudit, Run: runDoc(r)})
}

func (j *jsonlWriter) Result(r *freehold.Result) error {
	return j.out.write(&nameLine{Type: "name", name: nameDoc(r, j.speaker)})
}

func (j *jsonlWriter) End(r freehold.Run, s freehold.Summary) error {
	return j.out.write(summaryLine{Type: "summary", Schema: SchemaAudit, Summary: summaryDoc(r, s)})
}

func (j *jsonlWriter) Fail(err error) error {
	return j.out.write(errorLine{Type: "error", Schema: SchemaAudit, Error: errorDoc(err)})
}

type (
	runLine struct {
		Type   string `json:"type"`
		Schema string `json:"schema"`
		Run    run    `json:"run"`
	}
	nameLine struct {
		Type string `json:"type"`
		*name
	}
	summaryLine struct {
		Type    string  `json:"type"`
		Schema  string  `json:"schema"`
		Summary summary `json:"summary"`
	}
	errorLine struct {
		Type   string   `json:"type"`
		Schema string   `json:"schema"`
		Error  errorObj `json:"error"`
	}
	// errorEnvelope stands where a result was asked for and there is none.
	errorEnvelope struct {
		Schema string   `json:"schema"`
		Names  *[]name  `json:"names,omitempty"`
		Error  errorObj `json:"error"`
	}
	errorObj struct {
		Kind    string  `json:"kind"`
		Message string  `json:"message"`
		Hint    *string `json:"hint"`
	}
)

// emptyNames gives an audit's error envelope its empty list, so that a loop
// over the names needs no special case.
func emptyNames(schema string) *[]name {
	if schema != SchemaAudit {
		return nil
	}
	return &[]name{}
}

var errorKinds = [...]string{
	freehold.KindInternal: "internal", freehold.KindInvalid: "invalid", freehold.KindNotFound: "not_found",
	freehold.KindPermission: "permission", freehold.KindUnavailable: "unavailable", freehold.KindBusy: "busy",
	freehold.KindDamaged: "damaged", freehold.KindNewer: "newer", freehold.KindFull: "full",
	freehold.KindUsage: "usage", freehold.KindWaiting: "waiting",
}

func errorDoc(err error) errorObj {
	if err == nil {
		err = errors.New("unknown error")
	}
	kind := freehold.KindOf(err)
	doc := errorObj{Kind: errorKinds[freehold.KindInternal], Message: freehold.OneLine(err.Error()), Hint: textOrNull(freehold.HintOf(err))}
	if int(kind) < len(errorKinds) {
		doc.Kind = errorKinds[kind]
	}
	return doc
}

func textOrNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
