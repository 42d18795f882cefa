package evacuate

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Servers are the name servers that a folder can be made for.
var Servers = []string{"nsd", "knot", "bind"}

// KeyName is the TSIG key by which parity is proved; its secret lies in the
// folder, readable by its owner alone.
const KeyName = "freehold-parity"

const keyFile = "parity.key"

// Secret returns the secret of the parity key in base64, made on first use.
func Secret(dir string) (string, error) {
	path := filepath.Join(dir, keyFile)
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		raw := make([]byte, 32)
		rand.Read(raw)
		b = []byte(base64.StdEncoding.EncodeToString(raw) + "\n")
		err = replace(path, b, 0o600)
	}
	if err != nil {
		return "", trouble(dir, err)
	}
	return strings.TrimSpace(string(b)), nil
}

// configure writes the zones' part of the server's configuration: what the host
// includes from its own, which says where to listen.
func configure(dir string, s *State) error {
	secret, err := Secret(dir)
	if err != nil {
		return err
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return trouble(dir, err)
	}
	var b strings.Builder
	zones := filepath.Join(abs, zonesDir)
	switch s.As {
	case "nsd":
		fmt.Fprintf(&b, "# include: %q\nkey:\n\tname: %q\n\talgorithm: hmac-sha256\n\tsecret: %q\npattern:\n\tname: \"freehold\"\n\tzonefile: \"%s/%%s.zone\"\n\tprovide-xfr: 0.0.0.0/0 %s\n\tprovide-xfr: ::/0 %s\n",
			filepath.Join(abs, "nsd.conf"), KeyName, secret, zones, KeyName, KeyName)
		for _, z := range slices.Sorted(maps.Keys(s.Zones)) {
			fmt.Fprintf(&b, "zone:\n\tname: %q\n\tinclude-pattern: \"freehold\"\n", z)
		}
	case "knot":
		fmt.Fprintf(&b, "# include: %q\nkey:\n  - id: %s\n    algorithm: hmac-sha256\n    secret: %s\nacl:\n  - id: freehold\n    key: %s\n    action: transfer\ntemplate:\n  - id: freehold\n    storage: %q\n    file: \"%%s.zone\"\n    acl: freehold\n    zonefile-sync: -1\n    zonefile-load: whole\n    journal-content: none\n    semantic-checks: off\nzone:\n",
			filepath.Join(abs, "knot.conf"), KeyName, secret, KeyName, zones)
		for _, z := range slices.Sorted(maps.Keys(s.Zones)) {
			fmt.Fprintf(&b, "  - domain: %q\n    template: freehold\n", z)
		}
	case "bind":
		fmt.Fprintf(&b, "// include %q;\nkey %q { algorithm hmac-sha256; secret %q; };\n", filepath.Join(abs, "bind.conf"), KeyName, secret)
		for _, z := range slices.Sorted(maps.Keys(s.Zones)) {
			fmt.Fprintf(&b, "zone %q { type primary; file %q; check-names ignore; allow-transfer { key %s; }; };\n", z, filepath.Join(zones, z+".zone"), KeyName)
		}
	}
	if err := replace(filepath.Join(dir, s.As+".conf"), []byte(b.String()), 0o600); err != nil {
		return trouble(dir, err)
	}
	return nil
}
