// Package doctor looks at what an audit depends on and says what is wrong with
// it, each check with the way out: clock, root servers, registries, age of data,
// and whether what is kept would fall with a host. It asks through the same
// clients as an audit, and nothing else than an audit asks.
//
//	clock.go       our time against what servers say it is
//	port53.go      root servers by UDP and TCP, and who really answers there
//	registries.go  the registry of each TLD, by RDAP and WHOIS
//	age.go         how old the transfer rules and the lists of servers are
//	fate.go        does the store stand in a network that it is to survive?
//
// What touches files of ours, config and store, is checked by the command.
package doctor

import "freehold"

// State says how a check ended. The zero value is unknown: it could not be made.
type State uint8

// The states.
const (
	Unknown State = iota
	Fine
	Wrong
)

var states = [...]string{"unknown", "fine", "wrong"}

func (s State) String() string { return states[s] }

// A Check is the result of one look at one thing.
type Check struct {
	Area    Area
	Subject string // a path, a server, a TLD; empty where the area says it all
	State   State
	Said    freehold.Text // what was seen
	Advice  freehold.Text // what to do where it is wrong; zero where nothing is to be done
}

// Area is what a check is about.
type Area string

// The areas, in the order they are shown.
const (
	Config     Area = "config"
	Store      Area = "store"
	Clock      Area = "clock"
	Port53     Area = "dns"
	Registries Area = "registries"
	Data       Area = "data"
	Fate       Area = "fate"
)

// Areas lists them in order.
var Areas = []Area{Config, Store, Clock, Port53, Registries, Data, Fate}

// Worst is the gravest state among checks: wrong before unknown before fine.
func Worst(checks []Check) State {
	worst := Fine
	for _, c := range checks {
		switch {
		case c.State == Wrong:
			return Wrong
		case c.State == Unknown:
			worst = Unknown
		}
	}
	return worst
}
