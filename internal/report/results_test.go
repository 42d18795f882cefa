package report

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"freehold"
)

// The results below are invented: no name, company or address in them is real.

var testNow = time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC)

func testRun(names int) freehold.Run {
	return freehold.Run{
		ID: "20261125T090000Z-3f9a2c", Started: testNow, Finished: testNow.Add(4 * time.Second), Version: "0.1.0",
		PolicyDate: time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC), Args: []string{"audit", "boulangerie-martel.fr"}, Lang: "en", Names: names,
	}
}

func ev(digit string) freehold.EvidenceID {
	return freehold.EvidenceID("sha256:" + strings.Repeat(digit, 64))
}

func host(s string) freehold.Host {
	h, err := freehold.ParseHost(s)
	if err != nil {
		panic(err)
	}
	return h
}

func domain(s string) freehold.Name {
	n, err := freehold.ParseName(s)
	if err != nil {
		panic(err)
	}
	return n
}

func on(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 12, 0, 0, 0, time.UTC) }

// withHost is the fullest of the results: a name whose host is its registrar.
func withHost() *freehold.Result {
	reg, web := ev("a"), ev("b")
	return &freehold.Result{
		Asked: "boulangerie-martel.fr", Name: domain("boulangerie-martel.fr"), Status: freehold.StatusPartial, At: testNow,
		Observed: freehold.Observed{
			Name: domain("boulangerie-martel.fr"), At: testNow,
			Registration: withHostRegistration(reg),
			DNS:          withHostDNS(ev("c")),
			Network: freehold.NetworkFacts{Addresses: []freehold.AddressFacts{{
				Addr: netip.MustParseAddr("192.0.2.80"), Roles: []string{"web", "mail"}, Holder: freehold.Known("Galets Bleus Hébergement SAS", web),
				Network: freehold.Known("GALETS-NET", web), Prefix: freehold.Known("192.0.2.0/24", web),
				OriginAS: freehold.NotKnown[uint32]("no table of networks was given"), Evidence: []freehold.EvidenceID{web},
			}}, Asks: []freehold.Ask{{Kind: freehold.EvidenceRDAP, Source: "https://rdap.rir.example/ip/192.0.2.80", Outcome: freehold.OutcomeAnswered, Evidence: web}}},
			NameserverDomains: []freehold.NameserverDomain{{
				Name: domain("galets-bleus.fr"), Servers: []freehold.Host{host("ns1.galets-bleus.fr"), host("ns2.galets-bleus.fr")},
				State: freehold.Registered, Expires: freehold.Known(on(2027, 2, 1), ev("e")), Evidence: []freehold.EvidenceID{ev("e")},
			}},
			Attestations: freehold.Attestations{{
				Name: domain("boulangerie-martel.fr"), Subject: freehold.AttestPayer, Value: freehold.AttestedMe, By: "Anne Martel", At: on(2026, 11, 12), Evidence: ev("d"),
			}},
			Own: ev("f"),
		},
		Control:  withHostControl(reg, web),
		Verdict:  withHostVerdict(reg, web),
		Findings: withHostFindings(reg, web),
	}
}

