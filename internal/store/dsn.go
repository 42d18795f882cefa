package store

import (
	"net/url"
	"path/filepath"
	"regexp"
	"strings"

	"freehold"
)

// address is a database address, taken apart.
type address struct {
	postgres bool
	path     string // of a SQLite file, absolute
	dsn      string // of a PostgreSQL database, with its secrets: never shown
	shown    string // for people
}

var addressHint = freehold.T("give a file, or %q", "postgres://user@host/database")

var schemeShape = regexp.MustCompile(`^([A-Za-z][A-Za-z0-9+.-]*)://`)

// parseAddress tells which database is meant. Its errors never repeat what was
// written after a scheme: a password may be in it.
func parseAddress(dsn string) (address, error) {
	bad := func(what freehold.Text) (address, error) {
		return address{}, &freehold.Error{Kind: freehold.KindInvalid, Text: what, Advice: addressHint}
	}
	if m := schemeShape.FindStringSubmatch(dsn); m != nil {
		switch strings.ToLower(m[1]) {
		case "postgres", "postgresql":
			return parsePostgres(dsn)
		case "sqlite":
		default:
			return bad(freehold.T("%q is no kind of database that freehold knows", m[1]+"://"))
		}
	}
	path, prefixed := strings.CutPrefix(dsn, "sqlite:")
	if prefixed {
		path = strings.TrimPrefix(path, "//")
	}
	switch {
	case path == "":
		return bad(freehold.T("the database address is empty"))
	case path == ":memory:":
		return bad(freehold.T("a database in memory would keep nothing"))
	case strings.ContainsRune(path, 0):
		return bad(freehold.T("the path of the database holds a NUL character"))
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return bad(freehold.T("%q cannot be made an absolute path", path))
	}
	return address{path: abs, shown: abs}, nil
}

func parsePostgres(dsn string) (address, error) {
	u, err := url.Parse(dsn)
	if err != nil {
		// The parser's own words repeat the address, password and all.
		return address{}, &freehold.Error{Kind: freehold.KindInvalid, Text: freehold.T("the PostgreSQL address is not a valid URL"), Advice: freehold.T(`write special characters of a password as %XX`)}
	}
	shown := url.URL{Scheme: "postgres", Host: u.Host, Path: u.Path}
	if u.User != nil && u.User.Username() != "" {
		shown.User = url.User(u.User.Username())
	}
	if u.Host == "" {
		shown.Host = u.Query().Get("host") // a socket's folder, or a host given as parameter
		if strings.HasPrefix(shown.Host, "/") {
			shown.Host = "socket"
		}
	}
	return address{postgres: true, dsn: dsn, shown: shown.String()}, nil
}

// uri returns the SQLite URI of a path with the driver's parameters.
func (a address) uri(params url.Values) string {
	escaped := strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace(filepath.ToSlash(a.path))
	return "file:" + escaped + "?" + params.Encode()
}
