package freehold

// names gives an enumeration its words: the index is the value, and the first
// word belongs to the zero value. The words are what is stored and printed;
// changing one needs a migration.
type names[E ~uint8] []string

func (n names[E]) name(e E) string {
	if int(e) < len(n) {
		return n[e]
	}
	return n[0]
}

func (n names[E]) marshal(e E) ([]byte, error) { return []byte(n.name(e)), nil }

// unmarshal sets e to the value of a word. An empty word is the zero value.
func (n names[E]) unmarshal(word []byte, e *E, what string) error {
	if len(word) == 0 {
		*e = 0
		return nil
	}
	for i, w := range n {
		if w == string(word) {
			*e = E(i)
			return nil
		}
	}
	return &Error{Kind: KindInvalid, Msg: "unknown " + what + ` "` + shorten(string(word)) + `"`}
}
