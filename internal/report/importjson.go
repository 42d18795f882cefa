package report

import (
	"freehold"
)

// The JSON of an import, as docs/json.md has it.
type (
	importedFile struct {
		ID        string          `json:"id"`
		At        *string         `json:"at"`
		File      string          `json:"file"`
		Digest    string          `json:"digest"`
		Size      int64           `json:"size"`
		Kind      string          `json:"kind"`
		Encoding  *string         `json:"encoding"`
		Guessed   bool            `json:"encoding_guessed"`
		Separator *string         `json:"separator"`
		Sheets    []importedSheet `json:"sheets"`
	}
	importedSheet struct {
		Name    *string          `json:"name"`
		Heading *int             `json:"heading"`
		Skipped *string          `json:"skipped"`
		Columns []importedColumn `json:"columns"`
	}
	importedColumn struct {
		Number  int     `json:"number"`
		Heading *string `json:"heading"`
		Field   *string `json:"field"`
		How     string  `json:"how"`
		Order   *string `json:"order"`
	}
	importedPlace struct {
		File  string  `json:"file"`
		Sheet *string `json:"sheet"`
		Row   int     `json:"row"`
	}
	importedRow struct {
		importedPlace
		Outcome string           `json:"outcome"`
		Name    *string          `json:"name"`
		Unicode *string          `json:"unicode"`
		Written *string          `json:"written"`
		First   *importedPlace   `json:"first"`
		Differs []string         `json:"differs"`
		Why     *string          `json:"why"`
		Changes []importedChange `json:"changes"`
		Notes   []string         `json:"notes"`
	}
	importedChange struct {
		Field  string  `json:"field"`
		Before *string `json:"before"`
		After  string  `json:"after"`
	}
	missingName struct {
		Name    string   `json:"name"`
		Unicode string   `json:"unicode"`
		Client  *string  `json:"client"`
		Tags    []string `json:"tags"`
	}
	importTotals struct {
		Rows      int  `json:"rows"`
		New       int  `json:"new"`
		Updated   int  `json:"updated"`
		Unchanged int  `json:"unchanged"`
		Duplicate int  `json:"duplicate"`
		Odd       int  `json:"odd"`
		Heading   int  `json:"heading"`
		Empty     int  `json:"empty"`
		Comment   int  `json:"comment"`
		Balanced  bool `json:"balanced"`
		Skipped   int  `json:"skipped_sheets"`
		Missing   int  `json:"missing"`
		Attested  int  `json:"attested"`
		DryRun    bool `json:"dry_run"`
	}
)

func importDoc(i freehold.Import, s freehold.Speaker) importedFile {
	d := importedFile{ID: i.ID, At: moment(i.At), File: i.File, Digest: i.Digest, Size: i.Size, Kind: i.Kind, Encoding: textOrNull(i.Encoding), Guessed: i.Guessed,
		Separator: textOrNull(i.Separator), Sheets: []importedSheet{}}
	for _, sheet := range i.Sheets {
		sd := importedSheet{Name: textOrNull(sheet.Name), Columns: []importedColumn{}}
		if sheet.Heading > 0 {
			sd.Heading = &sheet.Heading
		}
		if !sheet.Skipped.IsZero() {
			sd.Skipped = textOrNull(sheet.Skipped.Render(s))
		}
		for _, c := range sheet.Columns {
			sd.Columns = append(sd.Columns, importedColumn{c.Number, textOrNull(c.Heading), textOrNull(string(c.Field)), c.How.String(), textOrNull(c.Order)})
		}
		d.Sheets = append(d.Sheets, sd)
	}
	return d
}

func importDocs(all []freehold.Import, s freehold.Speaker) []importedFile {
	docs := []importedFile{}
	for _, i := range all {
		docs = append(docs, importDoc(i, s))
	}
	return docs
}

func placeDoc(p freehold.RowPlace) importedPlace {
	return importedPlace{p.File, textOrNull(p.Sheet), p.Row}
}

