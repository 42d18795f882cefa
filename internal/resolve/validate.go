package resolve

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/miekg/dns"

	"freehold"
)

// digestKnown tells whether we can compute a DS digest.
func digestKnown(digest uint8) bool {
	return digest == dns.SHA1 || digest == dns.SHA256 || digest == dns.SHA384
}

// anchorRoot settles the trust of the root by the trust anchors.
func (r *Resolver) anchorRoot(ctx context.Context, t *task, root *zone) {
	root.expires = r.cfg.Now().Add(maxTTL)
	anchors := r.hints.anchors["."]
	if len(anchors) == 0 {
		root.trust, root.why = freehold.Indeterminate, "the root hints hold no trust anchor"
		return
	}
	r.trustKeys(ctx, t, root, anchors)
}

// trustChild settles the trust of a zone by its own anchor or its parent's word.
func (r *Resolver) trustChild(ctx context.Context, t *task, parent, z *zone) {
	if anchors := r.hints.anchors[z.name]; len(anchors) > 0 {
		r.trustKeys(ctx, t, z, anchors)
		return
	}
	if parent.trust != freehold.Secure {
		z.trust, z.why, z.unsettled = parent.trust, parent.why, parent.unsettled
		return
	}
	ds, err := r.delegationSigner(t, parent, z.name, z.cut)
	if err == nil {
		z.chain = append(z.chain, z.cut)
	} else {
		// The reply that told of the cut does not settle it: ask the parent outright.
		err = r.askZone(ctx, t, parent, ask(z.name, dns.TypeDS), func(rep *reply) error {
			var err error
			if ds, err = r.delegationSigner(t, parent, z.name, rep); err != nil {
				return &bogusError{hop: &hop{why: err.Error(), reply: rep}}
			}
			z.chain = append(z.chain, rep)
			return nil
		})
	}
	switch b, bogus := err.(*bogusError); {
	case bogus:
		z.trust, z.why = freehold.Bogus, b.Error()
		z.chain = append(z.chain, b.hop.reply)
	case err != nil:
		z.unsettled = true
		z.trust, z.why = freehold.Indeterminate, fmt.Sprintf("whether %s is signed could not be asked: %s", quote(z.name), err)
	case len(ds) == 0:
		z.trust = freehold.Insecure
	default:
		z.expires = sooner(z.expires, r.cfg.Now().Add(keep(seconds(ds[0].Header().Ttl))))
		r.trustKeys(ctx, t, z, ds)
	}
}

// delegationSigner returns the DS records of a child that a reply of its
// parent's servers shows, or none where the reply proves that there are none.
// The error says why it settles neither.
func (r *Resolver) delegationSigner(t *task, parent *zone, child string, rep *reply) ([]dns.RR, error) {
	section := rep.msg.Ns
	if rep.q.qtype == dns.TypeDS && rep.q.name == child {
		section = slices.Concat(rep.msg.Answer, rep.msg.Ns)
	}
	if ds := recordsOf(section, child, dns.TypeDS); len(ds) > 0 {
		s, err := r.verifySet(t, parent.name, parent.keys, ds, sigsOf(section, child, dns.TypeDS))
		if err != nil {
			return nil, fmt.Errorf("the DS of %s does not validate: %w", quote(child), err)
		}
		if s.labels != dns.CountLabel(child) {
			return nil, fmt.Errorf("the DS of %s comes from a wildcard", quote(child))
		}
		return ds, nil
	}
	d, err := r.denialIn(t, parent, rep.msg)
	if err != nil {
		return nil, err
	}
	if err := d.unsignedDelegation(child); err != nil {
		return nil, fmt.Errorf("nothing proves that %s is unsigned: %w", quote(child), err)
	}
	return nil, nil
}

// trustKeys settles the trust of a zone by what its keys must match: the DS
// records of its parent, or trust anchors (DS or DNSKEY).
func (r *Resolver) trustKeys(ctx context.Context, t *task, z *zone, must []dns.RR) {
	must = r.checkable(must)
	if len(must) == 0 {
		z.trust, z.why = freehold.Insecure, "the zone is signed with algorithms that are not supported"
		return
	}
	err := r.askZone(ctx, t, z, ask(z.name, dns.TypeDNSKEY), func(rep *reply) error {
		keys, until, err := r.keysIn(t, z.name, must, rep.msg)
		if err != nil {
			return &bogusError{hop: &hop{why: err.Error(), reply: rep}}
		}
		z.keys = keys
		z.expires = sooner(z.expires, until)
		z.chain = append(z.chain, rep)
		return nil
	})
	switch b, bogus := err.(*bogusError); {
	case bogus:
		z.trust, z.why = freehold.Bogus, b.Error()
		z.chain = append(z.chain, b.hop.reply)
	case err != nil:
		z.unsettled = true
		z.trust, z.why = freehold.Indeterminate, fmt.Sprintf("the keys of %s could not be asked: %s", quote(z.name), err)
	default:
		z.trust = freehold.Secure
	}
}

