// Package sample makes results, evidence and attestations for tests: invented,
// deterministic, and either plausible or with every field filled.
package sample

import (
	"encoding"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"reflect"
	"time"

	"freehold"
)

// Start is the moment at which sample time begins.
var Start = time.Date(2026, 11, 25, 9, 35, 16, 0, time.UTC)

// Name parses a name that is known to be good.
func Name(s string) freehold.Name {
	n, err := freehold.ParseName(s)
	if err != nil {
		panic(err)
	}
	return n
}

// Run makes the n-th of several runs, an hour apart.
func Run(n int) freehold.Run {
	at := Start.Add(time.Duration(n) * time.Hour)
	return freehold.Run{ID: fmt.Sprintf("%s-%06x", at.Format("20060102T150405Z"), n), Started: at, Version: "0.1.0",
		PolicyDate: time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC), Args: []string{"audit", "-f", "clients.csv"}, Lang: "en"}
}

// Audited makes a plausible result for a name at a time, with its evidence:
// one answer by RDAP and a few by DNS.
func Audited(name string, at time.Time) (*freehold.Result, []freehold.Evidence) {
	n := Name(name)
	rdap := freehold.Evidence{Kind: freehold.EvidenceRDAP, Source: "https://rdap.registry.example/domain/" + n.ASCII(), Query: n.ASCII(), Time: at.Add(1234567 * time.Nanosecond),
		Status: "200", MediaType: "application/rdap+json", Body: fmt.Appendf(nil, `{"objectClassName":"domain","ldhName":%q,"status":["active"]}`, n.ASCII()), Notes: []string{"entities: no handle"}}
	evidence := []freehold.Evidence{rdap}
	for i, kind := range []string{"NS", "SOA", "MX"} {
		evidence = append(evidence, freehold.Evidence{Kind: freehold.EvidenceDNS, Source: "dns://192.0.2.53:53", Query: n.ASCII() + " " + kind, Time: at, Status: "NOERROR", Body: []byte{byte(i), 0, 0x84, 0}})
	}
	ids := []freehold.EvidenceID{rdap.ID()}
	r := &freehold.Result{Asked: name, Name: n, Status: freehold.StatusOK, At: at}
	r.Observed.Name, r.Observed.At = n, at
	r.Observed.Registration = freehold.Registration{State: freehold.Registered, Registrar: freehold.Known("Halbinsel Registrar GmbH", ids...),
		RegistrantName: freehold.Hidden[string]("privacy", ids...), Created: freehold.Known(at.AddDate(-5, 0, 0), ids...),
		Asks: []freehold.Ask{{Kind: freehold.EvidenceRDAP, Source: rdap.Source, Outcome: freehold.OutcomeAnswered, Evidence: rdap.ID()}}}
	r.Control = freehold.Control{
		{Layer: freehold.LayerRegistrar, Holder: "Halbinsel Registrar GmbH", Standing: freehold.StandingObserved, At: at, Evidence: ids},
		{Layer: freehold.LayerDNS, Holder: "host.example", Standing: freehold.StandingObserved, At: at}}
	r.Verdict = freehold.Verdict{CanLeave: freehold.LeaveUnknown, Question: freehold.T("can you log in at %q and see the name?", "Halbinsel Registrar GmbH")}
	return r, evidence
}

// Text makes letters that do not compress: n octets of them.
func Text(n int) string {
	random := rand.New(rand.NewPCG(1, 2))
	b := make([]byte, n)
	for i := range b {
		b[i] = "abcdefghijklmnopqrstuvwxyz234567"[random.IntN(32)]
	}
	return string(b)
}

// Filled makes a result in which every field of every type has a value of its
// own, and every list two elements, so that a field that is stored wrongly or
// not at all shows.
func Filled() *freehold.Result {
	var r freehold.Result
	f := filler{}
	f.fill(reflect.ValueOf(&r).Elem())
	return &r
}

type filler struct{ n int }

func (f *filler) fill(v reflect.Value) {
	f.n++
	switch p := v.Addr().Interface().(type) {
	case *time.Time:
		*p = Start.Add(time.Duration(f.n)*time.Minute + time.Duration(f.n)*time.Nanosecond)
		return
	case *netip.Addr:
		*p = netip.AddrFrom4([4]byte{192, 0, 2, byte(f.n)})
		return
	case *freehold.Name:
		*p = Name(fmt.Sprintf("name%d.com", f.n))
		return
	case *freehold.Host:
		*p = Name(fmt.Sprintf("host%d.ch", f.n)).Host()
		return
	case *freehold.EvidenceID:
		*p = freehold.Evidence{Query: fmt.Sprint(f.n)}.ID()
		return
	}
	if _, word := v.Interface().(encoding.TextMarshaler); word && v.Kind() == reflect.Uint8 {
		v.SetUint(1) // the first word after the zero value's
		return
	}
	f.fillKind(v)
}

func (f *filler) fillKind(v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			f.fill(v.Field(i))
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range v.Len() {
			f.fill(v.Index(i))
		}
	case reflect.String:
		v.SetString(fmt.Sprintf("text %d <é> ü", f.n))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(f.n))
	case reflect.Uint8, reflect.Uint16, reflect.Uint32:
		v.SetUint(uint64(f.n % 251))
	default:
		panic("sample: a root type has a field of kind " + v.Kind().String() + ", which the filler does not know")
	}
}
