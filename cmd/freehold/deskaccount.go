package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/BurntSushi/toml"
	"github.com/urfave/cli/v2"

	"freehold"
	"freehold/internal/policy"
	"freehold/registrar/all"
	"freehold/registrar/epp"
	"freehold/registrar/transfer"
)

// registryAccount is a row of [accounts] that leads to a registry or registrar:
//
//	[accounts.registry]
//	provider = "epp"                      # gandi, opensrs, ovh; "manual": the operator works in the panel
//	server = "epp.registry.example:700"
//	user = "host-ag"
//	secret = "env:EPP_PASSWORD"           # or file:PATH; never the secret itself
//	certificate = "client.pem"            # paths are relative to the config file
//	private_key = "client-key.pem"
//	roots = "registry-ca.pem"             # who vouches for the registry; default: the system's
//	test = true                           # it leads to a test system: no real name hangs on it
//
// The others have url, where it is not the registrar's own, and what "freehold adapters"
// lists for them.
type registryAccount struct {
	Provider    string `toml:"provider"`
	Server      string `toml:"server"`
	User        string `toml:"user"`
	Secret      string `toml:"secret"`
	Certificate string `toml:"certificate"`
	PrivateKey  string `toml:"private_key"`
	Roots       string `toml:"roots"`
	URL         string `toml:"url"`
	Key         string `toml:"key"`
	Consumer    string `toml:"consumer"` // a reference, as the secret is
	Test        bool   `toml:"test"`
}

func registryFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "account", Usage: "the `ACCOUNT` of the config file at the registry or registrar"},
		acceptRiskFlag(),
		timeoutFlag(),
	}
}

func acceptRiskFlag() cli.Flag {
	return &cli.BoolFlag{Name: "accept-risk", Usage: "change things through an adapter that was never tried at a live registry or registrar"}
}

// account opens an account; done ends it.
func (j *deskJob) account(name string) (reg transfer.Registrar, done func(), err error) {
	a, base, rules, err := j.registryRow(name)
	if err != nil {
		return nil, nil, err
	}
	if j.c.Bool("yes") {
		if err := j.mayChange(name, a); err != nil {
			return nil, nil, err
		}
	}
	if a.Provider == "manual" {
		return transfer.Manual{Operator: atTerminal{j.session}, Rules: rules}, func() {}, nil
	}
	if adapter, _ := all.ByID(a.Provider); adapter.Opens() {
		reg, err := j.openRegistrar(name, a, adapter, rules)
		return reg, func() {}, err
	}
	config, err := j.eppConfig(name, a, base, rules)
	if err != nil {
		return nil, nil, err
	}
	e := transfer.NewEPP(config)
	return e, func() { e.Close() }, nil
}

// mayChange refuses what an adapter would change that was never tried at a live registry,
// unless the operator takes the risk, or no real name is at stake.
func (j *deskJob) mayChange(name string, a registryAccount) error {
	adapter, _ := all.ByID(a.Provider)
	if adapter.Tested.Live() || a.Test || j.c.Bool("accept-risk") {
		return nil
	}
	return &freehold.Error{Kind: freehold.KindPermission, Text: freehold.T("the adapter %s was never tried at a live registry: nothing is changed through it", adapter.Title),
		Advice: freehold.T("say %s if you take the risk, or test = true in [accounts.%s] if it leads to a test system", "--accept-risk", name)}
}