// checkable drops what we cannot check, and SHA-1 digests where there are
// better ones (RFC 4509 section 3).
func (r *Resolver) checkable(must []dns.RR) []dns.RR {
	var out []dns.RR
	better := false
	for _, rr := range must {
		switch rr := rr.(type) {
		case *dns.DS:
			if len(out) < maxDSTried && r.crypto.supports(rr.Algorithm) && digestKnown(rr.DigestType) {
				out = append(out, rr)
				better = better || rr.DigestType != dns.SHA1
			}
		case *dns.DNSKEY:
			if r.crypto.supports(rr.Algorithm) {
				out = append(out, rr)
			}
		}
	}
	return slices.DeleteFunc(out, func(rr dns.RR) bool {
		ds, ok := rr.(*dns.DS)
		return ok && better && ds.DigestType == dns.SHA1
	})
}

// keysIn returns the keys of a DNSKEY reply once one that must names signs them
// all (RFC 4035 section 5.2), and until when they are good.
func (r *Resolver) keysIn(t *task, zone string, must []dns.RR, msg *dns.Msg) (keys []*dns.DNSKEY, until time.Time, err error) {
	set := recordsOf(msg.Answer, zone, dns.TypeDNSKEY)
	if len(set) == 0 {
		return nil, until, fmt.Errorf("%s has a DS at its parent and no keys", quote(zone))
	}
	sigs := sigsOf(msg.Answer, zone, dns.TypeDNSKEY)
	if len(sigs) == 0 {
		return nil, until, fmt.Errorf("the keys of %s are not signed", quote(zone))
	}
	all := zoneKeys(set)
	err = fmt.Errorf("no key of %s matches what its parent names", quote(zone))
	for _, m := range must {
		for _, k := range all {
			if !names(m, k) {
				continue
			}
			s, verr := r.verifySet(t, zone, []*dns.DNSKEY{k}, set, sigs)
			if verr == nil {
				return all, sooner(s.expires, r.cfg.Now().Add(keep(seconds(set[0].Header().Ttl)))), nil
			}
			err = fmt.Errorf("the keys of %s do not validate: %w", quote(zone), verr)
		}
	}
	return nil, until, err
}

// zoneKeys returns the keys that may sign a zone: zone keys (RFC 4034 section
// 2.1.1), not revoked (RFC 5011 section 2.1), of DNSSEC's only protocol.
func zoneKeys(set []dns.RR) []*dns.DNSKEY {
	var keys []*dns.DNSKEY
	for _, rr := range set {
		k, ok := rr.(*dns.DNSKEY)
		if ok && len(keys) < maxZoneKeys && k.Flags&dns.ZONE != 0 && k.Flags&dns.REVOKE == 0 && k.Protocol == 3 {
			keys = append(keys, k)
		}
	}
	return keys
}

// names tells whether a DS or DNSKEY names this key.
func names(must dns.RR, k *dns.DNSKEY) bool {
	switch m := must.(type) {
	case *dns.DNSKEY:
		return m.Algorithm == k.Algorithm && m.Protocol == k.Protocol && m.Flags == k.Flags && m.PublicKey == k.PublicKey
	case *dns.DS:
		if m.Algorithm != k.Algorithm || m.KeyTag != k.KeyTag() {
			return false
		}
		ds := k.ToDS(m.DigestType)
		return ds != nil && strings.EqualFold(ds.Digest, m.Digest)
	}
	return false
}

// A seal is what a verified signature says.
type seal struct {
	labels  int // of the owner as signed: fewer than the owner has means a wildcard
	expires time.Time
}

// sigsOf returns the signatures in rrs over owner's records of a type.
func sigsOf(rrs []dns.RR, owner string, covered uint16) []*dns.RRSIG {
	var out []*dns.RRSIG
	for _, rr := range rrs {
		sig, ok := rr.(*dns.RRSIG)
		if ok && sig.TypeCovered == covered && sig.Hdr.Class == dns.ClassINET && dns.CanonicalName(sig.Hdr.Name) == owner {
			out = append(out, sig)
		}
	}
	return out
}

