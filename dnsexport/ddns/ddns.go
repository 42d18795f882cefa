// Package ddns reads and writes zones of any server that gives transfers and takes
// dynamic updates (RFC 2136), both signed by one key: BIND, Knot, PowerDNS, and
// the secondaries' masters of many providers.
//
// A change carries what each set was as a prerequisite (RFC 2136 §2.4.2), so that
// the server itself refuses it if somebody else was quicker, and does all of it or
// nothing (§3.4.2).
package ddns

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"strings"

	"freehold"
	"freehold/dnsexport"
	"freehold/dnsexport/axfr"
)

// Client is one server.
type Client struct {
	transfers *axfr.Client
	server    string // host:port
}

// New makes a client; the transfers' key signs the updates too.
func New(transfers *axfr.Client, server string) *Client { return &Client{transfers, server} }

var _ dnsexport.Target = (*Client)(nil)

// Traits: an update cannot make a zone, and the server counts the serial itself.
func (c *Client) Traits() dnsexport.Traits {
	return dnsexport.Traits{Name: "dynamic update", Atomic: true, Holds: func(freehold.RRType) bool { return true }}
}

// Read transfers the zone.
func (c *Client) Read(ctx context.Context, name freehold.Name) (*freehold.Zone, error) {
	origin, err := freehold.ParseOwner(name.ASCII(), freehold.RootOwner)
	if err != nil {
		return nil, err
	}
	return c.transfers.Zone(ctx, origin, c.server)
}

// Create finds out whether the zone is there: updates work inside zones only.
func (c *Client) Create(ctx context.Context, name freehold.Name) error {
	_, err := c.Read(ctx, name)
	switch freehold.KindOf(err) {
	case freehold.KindNotFound:
		return &freehold.Error{Kind: freehold.KindWaiting, Msg: fmt.Sprintf("%q is not set up at %q, and an update cannot do it", name.ASCII(), c.server),
			Hint: "add the zone to the server's configuration with a SOA and an NS record, and allow the key to transfer and update it", Err: dnsexport.ErrNoZone}
	}
	if err != nil {
		return err
	}
	return &freehold.Error{Kind: freehold.KindInvalid, Msg: fmt.Sprintf("%q has a zone %q already", c.server, name.ASCII()), Err: dnsexport.ErrExists}
}

// The parts of an update message (RFC 2136 §2).
const (
	opUpdate          = 5 << 3 // in the header's third octet
	classNone  uint16 = 254
	classAny   uint16 = 255
	classIN    uint16 = 1
	maxMessage        = 60000 // octets of one update; a zone larger than that takes several
)

// rcodes of an answer to an update (RFC 2136 §2.2).
var rcodes = map[byte]string{1: "FORMERR", 2: "SERVFAIL", 3: "NXDOMAIN", 4: "NOTIMP", 5: "REFUSED", 6: "YXDOMAIN", 7: "YXRRSET", 8: "NXRRSET", 9: "NOTAUTH", 10: "NOTZONE"}

// Change sends the changes, in as few updates as hold them. Each of these is done
// whole or not at all; between two of them the zone holds the first one's part.
func (c *Client) Change(ctx context.Context, name freehold.Name, changes []dnsexport.Change) error {
	origin, err := freehold.ParseOwner(name.ASCII(), freehold.RootOwner)
	if err != nil {
		return err
	}
	for len(changes) > 0 {
		m := newMessage(origin)
		n := 0
		for n < len(changes) && m.add(changes[n], n == 0) {
			n++
		}
		if n == 0 {
			return &freehold.Error{Kind: freehold.KindInvalid, Msg: fmt.Sprintf("the record set %q does not fit into one update", changes[0].Set.Owner.String()+" "+changes[0].Set.Type.String())}
		}
		if err := c.send(ctx, name, m.bytes()); err != nil {
			return err
		}
		changes = changes[n:]
	}
	return nil
}

