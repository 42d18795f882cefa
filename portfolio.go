package freehold

import (
	"slices"
	"strings"
	"time"
)

// ListingField is one thing a file can say about a name of the portfolio.
type ListingField string

// The fields. Client and tags are the owner's own order and part of a Listing;
// all others are claims of a file: what it says is kept with where it said so,
// and is never a fact about the name.
const (
	ListedName      ListingField = "name"
	ListedTLD       ListingField = "tld" // the ending, where the file keeps it apart from the name
	ListedClient    ListingField = "client"
	ListedTags      ListingField = "tags"
	ListedRegistrar ListingField = "registrar"
	ListedAccount   ListingField = "account" // the login at the registrar, or whose it is
	ListedExpires   ListingField = "expires" // a day: "2027-05-03"
	ListedAutoRenew ListingField = "auto_renew"
	ListedHost      ListingField = "host"
	ListedPayer     ListingField = "payer"
	ListedNotes     ListingField = "notes"
)

// ListingFields lists all fields in the order they are shown.
var ListingFields = []ListingField{
	ListedName, ListedTLD, ListedClient, ListedTags, ListedRegistrar, ListedAccount, ListedExpires, ListedAutoRenew,
	ListedHost, ListedPayer, ListedNotes,
}

// ClaimedFields lists the fields that are claims of a file.
var ClaimedFields = ListingFields[4:]

// A Listing is one name of the portfolio: the names someone answers for, each
// with its client, and with what files said about it.
type Listing struct {
	Name   Name
	Client string
	Tags   []string // in order, each once
	// Claims holds what files said last, one claim a field, in the order of ClaimedFields.
	Claims []ListingClaim
	// Added says when the name came into the portfolio, From why.
	Added time.Time
	From  Provenance
}

// A ListingClaim is one value a file gave, and where it stands there.
type ListingClaim struct {
	Field ListingField
	Value string
	From  Provenance
}

// Provenance says where something was read.
type Provenance struct {
	Import string // the ID of the Import
	File   string // its name, without the folder
	Digest string // of the whole file: "sha256:" and 64 hexadecimal digits
	Sheet  string // empty for a text file
	Row    int    // from 1; the line, for a text file
	At     time.Time
}

// Claim returns the value of a field, and whether a file gave one.
func (l *Listing) Claim(f ListingField) (ListingClaim, bool) {
	for _, c := range l.Claims {
		if c.Field == f {
			return c, true
		}
	}
	return ListingClaim{}, false
}

// A ListingChange is one field that a file says differently than was known.
type ListingChange struct {
	Field         ListingField
	Before, After string
}

// Merge returns what a listing becomes when a file says `said` about it, and
// which fields that changes. What a file leaves empty, it says nothing about:
// nothing is taken away. A client and a claim are replaced by a newer word;
// tags come together.
func (l Listing) Merge(said Listing) (Listing, []ListingChange) {
	var changes []ListingChange
	change := func(f ListingField, before, after string) {
		changes = append(changes, ListingChange{f, before, after})
	}
	if said.Client != "" && said.Client != l.Client {
		change(ListedClient, l.Client, said.Client)
		l.Client = said.Client
	}
	if tags := JoinTags(l.Tags, said.Tags); len(tags) != len(l.Tags) {
		change(ListedTags, strings.Join(l.Tags, ", "), strings.Join(tags, ", "))
		l.Tags = tags
	}
	known := l.Claims
	l.Claims = nil
	for _, f := range ClaimedFields {
		before := Listing{Claims: known}
		old, had := before.Claim(f)
		now, says := said.Claim(f)
		switch {
		case says && now.Value != old.Value:
			change(f, old.Value, now.Value)
			l.Claims = append(l.Claims, now)
		case had:
			l.Claims = append(l.Claims, old)
		}
	}
	return l, changes
}

// JoinTags returns all tags of both lists, in order, each once: tags that
// differ in capitals only are one, written as it came first.
func JoinTags(a, b []string) []string {
	var out []string
	for _, t := range slices.Concat(a, b) {
		if !slices.ContainsFunc(out, func(o string) bool { return strings.EqualFold(o, t) }) {
			out = append(out, t)
		}
	}
	slices.SortFunc(out, func(x, y string) int {
		if c := strings.Compare(strings.ToLower(x), strings.ToLower(y)); c != 0 {
			return c
		}
		return strings.Compare(x, y)
	})
	return out
}

// A Selection is a part of the portfolio. The zero Selection is all of it.
type Selection struct {
	Client string   // empty: of any client
	Tags   []string // all of these
}

// Has tells whether a listing is selected. Capitals do not matter.
func (s Selection) Has(l *Listing) bool {
	if s.Client != "" && !strings.EqualFold(s.Client, l.Client) {
		return false
	}
	for _, want := range s.Tags {
		if !slices.ContainsFunc(l.Tags, func(t string) bool { return strings.EqualFold(t, want) }) {
			return false
		}
	}
	return true
}

// A ListingEntry is what one row of a file says about a name, with what is
// attested by it.
type ListingEntry struct {
	Listing
	Attestations []Attestation
	Evidence     []Evidence // of the attestations, in their order
}

