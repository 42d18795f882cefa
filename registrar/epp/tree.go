package epp

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"maps"
	"strings"
	"time"
)

// The bounds of a document: what no answer of a registry comes near.
const (
	maxDepth    = 32
	maxElements = 50_000
)

// element is one element of an answer. Text stays bytes, so that a code can be
// wiped: strings cannot.
type element struct {
	space, local string
	attrs        []xml.Attr
	text         []byte
	children     []*element
}

// parse reads a document. There are no entities but XML's own five and no
// document type: both are how an answer reads files or grows without end.
func parse(doc []byte) (*element, error) {
	dec := xml.NewDecoder(bytes.NewReader(doc))
	dec.CharsetReader = func(charset string, _ io.Reader) (io.Reader, error) {
		return nil, errors.New("its encoding is not UTF-8")
	}
	root := &element{}
	open := []*element{root}
	for count := 0; ; {
		token, err := dec.RawToken()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, garbled(xmlFault(err))
		}
		switch token := token.(type) {
		case xml.Directive:
			return nil, garbled("it has a document type")
		case xml.StartElement:
			if count++; count > maxElements || len(open) > maxDepth {
				return nil, garbled("it is too deep or has too many elements")
			}
			e := &element{space: token.Name.Space, local: token.Name.Local, attrs: token.Copy().Attr}
			top := open[len(open)-1]
			if top == root && len(root.children) > 0 {
				return nil, garbled("it has two documents")
			}
			top.children = append(top.children, e)
			open = append(open, e)
		case xml.EndElement:
			top := open[len(open)-1]
			if top == root || top.local != token.Name.Local || top.space != token.Name.Space {
				return nil, garbled("its elements do not nest")
			}
			open = open[:len(open)-1]
		case xml.CharData:
			top := open[len(open)-1]
			top.text = append(top.text, token...)
		}
	}
	if len(open) != 1 || len(root.children) != 1 {
		return nil, garbled("it ends too early")
	}
	top := root.children[0]
	return top, top.resolve(map[string]string{"xml": "http://www.w3.org/XML/1998/namespace"})
}

func xmlFault(err error) string {
	var syntax *xml.SyntaxError
	if errors.As(err, &syntax) {
		return "its XML is broken"
	}
	return err.Error()
}

// resolve turns prefixes into namespaces. RawToken leaves that to us, and it is
// done here because the decoder's own way reads past undeclared prefixes.
func (e *element) resolve(scope map[string]string) error {
	own := scope
	for _, a := range e.attrs {
		prefix := ""
		switch {
		case a.Name.Space == "xmlns":
			prefix = a.Name.Local
		case a.Name.Space != "" || a.Name.Local != "xmlns":
			continue
		}
		if len(own) == len(scope) {
			own = maps.Clone(scope) // the first of its own
		}
		own[prefix] = a.Value
	}
	space, known := own[e.space]
	if !known && e.space != "" {
		return garbled("a prefix in it has no namespace")
	}
	e.space = space
	for _, c := range e.children {
		if err := c.resolve(own); err != nil {
			return err
		}
	}
	return nil
}

// child returns the first child of that name in the element's own namespace, or
// nil. Reading on from nil is allowed and finds nothing.
func (e *element) child(local string) *element {
	if e == nil {
		return nil
	}
	return e.in(e.space, local)
}

func (e *element) in(space, local string) *element {
	if e == nil {
		return nil
	}
	for _, c := range e.children {
		if c.space == space && c.local == local {
			return c
		}
	}
	return nil
}

// all returns the children of that name in the element's own namespace.
func (e *element) all(local string) []*element {
	var out []*element
	if e != nil {
		for _, c := range e.children {
			if c.space == e.space && c.local == local {
				out = append(out, c)
			}
		}
	}
	return out
}

func (e *element) string() string {
	if e == nil {
		return ""
	}
	return strings.TrimSpace(string(e.text))
}

func (e *element) attr(name string) string {
	if e != nil {
		for _, a := range e.attrs {
			if a.Name.Space == "" && a.Name.Local == name {
				return a.Value
			}
		}
	}
	return ""
}

// time reads a date. One that is none is the zero time: not known.
func (e *element) time() time.Time {
	t, err := time.Parse(time.RFC3339Nano, e.string())
	if err != nil || t.Year() < 1 || t.Year() > 9999 {
		return time.Time{}
	}
	return t.UTC()
}

// wipe overwrites all text below an element.
func (e *element) wipe() {
	if e == nil {
		return
	}
	clear(e.text)
	for _, c := range e.children {
		c.wipe()
	}
}
