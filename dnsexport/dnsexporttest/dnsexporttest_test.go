package dnsexporttest

import (
	"testing"

	"freehold/dnsexport/axfr"
	"freehold/dnsexport/ddns"
	"freehold/dnsexport/powerdns"
	"freehold/internal/resolve/serverstest"
)

// TestTargets runs the suite against real servers.
func TestTargets(t *testing.T) {
	if !serverstest.Isolated(t) {
		return
	}
	t.Run("PowerDNS", func(t *testing.T) {
		c, err := powerdns.New(PowerDNS(t, "127.0.5.1"), "", nil)
		if err != nil {
			t.Fatal(err)
		}
		Target(t, c)
	})
	t.Run("Knot", func(t *testing.T) {
		Knot(t, "127.0.5.2", false, "suite.test")
		Target(t, ddns.New(axfr.New(axfr.Config{Key: Key(t)}), "127.0.5.2:53"))
	})
	t.Run("BIND", func(t *testing.T) {
		BIND(t, "127.0.5.3", "suite.test")
		Target(t, ddns.New(axfr.New(axfr.Config{Key: Key(t)}), "127.0.5.3:53"))
	})
}
