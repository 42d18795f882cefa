package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"path/filepath"
	"slices"

	"github.com/BurntSushi/toml"
	"github.com/urfave/cli/v2"

	"freehold"
)

// configured gives the flags that neither the command line nor the environment
// set their value from the one TOML file: a key is a flag's long name. A key
// that no command knows is refused, so a misspelt one is not silently nothing.
func (s *session) configured(c *cli.Context) error {
	path := s.Getenv("FREEHOLD_CONFIG")
	named := path != ""
	if !named {
		dir := s.dir("XDG_CONFIG_HOME", ".config")
		if dir == "" {
			return nil
		}
		path = filepath.Join(dir, "config.toml")
	}
	var values map[string]any
	if _, err := toml.DecodeFile(path, &values); err != nil {
		if errors.Is(err, fs.ErrNotExist) && !named {
			return nil
		}
		return &freehold.Error{Kind: freehold.KindUsage, Msg: fmt.Sprintf("config file %q cannot be read", path), Err: err}
	}
	all := flagSet(c.App.Commands)
	for key, value := range values {
		if !all[key] {
			return usageError(fmt.Sprintf("config file %q: no flag is called %q", path, key), `keys are the long names of flags, such as lang = "fr"`)
		}
		if err := secretFree(key, value); err != nil {
			return err
		}
	}
	for _, f := range c.Command.Flags {
		name := f.Names()[0]
		value, ok := values[name]
		if !ok || c.IsSet(name) {
			continue
		}
		list, isList := value.([]any)
		if !isList {
			list = []any{value}
		}
		for _, v := range list {
			if err := c.Set(name, fmt.Sprint(v)); err != nil {
				return usageError(fmt.Sprintf("config file %q: %q is no value for %q", path, fmt.Sprint(v), name), "")
			}
		}
	}
	return nil
}

// secretFree refuses a database password in the file: secrets come by reference.
func secretFree(key string, value any) error {
	text, _ := value.(string)
	if u, err := url.Parse(text); key == "db" && err == nil && u.User != nil {
		if _, has := u.User.Password(); has {
			return usageError(`the config file holds the password of "db"`, "put it into the environment (PGPASSWORD) or a file (PGPASSFILE)")
		}
	}
	return nil
}

func flagSet(commands []*cli.Command) map[string]bool {
	all := map[string]bool{}
	for _, c := range commands {
		for _, f := range c.Flags {
			all[f.Names()[0]] = true
		}
		for n := range flagSet(c.Subcommands) {
			all[n] = true
		}
	}
	return all
}

// dir returns freehold's folder below an XDG base directory, or "" where the
// environment has neither that nor a home.
func (s *session) dir(variable, below string) string {
	if base := s.Getenv(variable); filepath.IsAbs(base) {
		return filepath.Join(base, "freehold")
	}
	if home := s.Getenv("HOME"); filepath.IsAbs(home) {
		return filepath.Join(home, below, "freehold")
	}
	return ""
}

// language picks the language of what a person reads: the flag, else the
// locale's, else English.
func (s *session) language(c *cli.Context) (string, error) {
	lang := c.String("lang")
	if lang == "" {
		for _, v := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
			if l := s.Getenv(v); l != "" {
				lang = l[:min(2, len(l))]
				break
			}
		}
		if !slices.Contains(languages, lang) {
			lang = "en"
		}
	}
	if !slices.Contains(languages, lang) {
		return "", usageError(fmt.Sprintf("language %q is not one of en, fr, de", freehold.OneLine(lang)), "")
	}
	return lang, nil
}

var languages = []string{"en", "fr", "de"}
