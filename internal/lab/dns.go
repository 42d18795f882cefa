package lab

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/miekg/dns"
)

// udpSize is the largest answer sent over UDP.
const udpSize = 1232

// nameServer answers at one address over UDP and, with few exceptions, TCP.
type nameServer struct {
	lab    *Lab
	server *server
	zones  map[string]*zone // by apex; the resolver's are all there are
	// published holds the zones that were changed since, see SetTXT.
	published atomic.Pointer[map[string]*zone]
	// resolver: it has every zone and follows aliases from one to the next.
	resolver bool
	bulk     bulk
}

// listen starts the server at an address; port 0 takes a free one.
func (n *nameServer) listen(addr netip.Addr, port int) (stop func(), err error) {
	at := net.JoinHostPort(addr.String(), strconv.Itoa(port))
	packets, err := net.ListenPacket("udp", at)
	if err != nil {
		return nil, err
	}
	if slices.Contains(withoutTCP, strings.TrimPrefix(n.server.id, "dns/")) {
		return n.answerOn(packets, nil), nil
	}
	streams, err := net.Listen("tcp", packets.LocalAddr().String())
	if err != nil {
		packets.Close()
		return nil, err
	}
	return n.answerOn(packets, streams), nil
}

// answerOn answers over UDP and, where streams are given, over TCP.
func (n *nameServer) answerOn(packets net.PacketConn, streams net.Listener) (stop func()) {
	ctx, cancel := context.WithCancelCause(n.lab.ctx)
	handler := dns.HandlerFunc(func(w dns.ResponseWriter, q *dns.Msg) { n.serve(ctx, w, q) })
	servers := []*dns.Server{{PacketConn: packets, Handler: handler}}
	if streams != nil {
		servers = append(servers, &dns.Server{Listener: streams, Handler: handler, IdleTimeout: func() time.Duration { return 5 * time.Second }})
	}
	for _, s := range servers {
		started := make(chan struct{})
		s.NotifyStartedFunc = func() { close(started) }
		n.lab.running.Go(func() { s.ActivateAndServe() })
		<-started
	}
	return func() {
		cancel(errClosed)
		for _, s := range servers {
			s.Shutdown()
		}
	}
}

func (n *nameServer) serve(ctx context.Context, w dns.ResponseWriter, q *dns.Msg) {
	defer w.Close()
	_, udp := w.LocalAddr().(*net.UDPAddr)
	f := n.server.next()
	if !n.lab.wait(ctx, n.lab.cfg.Delay) {
		return
	}
	m := n.reply(q)
	if whole := n.transfer(q); whole != nil && !udp {
		m = whole
	}
	switch f.Kind {
	case Silent:
		return
	case Slow:
		if !n.lab.wait(ctx, f.Delay) {
			return
		}
	case Throttle:
		if udp {
			m.Answer, m.Ns, m.Truncated = nil, nil, true
		}
	case Unavailable:
		m = new(dns.Msg).SetRcode(q, dns.RcodeServerFailure)
	case Refuse:
		m = new(dns.Msg).SetRcode(q, dns.RcodeRefused)
	case OtherName:
		m.Question = []dns.Question{{Name: "another-name.example.", Qtype: dns.TypeA, Qclass: dns.ClassINET}}
	case WrongID:
		m.Id ^= 0x5555
	case Empty:
		m = new(dns.Msg).SetReply(q)
	case HTML:
		w.Write([]byte(maintenancePage))
		return
	}
	if udp {
		size := dns.MinMsgSize
		if opt := q.IsEdns0(); opt != nil {
			size = min(max(int(opt.UDPSize()), size), udpSize)
		}
		m.Truncate(size)
	}
	w.WriteMsg(m)
}

// reply makes the right answer to a question.
func (n *nameServer) reply(q *dns.Msg) *dns.Msg {
	m := new(dns.Msg).SetReply(q)
	m.Compress = true
	m.RecursionAvailable = n.resolver
	opt := q.IsEdns0()
	if opt != nil {
		m.SetEdns0(udpSize, opt.Do())
	}
	switch {
	case q.Opcode != dns.OpcodeQuery:
		m.Rcode = dns.RcodeNotImplemented
		return m
	case len(q.Question) != 1:
		m.Rcode = dns.RcodeFormatError
		return m
	}
	asked := q.Question[0]
	name := strings.ToLower(dns.Fqdn(asked.Name))
	z := n.zoneFor(name, asked.Qtype)
	if z == nil || asked.Qclass != dns.ClassINET || asked.Qtype == dns.TypeAXFR || asked.Qtype == dns.TypeIXFR {
		m.Rcode = dns.RcodeRefused
		return m
	}
	dnssec := opt != nil && opt.Do()
	z.answer(m, name, asked.Qtype, dnssec)
	if n.resolver {
		n.follow(m, asked.Qtype, dnssec)
	}
	return m
}

// zoneFor finds the zone to answer from: the longest that the name lies in. The
// DS set at the top of a zone is its parent's.
func (n *nameServer) zoneFor(name string, qtype uint16) *zone {
	var found *zone
	if z := n.bulk.zoneOf(n.lab.world, name); z != nil && !(qtype == dns.TypeDS && z.apex == name) {
		return z
	}
	for at := name; ; at = parent(at) {
		if z := n.zone(at); z != nil {
			if found == nil {
				found = z
			}
			if qtype != dns.TypeDS || at != name {
				return z
			}
		}
		if at == "." {
			return found
		}
	}
}

// follow lets the resolver go after an alias into another zone, and hides what a
// resolver does not say.
func (n *nameServer) follow(m *dns.Msg, qtype uint16, dnssec bool) {
	for range maxAliases {
		if len(m.Answer) == 0 || qtype == dns.TypeCNAME {
			break
		}
		var last *dns.CNAME
		complete := false
		for _, rr := range m.Answer {
			if alias, ok := rr.(*dns.CNAME); ok {
				last = alias
			}
			complete = complete || rr.Header().Rrtype == qtype
		}
		if complete || last == nil {
			break
		}
		target := strings.ToLower(last.Target)
		z := n.zoneFor(target, qtype)
		if z == nil || dns.IsSubDomain(z.apex, strings.ToLower(last.Hdr.Name)) && z.node(target) == nil {
			break
		}
		before := len(m.Answer)
		z.answer(m, target, qtype, dnssec)
		if len(m.Answer) == before {
			break
		}
	}
	m.Authoritative = false
}
