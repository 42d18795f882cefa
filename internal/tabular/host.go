package tabular

import "strings"

// HostPart takes the host out of the address of a page; what is none stays as
// it is.
func HostPart(s string) string {
	s = strings.TrimSpace(s)
	rest, page := strings.CutPrefix(s, "//")
	if scheme, after, ok := strings.Cut(s, "://"); ok && isScheme(scheme) {
		rest, page = after, true
	}
	if i := strings.IndexAny(rest, "/?#"); i > 0 {
		rest, page = rest[:i], true
	}
	if page {
		if i := strings.LastIndexByte(rest, '@'); i >= 0 {
			rest = rest[i+1:]
		}
	}
	if host, port, ok := strings.Cut(rest, ":"); ok && host != "" && port != "" && strings.Trim(port, "0123456789") == "" {
		return host
	}
	return rest
}

// isScheme tells the first part of an absolute URL (RFC 3986 section 3.1).
func isScheme(s string) bool {
	return s != "" && strings.Trim(strings.ToLower(s), "abcdefghijklmnopqrstuvwxyz0123456789+-.") == ""
}