// openRegistrar opens an account by a registrar's own interface. Secrets come by reference.
func (j *deskJob) openRegistrar(name string, a registryAccount, adapter all.Adapter, rules func(freehold.Name) policy.Profile) (transfer.Registrar, error) {
	given := map[string]string{"user": a.User, "secret": a.Secret, "key": a.Key, "consumer": a.Consumer}
	for _, field := range adapter.Fields {
		if given[field] == "" {
			return nil, misuse(freehold.T("the account %q has no %s", name, field), freehold.T("%s needs %s", adapter.Title, strings.Join(adapter.Fields, ", ")))
		}
	}
	opened := all.Account{URL: a.URL, User: a.User, Key: a.Key}
	for _, one := range []struct {
		ref  string
		into *string
	}{{a.Secret, &opened.Secret}, {a.Consumer, &opened.Consumer}} {
		if one.ref == "" {
			continue
		}
		secret, err := j.secret(name, one.ref)
		if err != nil {
			return nil, err
		}
		*one.into = secret
	}
	return adapter.Open(opened, all.Options{Rules: rules, Timeout: j.c.Duration("timeout"), Transport: http.DefaultTransport})
}

// registryRow reads an account by its name: base is the folder its paths are relative to.
func (j *deskJob) registryRow(name string) (a registryAccount, base string, rules func(freehold.Name) policy.Profile, err error) {
	if name == "" {
		_, err := j.registrar(freehold.Name{})
		return a, "", nil, err
	}
	path, _ := j.configPath()
	var doc struct {
		Accounts map[string]registryAccount `toml:"accounts"`
	}
	if path != "" {
		if _, err := toml.DecodeFile(path, &doc); err != nil && !os.IsNotExist(err) {
			return a, "", nil, &freehold.Error{Kind: freehold.KindUsage, Text: freehold.T("config file %q cannot be read", path), Err: plain(err)}
		}
	}
	a, ok := doc.Accounts[name]
	if !ok {
		return a, "", nil, misuse(freehold.T("no account is called %q", freehold.OneLine(name)), freehold.T("add [accounts.%s] to the config file %q", freehold.OneLine(name), path))
	}
	if _, ok := all.ByID(a.Provider); !ok {
		return a, "", nil, misuse(freehold.T("the account %q has the provider %q, which is not known", name, freehold.OneLine(a.Provider)), freehold.T("use one of %s", strings.Join(all.IDs(), ", ")))
	}
	return a, filepath.Dir(path), func(n freehold.Name) policy.Profile { return j.policy.For(n, j.now()) }, nil
}

// eppConfig is how an account logs in at its registry.
func (j *deskJob) eppConfig(name string, a registryAccount, base string, rules func(freehold.Name) policy.Profile) (none transfer.EPPConfig, err error) {
	if a.Server == "" || a.User == "" {
		return none, misuse(freehold.T("the account %q has no server or no user", name), freehold.T("add server = %q", "host:port"))
	}
	secret, err := j.secret(name, a.Secret)
	if err != nil {
		return none, err
	}
	config := &tls.Config{}
	in := func(path string) string {
		if filepath.IsAbs(path) {
			return path
		}
		return filepath.Join(base, path)
	}
	unusable := func(path string, err error) error {
		return &freehold.Error{Kind: freehold.KindUsage, Text: freehold.T("the account %q: %q cannot be used", name, path), Err: plain(err)}
	}
	if a.Certificate != "" {
		cert, err := tls.LoadX509KeyPair(in(a.Certificate), in(a.PrivateKey))
		if err != nil {
			return none, unusable(a.Certificate, err)
		}
		config.Certificates = []tls.Certificate{cert}
	}
	if a.Roots != "" {
		text, err := os.ReadFile(in(a.Roots))
		config.RootCAs = x509.NewCertPool()
		if err == nil && !config.RootCAs.AppendCertsFromPEM(text) {
			err = fmt.Errorf("it holds no certificate")
		}
		if err != nil {
			return none, unusable(a.Roots, err)
		}
	}
	return transfer.EPPConfig{Rules: rules, Config: epp.Config{
		Addr: a.Server, TLS: config, User: a.User, Password: freehold.NewTransferCode([]byte(secret)), Timeout: j.c.Duration("timeout"),
		ID: fmt.Sprintf("fh-%d-%s", os.Getpid(), time.Now().UTC().Format("20060102T150405")),
	}}, nil
}
