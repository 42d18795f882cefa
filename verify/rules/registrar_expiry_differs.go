package rules

import (
	"time"

	"freehold"
)

// RegistrarExpiryDiffers: registries renew by themselves and take it back if the
// registrar was not paid. What the customer paid for is the registrar's date.
var RegistrarExpiryDiffers = Rule{
	ID: "registrar-expiry-differs", Severity: freehold.SeverityWarning, Since: "0.1",
	Title: freehold.T("The registry has renewed it, but it is paid for a shorter time"), Cite: "gTLD RDAP response profile, registrar expiration",
	Reason: freehold.T("Registries renew by themselves and take it back when the registrar was not paid. What counts is the registrar's date."),
	Advice: freehold.T("Pay the renewal at the registrar, and have the date confirmed."),
	Looks:  []freehold.Text{needDates, needPaid},
	Check: func(c *Case) Result {
		registry, known := c.reg().Expires.Get()
		paid, shown := c.reg().RegistrarExpires.Get()
		switch {
		case !known || !shown:
			return decided(c.free() || c.reg().RegistrarExpires.State == freehold.Absent)
		case registry.Sub(paid) <= 48*time.Hour: // dates without a time of day differ by zones
			return silent
		}
		r := firing(
			freehold.T("At the registry %s runs until %t, but at %m only until %t: that is what was paid for.", c.name(), registry, c.registrar(), paid),
			freehold.T("Pay the renewal at %m, and have the new date confirmed.", c.registrar()),
			c.reg().Expires.Evidence, c.reg().RegistrarExpires.Evidence)
		if paid.Sub(c.Observed.At) > near {
			return r.softer()
		}
		return r
	},
}
