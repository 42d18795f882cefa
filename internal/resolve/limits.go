package resolve

import (
	"errors"
	"sync/atomic"
	"time"

	"freehold"
)

// The caps. A zone that needs more than these is not served by more patience:
// it is broken, or it means harm (NXNSAttack, KeyTrap CVE-2023-50387, NSEC3
// exhaustion CVE-2023-50868).
const (
	maxQueries    = 400 // questions for one name, everything included
	maxVerified   = 600 // signatures checked for one name
	maxHashed     = 600 // NSEC3 names hashed for one name
	maxDepth      = 6   // name servers whose own address needs name servers whose own address …
	maxSteps      = 24  // referrals and hidden cuts on the way to one answer
	maxAliases    = 10  // CNAME and DNAME links
	maxTries      = 8   // servers tried for one question
	maxGlueless   = 4   // name servers without glue whose address is looked up for one question
	maxBogusTries = 3   // servers given a chance to do better after a bogus answer
	maxWalk       = 10  // labels asked for one by one when looking for zone cuts

	maxSetSigs   = 8  // signatures tried for one RRset
	maxTagTwins  = 4  // keys of one tag and algorithm tried for one signature
	maxZoneKeys  = 32 // keys looked at in one DNSKEY RRset
	maxDSTried   = 8  // DS records looked at
	maxDenials   = 16 // NSEC or NSEC3 records looked at in one answer
	maxIteration = 150

	maxServers   = 16 // name servers of one zone that are looked at
	maxAddresses = 32 // their addresses
	maxHosts     = 32 // name servers and mail hosts whose own address is looked up
	maxRecords   = 64 // records of one kind kept as a fact
	maxText      = 4096
	maxMessage   = 64 << 10 // what TCP can carry
	maxStrangers = 24       // datagrams that are not the answer, before we stop listening

	maxEvidence      = 240     // messages kept as evidence of one name
	maxEvidenceBytes = 2 << 20 // their octets, all together
	cutEvidence      = 4 << 10 // what is kept of a message beyond that

	maxCachedZones   = 4096
	maxCachedAnswers = 16384
	maxKnownServers  = 16384

	minTTL = 30 * time.Second // what is known is kept so long even if the zone says 0
	maxTTL = 6 * time.Hour
)

// spent counts what was done for one name; all work on that name shares it.
type spent struct {
	queries, verified, hashed atomic.Int64
}

// task is one line of work: what the name may still spend, and where we are.
type task struct {
	*spent
	// fresh answers are asked for, not taken from the cache.
	fresh bool
	depth int
	// hosts are the names whose addresses are being looked up right now: needing
	// one of them again is a loop.
	hosts []string
}

func newTask(fresh bool) *task { return &task{spent: &spent{}, fresh: fresh} }

var errSpent = errors.New("too much work for one name")

func (s *spent) query() error    { return count(&s.queries, maxQueries) }
func (s *spent) verify() error   { return count(&s.verified, maxVerified) }
func (s *spent) hashName() error { return count(&s.hashed, maxHashed) }

func count(n *atomic.Int64, most int64) error {
	if n.Add(1) > most {
		return failed(freehold.OutcomeFailed, "%s", errSpent)
	}
	return nil
}

// within returns the task of looking up host's address as part of t, and false
// when that leads in a circle or too deep.
func (t *task) within(host string) (*task, bool) {
	if t.depth >= maxDepth {
		return nil, false
	}
	for _, h := range t.hosts {
		if h == host {
			return nil, false
		}
	}
	hosts := append(append([]string(nil), t.hosts...), host)
	return &task{spent: t.spent, depth: t.depth + 1, hosts: hosts}, true
}
