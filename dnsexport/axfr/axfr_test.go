package axfr

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"freehold"
	"freehold/dnsexport/zonefile"
)

var shop = freehold.Owner("\x04shop\x04test\x00")

const secret = "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0" // of tests only

func testZone(t testing.TB, more string) *freehold.Zone {
	t.Helper()
	z, err := zonefile.Read(strings.NewReader("$TTL 3600\n@ IN SOA ns1.host.test. hostmaster 7 3600 900 604800 300\n@ NS ns1.host.test.\n"+more), "shop.zone", zonefile.Options{Origin: shop})
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// script is a server that gives one connection the messages of answer. Each is
// a list of records; the header and the question are made for it.
type script struct {
	messages [][]freehold.Record
	rcode    byte
	key      *Key
	// sign tells which messages are signed; nil: all, where there is a key.
	sign func(i int) bool
	// tamper changes a message before it goes out.
	tamper func(i int, msg []byte) []byte
	// hang keeps the connection open after the last message.
	hang bool
	// repeat sends the last message again and again.
	repeat bool
}

func (s script) serve(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		s.answer(conn)
	}()
	return l.Addr().String()
}

func (s script) answer(conn net.Conn) {
	var length [2]byte
	if _, err := io.ReadFull(conn, length[:]); err != nil {
		return
	}
	query := make([]byte, binary.BigEndian.Uint16(length[:]))
	if _, err := io.ReadFull(conn, query); err != nil {
		return
	}
	var prior []byte
	if t, err := findTSIG(query); err == nil && t != nil {
		prior = t.mac
	}
	var pending []byte
	first := true
	for i := 0; i < len(s.messages) || s.repeat; i++ {
		records := s.messages[min(i, len(s.messages)-1)]
		msg := appendQuestion(nil, [2]byte(query[:2]), shop, freehold.TypeAXFR, nil)
		msg[2], msg[3] = 0x84, s.rcode
		binary.BigEndian.PutUint16(msg[6:], uint16(len(records)))
		for _, r := range records {
			msg = appendRecord(msg, r)
		}
		if s.key != nil && (s.sign == nil || s.sign(i)) {
			now := uint64(time.Now().Unix())
			covered := s.key.variables(now, fudge, 0, nil)
			if !first {
				covered = appendTime(nil, now, fudge)
			}
			mac := s.key.mac(binary.BigEndian.AppendUint16(nil, uint16(len(prior))), prior, pending, msg, covered)[:s.key.size]
			data := appendTime(append([]byte(nil), s.key.algorithm...), now, fudge)
			data = append(binary.BigEndian.AppendUint16(data, uint16(len(mac))), mac...)
			data = append(data, msg[0], msg[1], 0, 0, 0, 0)
			binary.BigEndian.PutUint16(msg[10:], 1)
			msg = append(msg, s.key.name...)
			msg = append(msg, 0, typeTSIG, 0, classANY, 0, 0, 0, 0)
			msg = append(binary.BigEndian.AppendUint16(msg, uint16(len(data))), data...)
			prior, pending, first = mac, nil, false
		} else {
			pending = append(pending, msg...)
		}
		if s.tamper != nil {
			msg = s.tamper(i, msg)
		}
		if _, err := conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(msg))), msg...)); err != nil {
			return
		}
	}
	if s.hang {
		io.Copy(io.Discard, conn)
	}
}

