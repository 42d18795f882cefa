package main

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
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
	path, values, err := s.config()
	if err != nil {
		return err
	}
	if err := checkConfig(path, values, flagSet(c.App.Commands)); err != nil {
		return err
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
				return misuse(freehold.T("config file %q: %q is no value for %q", path, fmt.Sprint(v), name), freehold.Text{})
			}
		}
	}
	return nil
}

// configPath is where the config file is, or would be; named: the environment
// says so. "" where there is no place for one.
func (s *session) configPath() (path string, named bool) {
	if path := s.Getenv("FREEHOLD_CONFIG"); path != "" {
		return path, true
	}
	if dir := s.dir("XDG_CONFIG_HOME", ".config"); dir != "" {
		return filepath.Join(dir, "config.toml"), false
	}
	return "", false
}

// config reads the config file; without one there are no values.
func (s *session) config() (path string, values map[string]any, err error) {
	path, named := s.configPath()
	if path == "" {
		return "", nil, nil
	}
	if _, err := toml.DecodeFile(path, &values); err != nil {
		if errors.Is(err, fs.ErrNotExist) && !named {
			return path, nil, nil
		}
		return path, nil, &freehold.Error{Kind: freehold.KindUsage, Text: freehold.T("config file %q cannot be read", path), Err: plain(err)}
	}
	return path, values, nil
}

// configWord reads one word of the config file, "" where anything is wrong with it.
func (s *session) configWord(key string) string {
	_, values, err := s.config()
	if err != nil {
		return ""
	}
	word, _ := values[key].(string)
	return word
}

// checkConfig refuses keys that no flag has, and secrets.
func checkConfig(path string, values map[string]any, flags map[string]bool) error {
	for _, key := range slices.Sorted(maps.Keys(values)) {
		if key == accountsKey || key == mailKey || key == deskKey {
			continue // read by those who need one, with its own checks
		}
		if !flags[key] {
			return misuse(freehold.T("config file %q: no flag is called %q", path, key), freehold.T("keys are the long names of flags, such as lang = %q", "fr"))
		}
		if err := secretFree(key, values[key]); err != nil {
			return err
		}
	}
	return nil
}

// secretFree refuses a database password in the file: secrets come by reference.
func secretFree(key string, value any) error {
	text, _ := value.(string)
	if u, err := url.Parse(text); key == "db" && err == nil && u.User != nil {
		if _, has := u.User.Password(); has {
			return misuse(freehold.T("the config file holds the password of %q", "db"), freehold.T("put it into the environment (PGPASSWORD) or a file (PGPASSFILE)"))
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
