package whois

import (
	"testing"

	"freehold"
)

// checkLaw holds any answer to what must be true of it.
func checkLaw(t testing.TB, name freehold.Name, body []byte) answer {
	t.Helper()
	a := parse(name, body, "sha256:x")
	return a
}
