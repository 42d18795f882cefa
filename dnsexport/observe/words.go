package observe

import (
	_ "embed"
	"slices"
	"strings"
)

//go:embed words.txt
var wordList string

//go:embed selectors.txt
var selectorList string

// Words returns the shipped labels, the likeliest first. They are our own choice:
// what small hosts, panels and mail services in Europe and North America set up,
// in the languages of those who use it.
func Words() []string { return list(wordList) }

// Selectors returns the shipped DKIM selectors, the likeliest first.
func Selectors() []string { return list(selectorList) }

// list reads labels, one or more a line; what follows # is a remark.
func list(text string) []string {
	var out []string
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "#")
		out = append(out, strings.Fields(line)...)
	}
	return out
}

// services are what may stand below a protocol's label.
var services = map[string][]string{
	"_tcp": {"_sip", "_sips", "_sipfederationtls", "_xmpp-client", "_xmpp-server", "_ldap", "_ldaps", "_kerberos", "_kpasswd", "_gc", "_imap", "_imaps", "_pop3", "_pop3s",
		"_submission", "_submissions", "_smtp", "_autodiscover", "_caldav", "_caldavs", "_carddav", "_carddavs", "_h323cs", "_matrix", "_matrix-fed", "_minecraft", "_turn",
		"_stun", "_hkp", "_hkps", "_http", "_https", "_ftp", "_ssh", "_jabber", "_mta-sts", "_25", "_443", "_465", "_587", "_993"},
	"_udp":       {"_sip", "_kerberos", "_kpasswd", "_h323ls", "_stun", "_turn", "_ntp", "_ts3", "_minecraft", "_vlmcs"},
	"_tls":       {"_sip"},
	"_smtp":      {"_tls"},
	"_domainkey": nil, // the selectors
	"_report":    {"_dmarc"},
}

// short is what is worth asking below any name that exists.
var short = []string{"www", "mail", "_dmarc", "_acme-challenge", "_domainkey", "api", "dev", "test", "staging", "cdn", "ftp", "autodiscover", "autoconfig", "mta-sts", "_mta-sts", "_tcp", "_udp"}

// below are the labels to try under a name: all words at the apex, what belongs
// there under the labels of protocols, and little elsewhere.
func (o *observer) below(level string) []string {
	label, _, _ := strings.Cut(level, ".")
	switch under, known := services[label]; {
	case level == o.origin:
		return slices.Concat(o.Words, []string{"_tcp", "_udp", "_tls", "_smtp", "_domainkey"})
	case label == "_domainkey":
		return o.Selectors
	case known:
		return under
	case strings.HasPrefix(label, "_") || strings.Contains(level, "._domainkey."):
		return nil
	}
	return short
}