func withHostRegistration(reg freehold.EvidenceID) freehold.Registration {
	return freehold.Registration{
		State:     freehold.Registered,
		Registrar: freehold.Known("Galets Bleus Hébergement SAS", reg), RegistrarIANAID: freehold.NotThere[string](reg),
		RegistrarEmail: freehold.Known("abuse@galets-bleus.fr", reg), Reseller: freehold.NotThere[string](reg),
		RegistrantName: freehold.Hidden[string]("the registry withholds natural persons", reg), RegistrantOrg: freehold.Known("Boulangerie Martel", reg),
		RegistrantEmail: freehold.Known("contact@boulangerie-martel.fr", reg),
		Created:         freehold.Known(on(2001, 5, 3), reg), Expires: freehold.Known(on(2027, 5, 3), reg),
		RegistrarExpires: freehold.NotKnown[time.Time]("the registrar's server asked us to slow down"),
		LastTransfer:     freehold.NotThere[time.Time](reg),
		Statuses:         freehold.Known([]string{"clientTransferProhibited"}, reg),
		Nameservers:      freehold.Known([]freehold.Host{host("ns1.galets-bleus.fr"), host("ns2.galets-bleus.fr")}, reg),
		DNSSEC:           freehold.Known(false, reg),
		Conflicts: []freehold.Conflict{{
			Field: "nameservers", A: "ns1.galets-bleus.fr", SourceA: "registry", B: "ns3.galets-bleus.fr", SourceB: "registrar", Evidence: []freehold.EvidenceID{reg},
		}},
		Asks: []freehold.Ask{
			{Kind: freehold.EvidenceRDAP, Source: "https://rdap.registry.example/domain/boulangerie-martel.fr", Outcome: freehold.OutcomeAnswered, Evidence: reg},
			{Kind: freehold.EvidenceRDAP, Source: "https://rdap.galets-bleus.fr/domain/boulangerie-martel.fr", Outcome: freehold.OutcomeThrottled, Error: "429 three times in 20 s"},
		},
	}
}

func withHostDNS(e freehold.EvidenceID) freehold.DNSFacts {
	addr := netip.MustParseAddr("192.0.2.80")
	ns := freehold.Known([]freehold.Host{host("ns1.galets-bleus.fr"), host("ns2.galets-bleus.fr")}, e)
	return freehold.DNSFacts{
		Delegation: ns, NS: ns, DS: freehold.NotThere[[]freehold.DS](e),
		Servers: []freehold.ServerFacts{
			{Host: host("ns1.galets-bleus.fr"), Addr: netip.MustParseAddr("192.0.2.53"), Outcome: freehold.OutcomeAnswered, Serial: freehold.Known(uint32(2026112401), e), NS: ns, TCP: freehold.Known(true, e), InParent: true, Glue: true, Evidence: []freehold.EvidenceID{e}},
			{Host: host("ns2.galets-bleus.fr"), Outcome: freehold.OutcomeTimeout, Error: "no answer in 3 s", InParent: true},
		},
		SOA: freehold.Known(freehold.SOA{MName: host("ns1.galets-bleus.fr"), RName: "hostmaster@galets-bleus.fr", Serial: 2026112401, Refresh: 4 * time.Hour, Retry: time.Hour, Expire: 14 * 24 * time.Hour, Minimum: time.Hour, TTL: time.Hour}, e),
		A:   freehold.Known([]netip.Addr{addr}, e), AAAA: freehold.NotThere[[]netip.Addr](e), WWW: freehold.Known([]netip.Addr{addr}, e),
		MX: freehold.Known([]freehold.MX{{Preference: 10, Host: host("mx.galets-bleus.fr")}}, e), MXIPs: freehold.Known([]netip.Addr{addr}, e),
		TXT: freehold.Known([]string{"v=spf1 include:_spf.galets-bleus.fr -all"}, e), SPF: freehold.Known("v=spf1 include:_spf.galets-bleus.fr -all", e),
		DMARC: freehold.NotThere[string](e), CAA: freehold.Known([]string{}, e),
		DNSKEY: freehold.NotThere[[]freehold.DNSKEY](e), CDS: freehold.NotThere[[]freehold.DS](e),
		Validation: freehold.Known(freehold.Insecure, e), Wildcard: freehold.Known(false, e),
		HostLookup: []freehold.HostFacts{{Host: host("ns1.galets-bleus.fr"), Addrs: freehold.Known([]netip.Addr{netip.MustParseAddr("192.0.2.53")}, e), Evidence: []freehold.EvidenceID{e}}},
		Asks:       []freehold.Ask{{Kind: freehold.EvidenceDNS, Source: "dns://192.0.2.53:53", Outcome: freehold.OutcomeAnswered, Evidence: e}},
	}
}

