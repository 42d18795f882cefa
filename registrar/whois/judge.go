package whois

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"freehold"
)

// answer is what an answer means.
type answer struct {
	outcome freehold.Outcome
	// why says, after the server's name, what was wrong; empty when answered.
	why string
	// wait is how long a throttling server asks us to stay away; 0 if it does not say.
	wait  time.Duration
	reg   freehold.Registration
	notes []string
}

// verdict is what the phrases of an answer say, before its fields are read.
type verdict struct {
	throttled, refused, down string // the line that says so
	free, reserved           string
	pending                  bool // reserved by a sentence, not by a status
	freeElsewhere            bool // "no match" for another name
}

// phrases reads the lines that are the server's own words. Lines of contacts and
// of fields that we know are left out: what stands there was written by the
// holder of a name, who must not be able to make it look free or the server busy.
func (t text) phrases(name freehold.Name) verdict {
	var v verdict
	for _, l := range t.lines {
		if !l.title && (knownKeys[l.key] || contactWords.MatchString(l.heading)) {
			continue
		}
		s := l.words()
		switch {
		case matches(throttledPhrases, s):
			v.throttled = s
		case matches(refusedPhrases, s):
			v.refused = s
		case matches(downPhrases, s):
			v.down = s
		case matches(reservedPhrases, s):
			v.reserved, v.pending = s, true
		case matches(freePhrases, s):
			v.free = s
			v.freeElsewhere = v.freeElsewhere || namesAnother(s, name)
		}
	}
	for _, s := range t.statusWords() {
		switch {
		case slices.Contains(freeStatuses, s):
			v.free = "status: " + s
		case slices.Contains(reservedStatuses, s), strings.HasPrefix(s, "premium name"):
			v.reserved = "status: " + s
		case matches(throttledPhrases, s):
			v.throttled = "status: " + s
		}
	}
	return v
}

// words returns a whole line as phrases are compared: lower case, without
// marks around it.
func (l line) words() string {
	s := l.value
	if l.key != "" {
		s = l.key + ": " + l.value
	}
	s = strings.Join(strings.Fields(strings.ToLower(s)), " ")
	return strings.TrimRight(strings.TrimLeft(s, "%#*>-; "), ".!<* ")
}

func matches(phrases []*pattern, s string) bool {
	if len(s) > 300 {
		return false // no server says it in so many words
	}
	return slices.ContainsFunc(phrases, func(re *pattern) bool { return re.MatchString(s) })
}

// namesAnother tells whether a sentence is about a domain, and not about name.
func namesAnother(s string, name freehold.Name) bool {
	another := false
	for word := range strings.FieldsSeq(s) {
		word = strings.Trim(word, "\"'()[]<>,;:!.")
		if !strings.Contains(word, ".") {
			continue
		}
		h, err := freehold.ParseHost(word)
		if err != nil {
			continue
		}
		if h == name.Host() {
			return false
		}
		if _, ok := h.Registrable(); ok {
			another = true
		}
	}
	return another
}

var seconds = compiled(`\b(\d{1,9}) *(second|minute|hour)`)

// waitOf reads "wait 50 seconds" out of a refusal.
func waitOf(s string) time.Duration {
	m := seconds.FindStringSubmatch(s)
	if m == nil {
		return 0
	}
	n, _ := strconv.Atoi(m[1])
	unit := map[string]time.Duration{"second": time.Second, "minute": time.Minute, "hour": time.Hour}[m[2]]
	return min(time.Duration(min(n, 24*3600))*unit, 24*time.Hour) // longer is "not today" all the same
}

