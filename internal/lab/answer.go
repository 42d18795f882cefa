package lab

import (
	"strings"

	"github.com/miekg/dns"
)

// maxAliases bounds the aliases followed inside one zone.
const maxAliases = 8

// answer fills m with what the zone says about a name (RFC 1034 section 4.3.2),
// with signatures and proofs where the asker wants them (RFC 4035 section 3.1,
// RFC 5155 section 7.2).
func (z *zone) answer(m *dns.Msg, name string, qtype uint16, dnssec bool) {
	z.ready()
	r := reply{zone: z, msg: m, dnssec: dnssec && z.denial != unsigned}
	for range maxAliases {
		target, again := r.step(name, qtype)
		if !again || !dns.IsSubDomain(z.apex, target) {
			return
		}
		name = target
	}
}

// reply is an answer in the making.
type reply struct {
	*zone
	msg    *dns.Msg
	dnssec bool
}

// step answers one name; it returns the target of an alias still to be followed.
func (r reply) step(name string, qtype uint16) (target string, again bool) {
	if cut, n := r.cutAbove(name, qtype); n != nil {
		r.refer(cut, n)
		return "", false
	}
	r.msg.Authoritative = true
	if n := r.node(name); n != nil {
		return r.fromNode(name, n, qtype)
	}
	encloser := r.closestEncloser(name)
	if n := r.node(under("*", encloser)); n != nil {
		return r.fromWildcard(name, encloser, n, qtype)
	}
	r.msg.Rcode = dns.RcodeNameError
	r.soa()
	r.proveAbsent(name, encloser)
	r.proveNoWildcard(encloser)
	return "", false
}

// cutAbove finds the delegation that a name lies at or below. The DS set at a
// delegation is the parent's own.
func (r reply) cutAbove(name string, qtype uint16) (string, *node) {
	labels := dns.SplitDomainName(name)
	for i := len(labels) - dns.CountLabel(r.apex) - 1; i >= 0; i-- {
		owner := dns.Fqdn(strings.Join(labels[i:], "."))
		n := r.node(owner)
		if n == nil {
			return "", nil
		}
		if r.isCut(owner, n) && !(owner == name && qtype == dns.TypeDS) {
			return owner, n
		}
	}
	return "", nil
}

// refer hands the asker on to the servers below a delegation.
func (r reply) refer(owner string, n *node) {
	servers := n.sets[dns.TypeNS]
	r.msg.Ns = append(r.msg.Ns, servers...)
	for _, rr := range servers {
		host := rr.(*dns.NS).Ns
		if glue := r.nodes[strings.ToLower(host)]; glue != nil {
			r.msg.Extra = append(r.msg.Extra, glue.sets[dns.TypeA]...)
			r.msg.Extra = append(r.msg.Extra, glue.sets[dns.TypeAAAA]...)
		}
	}
	if !r.dnssec {
		return
	}
	if ds := n.sets[dns.TypeDS]; len(ds) > 0 {
		r.authority(ds, n.sigs[dns.TypeDS])
		return
	}
	r.proveNoType(owner)
}

// fromNode answers from a name that is there.
func (r reply) fromNode(name string, n *node, qtype uint16) (target string, again bool) {
	if link := r.matching(name); qtype == dns.TypeNSEC && len(link) > 0 && !r.hashed() {
		r.answerWith(link[:1], link[1])
		return "", false
	}
	t := qtype
	if len(n.sets[qtype]) == 0 {
		t = dns.TypeCNAME
	}
	set := n.sets[t]
	if len(set) == 0 {
		r.soa()
		r.proveNoType(name)
		return "", false
	}
	r.answerWith(set, n.sigs[t])
	if t == qtype {
		return "", false
	}
	return strings.ToLower(set[0].(*dns.CNAME).Target), true
}

// fromWildcard makes records for a name that a wildcard stands for (RFC 4592).
func (r reply) fromWildcard(name, encloser string, n *node, qtype uint16) (target string, again bool) {
	t := qtype
	if len(n.sets[qtype]) == 0 {
		t = dns.TypeCNAME
	}
	if len(n.sets[t]) == 0 {
		r.soa()
		if r.hashed() {
			r.prove(r.matching(encloser))
		}
		r.prove(r.covering(r.denied(name, encloser)))
		r.prove(r.matching(under("*", encloser)))
		return "", false
	}
	var made []dns.RR
	for _, rr := range n.sets[t] {
		made = append(made, renamed(rr, name))
	}
	var sig dns.RR
	if s := n.sigs[t]; s != nil {
		sig = renamed(s, name)
	}
	r.answerWith(made, sig)
	r.prove(r.covering(r.denied(name, encloser)))
	if t == qtype {
		return "", false
	}
	return strings.ToLower(made[0].(*dns.CNAME).Target), true
}

func renamed(rr dns.RR, owner string) dns.RR {
	c := dns.Copy(rr)
	c.Header().Name = owner
	return c
}

// closestEncloser returns the longest name above that is there.
func (r reply) closestEncloser(name string) string {
	for name != r.apex {
		name = parent(name)
		if r.node(name) != nil {
			return name
		}
	}
	return r.apex
}

// denied returns the name that is proven not to be there: the name itself, or in
// a hashed chain the one just below the closest encloser.
func (r reply) denied(name, encloser string) string {
	if !r.hashed() {
		return name
	}
	for parent(name) != encloser {
		name = parent(name)
	}
	return name
}

// proveAbsent shows that a name is not there.
func (r reply) proveAbsent(name, encloser string) {
	if r.hashed() {
		r.prove(r.matching(encloser))
	}
	r.prove(r.covering(r.denied(name, encloser)))
}

func (r reply) proveNoWildcard(encloser string) { r.prove(r.covering(under("*", encloser))) }

// proveNoType shows that a name is there without the type asked for. A name that
// only has names below it is not in an NSEC chain, and a delegation without DS
// not in one that opts out: then the gap around it is shown.
func (r reply) proveNoType(name string) {
	if rrs := r.matching(name); rrs != nil {
		r.prove(rrs)
		return
	}
	encloser := parent(name)
	for r.hashed() && r.matching(encloser) == nil {
		encloser = parent(encloser)
	}
	r.proveAbsent(name, encloser)
}

func (r reply) answerWith(set []dns.RR, sig dns.RR) {
	r.msg.Answer = append(r.msg.Answer, set...)
	if r.dnssec && sig != nil {
		r.msg.Answer = append(r.msg.Answer, sig)
	}
}

func (r reply) authority(set []dns.RR, sig dns.RR) {
	r.msg.Ns = append(r.msg.Ns, set...)
	if r.dnssec && sig != nil {
		r.msg.Ns = append(r.msg.Ns, sig)
	}
}

func (r reply) soa() {
	apex := r.nodes[r.apex]
	r.authority(apex.sets[dns.TypeSOA], apex.sigs[dns.TypeSOA])
}

// prove adds a denial record with its signature, once.
func (r reply) prove(rrs []dns.RR) {
	if !r.dnssec || len(rrs) == 0 {
		return
	}
	for _, have := range r.msg.Ns {
		if have == rrs[0] {
			return
		}
	}
	r.msg.Ns = append(r.msg.Ns, rrs...)
}

func under(label, name string) string {
	if name == "." {
		return label + "."
	}
	return label + "." + name
}