func withHostControl(reg, web freehold.EvidenceID) freehold.Control {
	seen := func(l freehold.Layer, holder string, e freehold.EvidenceID) freehold.Claim {
		return freehold.Claim{Layer: l, Holder: holder, Standing: freehold.StandingObserved, At: testNow, Evidence: []freehold.EvidenceID{e}}
	}
	return freehold.Control{
		seen(freehold.LayerRegistry, "Afnic", reg),
		seen(freehold.LayerRegistrar, "Galets Bleus Hébergement SAS", reg),
		{Layer: freehold.LayerReseller},
		{Layer: freehold.LayerRegistrant, Holder: "Boulangerie Martel", Mine: true, Standing: freehold.StandingClaimed, At: on(2026, 11, 12), Evidence: []freehold.EvidenceID{ev("d")}},
		{Layer: freehold.LayerAccount},
		seen(freehold.LayerDNS, "galets-bleus.fr", ev("c")),
		{Layer: freehold.LayerSigner},
		seen(freehold.LayerMail, "galets-bleus.fr", ev("c")),
		{Layer: freehold.LayerWeb, Holder: "Atelier Web Dupré", Standing: freehold.StandingContradicted, At: on(2026, 1, 2), Stale: true, Against: "Galets Bleus Hébergement SAS", Evidence: []freehold.EvidenceID{web}},
		seen(freehold.LayerNetwork, "Galets Bleus Hébergement SAS", web),
		{Layer: freehold.LayerContactMailbox, Holder: "contact@boulangerie-martel.fr", Mine: true, Standing: freehold.StandingProven, At: on(2026, 11, 20), Evidence: []freehold.EvidenceID{ev("d")}},
	}
}

func withHostVerdict(reg, web freehold.EvidenceID) freehold.Verdict {
	return freehold.Verdict{
		CanLeave: freehold.LeaveWithHost, Policy: "fr-2024",
		Path:    freehold.T("test: transfer to another registrar with the code"),
		Who:     freehold.T("test: you ask %s for the code", "Galets Bleus Hébergement SAS"),
		HowLong: freehold.T("test: %d to %d days", 8, 10),
		Conditions: []freehold.Condition{
			{What: freehold.T("test: the registrar hands out the code"), Standing: freehold.StandingUnknown},
			{What: freehold.T("test: the mailbox %s answers", "contact@boulangerie-martel.fr"), Standing: freehold.StandingProven, Evidence: []freehold.EvidenceID{ev("d")}},
		},
		Why: []freehold.Reason{
			{Text: freehold.T("test: the registrar and the web host are one company, %s", "Galets Bleus Hébergement SAS"), Evidence: []freehold.EvidenceID{reg, web}},
			{Text: freehold.T("test: the code comes from the registrar only"), Citation: "Afnic naming policy §5", Evidence: []freehold.EvidenceID{reg}},
		},
	}
}

func withHostFindings(reg, web freehold.EvidenceID) []freehold.Finding {
	return []freehold.Finding{
		{Rule: "contact-mailbox-inside-name", Severity: freehold.SeverityCritical, Title: freehold.T("test: the contact mailbox lies inside the name itself"),
			Why:    freehold.T("test: mail about a transfer goes to %s", "contact@boulangerie-martel.fr"),
			Remedy: freehold.T("test: at the registrar, change the contact to a mailbox under another name, and keep its password away from the host"), Evidence: []freehold.EvidenceID{reg}},
		{Rule: "registrar-is-host", Severity: freehold.SeverityWarning, Title: freehold.T("test: registrar and host are one company"),
			Why:    freehold.T("test: %s is both", "Galets Bleus Hébergement SAS"),
			Remedy: freehold.T("test: move the registration to a registrar that does not host the site"), Evidence: []freehold.EvidenceID{reg, web}},
		{Rule: "nameservers-one-network", Severity: freehold.SeverityWarning, Title: freehold.T("test: all name servers stand in one network"),
			Why: freehold.T("test: all in %s", "192.0.2.0/24"), Remedy: freehold.T("test: add a name server elsewhere"), Evidence: []freehold.EvidenceID{ev("c")}},
		{Rule: "no-offhost-zone-copy", Severity: freehold.SeverityNotice, Title: freehold.T("test: no copy of the zone away from the host"),
			Why: freehold.T("test: none is recorded"), Remedy: freehold.T("test: export the zone"), Evidence: []freehold.EvidenceID{ev("f")}},
	}
}

