// Package freehold is the vocabulary of a toolkit for domain and registrar
// portability: who really controls a domain name, whether it can leave its host
// today, and what both sides of a departure need. This package holds the words
// (types without I/O); everything else is built from them.
//
// # The flow
//
//	names → registration facts (registry RDAP → registrar RDAP → WHOIS) → DNS facts → network facts
//	      → control record → verdict and findings → report
//
// Every stage takes types of this package and returns types of this package, so
// each can be tested with literals.
//
//	Name, Host        a registrable domain; any DNS name              name.go
//	Evidence, Fact    one raw answer by its digest; what it tells us   evidence.go
//	Registration      what registry and registrar publish             registration.go
//	DNSFacts          delegation, every server, records, validation   dns.go
//	Record, Zone      a zone's content, wire-faithful; its order    record.go, rdata.go, zone.go
//	ZoneDiff          two zones compared by stated rules            zonediff.go
//	Claim, Control    who holds each layer, and how we know           control.go
//	Verdict           can it leave today, how, and on what condition  verdict.go
//	Finding           one rule's result, with what to do              finding.go
//	Result, Run       the audit of a name; one execution              audit.go
//	MovePlan          the way of a zone to another operator           plan.go
//	Case              one departure as append-only events             case.go
//	TransferCode      the secret that moves a name, printed by nothing code.go
//	Listing, Import   a name of the portfolio; a file it came from     portfolio.go
//	Text              a sentence that can be said in other languages  text.go
//	Error             one line, lower case, with a way out            errors.go
//
// # The rooms
//
//	registrar/          what registries and registrars say: rdap, whois; what they are told: epp
//	dnsexport/          zones: zone files, transfers, observation, providers, the archive of copies, moves
//	verify/             control record and verdict; verify/rules has one rule a file; identity
//	internal/flow/      the jobs, each joining the rooms above: audit, portfolio, export, move, evacuate, desk, work
//	internal/policy/    transfer rules per TLD as dated data with citations
//	internal/resolve/   DNS client, iterative resolver, DNSSEC validator, DNS facts
//	internal/fetch/     HTTP that cannot be lured elsewhere; internal/limit, one limiter per server
//	internal/providerapi/ what the APIs of providers have in common
//	internal/ledger/    signed Merkle log of decisions; internal/seal, codes sealed to one person
//	internal/mail/      letters of the desk by SMTP; internal/queue, its cases spread over processes
//	internal/tabular/   tables as people keep them: CSV, XLSX, any encoding; internal/headings, what their columns are
//	internal/store/     SQLite and PostgreSQL behind one interface; storetest proves both
//	internal/report/    table, JSON, HTML, Markdown, CSV, calendar; languages
//	internal/lab/       an offline world: registries, registrars, WHOIS, DNS, hosts, an EPP registry
//	cmd/freehold/       the command line, one file per command: the only place where all meets
//	examples/           whole cases by commands alone, played by the tests
//
// Who may import whom is a table in importtable_test.go, which enforces it.
//
// # What holds everywhere
//
// A fact is a value, redacted, absent or unknown, and never one of these taken
// for another; being throttled is unknown. The zero value of every enumeration
// is its most cautious word. Policy is dated data. What a registry, a zone or a
// customer sends is hostile until proven otherwise.
package freehold
