package rules

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"freehold"
	"freehold/verify"
)

// near is how close an end must be to be worth a warning. Ours.
const near = 30 * 24 * time.Hour

func (c *Case) name() string { return c.Observed.Name.Unicode() }

func (c *Case) reg() *freehold.Registration { return &c.Observed.Registration }

func (c *Case) dns() *freehold.DNSFacts { return &c.Observed.DNS }

func (c *Case) host() verify.Host { return verify.HostOf(c.Observed) }

// own is the evidence of what our own records hold.
func (c *Case) own() []freehold.EvidenceID { return []freehold.EvidenceID{c.Observed.Own} }

// free tells whether the registry does not have the name: then nothing that is
// about keeping it is worth a word.
func (c *Case) free() bool { return c.reg().State == freehold.NotRegistered }

// registrar is the registrar's name, or the words for one who is not known; taken in with %m.
func (c *Case) registrar() string {
	if r, ok := c.reg().Registrar.Get(); ok {
		return r
	}
	return freehold.T("the registrar").Format
}

// hostName is the host's name, or the words for one who is not known; taken in with %m.
func (c *Case) hostName() string {
	if h := c.host(); h.Name != "" {
		return h.Name
	}
	return freehold.T("your host").Format
}

// attest is the command that writes a word down.
func (c *Case) attest(said string) string {
	return "freehold attest " + c.Observed.Name.ASCII() + " " + said
}

// status tells whether the registry shows one of the words, the first of them
// that it does, with the evidence.
func (c *Case) status(words ...string) (word string, known bool, evidence []freehold.EvidenceID) {
	statuses, known := c.reg().Statuses.Get()
	for _, w := range words {
		if slices.Contains(statuses, w) {
			return w, true, c.reg().Statuses.Evidence
		}
	}
	return "", known, c.reg().Statuses.Evidence
}

// contactDomain returns the host part of the contact's mailbox, where one is shown.
func (c *Case) contactDomain() (mailbox string, domain freehold.Host, ok bool) {
	mailbox, known := c.reg().RegistrantEmail.Get()
	if !known {
		return "", freehold.Host{}, false
	}
	at := strings.LastIndexByte(mailbox, '@')
	if at < 0 {
		return "", freehold.Host{}, false
	}
	domain, err := freehold.ParseHost(mailbox[at+1:])
	return mailbox, domain, err == nil
}

// network finds the block around an address: the registered one, else the usual
// size that routing keeps together.
func (c *Case) network(a netip.Addr) (block, holder string, evidence []freehold.EvidenceID) {
	for _, f := range c.Observed.Network.Addresses {
		if f.Addr == a {
			holder, _ = f.Holder.Get()
			evidence = verify.Evidence(f.Evidence, f.Holder.Evidence)
			if p, ok := f.Prefix.Get(); ok && p != "" {
				return p, holder, evidence
			}
			break
		}
	}
	bits := 24
	if a.Is6() && !a.Is4In6() {
		bits = 48
	}
	p, err := a.Unmap().Prefix(bits)
	if err != nil {
		return a.String(), holder, evidence
	}
	return p.String(), holder, evidence
}

func hostList(hosts []freehold.Host) string {
	var names []string
	for _, h := range hosts {
		names = append(names, h.Unicode())
	}
	return verify.List(names)
}

func addrList(addrs []netip.Addr) string {
	var list []string
	for _, a := range addrs {
		list = append(list, a.String())
	}
	return verify.List(list)
}

// said returns the newest word on a subject that is not too old.
func (c *Case) said(subject string) (freehold.Attestation, bool) {
	return verify.Fresh(c.Observed, subject)
}