// verifySet checks an RRset against the signatures over it with a zone's keys
// (RFC 4035 section 5.3). One good signature suffices; the tries are bounded.
func (r *Resolver) verifySet(t *task, zone string, keys []*dns.DNSKEY, set []dns.RR, sigs []*dns.RRSIG) (seal, error) {
	if len(sigs) == 0 {
		return seal{}, fmt.Errorf("%s is not signed", describe(set))
	}
	reason := fmt.Errorf("%s is signed by no key of %s", describe(set), quote(zone))
	now := r.cfg.Now()
	tried := 0
	for _, sig := range sigs {
		if dns.CanonicalName(sig.SignerName) != zone || !dns.IsSubDomain(zone, dns.CanonicalName(set[0].Header().Name)) {
			continue
		}
		if int(sig.Labels) > signedLabels(set[0].Header().Name) {
			reason = fmt.Errorf("the signature of %s has too many labels", describe(set))
			continue
		}
		if !sig.ValidityPeriod(now) {
			reason = validityError(sig, set, now)
			continue
		}
		twins := 0
		for _, k := range keys {
			if k.Algorithm != sig.Algorithm || !r.crypto.supports(k.Algorithm) || k.KeyTag() != sig.KeyTag {
				continue
			}
			if tried++; tried > maxSetSigs {
				return seal{}, fmt.Errorf("%s has more signatures than are tried", describe(set))
			}
			if twins++; twins > maxTagTwins {
				break
			}
			if err := t.verify(); err != nil {
				return seal{}, err
			}
			if err := r.crypto.verify(sig, k, set); err != nil {
				reason = fmt.Errorf("the signature of %s does not match", describe(set))
				continue
			}
			return seal{labels: int(sig.Labels), expires: expiration(sig, now)}, nil
		}
	}
	return seal{}, reason
}

// signedLabels counts the labels that a signature counts: without the root and a
// leading asterisk (RFC 4034 section 3.1.3).
func signedLabels(name string) int {
	n := dns.CountLabel(name)
	if strings.HasPrefix(name, "*.") {
		n--
	}
	return n
}

// expiration reads the signature's end by serial number arithmetic (RFC 4034
// section 3.1.5).
func expiration(sig *dns.RRSIG, now time.Time) time.Time {
	return now.Add(time.Duration(int32(sig.Expiration-uint32(now.Unix()))) * time.Second)
}

func validityError(sig *dns.RRSIG, set []dns.RR, now time.Time) error {
	at := func(stamp uint32) string {
		return now.Add(time.Duration(int32(stamp-uint32(now.Unix()))) * time.Second).UTC().Format("2006-01-02 15:04 UTC")
	}
	if int32(sig.Inception-uint32(now.Unix())) > 0 {
		return fmt.Errorf("the signature of %s begins only on %s", describe(set), at(sig.Inception))
	}
	return fmt.Errorf("the signature of %s ended on %s", describe(set), at(sig.Expiration))
}

func describe(set []dns.RR) string {
	h := set[0].Header()
	return quote(dns.CanonicalName(h.Name)) + " " + typeName(h.Rrtype)
}

// sooner returns the earlier of two times; a zero a is no time.
func sooner(a, b time.Time) time.Time {
	if a.IsZero() || b.Before(a) {
		return b
	}
	return a
}

// validateHop sets what validation makes of a hop. Where the reply rather comes
// from a zone below the hop's, it returns that zone's name, to be settled first.
func (r *Resolver) validateHop(t *task, h *hop, qtype uint16) (hidden string) {
	h.validation, h.why = h.zone.trust, h.zone.why
	if h.zone.trust != freehold.Secure {
		return ""
	}
	var err error
	switch {
	case h.kind == kindAlias && len(h.dname) > 0:
		hidden, err = r.validateSet(t, h, h.dname, qtype)
		if err == nil && hidden == "" && !sameTarget(h) {
			err = fmt.Errorf("%s does not follow from its DNAME", describe(h.rrs))
		}
	case h.kind == kindFound || h.kind == kindAlias:
		for _, set := range byType(h.rrs) {
			if hidden, err = r.validateSet(t, h, set, qtype); err != nil || hidden != "" {
				break
			}
		}
	default:
		hidden, err = r.validateNegative(t, h, qtype)
	}
	if hidden != "" {
		h.validation, h.why = freehold.Indeterminate, "the answer is from "+quote(hidden)
		return hidden
	}
	if err != nil {
		h.validation, h.why = freehold.Bogus, err.Error()
		if asFailure(err).text == errSpent.Error() {
			h.validation = freehold.Indeterminate
		}
	}
	return ""
}

// sameTarget tells whether the CNAME beside a DNAME is the one that follows from it.
func sameTarget(h *hop) bool {
	return len(h.rrs) == 0 || len(h.rrs) == 1 && dns.CanonicalName(h.rrs[0].(*dns.CNAME).Target) == h.target
}