func mustKey(t testing.TB, algorithm string) *Key {
	t.Helper()
	k, err := NewKey("copy.", algorithm, secret)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestTransfer(t *testing.T) {
	z := testZone(t, "a A 192.0.2.1\nb MX 10 a\nc TXT x\n")
	r := z.Records
	soa := r[0]
	body := r[1:]
	other := soa
	other.Data = strings.Replace(soa.Data, "\x00\x00\x00\x07", "\x00\x00\x00\x08", 1)
	key := mustKey(t, "")
	outside := freehold.Record{Owner: "\x05other\x00", Class: 1, Type: 16, Data: "\x01x"}
	chaos := body[1]
	chaos.Class = 3
	list := func(parts ...[]freehold.Record) []freehold.Record { return slices.Concat(parts...) }
	one := func(r freehold.Record) []freehold.Record { return []freehold.Record{r} }
	flip := func(at int) func(int, []byte) []byte {
		return func(i int, msg []byte) []byte {
			if i == at {
				msg[len(msg)-1]++
				msg[20]++
			}
			return msg
		}
	}
	for _, c := range []struct {
		why  string
		s    script
		key  *Key
		cfg  Config
		want string // part of the error; "" is the whole zone
		kind freehold.ErrorKind
	}{
		{"one message", script{messages: [][]freehold.Record{list(one(soa), body, one(soa))}}, nil, Config{}, "", 0},
		{"one record a message", script{messages: [][]freehold.Record{one(soa), one(body[0]), one(body[1]), one(body[2]), one(body[3]), one(soa)}}, nil, Config{}, "", 0},
		{"signed throughout", script{key: key, messages: [][]freehold.Record{one(soa), body, one(soa)}}, key, Config{}, "", 0},
		{"not every message signed", script{key: key, sign: func(i int) bool { return i != 1 }, messages: [][]freehold.Record{one(soa), body, one(soa)}}, key, Config{}, "", 0},
		{"outside records are left out", script{messages: [][]freehold.Record{list(one(soa), body, one(outside), one(soa))}}, nil, Config{}, "", 0},
		{"no final SOA", script{messages: [][]freehold.Record{one(soa), body}}, nil, Config{}, "ended without its SOA, after 5 records", freehold.KindInvalid},
		{"no first SOA", script{messages: [][]freehold.Record{body}}, nil, Config{}, "begins with a record of type", freehold.KindInvalid},
		{"records after the last SOA", script{messages: [][]freehold.Record{list(one(soa), body, one(soa), body)}}, nil, Config{}, "4 records after the last SOA", freehold.KindInvalid},
		{"another last SOA", script{messages: [][]freehold.Record{list(one(soa), body, one(other))}}, nil, Config{}, "the zone changed under the transfer", freehold.KindInvalid},
		{"another class", script{messages: [][]freehold.Record{list(one(soa), one(chaos), one(soa))}}, nil, Config{}, "class CH", freehold.KindInvalid},
		{"refused", script{rcode: 5, messages: [][]freehold.Record{nil}}, nil, Config{}, "REFUSED", freehold.KindPermission},
		{"not its zone", script{rcode: 9, messages: [][]freehold.Record{nil}}, nil, Config{}, "NOTAUTH", freehold.KindNotFound},
		{"SERVFAIL in the middle", script{messages: [][]freehold.Record{one(soa), body}, tamper: func(i int, m []byte) []byte { m[3] = byte(2 * i); return m }}, nil, Config{}, "SERVFAIL", freehold.KindUnavailable},
		{"empty message", script{messages: [][]freehold.Record{one(soa), nil}}, nil, Config{}, "message 2 has no records", freehold.KindInvalid},
		{"unsigned answer", script{messages: [][]freehold.Record{list(one(soa), body, one(soa))}}, key, Config{}, "the answer is not signed", freehold.KindInvalid},
		{"last message unsigned", script{key: key, sign: func(i int) bool { return i == 0 }, messages: [][]freehold.Record{one(soa), body, one(soa)}}, key, Config{}, "the last message is not signed", freehold.KindInvalid},
		{"tampered in the middle", script{key: key, messages: [][]freehold.Record{one(soa), body, one(soa)}, tamper: flip(1)}, key, Config{}, "message 2: ", freehold.KindInvalid},
		{"an error of the signature in the middle", script{key: key, messages: [][]freehold.Record{one(soa), body, one(soa)}, tamper: func(i int, m []byte) []byte {
			if i == 1 {
				m[3], m[len(m)-3] = 9, 18 // NOTAUTH, BADTIME
			}
			return m
		}}, key, Config{}, "message 2: ", freehold.KindInvalid},
		{"an unsigned one tampered", script{key: key, sign: func(i int) bool { return i != 1 }, messages: [][]freehold.Record{one(soa), body, one(soa)}, tamper: func(i int, m []byte) []byte {
			if i == 1 {
				m[len(m)-1]++
			}
			return m
		}}, key, Config{}, "message 3: the signature is wrong", freehold.KindInvalid},
		{"too many unsigned", script{key: key, sign: func(i int) bool { return i == 0 }, messages: [][]freehold.Record{one(soa), body}, repeat: true}, key, Config{}, "more than 99 messages without a signature", freehold.KindInvalid},
		{"other clock", script{key: key, messages: [][]freehold.Record{list(one(soa), body, one(soa))}}, key, Config{Now: func() time.Time { return time.Now().Add(time.Hour) }}, "one of the clocks is wrong", freehold.KindInvalid},
		{"endless records", script{messages: [][]freehold.Record{one(soa), body}, repeat: true}, nil, Config{MaxRecords: 1000}, "it does not end: more than 1000 records", freehold.KindInvalid},
		{"endless octets", script{messages: [][]freehold.Record{one(soa), body}, repeat: true}, nil, Config{MaxBytes: 100000}, "it does not end: more than 100000 octets", freehold.KindInvalid},
		{"endless time", script{messages: [][]freehold.Record{one(soa), body}, repeat: true}, nil, Config{Total: 500 * time.Millisecond}, "it does not end", freehold.KindUnavailable},
		{"silence", script{messages: [][]freehold.Record{one(soa)}, hang: true}, nil, Config{Idle: 50 * time.Millisecond}, "the server does not answer", freehold.KindUnavailable},
		{"closed at once", script{}, nil, Config{}, "closed the connection without an answer", freehold.KindUnavailable},
		{"another answer's number", script{messages: [][]freehold.Record{one(soa)}, tamper: func(_ int, m []byte) []byte { m[0]++; return m }}, nil, Config{}, "message 1 is no answer", freehold.KindInvalid},
		{"cut message", script{messages: [][]freehold.Record{list(one(soa), body)}, tamper: func(_ int, m []byte) []byte { return m[:len(m)-5] }}, nil, Config{}, "it is cut short", freehold.KindInvalid},
	} {
		c.cfg.Key = c.key
		got, err := New(c.cfg).Zone(context.Background(), shop, c.s.serve(t))
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%s: %v", c.why, err)
		case c.want == "":
			if d := z.Diff(got, freehold.DiffRules{SOA: freehold.SOAExact}); len(d.Changes) > 0 || got.Coverage != freehold.CoverageTransferred {
				t.Errorf("%s: %+v", c.why, d.Changes)
			}
		case err == nil || !strings.Contains(err.Error(), c.want) || freehold.KindOf(err) != c.kind:
			t.Errorf("%s: %v (kind %d), want %q", c.why, err, freehold.KindOf(err), c.want)
		case !strings.HasPrefix(err.Error(), `transfer of "shop.test" from 127.0.0.1:`) || strings.Contains(fmt.Sprintf("%v %+v %#v", err, err, c.cfg.Key), secret[:8]):
			t.Errorf("%s: the error is worded %v", c.why, err)
		}
	}
}

func TestTransferIsInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	z := testZone(t, "")
	s := script{messages: [][]freehold.Record{z.Records[:1]}, hang: true}
	err := New(Config{}).Transfer(ctx, shop, s.serve(t), func([]freehold.Record) error { cancel(); return nil })
	if err == nil || !strings.Contains(err.Error(), "interrupted") {
		t.Errorf("got %v", err)
	}
	mine := errors.New("no more")
	err = New(Config{}).Transfer(context.Background(), shop, s.serve(t), func([]freehold.Record) error { return mine })
	if !errors.Is(err, mine) {
		t.Errorf("the caller's error became %v", err)
	}
}

func TestKeys(t *testing.T) {
	env := func(name string) string {
		return map[string]string{"S": secret, "CLAUSE": "key \"copy.shop\" {\n\talgorithm hmac-sha512;\n\tsecret \"" + secret + "\";\n};\n"}[name]
	}
	for _, c := range []struct{ name, algorithm, ref, want string }{
		{"copy", "", "env:S", "copy hmac-sha256. 32"},
		{"copy", "hmac-sha512", "env:S", "copy hmac-sha512. 64"},
		{"copy", "hmac-sha256-128", "env:S", "copy hmac-sha256. 16"},
		{"", "", "env:CLAUSE", "copy.shop hmac-sha512. 64"},
		{"COPY.shop.", "", "env:CLAUSE", "copy.shop hmac-sha512. 64"},
		{"else", "", "env:CLAUSE", `!the key in env:CLAUSE is called "copy.shop", not "else"`},
		{"copy", "hmac-md5", "env:S", `!TSIG algorithm "hmac-md5" is not supported`},
		{"copy", "hmac-sha256-40", "env:S", `!TSIG algorithm "hmac-sha256-40" cuts`},
		{"copy", "", "env:NONE", `!the environment has no TSIG secret in "NONE"`},
		{"copy", "", "file:/nowhere", `!cannot read the TSIG secret in "/nowhere"`},
		{"copy", "", secret, "!a TSIG secret comes by reference only"},
	} {
		k, err := ReadKey(c.name, c.algorithm, c.ref, env)
		got := ""
		if err != nil {
			got = "!" + err.Error()
		} else {
			got = fmt.Sprintf("%s %s %d", k, k.algorithm, k.size)
		}
		if !strings.HasPrefix(got, c.want) || strings.Contains(got, secret[:8]) {
			t.Errorf("%+v: %s", c, got)
		}
	}
}