// judge decides what an answer is. It returns false where the answer shows a
// registration, which is then read.
func (t text) judge(name freehold.Name) (answer, bool) {
	v := t.phrases(name)
	about, others := t.about(name)
	data := t.hasData()
	said := func(s string) string { return `: "` + cut(s, 120) + `"` }
	garbled := func(why string) (answer, bool) {
		return answer{outcome: freehold.OutcomeGarbled, why: why}, true
	}
	switch {
	case t.tooLong:
		return garbled("sent more lines than an answer has")
	case len(t.lines) == 0:
		return garbled("sent an empty answer")
	case v.throttled != "":
		return answer{outcome: freehold.OutcomeThrottled, why: "asks us to slow down" + said(v.throttled), wait: waitOf(v.throttled)}, true
	case v.refused != "":
		return answer{outcome: freehold.OutcomeRefused, why: "refuses to say" + said(v.refused)}, true
	case v.down != "":
		return answer{outcome: freehold.OutcomeFailed, why: "is out of order" + said(v.down)}, true
	case others != "":
		return garbled(`answered about "` + cut(others, 120) + `"`)
	case v.freeElsewhere:
		return garbled("answered about another name" + said(v.free))
	case about && data && v.pending:
		return answer{outcome: freehold.OutcomeAnswered, reg: reserved(v.reserved)}, true
	case about && data && t.twoRecords():
		return garbled("sent two records of the name, which may differ")
	case about && data:
		if v.free != "" {
			return garbled("says that the name is registered and that it is not" + said(v.free))
		}
		return answer{}, false
	case data:
		return garbled("answered without saying about which name")
	case v.free != "" && v.reserved != "":
		return garbled("says that the name is free and that it is not" + said(v.reserved))
	case v.reserved != "":
		return answer{outcome: freehold.OutcomeAnswered, reg: reserved(v.reserved)}, true
	case v.free != "":
		return answer{outcome: freehold.OutcomeAnswered, reg: freehold.Registration{State: freehold.NotRegistered}}, true
	case about && t.saysTaken():
		return answer{}, false
	}
	return garbled("sent an answer that cannot be read" + said(t.firstWords()))
}

// reserved is the registration of a name that nobody holds and nobody may have:
// neither registered nor free.
func reserved(said string) freehold.Registration {
	note := `nobody holds the name, and the registry does not give it out: "` + cut(said, 120) + `"`
	return freehold.Registration{Registrar: freehold.NotKnown[string](note), Statuses: freehold.Known([]string{"reserved"})}
}

// about tells whether the answer names the domain that was asked about, and
// returns the first other domain that it says it is about.
func (t text) about(name freehold.Name) (about bool, other string) {
	for _, l := range t.lines {
		if !l.namesDomain() {
			continue
		}
		first, _, _ := strings.Cut(strings.TrimSpace(l.value), " ")
		h, err := freehold.ParseHost(strings.Trim(first, "\"'[],;"))
		switch {
		case err == nil && h == name.Host():
			about = true
		case other == "" && first != "":
			other = first
		}
	}
	return about, other
}

// twoRecords tells whether the answer begins again: the registry's record and the
// registrar's behind it, as servers that follow referrals send them. What is
// whose could not be told.
func (t text) twoRecords() bool {
	named, data := false, false
	for _, l := range t.lines {
		switch {
		case l.comment || l.title || l.heading != "":
		case domainKeys[l.key]:
			if data {
				return true
			}
			named = true
		case dataKeys[l.key] && !empty(l.value):
			data = named
		}
	}
	return false
}

func (l line) namesDomain() bool {
	if l.comment {
		return false
	}
	switch l.heading {
	case "":
		return domainKeys[l.key]
	case "domain name", "domain":
		return l.key == "" || l.key == "name" || l.key == l.heading
	}
	return false
}

// hasData tells whether the answer shows anything that only a registration has.
func (t text) hasData() bool {
	for _, l := range t.lines {
		if l.comment || l.title || empty(l.value) {
			continue
		}
		if l.heading == "" && dataKeys[l.key] || nameserverWords.MatchString(l.heading) || l.heading == "registrar" || contactWords.MatchString(l.heading) {
			return true
		}
	}
	return false
}

// saysTaken tells whether the statuses say that the name is registered: some
// registries show nothing else. What is no known word may be an error.
func (t text) saysTaken() bool {
	words := t.statusWords()
	return len(words) > 0 && !slices.ContainsFunc(words, func(s string) bool { return !takenWords[s] && !eppWords[statusWord(s)] })
}

func (t text) statusWords() []string {
	var words []string
	for _, l := range t.lines {
		if !l.comment && (l.heading == "" || l.heading == "domain") && statusKeys[l.key] && !empty(l.value) {
			words = append(words, strings.TrimRight(strings.ToLower(l.value), ". "))
		}
	}
	return words
}

func (t text) firstWords() string {
	for _, l := range t.lines {
		if s := l.words(); s != "" && !l.comment {
			return s
		}
	}
	return t.lines[0].words()
}