// simple makes a small result of a gTLD name with one verdict.
func simple(name, registrar string, v freehold.Verdict) *freehold.Result {
	reg := ev("1")
	r := &freehold.Result{Asked: name, Name: domain(name), Status: freehold.StatusOK, At: testNow, Verdict: v}
	r.Observed = freehold.Observed{Name: r.Name, At: testNow, Registration: freehold.Registration{
		State: freehold.Registered, Registrar: freehold.Known(registrar, reg), RegistrarIANAID: freehold.Known("9998", reg),
		Created: freehold.Known(on(2019, 3, 1), reg), Expires: freehold.Known(on(2027, 3, 1), reg),
		Asks: []freehold.Ask{{Kind: freehold.EvidenceRDAP, Source: "https://rdap.registry.example/domain/" + name, Outcome: freehold.OutcomeAnswered, Evidence: reg}},
	}}
	r.Control = freehold.Control{
		{Layer: freehold.LayerRegistrar, Holder: registrar, Standing: freehold.StandingObserved, At: testNow, Evidence: []freehold.EvidenceID{reg}},
		{Layer: freehold.LayerAccount},
	}
	return r
}

func aloneResult() *freehold.Result {
	r := simple("atelier-roselin.com", "Colline Registrar Inc.", freehold.Verdict{
		CanLeave: freehold.LeaveAlone, Policy: "gtld-2024",
		Path: freehold.T("test: transfer to another registrar with the code"), Who: freehold.T("test: you"), HowLong: freehold.T("test: %d to %d days", 1, 5),
		Why: []freehold.Reason{{Text: freehold.T("test: you can log in at %s", "Colline Registrar Inc."), Evidence: []freehold.EvidenceID{ev("d")}}},
	})
	r.Control[1] = freehold.Claim{Layer: freehold.LayerAccount, Mine: true, Standing: freehold.StandingProven, At: on(2026, 11, 20), Evidence: []freehold.EvidenceID{ev("d")}}
	return r
}

func notBeforeResult() *freehold.Result {
	return simple("fromagerie-du-lac.com", "Colline Registrar Inc.", freehold.Verdict{
		CanLeave: freehold.LeaveNotBefore, NotBefore: on(2027, 1, 1), Waivable: true, Policy: "gtld-2024",
		Why: []freehold.Reason{{Text: freehold.T("test: it was transferred on %t", on(2026, 11, 2)), Citation: "Transfer Policy I.A.3.7.6"}},
	})
}

func noResult() *freehold.Result {
	r := simple("vieux-moulin.org", "Colline Registrar Inc.", freehold.Verdict{
		CanLeave: freehold.LeaveNo, Policy: "gtld-2024", Why: []freehold.Reason{{Text: freehold.T("test: it is in redemption")}},
	})
	r.Observed.Registration.Expires = freehold.Known(on(2026, 10, 1), ev("1"))
	r.Findings = []freehold.Finding{{Rule: "redemption", Severity: freehold.SeverityCritical, Title: freehold.T("test: the name is about to be deleted"), Why: freehold.T("test: status %s", "redemptionPeriod"), Remedy: freehold.T("test: restore it today"), Evidence: []freehold.EvidenceID{ev("1")}}}
	return r
}