func byType(rrs []dns.RR) [][]dns.RR {
	var out [][]dns.RR
next:
	for _, rr := range rrs {
		for i := range out {
			if out[i][0].Header().Rrtype == rr.Header().Rrtype {
				out[i] = append(out[i], rr)
				continue next
			}
		}
		out = append(out, []dns.RR{rr})
	}
	return out
}

// validateSet checks one RRset of a hop in a secure zone. An RRset from a
// wildcard needs the proof that nothing closer exists (RFC 4035 section 5.3.4).
func (r *Resolver) validateSet(t *task, h *hop, set []dns.RR, qtype uint16) (hidden string, err error) {
	z := h.zone
	owner := dns.CanonicalName(set[0].Header().Name)
	sigs := sigsOf(h.reply.msg.Answer, owner, set[0].Header().Rrtype)
	for _, sig := range sigs {
		signer := dns.CanonicalName(sig.SignerName)
		if signer == z.name {
			hidden = ""
			break
		}
		if dns.IsSubDomain(z.name, signer) && dns.IsSubDomain(signer, owner) {
			hidden = signer
		}
	}
	if hidden != "" {
		return hidden, nil
	}
	if len(sigs) == 0 && owner != z.name && qtype != dns.TypeDS {
		return owner, nil // perhaps an unsigned zone of its own on the same server
	}
	s, err := r.verifySet(t, z.name, z.keys, set, sigs)
	if err != nil {
		return "", err
	}
	if s.labels >= signedLabels(owner) {
		return "", nil
	}
	d, err := r.denialIn(t, z, h.reply.msg)
	if err != nil {
		return "", err
	}
	v, err := d.wildcardAnswer(owner, s.labels)
	if err != nil {
		return "", fmt.Errorf("nothing proves that %s comes from a wildcard: %w", describe(set), err)
	}
	h.validation = v
	return "", nil
}

// validateNegative checks the proof that a name or type does not exist.
func (r *Resolver) validateNegative(t *task, h *hop, qtype uint16) (hidden string, err error) {
	z := h.zone
	m := h.reply.msg
	soa := soaOwner(m)
	if soa != "" && soa != z.name && dns.IsSubDomain(z.name, soa) && dns.IsSubDomain(soa, h.name) && !(qtype == dns.TypeDS && soa == h.name) {
		return soa, nil
	}
	if soa != "" {
		if _, err := r.verifySet(t, z.name, z.keys, recordsOf(m.Ns, soa, dns.TypeSOA), sigsOf(m.Ns, soa, dns.TypeSOA)); err != nil {
			return "", err
		}
	}
	d, err := r.denialIn(t, z, m)
	if err != nil {
		return "", err
	}
	v, err := d.absent(h.name, qtype, h.kind == kindNoName)
	if err != nil && h.kind == kindNoName {
		// Some servers deny the name where only names below it exist (RFC 8020 section 4).
		if w, less := d.absent(h.name, qtype, false); less == nil && w == freehold.Secure {
			h.kind, v, err = kindNoData, w, nil
		}
	}
	if err != nil {
		what := typeName(qtype) + " of " + quote(h.name)
		if h.kind == kindNoName {
			what = quote(h.name)
		}
		return "", fmt.Errorf("nothing proves that there is no %s: %w", what, err)
	}
	h.validation = v
	return "", nil
}

// canonicalCompare orders names as NSEC does (RFC 4034 section 6.1).
func canonicalCompare(a, b string) int {
	la, lb := wireLabels(a), wireLabels(b)
	for i := 1; i <= len(la) && i <= len(lb); i++ {
		if c := bytes.Compare(la[len(la)-i], lb[len(lb)-i]); c != 0 {
			return c
		}
	}
	return len(la) - len(lb)
}

// wireLabels splits a name in presentation form into its labels' octets, in
// lower case.
func wireLabels(name string) [][]byte {
	var out [][]byte
	var label []byte
	for i := 0; i < len(name); i++ {
		switch c := name[i]; {
		case c == '.':
			if len(label) > 0 || i > 0 {
				out = append(out, label)
			}
			label = nil
		case c == '\\' && i+3 < len(name) && digits(name[i+1:i+4]):
			label = append(label, lower((name[i+1]-'0')*100+(name[i+2]-'0')*10+(name[i+3]-'0')))
			i += 3
		case c == '\\' && i+1 < len(name):
			i++
			label = append(label, lower(name[i]))
		default:
			label = append(label, lower(c))
		}
	}
	if len(label) > 0 {
		out = append(out, label)
	}
	return out
}

func digits(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}
