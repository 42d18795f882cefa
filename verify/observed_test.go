package verify

import (
	"freehold"
	"freehold/internal/policy"
	"freehold/verify/verifytest"
)

// The literals of the tests.
var (
	now         = verifytest.Now
	id          = verifytest.ID
	hosts       = verifytest.Hosts
	date        = verifytest.Date
	seen        = verifytest.Seen
	says        = verifytest.Says
	shows       = verifytest.Shows
	saysOn      = verifytest.SaysOn
	created     = verifytest.Created
	transferred = verifytest.Transferred
	statuses    = verifytest.Statuses
	at          = verifytest.At
	registrarIs = verifytest.Registrar
	resellerIs  = verifytest.Reseller
	mailbox     = verifytest.Mailbox
)

var policies = func() *policy.Set {
	s, err := policy.Load()
	if err != nil {
		panic(err)
	}
	return s
}()

func judge(o *freehold.Observed) freehold.Verdict {
	return Judge(o, Control(o), policies.For(o.Name, o.At))
}

func reasons(v freehold.Verdict) string {
	s := ""
	for _, r := range v.Why {
		s += r.Text.String() + " [" + r.Citation + "]\n"
	}
	return s
}
