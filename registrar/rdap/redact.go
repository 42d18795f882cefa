package rdap

import "strings"

// hidden is the set of fields that an answer says it holds back (RFC 9537).
type hidden uint8

const (
	hidesName hidden = 1 << iota
	hidesOrg
	hidesEmail
	hidesCountry
	hidesReseller
	hidesRegistrant = hidesName | hidesOrg | hidesEmail | hidesCountry
)

// readRedacted reads the member "redacted". All methods (removal, emptyValue,
// partialValue, replacementValue) mean the same to us: what is shown, if
// anything, is not the value. A field is known by its registered or described
// name, or by the JSONPath to it.
func readRedacted(root val) hidden {
	var h hidden
	for item := range root.get("redacted").list() {
		name := item.get("name")
		found := byName(name.get("type").str()) | byName(name.get("description").str())
		if name.is(text) {
			found |= byName(name.str())
		}
		for _, key := range [...]string{"prePath", "postPath", "replacementPath"} {
			// The removal of an element moves those behind it: an index before the
			// removal means nothing in the answer we have.
			trusted := key != "prePath" || lower(item.get("method").str()) != "removal" && item.get("method").there()
			found |= byPath(root, item.get(key).str(), trusted)
		}
		h |= found
	}
	return h
}

// byName finds the field in a name such as "Registrant Organization".
func byName(s string) hidden {
	key := strings.ReplaceAll(words(s), "e mail", "email")
	switch key {
	case "":
		return 0
	case "registrant", "registrant contact", "registrant entity", "registrant information", "registrant data", "registrant object":
		return hidesRegistrant
	case "registrant name", "registrant full name", "registrant common name":
		return hidesName
	case "registrant organization", "registrant organisation", "registrant org", "registrant organization name", "registrant organisation name":
		return hidesOrg
	case "registrant email", "registrant email address":
		return hidesEmail
	case "registrant country", "registrant country code":
		return hidesCountry
	case "reseller", "reseller name", "reseller entity", "reseller contact":
		return hidesReseller
	}
	return 0
}

// byPath finds the field in a JSONPath such as
// $.entities[?(@.roles[0]=='registrant')].vcardArray[1][?(@[0]=='fn')][3].
func byPath(root val, path string, indexed bool) hidden {
	path = strings.ReplaceAll(strings.ReplaceAll(path, `"`, "'"), " ", "")
	entity, rest, ok := pathEntity(path)
	if !ok {
		return 0
	}
	e, known := val{}, false
	if n, isIndex := index(entity); isIndex && indexed {
		e = root.get("entities").at(n)
		known = true
	}
	switch {
	case strings.Contains(lower(entity), "'registrant'") || known && rolesOf(e)&roleRegistrant != 0:
	case strings.Contains(lower(entity), "'reseller'") || known && rolesOf(e)&roleReseller != 0:
		if rest == "" || strings.Contains(rest, "'fn'") || strings.Contains(rest, "'org'") {
			return hidesReseller
		}
		return 0
	default:
		return 0
	}
	return inCard(e, rest)
}

// pathEntity cuts "$.entities[…]" off a path: the brackets' content, and what follows.
func pathEntity(path string) (entity, rest string, ok bool) {
	for _, start := range [...]string{"$.entities[", "$['entities'][", "$..entities["} {
		if after, found := strings.CutPrefix(path, start); found {
			depth := 1
			for i := range len(after) {
				switch after[i] {
				case '[':
					depth++
				case ']':
					if depth--; depth == 0 {
						return after[:i], after[i+1:], true
					}
				}
			}
		}
	}
	return "", "", false
}

// inCard finds the fields of a registrant's card that the rest of a path means.
func inCard(entity val, rest string) hidden {
	if rest == "" {
		return hidesRegistrant
	}
	after, ok := strings.CutPrefix(strings.Replace(rest, "['vcardArray']", ".vcardArray", 1), ".vcardArray")
	if !ok {
		return 0
	}
	if after == "" || after == "[1]" {
		return hidesRegistrant
	}
	property := ""
	if inner, found := strings.CutPrefix(after, "[1]["); found {
		if n, isIndex := index(inner[:max(0, strings.IndexByte(inner, ']'))]); isIndex {
			property = "'" + lower(entity.get("vcardArray").at(1).at(n).at(0).str()) + "'"
		}
	}
	has := func(name string) bool { return strings.Contains(lower(after), name) || property == name }
	switch {
	case has("'fn'"):
		return hidesName
	case has("'org'"):
		return hidesOrg
	case has("'email'"):
		return hidesEmail
	case has("'adr'"):
		// The street or the town alone hides no country.
		if strings.HasSuffix(after, "[3][6]") || strings.HasSuffix(after, "'cc'") || strings.HasSuffix(after, ".cc") || !strings.Contains(after, "][3]") {
			return hidesCountry
		}
	}
	return 0
}

// index reads a plain array index.
func index(s string) (n int, ok bool) {
	if s == "" || len(s) > 3 {
		return 0, false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		n = 10*n + int(s[i]-'0')
	}
	return n, true
}
