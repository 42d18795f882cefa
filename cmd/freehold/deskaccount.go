package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/BurntSushi/toml"
	"github.com/urfave/cli/v2"

	"freehold"
	"freehold/internal/policy"
	"freehold/registrar/epp"
	"freehold/registrar/transfer"
)

// registryAccount is a row of [accounts] that leads to a registry or registrar:
//
//	[accounts.registry]
//	provider = "epp"                      # or "manual": the operator works in the panel
//	server = "epp.registry.example:700"
//	user = "host-ag"
//	secret = "env:EPP_PASSWORD"           # or file:PATH; never the secret itself
//	certificate = "client.pem"            # paths are relative to the config file
//	private_key = "client-key.pem"
//	roots = "registry-ca.pem"             # who vouches for the registry; default: the system's
type registryAccount struct {
	Provider    string `toml:"provider"`
	Server      string `toml:"server"`
	User        string `toml:"user"`
	Secret      string `toml:"secret"`
	Certificate string `toml:"certificate"`
	PrivateKey  string `toml:"private_key"`
	Roots       string `toml:"roots"`
}

func registryFlags() []cli.Flag {
	return []cli.Flag{&cli.StringFlag{Name: "account", Usage: "the `ACCOUNT` of the config file at the registry or registrar"}, timeoutFlag()}
}

// account opens an account; done ends it.
func (j *deskJob) account(name string) (reg transfer.Registrar, done func(), err error) {
	a, base, rules, err := j.registryRow(name)
	if err != nil {
		return nil, nil, err
	}
	if a.Provider == "manual" {
		return transfer.Manual{Operator: atTerminal{j.session}, Rules: rules}, func() {}, nil
	}
	config, err := j.eppConfig(name, a, base, rules)
	if err != nil {
		return nil, nil, err
	}
	e := transfer.NewEPP(config)
	return e, func() { e.Close() }, nil
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
	if a.Provider != "epp" && a.Provider != "manual" {
		return a, "", nil, misuse(freehold.T("the account %q has the provider %q, which is not known", name, freehold.OneLine(a.Provider)), freehold.T("use one of %s", "epp, manual"))
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
