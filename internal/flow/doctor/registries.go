package doctor

import (
	"context"
	"maps"
	"slices"
	"sync"

	"freehold"
)

// Source asks one kind of registry server about a name; *rdap.Client and
// *whois.Client are ones.
type Source interface {
	Server(freehold.Name) (string, bool)
	Domain(context.Context, freehold.Name) (freehold.Registration, []freehold.Evidence)
}

// Reach asks the registry's servers of each TLD about one name, through the
// sources' own limiter, parallel TLDs at a time. That the name is not registered
// is an answer like any other.
func Reach(ctx context.Context, rdap, whois Source, samples map[string]freehold.Name, parallel int) []Check {
	tlds := slices.Sorted(maps.Keys(samples))
	found := make([][]Check, len(tlds))
	var wait sync.WaitGroup
	turns := make(chan struct{}, max(1, parallel))
	for i, tld := range tlds {
		wait.Go(func() {
			turns <- struct{}{}
			defer func() { <-turns }()
			found[i] = reach(ctx, rdap, whois, tld, samples[tld])
		})
	}
	wait.Wait()
	return slices.Concat(found...)
}

func reach(ctx context.Context, rdap, whois Source, tld string, name freehold.Name) []Check {
	var checks []Check
	for _, s := range []struct {
		kind string
		Source
	}{{"RDAP", rdap}, {"WHOIS", whois}} {
		server, ok := s.Server(name)
		if !ok {
			continue
		}
		reg, _ := s.Domain(ctx, name)
		checks = append(checks, answered(tld, s.kind, server, reg.Asks))
	}
	if len(checks) == 0 {
		checks = append(checks, Check{Area: Registries, Subject: "." + tld, State: Unknown,
			Said: freehold.T("no server is known: only the DNS tells of these names")})
	}
	return checks
}

// answered reads how the first question, the registry's, ended.
func answered(tld, kind, server string, asks []freehold.Ask) Check {
	check := Check{Area: Registries, Subject: "." + tld + " " + kind}
	outcome := freehold.OutcomeNone
	if len(asks) > 0 {
		outcome = asks[0].Outcome
	}
	switch outcome {
	case freehold.OutcomeAnswered:
		check.State, check.Said = Fine, freehold.T("%s answers", server)
	case freehold.OutcomeNone:
		check.Said = freehold.T("%s was not asked", server)
	case freehold.OutcomeThrottled:
		check.State, check.Said = Wrong, freehold.T("%s asks to slow down", server)
		check.Advice = freehold.T("ask again later, or more slowly with --rate")
	case freehold.OutcomeRefused:
		check.State, check.Said = Wrong, freehold.T("%s refuses to answer", server)
		check.Advice = freehold.T("registries refuse some networks: ask whether yours is listed")
	case freehold.OutcomeTimeout:
		check.State, check.Said = Wrong, freehold.T("%s did not answer in time", server)
		check.Advice = freehold.T("try --timeout 30s; if it stays, the server is down or a firewall is in between")
	case freehold.OutcomeGarbled:
		check.State, check.Said = Wrong, freehold.T("%s gives an answer that cannot be used", server)
		check.Advice = freehold.T("look at it: %s", "freehold show --raw "+string(asks[0].Evidence))
	default:
		check.State, check.Said = Wrong, freehold.T("%s cannot be reached", server)
		check.Advice = freehold.T("check the network and its firewall; RDAP needs port 443, WHOIS port 43")
	}
	return check
}
