package rdap

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"freehold"
)

// asAny makes of a value what encoding/json would.
func asAny(v val) any {
	switch v.kind() {
	case null:
		return nil
	case boolean:
		return v.str() == "true"
	case number:
		return json.Number(v.str())
	case text:
		return v.str()
	case array:
		list := []any{}
		for e := range v.all() {
			list = append(list, asAny(e))
		}
		return list
	case object:
		m := map[string]any{}
		for e := range v.all() {
			m[e.key()] = asAny(e)
		}
		return m
	}
	return nil
}

func TestTree(t *testing.T) {
	for _, s := range []string{
		`{}`, `[]`, `"x"`, `-1.5e+3`, `true`, `false`, `null`, ` { "a" : [ 1 , { "b" : null } , [ ] ] , "c" : "\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00" } `,
		`{"":{"":[[[]]]}}`, `["\ud83d","\ude00","\ud83dx"]`, `{"k\u0065y":1}`, `{"a":1,"b":2,"a":1}`,
	} {
		tree, err := parse([]byte(s))
		if err != nil {
			t.Errorf("%s: %v", s, err)
			continue
		}
		d := json.NewDecoder(strings.NewReader(s))
		d.UseNumber()
		var want any
		if err := d.Decode(&want); err != nil {
			t.Fatal(err)
		}
		if got := asAny(tree.root()); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %#v, want %#v", s, got, want)
		}
		tree.release()
	}
}

// Members of one name are found however many there are, and whatever their escapes.
func TestTwice(t *testing.T) {
	for _, c := range []struct {
		members string
		taken   bool
	}{
		{`"k":1`, true},
		{`"k":1,"k":1`, true},
		{`"k":{"x":[1,"a"]},"k": {"x" : [1,"a"]}`, true},
		{`"k":1,"k":2`, false},
		{`"k":"1","k":1`, false},
		{`"k":[1],"k":[1,2]`, false},
		{`"k":{"x":1},"k":{"y":1}`, false},
		{`"k":1,"\u006b":2`, false},
		{`"k":1,"k":1,"k":2`, false},
	} {
		for _, others := range []int{0, 40} {
			var b strings.Builder
			for i := range others {
				fmt.Fprintf(&b, `"o%d":0,`, i)
			}
			tree, err := parse([]byte("{" + b.String() + c.members + "}"))
			if err != nil {
				t.Fatal(err)
			}
			if got := tree.root().get("k").there(); got != c.taken {
				t.Errorf("%s with %d others: taken %v, want %v", c.members, others, got, c.taken)
			}
		}
	}
}

func TestAccessorsOnWhatIsNotThere(t *testing.T) {
	tree, err := parse([]byte(`{"a":null,"s":"x"}`))
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range []val{{}, tree.root().get("none"), tree.root().get("a"), tree.root().get("s").get("x"), tree.root().at(0), tree.root().get("s").at(1)} {
		if v.there() || v.str() != "" || v.get("x").there() || v.at(0).there() {
			t.Errorf("%+v is there", v)
		}
		for range v.list() {
			t.Errorf("%+v has elements", v)
		}
	}
}

// FuzzParse: what encoding/json accepts is accepted, within the bounds, and read
// as the same value where no member is there twice; the body is never changed.
func FuzzParse(f *testing.F) {
	body, err := os.ReadFile("testdata/bench.json")
	if err != nil {
		f.Fatal(err)
	}
	for _, s := range []string{string(body), `{"a":[1,2,{"b":"\u00e9"}]}`, `[1.5e3,"\ud83d\ude00"]`, `{"a":1,"a":2}`, "\ufeff{}", `{"a":1,}`, `"\u12"`, strings.Repeat("[", 70)} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		before := bytes.Clone(body)
		tree, err := parse(body)
		if !bytes.Equal(body, before) {
			t.Fatal("the body was changed")
		}
		valid := json.Valid(body)
		if err != nil {
			if valid && err != errDeep && err != errLarge {
				t.Fatalf("valid JSON is refused: %v", err)
			}
			return
		}
		got := asAny(tree.root())
		if !valid || !utf8.Valid(body) {
			return
		}
		twice := false
		for _, n := range tree.nodes {
			twice = twice || n.twice
		}
		d := json.NewDecoder(bytes.NewReader(body))
		d.UseNumber()
		var want any
		if err := d.Decode(&want); err != nil {
			t.Fatal(err)
		}
		if !twice && !reflect.DeepEqual(got, want) {
			t.Fatalf("got %#v, want %#v", got, want)
		}
	})
}