func (c *Client) send(ctx context.Context, name freehold.Name, msg []byte) error {
	answer, err := c.transfers.Exchange(ctx, c.server, msg)
	if err != nil {
		return err
	}
	code := answer[3] & 15
	e := &freehold.Error{Kind: freehold.KindInvalid, Msg: fmt.Sprintf("%q did not update %q", c.server, name.ASCII())}
	switch code {
	case 0:
		return nil
	case 6, 7, 8, 3: // a prerequisite does not hold (RFC 2136 §3.2)
		e.Err, e.Hint = dnsexport.ErrChanged, "plan again"
		return e
	case 5, 9:
		e.Kind, e.Hint = freehold.KindPermission, "is the key allowed to update this zone?"
	case 2:
		e.Kind = freehold.KindUnavailable
	}
	e.Err = fmt.Errorf("the server answers %s", rcodes[code])
	if rcodes[code] == "" {
		e.Err = fmt.Errorf("the server answers with code %d", code)
	}
	return e
}

// message is an update being put together.
type message struct {
	origin        freehold.Owner
	prerequisites [][]byte
	updates       [][]byte
	size          int
}

func newMessage(origin freehold.Owner) *message {
	return &message{origin: origin, size: 12 + len(origin) + 4}
}

// add takes a change up, and returns false where it does not fit any more.
func (m *message) add(c dnsexport.Change, first bool) bool {
	var pre, upd [][]byte
	set := c.Set
	if set.Type == freehold.TypeSOA {
		// The server counts the serial; a SOA of its own making is no condition.
		for _, d := range set.Data {
			upd = append(upd, rr(set.Owner, set.Type, classIN, set.TTL, d))
		}
	} else {
		if len(c.Was.Data) == 0 {
			pre = append(pre, rr(set.Owner, set.Type, classNone, 0, "")) // it is not there (§2.4.3)
		}
		for _, d := range c.Was.Data {
			pre = append(pre, rr(set.Owner, set.Type, classIN, 0, d)) // it is just this (§2.4.2)
		}
		apexNS := set.Type == freehold.TypeNS && set.Owner.Equal(m.origin)
		if apexNS {
			// The last NS of the apex cannot be deleted (§3.4.2.4): the new ones are added
			// first and the old ones taken out one by one.
			upd = append(upd, adds(set)...)
			for _, d := range c.Was.Data {
				if !contains(set.Data, d) {
					upd = append(upd, rr(set.Owner, set.Type, classNone, 0, d))
				}
			}
		} else {
			if len(c.Was.Data) > 0 {
				upd = append(upd, rr(set.Owner, set.Type, classAny, 0, "")) // the set goes (§2.5.2)
			}
			upd = append(upd, adds(set)...)
		}
	}
	size := 0
	for _, b := range append(append([][]byte(nil), pre...), upd...) {
		size += len(b)
	}
	if m.size+size > maxMessage && !(first && m.size+size < 65000) {
		return false
	}
	m.size += size
	m.prerequisites, m.updates = append(m.prerequisites, pre...), append(m.updates, upd...)
	return true
}

func adds(set freehold.RRset) [][]byte {
	var out [][]byte
	for _, d := range set.Data {
		out = append(out, rr(set.Owner, set.Type, classIN, set.TTL, d))
	}
	return out
}

func contains(all []string, one string) bool {
	for _, d := range all {
		if strings.EqualFold(d, one) {
			return true
		}
	}
	return false
}

func rr(owner freehold.Owner, t freehold.RRType, class uint16, ttl uint32, data string) []byte {
	b := append([]byte(owner), byte(t>>8), byte(t))
	b = binary.BigEndian.AppendUint16(b, class)
	b = binary.BigEndian.AppendUint32(b, ttl)
	b = binary.BigEndian.AppendUint16(b, uint16(len(data)))
	return append(b, data...)
}

func (m *message) bytes() []byte {
	var head [12]byte
	rand.Read(head[:2])
	head[2] = opUpdate
	head[5] = 1 // one zone
	binary.BigEndian.PutUint16(head[6:], uint16(len(m.prerequisites)))
	binary.BigEndian.PutUint16(head[8:], uint16(len(m.updates)))
	b := append(head[:], m.origin...)
	b = append(b, 0, byte(freehold.TypeSOA), 0, byte(classIN))
	return append(append(b, bytes.Join(m.prerequisites, nil)...), bytes.Join(m.updates, nil)...)
}
