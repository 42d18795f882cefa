package opensrs

import (
	"bytes"
	"encoding/xml"
	"strconv"
	"strings"

	"freehold"
)

// item is a member of an associative array, or an element of an array, whose keys are
// then numbers: a text, or one of the two.
type item struct {
	Key   string `xml:"key,attr"`
	Text  []byte `xml:",chardata"`
	Assoc *array `xml:"dt_assoc"`
	Array *array `xml:"dt_array"`
}

type array struct {
	Items []item `xml:"item"`
}

func text(key, value string) item { return item{Key: key, Text: []byte(value)} }

// write makes the document of a command. It is written by hand as it holds a code: all
// of it is wiped after use.
func write(action, object string, attributes []item) []byte {
	var b bytes.Buffer
	b.Grow(4096) // so that no copy of a code stays behind in a smaller buffer
	b.WriteString(`<?xml version="1.0" encoding="UTF-8" standalone="no"?>` + "\n" + `<!DOCTYPE OPS_envelope SYSTEM "ops.dtd">` + "\n")
	b.WriteString(`<OPS_envelope><header><version>0.9</version></header><body><data_block>`)
	writeItems(&b, "dt_assoc", []item{text("protocol", "XCP"), text("action", action), text("object", object), {Key: "attributes", Assoc: &array{attributes}}})
	b.WriteString(`</data_block></body></OPS_envelope>` + "\n")
	return b.Bytes()
}

func writeItems(b *bytes.Buffer, kind string, items []item) {
	b.WriteString("<" + kind + ">")
	for _, i := range items {
		b.WriteString(`<item key="`)
		escape(b, []byte(i.Key))
		b.WriteString(`">`)
		switch {
		case i.Assoc != nil:
			writeItems(b, "dt_assoc", i.Assoc.Items)
		case i.Array != nil:
			writeItems(b, "dt_array", i.Array.Items)
		default:
			escape(b, i.Text)
		}
		b.WriteString("</item>")
	}
	b.WriteString("</" + kind + ">")
}

// escape cannot fail: a buffer takes everything.
func escape(b *bytes.Buffer, s []byte) { _ = xml.EscapeText(b, s) }

// reply is an answer.
type reply struct {
	done       bool
	code       int
	text       string
	attributes []item
}

var errNoReply = &freehold.Error{Kind: freehold.KindUnavailable, Text: freehold.T("its answer is not the XML it promises")}

// read reads an answer. One without a word on success, or without a code, is none.
// Entities that a document declares are not known to the reader, and make it fail.
func read(body []byte) (r reply, err error) {
	var doc struct {
		XMLName xml.Name `xml:"OPS_envelope"`
		Items   []item   `xml:"body>data_block>dt_assoc>item"`
	}
	if xml.Unmarshal(body, &doc) != nil {
		return r, errNoReply
	}
	success := ""
	for _, i := range doc.Items {
		value := strings.TrimSpace(string(i.Text))
		switch i.Key {
		case "is_success":
			success = value
		case "response_code":
			if r.code, err = strconv.Atoi(value); err != nil {
				return r, errNoReply
			}
		case "response_text":
			r.text = value
		case "attributes":
			if i.Assoc != nil {
				r.attributes = i.Assoc.Items
			}
		}
	}
	if success != "0" && success != "1" || r.code == 0 {
		return r, errNoReply
	}
	r.done = success == "1" && r.code < 300
	return r, nil
}

func (r reply) attribute(key string) string {
	for _, i := range r.attributes {
		if i.Key == key {
			return strings.TrimSpace(string(i.Text))
		}
	}
	return ""
}

// list is an attribute that is an array.
func (r reply) list(key string) []item {
	for _, i := range r.attributes {
		if i.Key == key && i.Array != nil {
			return i.Array.Items
		}
	}
	return nil
}
