package rdap

import (
	"maps"
	"slices"
)

// Suffixes lists what the bootstrap has servers for, in A-label form, sorted:
// "ch", "com", "xn--p1ai".
func (b *Bootstrap) Suffixes() []string { return slices.Sorted(maps.Keys(b.domains)) }
