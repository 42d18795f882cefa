// Package verify judges what was observed about a name: who holds each layer of
// it (the control record), whether it can leave today without its host (the
// verdict), and which questions would decide what public sources do not show.
//
// It is pure: facts, attestations and dated policy in, words out. No network, no
// clock of its own, no store.
package verify

import (
	"slices"
	"strconv"
	"strings"

	"freehold"
)

// Evidence joins lists of evidence, each once, in order.
func Evidence(lists ...[]freehold.EvidenceID) []freehold.EvidenceID {
	var out []freehold.EvidenceID
	for _, list := range lists {
		for _, id := range list {
			if id != "" && !slices.Contains(out, id) {
				out = append(out, id)
			}
		}
	}
	return out
}

// maxListed bounds how many names one sentence or holder lists: a zone may name
// any number of servers.
const maxListed = 6

// List writes names after one another, each once, and counts those beyond six.
func List(names []string) string {
	var out []string
	for _, n := range names {
		if n != "" && !slices.Contains(out, n) {
			out = append(out, n)
		}
	}
	if more := len(out) - maxListed; more > 0 {
		out = append(out[:maxListed], "+"+strconv.Itoa(more))
	}
	return strings.Join(out, ", ")
}

// Domain returns the registrable domain a host lies in, else the host itself.
func Domain(h freehold.Host) string {
	if n, ok := h.Registrable(); ok {
		return n.ASCII()
	}
	return h.ASCII()
}

// Domains returns the registrable domains of hosts, each once, in order.
func Domains(hosts []freehold.Host) []string {
	var out []string
	for _, h := range hosts {
		if d := Domain(h); d != "" && !slices.Contains(out, d) {
			out = append(out, d)
		}
	}
	return out
}

// Nameservers returns the name servers of a name: of the parent's delegation,
// else of the registry's record, else of the zone itself.
func Nameservers(o *freehold.Observed) freehold.Fact[[]freehold.Host] {
	for _, f := range []freehold.Fact[[]freehold.Host]{o.DNS.Delegation, o.Registration.Nameservers, o.DNS.NS} {
		if f.State == freehold.Value && len(f.Value) > 0 {
			return f
		}
	}
	return o.DNS.Delegation
}

// MailHosts returns the hosts that take mail, and whether that is known. A null
// MX is none.
func MailHosts(o *freehold.Observed) (hosts []freehold.Host, known bool) {
	for _, mx := range o.DNS.MX.Value {
		if !mx.Host.IsZero() {
			hosts = append(hosts, mx.Host)
		}
	}
	return hosts, o.DNS.MX.State == freehold.Value || o.DNS.MX.State == freehold.Absent
}

// Holders returns the registered holders of the address blocks in which a role
// ("web", "mail", "dns") stands, and whether all of them are known.
func Holders(o *freehold.Observed, roles ...string) (holders []string, evidence []freehold.EvidenceID, complete bool) {
	complete = true
	found := false
	for _, a := range o.Network.Addresses {
		if !slices.ContainsFunc(a.Roles, func(r string) bool { return slices.Contains(roles, r) }) {
			continue
		}
		found = true
		holder, ok := a.Holder.Get()
		if !ok {
			complete = false
			continue
		}
		if !slices.Contains(holders, holder) {
			holders = append(holders, holder)
		}
		evidence = Evidence(evidence, a.Holder.Evidence)
	}
	return holders, evidence, complete && found
}

// Fresh returns the newest attestation on a subject, and whether it can still
// decide anything.
func Fresh(o *freehold.Observed, subject string) (freehold.Attestation, bool) {
	a, ok := o.Attestations.Latest(subject)
	return a, ok && !Outdated(o, a)
}

// Outdated tells whether an attestation is too old to decide anything. What was
// said about the account at one registrar says nothing about the next one's: a
// name that moved since may have been stolen.
func Outdated(o *freehold.Observed, a freehold.Attestation) bool {
	return a.IsStale(o.At) || movedSince(o, a)
}

func movedSince(o *freehold.Observed, a freehold.Attestation) bool {
	moved, known := o.Registration.LastTransfer.Get()
	about := a.Subject == string(freehold.LayerAccount) || a.Subject == freehold.AttestPayer || a.Subject == string(freehold.LayerRegistrar) || a.Subject == string(freehold.LayerReseller)
	return about && known && moved.After(a.At)
}
