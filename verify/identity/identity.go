// Package identity judges whether enough is proven about who asks to let a name
// go: which checks there are and what each proves (method.go, checks.go), how
// strictly a host looks (profile.go, data/), what a case has reached and what would
// suffice (evaluate.go), signs of risk (signals.go), reasons for which a request
// may be refused and those for which it may not (reasons.go), and the signed
// decisions without which nothing is released (decision.go, gate.go).
//
// It is pure: a case, dated policy and a moment in, a judgement out. No network,
// no clock of its own, no store.
//
// # What holds
//
// The holder's identity is what is checked; everybody else needs a mandate of the
// holder's. A proof that the failing host could place itself never suffices alone.
// Under rules that ask for parity with changes of contacts (Transfer Policy
// I.A.5.3), more than one check that suffices there is asked for only once a doubt
// is written on the case. Every hold ends a day before the deadline at the latest.
// Nothing is refused by a program: a refusal is somebody's signed decision.
package identity
