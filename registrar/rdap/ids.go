package rdap

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"io"
	"strings"

	"freehold"
	"freehold/internal/fetch"
)

// RegistrarIDs is IANA's list of registrars and their RDAP servers: the servers
// that a registry's link to a registrar's record may lead to.
type RegistrarIDs struct {
	Notes []string

	bases map[string]string // IANA id → base
	hosts map[string]bool   // "host:port" of the bases
	named *fetch.Bases      // bases of a list that the user named; nil for IANA's
}

const ianaRegistrars = "https://www.iana.org/assignments/registrar-ids/registrar-ids-1.csv"

// LoadRegistrarIDs reads the list of registrars: a file, a URL, or empty for
// IANA's. It is a CSV file with the columns ID, Registrar Name, Status and RDAP
// Base URL.
func (s Sources) LoadRegistrarIDs(ctx context.Context, spec string) (*RegistrarIDs, error) {
	var body []byte
	var note string
	var err error
	switch {
	case spec == "":
		body, note, err = s.readPublished(ctx, published{url: ianaRegistrars, file: "registrar-ids-1.csv", check: func(b []byte) error {
			_, err := parseRegistrarIDs(b, nil)
			return err
		}})
	case isURL(spec):
		body, err = s.readURL(ctx, spec)
	default:
		body, err = readFile(spec)
	}
	if err != nil {
		return nil, err
	}
	var named *fetch.Bases
	if spec != "" {
		named = &fetch.Bases{}
	}
	ids, err := parseRegistrarIDs(body, named)
	if err != nil {
		return nil, &freehold.Error{Kind: freehold.KindInvalid, Text: freehold.T("cannot use %q as a list of registrars", shorten(spec)), Err: err,
			Advice: freehold.T("it needs the columns of IANA's registrar-ids: ID, Registrar Name, Status, RDAP Base URL")}
	}
	if note != "" {
		ids.Notes = append(ids.Notes, note)
	}
	return ids, nil
}

func parseRegistrarIDs(body []byte, named *fetch.Bases) (*RegistrarIDs, error) {
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(body, []byte("\ufeff"))))
	r.FieldsPerRecord = -1
	r.LazyQuotes = true
	r.ReuseRecord = true
	head, err := r.Read()
	if err != nil {
		return nil, errors.New("it is no CSV file")
	}
	columns := map[string]int{}
	for i, name := range head {
		columns[words(name)] = i
	}
	id, hasID := columns["id"]
	base, hasBase := columns["rdap base url"]
	if !hasID || !hasBase {
		return nil, errors.New("a column is missing")
	}
	status, hasStatus := columns["status"]
	ids := &RegistrarIDs{bases: map[string]string{}, hosts: map[string]bool{}, named: named}
	for {
		row, err := r.Read()
		if err == io.EOF {
			return ids, nil
		}
		if err != nil {
			return nil, err
		}
		if len(row) <= max(id, base) || hasStatus && len(row) > status && strings.EqualFold(strings.TrimSpace(row[status]), "terminated") {
			continue
		}
		ids.add(strings.TrimSpace(row[id]), row[base])
	}
}

func (ids *RegistrarIDs) add(id, urls string) {
	for raw := range strings.FieldsSeq(urls) {
		base, ok := normalBase(raw)
		if !ok {
			continue
		}
		https := strings.HasPrefix(base, "https://")
		if ids.named != nil && ids.named.Add(base) != nil || ids.named == nil && !https {
			continue
		}
		if hp, ok := fetch.HostPort(base); ok && https {
			ids.hosts[hp] = true
		}
		if _, taken := ids.bases[id]; !taken && ianaNumber(id) {
			ids.bases[strings.Clone(id)] = base
		}
	}
}

// choose picks among a registry's links: one below the base of the registrar's
// own entry, else the first. A link that says http where the list has https is
// asked over https.
func (ids *RegistrarIDs) choose(links []string, id string) string {
	base := ids.bases[id]
	for _, link := range links {
		if base != "" && strings.HasPrefix(link, base) {
			return link
		}
	}
	link := links[0]
	if rest, ok := strings.CutPrefix(link, "http://"); ok && ids.named == nil {
		return "https://" + rest
	}
	return link
}

// allows returns the test of servers for a registrar's record: those on the
// list, and the one that the registry states for this registrar.
func (ids *RegistrarIDs) allows(about string) func(hostport string) bool {
	extra, _ := fetch.HostPort(about)
	return func(hp string) bool { return ids.hosts[hp] || extra != "" && hp == extra }
}
