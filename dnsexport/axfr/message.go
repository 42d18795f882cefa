package axfr

import (
	"encoding/binary"
	"errors"
	"fmt"

	"freehold"
)

const (
	classANY = 255
	typeTSIG = 250
)

// appendQuestion makes a query; authority is the SOA of an IXFR in wire form.
func appendQuestion(b []byte, id [2]byte, zone freehold.Owner, qtype freehold.RRType, authority []byte) []byte {
	count := byte(0)
	if authority != nil {
		count = 1
	}
	b = append(b, id[0], id[1], 0, 0, 0, 1, 0, 0, 0, count, 0, 0)
	b = append(b, zone...)
	b = binary.BigEndian.AppendUint16(b, uint16(qtype))
	b = binary.BigEndian.AppendUint16(b, uint16(freehold.ClassIN))
	return append(b, authority...)
}

func appendRecord(b []byte, r freehold.Record) []byte {
	b = append(b, r.Owner...)
	b = binary.BigEndian.AppendUint16(b, uint16(r.Type))
	b = binary.BigEndian.AppendUint16(b, uint16(r.Class))
	b = binary.BigEndian.AppendUint32(b, r.TTL)
	b = binary.BigEndian.AppendUint16(b, uint16(len(r.Data)))
	return append(b, r.Data...)
}

var errShort = errors.New("it is cut short")

// decodeAnswer returns the records of the answer section, names decompressed.
// All their octets lie in one string, so a message costs two allocations.
func decodeAnswer(msg, scratch []byte, zone freehold.Owner, qtype freehold.RRType) ([]freehold.Record, []byte, error) {
	questions, answers := int(be16(msg[4:])), int(be16(msg[6:]))
	at := 12
	buf := scratch[:0]
	for range questions {
		var err error
		from := len(buf)
		if buf, at, err = appendName(buf, msg, at); err != nil {
			return nil, buf, err
		}
		if at+4 > len(msg) {
			return nil, buf, errShort
		}
		if !freehold.Owner(buf[from:]).Equal(zone) || freehold.RRType(be16(msg[at:])) != qtype {
			return nil, buf, errors.New("it repeats another question than ours")
		}
		at += 4
	}
	buf = buf[:0]
	type span struct{ owner, data, end int }
	spans := make([]span, 0, min(answers, len(msg)/11))
	records := make([]freehold.Record, 0, min(answers, len(msg)/11))
	for range answers {
		var sp span
		var err error
		sp.owner = len(buf)
		if buf, at, err = appendName(buf, msg, at); err != nil {
			return nil, buf, err
		}
		if at+10 > len(msg) {
			return nil, buf, errShort
		}
		r := freehold.Record{Type: freehold.RRType(be16(msg[at:])), Class: freehold.RRClass(be16(msg[at+2:])), TTL: binary.BigEndian.Uint32(msg[at+4:])}
		length := int(be16(msg[at+8:]))
		at += 10
		if at+length > len(msg) {
			return nil, buf, errShort
		}
		if r.Class != freehold.ClassIN {
			return nil, buf, fmt.Errorf("a record of class %s in a zone of class IN", r.Class)
		}
		if r.Type.Meta() {
			return nil, buf, fmt.Errorf("a record of type %s, which no zone holds", r.Type)
		}
		sp.data = len(buf)
		if buf, err = appendData(buf, msg, at, length, r.Type); err != nil {
			return nil, buf, err
		}
		at += length
		sp.end = len(buf)
		if n := len(spans); n > 0 { // neighbours mostly share their owner
			if prev := spans[n-1]; string(buf[prev.owner:prev.data]) == string(buf[sp.owner:sp.data]) {
				buf = append(buf[:sp.owner], buf[sp.data:]...)
				cut := sp.data - sp.owner
				sp = span{prev.owner, sp.data - cut, sp.end - cut}
			}
		}
		spans, records = append(spans, sp), append(records, r)
	}
	all := string(buf)
	for i, sp := range spans {
		_, n := freehold.ReadOwner(all[sp.owner:])
		records[i].Owner, records[i].Data = freehold.Owner(all[sp.owner:sp.owner+n]), all[sp.data:sp.end]
		if !records[i].Valid() {
			return nil, buf, fmt.Errorf("the %s record at %q has rdata of a wrong shape", records[i].Type, records[i].Owner)
		}
	}
	return records, buf, nil
}

func be16(b []byte) uint16 { return binary.BigEndian.Uint16(b) }

// appendName decompresses the name at at and returns where it ends. A pointer
// must point before the part it stands in, so that no name is endless.
func appendName(buf, msg []byte, at int) ([]byte, int, error) {
	from, end, limit := len(buf), -1, at
	for {
		if at >= len(msg) {
			return buf, 0, errShort
		}
		n := int(msg[at])
		switch {
		case n == 0:
			if end < 0 {
				end = at + 1
			}
			if len(buf)+1-from > 255 {
				return buf, 0, errors.New("a name is longer than 255 octets")
			}
			return append(buf, 0), end, nil
		case n >= 0xc0:
			if at+1 >= len(msg) {
				return buf, 0, errShort
			}
			if end < 0 {
				end = at + 2
			}
			to := n&0x3f<<8 | int(msg[at+1])
			if to >= limit {
				return buf, 0, errors.New("a compressed name points forward")
			}
			at, limit = to, to
		case n > 63:
			return buf, 0, errors.New("a label of an unknown kind")
		default:
			if at+1+n > len(msg) {
				return buf, 0, errShort
			}
			if len(buf)+1+n-from > 255 {
				return buf, 0, errors.New("a name is longer than 255 octets")
			}
			buf = append(buf, msg[at:at+1+n]...)
			at += 1 + n
		}
	}
}

// appendData decompresses rdata, by the layout of its type.
func appendData(buf, msg []byte, at, length int, t freehold.RRType) ([]byte, error) {
	form, compressed := t.RDataForm()
	end := at + length
	if !compressed {
		return append(buf, msg[at:end]...), nil
	}
	for _, c := range []byte(form) {
		switch {
		case c == 'n':
			var err error
			if buf, at, err = appendName(buf, msg[:end], at); err != nil {
				return buf, err
			}
		case c == '*':
			if at > end {
				return buf, errShort
			}
			buf, at = append(buf, msg[at:end]...), end
		default:
			n := int(c - '0')
			if c == 's' {
				if at >= end {
					return buf, errShort
				}
				n = 1 + int(msg[at])
			}
			if at+n > end {
				return buf, errShort
			}
			buf, at = append(buf, msg[at:at+n]...), at+n
		}
	}
	if at != end {
		return buf, fmt.Errorf("a %s record whose rdata is longer than it says", t)
	}
	return buf, nil
}