// A ListingResult says what an entry did to the portfolio.
type ListingResult struct {
	New      bool // the name was not there
	Changes  []ListingChange
	Attested int // attestations that were not there
}

// An Import is one file that was read into the portfolio, and how it was read.
type Import struct {
	ID     string // in the order of time: "20261125T093516Z-3f9a2c"
	At     time.Time
	File   string // its name, without the folder
	Digest string // of the whole file: "sha256:" and 64 hexadecimal digits
	Size   int64  // octets
	// Kind is "text" or "xlsx".
	Kind string
	// Encoding of a text, and whether it was guessed rather than told by the file.
	Encoding string
	Guessed  bool
	// Separator of a text's columns; empty where there is one column only.
	Separator string
	Sheets    []ImportSheet
}

// An ImportSheet is a sheet of a workbook, or the one table of a text file.
type ImportSheet struct {
	Name    string // empty for a text file
	Heading int    // the row that names the columns, from 1; 0: none does
	Columns []ImportColumn
	// Skipped says why nothing of this sheet is read; zero where it is.
	Skipped Text
}

// An ImportColumn says how a column was understood.
type ImportColumn struct {
	Number  int // from 1
	Heading string
	// Field is what the column is read as; empty: it is not read.
	Field ListingField
	// How says by what it was told.
	How ColumnHow
	// Order of day, month and year in the column's dates: "dmy", "mdy", "ymd";
	// empty where the column does not decide it, or holds no dates.
	Order string
}

// ColumnHow says by what a column was told.
type ColumnHow uint8

// The ways.
const (
	ColumnIgnored   ColumnHow = iota // nothing told what it is
	ColumnByHeading                  // its heading is one we know
	ColumnByContent                  // most of its cells are domain names
	ColumnByUser                     // the user said so
	ColumnSecret                     // its heading is that of passwords or transfer codes: never read
)

var columnHows = names[ColumnHow]{"ignored", "heading", "content", "user", "secret"}

func (h ColumnHow) String() string               { return columnHows.name(h) }
func (h ColumnHow) MarshalText() ([]byte, error) { return columnHows.marshal(h) }

// ImportOutcome says what became of a row.
type ImportOutcome uint8

// The outcomes.
const (
	ImportOdd       ImportOutcome = iota // nothing was taken from it; Why says the reason
	ImportNew                            // its name is new in the portfolio
	ImportUpdated                        // its name was there, and the row says something new
	ImportUnchanged                      // all it says was there
	ImportDuplicate                      // an earlier row has the same name, and counts
	ImportHeading                        // the heading, or above it
	ImportEmpty                          // nothing stands in it
	ImportComment                        // it begins with "#"
)

var importOutcomes = names[ImportOutcome]{"odd", "new", "updated", "unchanged", "duplicate", "heading", "empty", "comment"}

func (o ImportOutcome) String() string               { return importOutcomes.name(o) }
func (o ImportOutcome) MarshalText() ([]byte, error) { return importOutcomes.marshal(o) }
func (o *ImportOutcome) UnmarshalText(b []byte) error {
	return importOutcomes.unmarshal(b, o, "outcome")
}

// A RowPlace is where a row stands.
type RowPlace struct {
	File  string
	Sheet string // empty for a text file
	Row   int    // from 1; the line, for a text file
}

// An ImportedRow is one row of a file and what became of it.
type ImportedRow struct {
	RowPlace
	Outcome ImportOutcome
	Name    Name   // zero where the row has none
	Written string // what stands in the row for the name
	// First is the row that a duplicate repeats, Differs the fields in which it
	// says something else.
	First   RowPlace
	Differs []ListingField
	// Why says what is odd, each sentence the reason of the one before.
	Why []Text
	// Changes are what an updated name had before and has now.
	Changes []ListingChange
	// Notes say which cells were not understood, and what was taken as what.
	Notes []Text
}

// Telling tells whether a person should see the row: all but those from which
// everything was taken as it stands, and those that hold nothing.
func (r *ImportedRow) Telling() bool {
	switch r.Outcome {
	case ImportNew, ImportUnchanged:
		return len(r.Notes) > 0
	case ImportHeading, ImportEmpty, ImportComment:
		return false
	}
	return true
}

// ImportSummary counts the rows of an import.
type ImportSummary struct {
	Rows     int // of all sheets that were read
	Outcomes map[ImportOutcome]int
	// Differing counts the rows that repeat an earlier one and say something else.
	Differing int
	// Skipped counts the sheets of which nothing was read.
	Skipped int
	// Missing counts the names of the portfolio that no file of the import has.
	Missing int
	// Attested counts the attestations that were made.
	Attested int
	// DryRun: nothing was kept.
	DryRun bool
}

// Add counts one row in.
func (s *ImportSummary) Add(r *ImportedRow) {
	if s.Outcomes == nil {
		s.Outcomes = map[ImportOutcome]int{}
	}
	s.Outcomes[r.Outcome]++
	if len(r.Differs) > 0 {
		s.Differing++
	}
}

// Balanced tells whether every row is accounted for.
func (s *ImportSummary) Balanced() bool {
	sum := 0
	for _, n := range s.Outcomes {
		sum += n
	}
	return sum == s.Rows
}
