package whois

import (
	"maps"
	"slices"
)

// Suffixes lists what this client has servers for, sorted: "be", "eu".
func (c *Client) Suffixes() []string { return slices.Sorted(maps.Keys(c.servers)) }
