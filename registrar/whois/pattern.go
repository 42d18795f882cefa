package whois

import (
	"regexp"
	"sync"
)

// pattern is a regular expression that is made when it is first needed: a run that asks
// no WHOIS server does not pay for all of them, some 10 ms, at its start.
type pattern struct{ get func() *regexp.Regexp }

func compiled(text string) *pattern {
	return &pattern{sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(text) })}
}

func (p *pattern) MatchString(s string) bool              { return p.get().MatchString(s) }
func (p *pattern) FindStringSubmatch(s string) []string   { return p.get().FindStringSubmatch(s) }
func (p *pattern) ReplaceAllString(s, with string) string { return p.get().ReplaceAllString(s, with) }
func (p *pattern) SubexpNames() []string                  { return p.get().SubexpNames() }
