package move

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"freehold"
)

func invalid(format string, args ...any) error {
	for i, a := range args {
		if s, ok := a.(string); ok {
			args[i] = freehold.OneLine(s)
		}
	}
	return &freehold.Error{Kind: freehold.KindInvalid, Msg: fmt.Sprintf(format, args...)}
}

// Span writes a time as people do who wait for it: "5 min", "1 h", "36 h 20 min".
func Span(d time.Duration) string {
	m := int((d + time.Minute - 1) / time.Minute)
	switch {
	case m < 60:
		return strconv.Itoa(m) + " min"
	case m%60 == 0:
		return strconv.Itoa(m/60) + " h"
	}
	return strconv.Itoa(m/60) + " h " + strconv.Itoa(m%60) + " min"
}

func hosts(list []freehold.Host) string {
	var out []string
	for _, h := range list {
		out = append(out, h.ASCII())
	}
	slices.Sort(out)
	return strings.Join(out, ", ")
}

func sameHosts(a, b []freehold.Host) bool { return hosts(a) == hosts(b) }