// FuzzReadDomain: reading never fails but by an error, and reading an answer
// again gives the same, one line and bounded each.
// reordered writes JSON with the members of each object in the order of their
// names, or backwards: the same answer (RFC 8259 section 4). It returns false
// where a member is there twice, for then the order does matter.
func reordered(body []byte, backwards bool) ([]byte, bool) {
	if !utf8.Valid(body) || !json.Valid(body) {
		return nil, false
	}
	t, err := parse(body)
	if err != nil {
		return nil, false
	}
	defer t.release()
	for _, n := range t.nodes {
		if n.twice {
			return nil, false
		}
	}
	var b bytes.Buffer
	err = writeReordered(&b, t.root(), backwards)
	return b.Bytes(), err == nil
}

func writeReordered(b *bytes.Buffer, v val, backwards bool) error {
	switch v.kind() {
	case object:
		members := slices.Collect(v.byKey())
		if backwards {
			slices.Reverse(members)
		}
		b.WriteByte('{')
		for i, m := range members {
			if i > 0 {
				b.WriteByte(',')
			}
			key, err := json.Marshal(m.key())
			if err != nil {
				return err
			}
			b.Write(append(key, ':'))
			if err := writeReordered(b, m, backwards); err != nil {
				return err
			}
		}
		b.WriteByte('}')
	case array:
		b.WriteByte('[')
		n := 0
		for e := range v.all() {
			if n++; n > 1 {
				b.WriteByte(',')
			}
			if err := writeReordered(b, e, backwards); err != nil {
				return err
			}
		}
		b.WriteByte(']')
	case text:
		s, err := json.Marshal(v.str())
		b.Write(s)
		return err
	case null:
		b.WriteString("null")
	default:
		b.Write(v.raw())
	}
	return nil
}

func FuzzReadDomain(f *testing.F) {
	body, err := os.ReadFile("testdata/bench.json")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(body)
	f.Add([]byte(with(`"entities":[` + entity("registrant", `,"jscard":{"name":{"full":"A"},"organizations":{"2":{"name":"Zweite AG"},"1":{"name":"Perrin SA"}},"emails":{"b":{"address":"b@x.example"},"a":{"email":"a@x.example"}},"addresses":{"z":{"countryCode":"ch"},"y":{"countryCode":"fr"}}}`) + `]`)))
	f.Add([]byte(with(`"entities":[` + entity("registrant", `,`+card(fn("REDACTED"))) + `],"redacted":[{"name":{"type":"Registrant"},"postPath":"$.entities[0].vcardArray[1][1]"}]`)))
	f.Add([]byte(with(`"secureDNS":{"delegationSigned":"x"},"events":[{"eventAction":"transfer","eventDate":"2020-01-01"}],"links":[{"rel":"related","href":"https://x/domain/boulangerie-perrin.com"}]`)))
	host, err := freehold.ParseHost("boulangerie-perrin.com")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		first, notes, err := readDomain(body, host, "sha256:0", nil)
		second, again, err2 := readDomain(body, host, "sha256:0", nil)
		if !reflect.DeepEqual(first, second) || !reflect.DeepEqual(notes, again) || fmt.Sprint(err) != fmt.Sprint(err2) {
			t.Fatalf("two readings differ: %+v, %+v", first, second)
		}
		if err != nil {
			return
		}
		for _, backwards := range []bool{false, true} {
			other, ok := reordered(body, backwards)
			if !ok {
				break
			}
			third, _, err := readDomain(other, host, "sha256:0", nil)
			if err != nil || !reflect.DeepEqual(first, third) {
				t.Fatalf("with its members in another order: %+v, %v\n%+v\n%s", third, err, first, other)
			}
		}
		lines := append(notes, fields(first)...)
		for _, l := range append(lines, first.RegistrarURL.Value, first.RegistrarEmail.Value, first.RegistrarPhone.Value, first.Reseller.Value, first.RegistrantEmail.Value) {
			if freehold.OneLine(l) != l || utf8.RuneCountInString(l) > 4*maxText {
				t.Fatalf("%q is not one short harmless line", l)
			}
		}
		for _, s := range first.Statuses.Value {
			if freehold.OneLine(s) != s || s == "" {
				t.Fatalf("status %q", s)
			}
		}
	})
}

// FuzzReadNetwork: the block that is read contains the address that was asked for.
func FuzzReadNetwork(f *testing.F) {
	f.Add([]byte(networkBody("192.0.2.0", "192.0.2.255", "HEBERGEUR-NET", "Hébergeur SA")))
	f.Add([]byte(`{"objectClassName":"ip network","startAddress":"::","endAddress":"192.0.2.9"}`))
	addr := mustAddr("192.0.2.7")
	f.Fuzz(func(t *testing.T, body []byte) {
		var n network
		if _, err := readNetwork(body, addr, &n); err == nil && !n.covers(addr) {
			t.Fatalf("block %s to %s", n.from, n.to)
		}
	})
}
