package main

import (
	"net/http"
	"os"
	"strings"

	"github.com/BurntSushi/toml"

	"freehold"
	"freehold/dnsexport"
	"freehold/dnsexport/all"
	"freehold/dnsexport/axfr"
)

// accountsKey is the table of the config file that holds no flag but accounts:
//
//	[accounts.new]
//	provider = "powerdns"              # or any other of "freehold adapters"
//	url = "https://dns.example:8081"   # of the API; ddns: server = "host:port"
//	secret = "env:PDNS_KEY"            # or file:PATH; never the secret itself
//	key = "mover"                      # what stands beside the secret, where something does
//	nameservers = ["ns1.dns.example", "ns2.dns.example"]
const accountsKey = "accounts"

// account is one row of that table.
type account struct {
	Provider    string   `toml:"provider"`
	URL         string   `toml:"url"`
	Server      string   `toml:"server"`
	Secret      string   `toml:"secret"`
	Key         string   `toml:"key"`
	Consumer    string   `toml:"consumer"` // a reference, as the secret is
	Token       string   `toml:"token"`    // the same
	Account     string   `toml:"account"`
	Algorithm   string   `toml:"algorithm"`
	NameServers []string `toml:"nameservers"`
}

// account reads an account by its name.
func (s *session) account(name string) (account, error) {
	path, _ := s.configPath()
	var doc struct {
		Accounts map[string]account `toml:"accounts"`
	}
	if path != "" {
		if _, err := toml.DecodeFile(path, &doc); err != nil && !os.IsNotExist(err) {
			return account{}, &freehold.Error{Kind: freehold.KindUsage, Text: freehold.T("config file %q cannot be read", path), Err: plain(err)}
		}
	}
	a, ok := doc.Accounts[name]
	if !ok {
		return account{}, misuse(freehold.T("no account is called %q", freehold.OneLine(name)), freehold.T("add [accounts.%s] to the config file %q", freehold.OneLine(name), path))
	}
	return a, nil
}

// target opens an account's operator. Secrets come by reference.
func (s *session) target(name string, a account) (dnsexport.Target, error) {
	provider, ok := all.ByID(a.Provider)
	if !ok {
		return nil, misuse(freehold.T("the account %q has the provider %q, which is not known", name, freehold.OneLine(a.Provider)), freehold.T("use one of %s", strings.Join(all.IDs(), ", ")))
	}
	given := map[string]string{"url": a.URL, "server": a.Server, "secret": a.Secret, "key": a.Key, "consumer": a.Consumer}
	for _, field := range provider.Fields {
		if given[field] == "" {
			return nil, misuse(freehold.T("the account %q has no %s", name, field), freehold.T("%s needs %s", provider.Title, strings.Join(provider.Fields, ", ")))
		}
	}
	opened := all.Account{URL: a.URL, Server: a.Server, Key: a.Key, Account: a.Account}
	if a.Provider == "ddns" {
		key, err := axfr.ReadKey(a.Key, a.Algorithm, a.Secret, s.Getenv)
		if err != nil {
			return nil, err
		}
		opened.TSIG = key
		return provider.Open(opened, all.Options{})
	}
	for _, one := range []struct {
		ref  string
		into *string
	}{{a.Secret, &opened.Secret}, {a.Consumer, &opened.Consumer}, {a.Token, &opened.Token}} {
		if one.ref == "" {
			continue
		}
		secret, err := s.secret(name, one.ref)
		if err != nil {
			return nil, err
		}
		*one.into = secret
	}
	return provider.Open(opened, all.Options{Transport: http.DefaultTransport})
}

// secret reads what a reference points to: env:VARIABLE or file:PATH.
func (s *session) secret(name, ref string) (string, error) {
	if variable, ok := strings.CutPrefix(ref, "env:"); ok {
		if v := s.Getenv(variable); v != "" {
			return v, nil
		}
		return "", misuse(freehold.T("the secret of the account %q is not there: %s is empty", name, freehold.OneLine(ref)), freehold.Text{})
	}
	if path, ok := strings.CutPrefix(ref, "file:"); ok {
		b, err := os.ReadFile(path)
		if err != nil {
			return "", &freehold.Error{Kind: freehold.KindUsage, Text: freehold.T("the secret of the account %q cannot be read", name), Err: plain(err)}
		}
		return strings.TrimSpace(string(b)), nil
	}
	return "", misuse(freehold.T("the secret of the account %q is not a reference", name), freehold.T("write env:VARIABLE or file:PATH; a secret does not belong into the config file"))
}
