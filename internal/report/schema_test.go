package report

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// checker validates JSON against the part of JSON Schema (draft 2020-12) that
// docs/freehold.audit-1.schema.json uses. It is stricter than a validator: a
// keyword it does not know and a property the schema does not name are errors.
type checker struct {
	root map[string]any
	errs []string
}

func loadSchema(t testing.TB) *checker {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(repo, "docs", "freehold.audit-1.schema.json"))
	if err != nil {
		t.Fatal(err)
	}
	c := &checker{}
	if err := json.Unmarshal(b, &c.root); err != nil {
		t.Fatal(err)
	}
	return c
}

var schemaKeywords = []string{
	"$schema", "$id", "$defs", "$ref", "title", "description", "type", "const", "enum", "required", "properties",
	"items", "pattern", "format", "minimum", "oneOf", "not", "if", "then", "else",
}

// validate returns what is wrong with a document under a schema of the file
// ("" is the root, "#/$defs/line" a part).
func (c *checker) validate(doc []byte, ref string) []string {
	var v any
	if err := json.Unmarshal(doc, &v); err != nil {
		return []string{err.Error()}
	}
	c.errs = nil
	c.check(c.at(ref), v, "")
	c.undeclared(c.at(ref), v, "")
	return c.errs
}

func (c *checker) at(ref string) map[string]any {
	s := c.root
	for part := range strings.SplitSeq(strings.TrimPrefix(ref, "#/"), "/") {
		if part == "" {
			continue
		}
		next, ok := s[part].(map[string]any)
		if !ok {
			panic("schema has no " + ref)
		}
		s = next
	}
	return s
}

func (c *checker) fail(path, format string, args ...any) {
	c.errs = append(c.errs, path+": "+fmt.Sprintf(format, args...))
}

// valid tries a schema without recording what is wrong.
func (c *checker) valid(s map[string]any, v any) bool {
	n := len(c.errs)
	c.check(s, v, "")
	ok := len(c.errs) == n
	c.errs = c.errs[:n]
	return ok
}

func (c *checker) check(s map[string]any, v any, path string) {
	for k, arg := range s {
		switch k {
		case "$ref":
			c.check(c.at(arg.(string)), v, path)
		case "type":
			c.checkType(arg, v, path)
		case "const":
			if !reflect.DeepEqual(arg, v) {
				c.fail(path, "%v is not %v", v, arg)
			}
		case "enum":
			if !slices.ContainsFunc(arg.([]any), func(e any) bool { return reflect.DeepEqual(e, v) }) {
				c.fail(path, "%v is none of %v", v, arg)
			}
		case "oneOf":
			n := 0
			for _, alt := range arg.([]any) {
				if c.valid(alt.(map[string]any), v) {
					n++
				}
			}
			if n != 1 {
				c.fail(path, "matches %d of the alternatives", n)
			}
		case "not":
			if c.valid(arg.(map[string]any), v) {
				c.fail(path, "matches what it must not")
			}
		case "if":
			branch := "else"
			if c.valid(arg.(map[string]any), v) {
				branch = "then"
			}
			if b, ok := s[branch].(map[string]any); ok {
				c.check(b, v, path)
			}
		default:
			if !slices.Contains(schemaKeywords, k) {
				c.fail(path, "the checker does not know the keyword %q", k)
			}
		}
	}
	c.checkShape(s, v, path)
}

func (c *checker) checkShape(s map[string]any, v any, path string) {
	switch v := v.(type) {
	case map[string]any:
		for _, r := range slice(s["required"]) {
			if _, ok := v[r.(string)]; !ok {
				c.fail(path, "lacks %v", r)
			}
		}
		props, _ := s["properties"].(map[string]any)
		for k, sub := range props {
			if e, ok := v[k]; ok {
				c.check(sub.(map[string]any), e, path+"/"+k)
			}
		}
	case []any:
		if items, ok := s["items"].(map[string]any); ok {
			for i, e := range v {
				c.check(items, e, fmt.Sprintf("%s/%d", path, i))
			}
		}
	case string:
		c.checkString(s, v, path)
	case float64:
		if m, ok := s["minimum"].(float64); ok && v < m {
			c.fail(path, "%v is less than %v", v, m)
		}
	}
}

func (c *checker) checkString(s map[string]any, v, path string) {
	if p, ok := s["pattern"].(string); ok && !regexp.MustCompile(p).MatchString(v) {
		c.fail(path, "%q does not match %s", v, p)
	}
	var err error
	switch s["format"] {
	case "date-time":
		_, err = time.Parse(time.RFC3339, v)
		if !strings.HasSuffix(v, "Z") {
			c.fail(path, "%q is not in UTC", v)
		}
	case "date":
		_, err = time.Parse(time.DateOnly, v)
	}
	if err != nil {
		c.fail(path, "%v", err)
	}
}

func (c *checker) checkType(want, v any, path string) {
	types, ok := want.([]any)
	if !ok {
		types = []any{want}
	}
	for _, t := range types {
		switch v := v.(type) {
		case nil:
			ok = t == "null"
		case bool:
			ok = t == "boolean"
		case string:
			ok = t == "string"
		case float64:
			ok = t == "number" || t == "integer" && v == math.Trunc(v)
		case []any:
			ok = t == "array"
		case map[string]any:
			ok = t == "object"
		}
		if ok {
			return
		}
	}
	c.fail(path, "%v is no %v", v, want)
}

// undeclared finds properties that no schema on the way names.
func (c *checker) undeclared(s map[string]any, v any, path string) {
	switch v := v.(type) {
	case map[string]any:
		known := map[string][]map[string]any{}
		c.declared(s, v, known)
		for _, k := range slices.Sorted(maps.Keys(v)) {
			if known[k] == nil {
				c.fail(path, "%q is not in the schema", k)
				continue
			}
			best := known[k][0]
			for _, alt := range known[k] { // the schema that says most about the value
				if len(alt) > 0 {
					best = alt
				}
			}
			c.undeclared(best, v[k], path+"/"+k)
		}
	case []any:
		for _, alt := range c.expand(s) {
			if items, ok := alt["items"].(map[string]any); ok {
				for i, e := range v {
					c.undeclared(items, e, fmt.Sprintf("%s/%d", path, i))
				}
				return
			}
		}
	}
}

func (c *checker) declared(s map[string]any, v any, known map[string][]map[string]any) {
	for _, alt := range c.expand(s) {
		props, _ := alt["properties"].(map[string]any)
		for k, sub := range props {
			known[k] = append(known[k], sub.(map[string]any))
		}
	}
}

// expand returns s, what it refers to, and its alternatives.
func (c *checker) expand(s map[string]any) []map[string]any {
	out := []map[string]any{}
	if ref, ok := s["$ref"].(string); ok {
		out = append(out, c.expand(c.at(ref))...)
	}
	for _, alt := range slice(s["oneOf"]) {
		out = append(out, c.expand(alt.(map[string]any))...)
	}
	return append(out, s)
}

func slice(v any) []any {
	s, _ := v.([]any)
	return s
}