func rowDoc(r *freehold.ImportedRow, s freehold.Speaker) importedRow {
	d := importedRow{importedPlace: placeDoc(r.RowPlace), Outcome: r.Outcome.String(), Name: textOrNull(r.Name.ASCII()), Unicode: textOrNull(r.Name.Unicode()),
		Written: textOrNull(r.Written), Differs: []string{}, Why: textOrNull(reasons(s, r.Why)), Changes: []importedChange{}, Notes: []string{}}
	if r.Outcome == freehold.ImportDuplicate {
		first := placeDoc(r.First)
		d.First = &first
	}
	for _, f := range r.Differs {
		d.Differs = append(d.Differs, string(f))
	}
	for _, c := range r.Changes {
		d.Changes = append(d.Changes, importedChange{string(c.Field), textOrNull(c.Before), c.After})
	}
	for _, n := range r.Notes {
		d.Notes = append(d.Notes, n.Render(s))
	}
	return d
}

func missingDoc(l freehold.Listing) missingName {
	return missingName{l.Name.ASCII(), l.Name.Unicode(), textOrNull(l.Client), list(l.Tags)}
}

func totalsDoc(s freehold.ImportSummary) importTotals {
	n := s.Outcomes
	return importTotals{Rows: s.Rows, New: n[freehold.ImportNew], Updated: n[freehold.ImportUpdated], Unchanged: n[freehold.ImportUnchanged],
		Duplicate: n[freehold.ImportDuplicate], Odd: n[freehold.ImportOdd], Heading: n[freehold.ImportHeading], Empty: n[freehold.ImportEmpty],
		Comment: n[freehold.ImportComment], Balanced: s.Balanced(), Skipped: s.Skipped, Missing: s.Missing, Attested: s.Attested, DryRun: s.DryRun}
}

// importJSON writes one envelope, a row at a time.
type importJSON struct {
	out     encoder
	speaker freehold.Speaker
	schema  string
	list    string // the list that is being written: "rows", then "missing"
	members int
}

func (j *importJSON) raw(s string) error {
	_, err := j.out.w.Write([]byte(s))
	return err
}

func (j *importJSON) member(v any) error {
	b, err := marshal(v)
	if err != nil {
		return err
	}
	prefix := ",\n"
	if j.members == 0 {
		prefix = "\n"
	}
	j.members++
	return j.raw(prefix + string(b))
}

// begin ends the list that is being written and starts the next.
func (j *importJSON) begin(list string) error {
	if j.list == list {
		return nil
	}
	prefix := `,"` + list + `":[`
	if j.list != "" {
		prefix = "]" + prefix
	}
	j.list, j.members = list, 0
	return j.raw(prefix)
}

func (j *importJSON) Begin(files []freehold.Import) error {
	b, err := marshal(importDocs(files, j.speaker))
	if err != nil {
		return err
	}
	if err := j.raw(`{"schema":"` + j.schema + `","files":` + string(b)); err != nil {
		return err
	}
	return j.begin("rows")
}

func (j *importJSON) Row(r *freehold.ImportedRow) error { return j.member(rowDoc(r, j.speaker)) }

func (j *importJSON) Missing(l freehold.Listing) error {
	if err := j.begin("missing"); err != nil {
		return err
	}
	return j.member(missingDoc(l))
}

func (j *importJSON) End(s freehold.ImportSummary) error {
	if err := j.begin("missing"); err != nil {
		return err
	}
	b, err := marshal(totalsDoc(s))
	if err != nil {
		return err
	}
	return j.raw("],\n" + `"summary":` + string(b) + "}\n")
}

// importLines writes the same objects one a line.
type importLines struct {
	out     encoder
	speaker freehold.Speaker
	schema  string
}

type (
	importLine struct {
		Type   string         `json:"type"`
		Schema string         `json:"schema"`
		Files  []importedFile `json:"files"`
	}
	importRowLine struct {
		Type string `json:"type"`
		importedRow
	}
	importMissingLine struct {
		Type string `json:"type"`
		missingName
	}
	importSummaryLine struct {
		Type    string       `json:"type"`
		Schema  string       `json:"schema"`
		Summary importTotals `json:"summary"`
	}
)

func (j *importLines) Begin(files []freehold.Import) error {
	return j.out.write(importLine{"import", j.schema, importDocs(files, j.speaker)})
}

func (j *importLines) Row(r *freehold.ImportedRow) error {
	return j.out.write(importRowLine{"row", rowDoc(r, j.speaker)})
}

func (j *importLines) Missing(l freehold.Listing) error {
	return j.out.write(importMissingLine{"missing", missingDoc(l)})
}

func (j *importLines) End(s freehold.ImportSummary) error {
	return j.out.write(importSummaryLine{"summary", j.schema, totalsDoc(s)})
}