func unknownResult() *freehold.Result {
	return simple("café-lumière.com", "Grossiste Domaines SA", freehold.Verdict{
		CanLeave: freehold.LeaveUnknown, Policy: "gtld-2024",
		Question: freehold.T("test: can you log in at %s and see %s there?", "Grossiste Domaines SA", "café-lumière.com"),
		Why:      []freehold.Reason{{Text: freehold.T("test: no public record shows whose account holds the name")}},
	})
}

func notRegisteredResult() *freehold.Result {
	r := simple("nom-libre.com", "", freehold.Verdict{CanLeave: freehold.LeaveNo, Why: []freehold.Reason{{Text: freehold.T("test: nobody holds it")}}})
	r.Observed.Registration = freehold.Registration{State: freehold.NotRegistered, Registrar: freehold.NotThere[string](ev("1")), Asks: r.Observed.Registration.Asks}
	r.Control = nil
	return r
}

func invalidResult() *freehold.Result {
	return &freehold.Result{Asked: "192.0.2.1", Status: freehold.StatusFailed, Error: `"192.0.2.1" is not a domain name: it is an IP address`, Hint: "give the domain name that points there", At: testNow}
}

func deadResult() *freehold.Result {
	r := simple("tout-mort.net", "", freehold.Verdict{Question: freehold.T("test: can you log in at %s and see %s there?", "your registrar", "tout-mort.net")})
	r.Status, r.Error, r.Hint = freehold.StatusFailed, "no source answered", "check the network, then run again with --resume"
	r.Observed.Registration = freehold.Registration{Asks: []freehold.Ask{{Kind: freehold.EvidenceRDAP, Source: "https://rdap.registry.example/domain/tout-mort.net", Outcome: freehold.OutcomeTimeout, Error: "no answer in 10 s"}}}
	r.Control = nil
	return r
}

// hostileResult holds what a registry may send to a terminal, a spreadsheet or a parser.
func hostileResult() *freehold.Result {
	evil := "Evil\x1b]0;owned\x07\x1b[2J \u202elatot\u2069 \u009b31m =cmd|'/C calc'!A1 \xff\xfe <script>\u2028" + strings.Repeat("x", 3000)
	r := simple("piege.org", evil, freehold.Verdict{CanLeave: freehold.LeaveWithHost, Why: []freehold.Reason{{Text: freehold.T("test: the reseller is %s", evil), Citation: evil}}})
	r.Control[0].Against = evil
	r.Error, r.Hint = evil, evil
	r.Observed.Registration.Asks = append(r.Observed.Registration.Asks, freehold.Ask{Kind: freehold.EvidenceRDAP, Source: evil, Outcome: freehold.OutcomeGarbled, Error: evil})
	r.Observed.Registration.RegistrantOrg = freehold.Known(evil)
	r.Observed.Registration.Created = freehold.Known(time.Date(123456, 1, 1, 0, 0, 0, 0, time.UTC))
	r.Findings = []freehold.Finding{{Rule: "reseller-in-chain", Severity: freehold.SeverityWarning, Title: freehold.T("test: reseller %s", evil), Why: freehold.T("test: %q", evil), Remedy: freehold.T("test: ask %s", evil), Evidence: []freehold.EvidenceID{ev("2")}}}
	return r
}

func allResults() []*freehold.Result {
	return []*freehold.Result{withHost(), aloneResult(), notBeforeResult(), noResult(), unknownResult(), notRegisteredResult(), invalidResult(), deadResult(), hostileResult()}
}

// write runs a whole report.
func write(t *testing.T, format string, o Options, results ...*freehold.Result) string {
	t.Helper()
	var b strings.Builder
	w, err := New(format, &b, o)
	if err != nil {
		t.Fatal(err)
	}
	run := testRun(len(results))
	run.Lang = o.Lang
	open := run
	open.Finished = time.Time{}
	var s freehold.Summary
	if err := w.Begin(open); err != nil {
		t.Fatal(err)
	}
	for _, r := range results {
		s.Add(r)
		if err := w.Result(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.End(run, s); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
