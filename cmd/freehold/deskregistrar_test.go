package main

import (
	"fmt"
	"os"

	"github.com/rogpeppe/go-internal/testscript"

	"freehold/internal/seal"
	"freehold/registrar/registrartest/shapes"
)

// startRegistrar starts a registrar of recorded shapes with one name, and writes its
// account into the config file: "registrar gandi old-shop.com".
func startRegistrar(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: registrar KIND NAME")
	}
	w := worldOf(ts)
	w.registrar, w.sold = shapes.New(args[1]), args[1]
	t := owner{ts}
	row := map[string]func() string{
		"gandi":   func() string { return fmt.Sprintf("url = %q\n", shapes.Gandi(t, w.registrar)) },
		"opensrs": func() string { return fmt.Sprintf("url = %q\nuser = %q\n", shapes.OpenSRS(t, w.registrar), shapes.Key) },
		"ovh": func() string {
			return fmt.Sprintf("url = %q\nkey = %q\nconsumer = \"env:CONSUMER\"\n", shapes.OVH(t, w.registrar), shapes.Key)
		},
	}[args[0]]
	ts.Setenv("CONSUMER", shapes.OVHKeys.Consumer)
	ts.Setenv("API_KEY", shapes.Secret)
	config := fmt.Sprintf("[accounts.%s]\nprovider = %q\nsecret = \"env:API_KEY\"\n%s", args[0], args[0], row())
	ts.Check(os.WriteFile(ts.Getenv("HOME")+"/.config/freehold/config.toml", []byte(config), 0o600))
}

// redeems holds the code in a sealed file to the one that counts at the registrar, and
// the lock to be off: "redeems FILE". "! redeems FILE": the code counts no more, or the
// lock is on.
func redeems(ts *testscript.TestScript, neg bool, args []string) {
	w := worldOf(ts)
	code, err := seal.Open([]byte(ts.ReadFile(args[0])), w.key)
	ts.Check(err)
	w.registrar.Do(w.sold, func(d *shapes.Domain) {
		if counts := d.Code != "" && code.Matches([]byte(d.Code)) && !d.Locked; counts == neg {
			ts.Fatalf("locked %v, the code counts %v", d.Locked, code.Matches([]byte(d.Code)))
		}
	})
}

// untouched holds the registrar's name to be locked, without a code.
func untouched(ts *testscript.TestScript, neg bool, _ []string) {
	w := worldOf(ts)
	w.registrar.Do(w.sold, func(d *shapes.Domain) {
		if (d.Locked && d.Code == "") == neg {
			ts.Fatalf("locked %v, a code %v", d.Locked, d.Code != "")
		}
	})
}

// owner ends servers with their script.
type owner struct{ ts *testscript.TestScript }

func (owner) Helper()            {}
func (o owner) Cleanup(f func()) { o.ts.Defer(f) }