func TestUpdate(t *testing.T) {
	serial := func(n byte) freehold.Record {
		soa := testZone(t, "").Records[0]
		soa.Data = strings.Replace(soa.Data, "\x00\x00\x00\x07", "\x00\x00\x00"+string(rune(n)), 1)
		return soa
	}
	base := testZone(t, "a A 192.0.2.1\nb A 192.0.2.2\n")
	want := testZone(t, "b A 192.0.2.2\nc A 192.0.2.3\n")
	want.Records[0] = serial(9)
	a, c := base.Records[2], want.Records[3]
	ns := base.Records[1]
	for _, tc := range []struct {
		why  string
		send []freehold.Record
		want string
	}{
		{"nothing newer", []freehold.Record{serial(7)}, "same"},
		{"two steps", []freehold.Record{serial(9), serial(7), a, serial(8), serial(8), serial(9), c, serial(9)}, ""},
		{"a whole zone instead", []freehold.Record{serial(9), ns, want.Records[2], c, serial(9)}, ""},
		{"removes what is not there", []freehold.Record{serial(9), serial(7), c, serial(9), serial(9)}, "is not in the copy"},
		{"begins elsewhere", []freehold.Record{serial(9), serial(6), a, serial(9), serial(9)}, "is not in the copy"},
		{"leads elsewhere", []freehold.Record{serial(9), serial(7), serial(8), c}, "ended without its SOA"},
		{"more after it", []freehold.Record{serial(9), serial(7), a, serial(9), c, serial(9), c}, "1 records after the last SOA"},
	} {
		s := script{messages: [][]freehold.Record{tc.send}, tamper: func(_ int, m []byte) []byte {
			binary.BigEndian.PutUint16(m[12+len(shop):], uint16(freehold.TypeIXFR))
			return m
		}}
		got, changed, err := New(Config{}).Update(context.Background(), base, s.serve(t))
		switch {
		case tc.want == "same":
			if err != nil || changed || got != base {
				t.Errorf("%s: changed %v, %v", tc.why, changed, err)
			}
		case tc.want != "":
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("%s: %v, want %q", tc.why, err, tc.want)
			}
		case err != nil:
			t.Errorf("%s: %v", tc.why, err)
		default:
			if d := want.Diff(got, freehold.DiffRules{SOA: freehold.SOAExact}); len(d.Changes) > 0 || !changed {
				t.Errorf("%s: %+v", tc.why, d.Changes)
			}
		}
	}
	if base.Records[2] != a {
		t.Error("the base was changed")
	}
}

// FuzzDecode: no message of any shape breaks the reader, and what it returns is
// well formed.
func FuzzDecode(f *testing.F) {
	z := testZone(f, "a A 192.0.2.1\nb MX 10 a\n")
	msg := appendQuestion(nil, [2]byte{1, 2}, shop, freehold.TypeAXFR, nil)
	msg[7] = byte(len(z.Records))
	for _, r := range z.Records {
		msg = appendRecord(msg, r)
	}
	f.Add(msg)
	f.Fuzz(func(t *testing.T, msg []byte) {
		if len(msg) < 12 || len(msg) > 0xffff {
			return
		}
		if _, err := findTSIG(msg); err != nil {
			_ = err.Error()
		}
		records, _, err := decodeAnswer(msg, nil, shop, freehold.TypeAXFR)
		if err != nil {
			return
		}
		for _, r := range records {
			if !r.Valid() {
				t.Fatalf("bad record %+v", r)
			}
		}
	})
}
