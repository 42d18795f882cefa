package rdap

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"freehold"
)

// merge joins what the registry and the registrar say, as the comment of
// freehold.Registration has it: the registry is believed for the registrar,
// dates, statuses and delegation, the registrar for the registrant and the
// reseller. registrar is nil where its record was not read; why says why. The
// registry's record is used up.
func merge(registry, registrar *record, why string) freehold.Registration {
	reg := &registry.Registration
	if registrar == nil {
		reg.RegistrarExpires = registry.registrarExpiration
		explain(&reg.RegistrarExpires, why)
		explain(&reg.Reseller, why)
		if !registry.hasRegistrant {
			for _, f := range [...]*freehold.Fact[string]{&reg.RegistrantName, &reg.RegistrantOrg, &reg.RegistrantEmail, &reg.RegistrantCountry} {
				explain(f, why)
			}
		}
		return *reg
	}
	other := &registrar.Registration
	for _, f := range [...]struct {
		to     *freehold.Fact[string]
		second freehold.Fact[string]
	}{
		{&reg.Registrar, other.Registrar}, {&reg.RegistrarIANAID, other.RegistrarIANAID}, {&reg.RegistrarURL, other.RegistrarURL},
		{&reg.RegistrarPhone, other.RegistrarPhone}, {&reg.RegistrarEmail, other.RegistrarEmail},
	} {
		*f.to = better(*f.to, f.second)
	}
	for _, f := range [...]struct {
		to    *freehold.Fact[string]
		first freehold.Fact[string]
	}{
		{&reg.Reseller, other.Reseller}, {&reg.RegistrantName, other.RegistrantName}, {&reg.RegistrantOrg, other.RegistrantOrg},
		{&reg.RegistrantEmail, other.RegistrantEmail}, {&reg.RegistrantCountry, other.RegistrantCountry},
	} {
		*f.to = better(f.first, *f.to)
	}
	explain(&reg.Reseller, "the registrar's record names no reseller, which it need not")
	reg.Created = better(reg.Created, other.Created)
	reg.LastTransfer = better(reg.LastTransfer, other.LastTransfer)
	// In a registrar's record "expiration" may be either date; it is the
	// registrar's word, so never the registry's.
	reg.RegistrarExpires = better(better(registrar.registrarExpiration, registry.registrarExpiration), other.Expires)
	return *reg
}

// better returns the fact that says more; the first where they say as much.
func better[T any](first, second freehold.Fact[T]) freehold.Fact[T] {
	if second.State > first.State || first.State == second.State && first.Note == "" && second.Note != "" && first.State == freehold.Unknown {
		return second
	}
	return first
}

// explain gives an unknown fact its reason, in place of a general one.
func explain[T any](f *freehold.Fact[T], why string) {
	if f.State == freehold.Unknown && why != "" && (f.Note == "" || f.Note == notInThin) {
		f.Note = why
	}
}

// conflicts lists what the two records say differently. The two expiry dates are
// fields of their own and no conflict.
func conflicts(registry, registrar *record, sourceA, sourceB string) []freehold.Conflict {
	var list []freehold.Conflict
	add := func(field, a, b string, ids ...freehold.EvidenceID) {
		list = append(list, freehold.Conflict{Field: field, A: a, B: b, SourceA: sourceA, SourceB: sourceB, Evidence: slices.Compact(ids)})
	}
	texts := func(field string, a, b freehold.Fact[string], same func(a, b string) bool) {
		x, okA := a.Get()
		y, okB := b.Get()
		if okA && okB && !same(x, y) {
			add(field, x, y, slices.Concat(a.Evidence, b.Evidence)...)
		}
	}
	samePerson := func(a, b string) bool { return words(a) == words(b) || freehold.SameParty(a, b) }
	texts("registrar", registry.Registrar, registrar.Registrar, samePerson)
	texts("registrar_iana_id", registry.RegistrarIANAID, registrar.RegistrarIANAID, func(a, b string) bool { return a == b })
	texts("reseller", registry.Reseller, registrar.Reseller, samePerson)
	texts("registrant_name", registry.RegistrantName, registrar.RegistrantName, samePerson)
	texts("registrant_org", registry.RegistrantOrg, registrar.RegistrantOrg, samePerson)
	texts("registrant_email", registry.RegistrantEmail, registrar.RegistrantEmail, strings.EqualFold)
	dates := func(field string, a, b freehold.Fact[time.Time]) {
		x, okA := a.Get()
		y, okB := b.Get()
		if okA && okB && x.Sub(y).Abs() > 24*time.Hour {
			add(field, x.Format(time.RFC3339), y.Format(time.RFC3339), slices.Concat(a.Evidence, b.Evidence)...)
		}
	}
	dates("created", registry.Created, registrar.Created)
	dates("last_transfer", registry.LastTransfer, registrar.LastTransfer)
	if a, b := registry.Nameservers, registrar.Nameservers; a.State == freehold.Value && b.State == freehold.Value {
		if x, y := hostList(a.Value), hostList(b.Value); x != y {
			add("nameservers", x, y, slices.Concat(a.Evidence, b.Evidence)...)
		}
	}
	if a, b := registry.Statuses, registrar.Statuses; a.State == freehold.Value && b.State == freehold.Value {
		const lock = "clientTransferProhibited" // the registrar's own; others it often leaves out
		if slices.Contains(a.Value, lock) != slices.Contains(b.Value, lock) {
			add("statuses", strings.Join(a.Value, " "), strings.Join(b.Value, " "), slices.Concat(a.Evidence, b.Evidence)...)
		}
	}
	if a, b := registry.DNSSEC, registrar.DNSSEC; a.State == freehold.Value && b.State == freehold.Value && a.Value != b.Value {
		add("dnssec", strconv.FormatBool(a.Value), strconv.FormatBool(b.Value), slices.Concat(a.Evidence, b.Evidence)...)
	}
	return list
}

func hostList(hosts []freehold.Host) string {
	names := make([]string, len(hosts))
	for i, h := range hosts {
		names[i] = h.ASCII()
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}
