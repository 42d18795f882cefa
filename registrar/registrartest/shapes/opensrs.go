package shapes

import (
	"bytes"
	"crypto/md5"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
)

type opsItem struct {
	Key   string `xml:"key,attr"`
	Text  string `xml:",chardata"`
	Assoc []struct {
		Items []opsItem `xml:"item"`
	} `xml:"dt_assoc"`
	Array []struct {
		Items []opsItem `xml:"item"`
	} `xml:"dt_array"`
}

func (i opsItem) at(key string) (out opsItem) {
	for _, a := range append(i.Assoc, i.Array...) {
		for _, m := range a.Items {
			if m.Key == key {
				out = m
			}
		}
	}
	return out
}

// opsCommand reads a command; the zero value is what cannot be read.
func opsCommand(body []byte) (action string, attributes opsItem) {
	var doc struct {
		XMLName xml.Name `xml:"OPS_envelope"`
		Block   opsItem  `xml:"body>data_block"`
	}
	if xml.Unmarshal(body, &doc) != nil || doc.Block.at("protocol").Text != "XCP" || doc.Block.at("object").Text != "DOMAIN" {
		return "", opsItem{}
	}
	return doc.Block.at("action").Text, doc.Block.at("attributes")
}

// opsReply is an answer as XCP has it; attributes are XML.
func opsReply(success bool, code int, say, attributes string) string {
	n := 0
	if success {
		n = 1
	}
	var b bytes.Buffer
	_ = xml.EscapeText(&b, []byte(say))
	return fmt.Sprintf(`<?xml version='1.0' encoding="UTF-8" standalone="no"?>
<!DOCTYPE OPS_envelope SYSTEM "ops.dtd">
<OPS_envelope>
 <header>
  <version>0.9</version>
 </header>
 <body>
  <data_block>
   <dt_assoc>
    <item key="protocol">XCP</item>
    <item key="object">DOMAIN</item>
    <item key="action">REPLY</item>
    <item key="response_text">%s</item>
    <item key="is_success">%d</item>
    <item key="response_code">%d</item>
    <item key="attributes">
     <dt_assoc>%s</dt_assoc>
    </item>
   </dt_assoc>
  </data_block>
 </body>
</OPS_envelope>`, b.String(), n, code, attributes)
}

// OpenSRS answers as its XCP does: a status of success with every refusal.
func OpenSRS(t Owner, s *Store) string {
	return s.serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		action, in := opsCommand(body)
		io.WriteString(w, s.opensrs(action, in))
	}), func(r *http.Request, body []byte) bool {
		inner := fmt.Sprintf("%x", md5.Sum([]byte(string(body)+Secret)))
		return r.Header.Get("X-Username") == Key && r.Header.Get("X-Signature") == fmt.Sprintf("%x", md5.Sum([]byte(inner+Secret))) && r.Header.Get("Content-Type") == "text/xml"
	}, func(_ *http.Request, body []byte) bool {
		action, _ := opsCommand(body)
		return action != "GET" && action != "BELONGS_TO_RSP"
	}, opsReply(false, 401, "Authentication Error.", ""))
}

func (s *Store) opensrs(action string, in opsItem) string {
	name := in.at("domain").Text
	d := s.domains[name]
	flag := func(b bool) string { return map[bool]string{true: "1", false: "0"}[b] }
	done := func() string { return opsReply(true, 200, "Command completed successfully", "") }
	if action == "BELONGS_TO_RSP" {
		return opsReply(true, 200, "Query successful", `<item key="belongs_to_rsp">`+flag(d != nil)+`</item>`)
	}
	if d == nil {
		return opsReply(false, 415, "Registrant (end-user) authentication error.", "")
	}
	switch {
	case action == "GET" && in.at("type").Text == "status":
		pending := len(d.Statuses) > 0 && d.Statuses[0] == "transfer away"
		return opsReply(true, 200, "Query Successful", `<item key="lock_state">`+flag(d.Locked)+`</item><item key="can_modify">1</item><item key="domain_supports">1</item><item key="auctionescrow">0</item><item key="transfer_away_in_progress">`+flag(pending)+`</item>`)
	case action == "GET" && in.at("type").Text == "dnssec":
		list := ""
		for i := range d.Keys {
			list += fmt.Sprintf(`<item key="%d"><dt_assoc><item key="key_tag">%d</item><item key="algorithm">8</item><item key="digest_type">2</item><item key="digest">aa</item></dt_assoc></item>`, i, i+1)
		}
		return opsReply(true, 200, "Query Successful", `<item key="dnssec"><dt_array>`+list+`</dt_array></item>`)
	case action == "MODIFY" && len(d.Statuses) > 0 && d.Statuses[0] == "registry fails":
		return opsReply(false, 436, "Unknown registry response", "")
	case action == "MODIFY" && in.at("affect_domains").Text != "0":
		return opsReply(false, 460, "Missing required field.", "")
	case action == "MODIFY" && in.at("data").Text == "status":
		d.Locked = in.at("lock_state").Text == "1"
		return done()
	case action == "MODIFY" && in.at("data").Text == "domain_auth_info":
		code := in.at("domain_auth_info").Text
		if s.refuse > 0 {
			s.refuse--
			return opsReply(false, 465, "Invalid data: the auth code "+code+" is not accepted", "")
		}
		d.Code = code
		return done()
	case action == "ADVANCED_UPDATE_NAMESERVERS" && in.at("op_type").Text == "assign":
		d.NameServers = nil
		for _, a := range in.at("assign_ns").Array {
			for _, i := range a.Items {
				d.NameServers = append(d.NameServers, i.Text)
			}
		}
		return done()
	case action == "SET_DNSSEC_INFO":
		d.Keys, d.DS = 0, nil
		for _, a := range in.at("dnssec").Array {
			for _, i := range a.Items {
				d.DS = append(d.DS, i.at("key_tag").Text+" "+i.at("algorithm").Text+" "+i.at("digest_type").Text+" "+i.at("digest").Text)
			}
		}
		return done()
	}
	return opsReply(false, 430, "Invalid command.", "")
}

// Command reads a command's document as OpenSRS does: its action and its attributes
// that are texts.
func Command(document []byte) (action string, attributes map[string]string) {
	action, in := opsCommand(document)
	attributes = map[string]string{}
	for _, a := range in.Assoc {
		for _, i := range a.Items {
			attributes[i.Key] = i.Text
		}
	}
	return action, attributes
}
