package portfolio

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"freehold"
	"freehold/internal/headings"
)

var now = time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC)

// kept is a portfolio in memory, and all that was told of an import into it.
type kept struct {
	listings map[string]freehold.Listing
	imports  []freehold.Import
	rows     []freehold.ImportedRow
	missing  []string
	attested []freehold.Attestation
	puts     int
}

func (k *kept) ImportListings(_ context.Context, _ []freehold.Import, dry bool, do func(func([]freehold.ListingEntry) ([]freehold.ListingResult, error)) error) error {
	work := maps.Clone(k.listings)
	if work == nil {
		work = map[string]freehold.Listing{}
	}
	err := do(func(entries []freehold.ListingEntry) ([]freehold.ListingResult, error) {
		k.puts++
		var results []freehold.ListingResult
		for _, e := range entries {
			before, there := work[e.Name.ASCII()]
			after, changes := before.Merge(e.Listing)
			after.Name = e.Name
			work[e.Name.ASCII()] = after
			k.attested = append(k.attested, e.Attestations...)
			results = append(results, freehold.ListingResult{New: !there, Changes: changes, Attested: len(e.Attestations)})
		}
		return results, nil
	})
	if err == nil && !dry {
		k.listings = work
	}
	return err
}

func (k *kept) Listings(_ context.Context, sel freehold.Selection) iter.Seq2[freehold.Listing, error] {
	return func(yield func(freehold.Listing, error) bool) {
		for _, name := range slices.Sorted(maps.Keys(k.listings)) {
			if l := k.listings[name]; sel.Has(&l) && !yield(l, nil) {
				return
			}
		}
	}
}

func (k *kept) Begin(imports []freehold.Import) error { k.imports = imports; return nil }
func (k *kept) Row(r *freehold.ImportedRow) error     { k.rows = append(k.rows, *r); return nil }
func (k *kept) Missing(l freehold.Listing) error {
	k.missing = append(k.missing, l.Name.ASCII())
	return nil
}
func (k *kept) End(freehold.ImportSummary) error { return nil }

func source(name, content string) Source {
	return Source{Path: "/somewhere/" + name, ReaderAt: strings.NewReader(content), Size: int64(len(content))}
}

func (k *kept) take(o Options, sources ...Source) (freehold.ImportSummary, error) {
	k.rows, k.missing, k.attested, k.imports = nil, nil, nil, nil
	o.Now, o.AllRows = now, true
	ids := 0
	o.ID = func() string { ids++; return fmt.Sprintf("import-%d", ids) }
	return Import(context.Background(), sources, k, o, k)
}

// told writes a row on one line.
func told(r freehold.ImportedRow) string {
	s := fmt.Sprintf("%d %s", r.Row, r.Outcome)
	if !r.Name.IsZero() {
		s += " " + r.Name.Unicode()
	}
	for i, w := range r.Why {
		s += []string{" ! ", ": "}[min(i, 1)] + w.String()
	}
	if r.First.Row > 0 {
		s += fmt.Sprintf(" = %s%d %v", r.First.Sheet, r.First.Row, r.Differs)
	}
	for _, c := range r.Changes {
		s += fmt.Sprintf(" | %s: %q -> %q", c.Field, c.Before, c.After)
	}
	for _, n := range r.Notes {
		s += " ~ " + n.String()
	}
	return s
}

func (k *kept) told() []string {
	var out []string
	for _, r := range k.rows {
		out = append(out, told(r))
	}
	return out
}

// listing writes what the portfolio has of a name.
func (k *kept) listing(name string) string {
	l, ok := k.listings[name]
	if !ok {
		return "nothing"
	}
	out := []string{"client=" + l.Client, "tags=" + strings.Join(l.Tags, "+")}
	for _, c := range l.Claims {
		out = append(out, string(c.Field)+"="+c.Value)
	}
	return strings.Join(out, " ")
}

// columns writes how a sheet's columns were read.
func columns(s freehold.ImportSheet) string {
	var out []string
	for _, c := range s.Columns {
		switch {
		case c.How == freehold.ColumnSecret:
			out = append(out, fmt.Sprintf("%d:secret", c.Number))
		case c.Field != "" && c.Order != "":
			out = append(out, fmt.Sprintf("%d:%s(%s)", c.Number, c.Field, c.Order))
		case c.Field != "":
			out = append(out, fmt.Sprintf("%d:%s", c.Number, c.Field))
		}
	}
	return strings.Join(out, " ")
}

func check(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s:\n got %s\nwant %s", what, got, want)
	}
}

// TestExports reads tables in the shapes of real exports, with invented names.
func TestExports(t *testing.T) {
	for _, c := range []struct {
		name, file, columns string
		heading             int
		want                map[string]string
	}{
		{"GoDaddy", "Domain Name,International Domain Name,TLD,Create Date,Ownership Date,Expiration Date,Lock,Auto-renew,Status,Renewal Price,Nameservers,Forwarding URL,Privacy,Profile Name,FolderMemberships\n" +
			"pain-levain.com,,.COM,2014-01-26,2020-09-07,2027-01-26,Locked,On,Active,$ 18.99,ns1.host.example,https://forward.example/,On,,Shops;Keep\n",
			"1:name 3:tld 6:expires 8:auto_renew 15:tags", 1, map[string]string{"pain-levain.com": "client= tags=Keep+Shops expires=2027-01-26 auto_renew=yes"}},
		{"Namecheap", "Domain Name,Domain privacy protection status,Domain status at NC,Domain auto-renew status,Domain expiration date\nauxabricots.com,ON,Active,OFF,Dec 13 2027\n",
			"1:name 4:auto_renew 5:expires", 1, map[string]string{"auxabricots.com": "client= tags= expires=2027-12-13 auto_renew=no"}},
		{"Dynadot", "\ufeffDomain,Renewal Status,Punycode,Expiration Date,Expiration Date Timestamp,Name Server,Locked,Privacy,Registration Date,Registration Date,Folder,Admin Email,Domain Note\n" +
			"verrine.io,auto renew,,2027/11/24 11:43 PST,1826793785000,NS: ns1.host.example,yes,full,2020/11/24 11:43 PST,1606247035000,(no folder),privacy@host.example,\"\"\n" +
			"verrine.dev,do not renew,,2027/05/02 07:31 PST,1809239484000,,yes,full,2021/05/02 07:31 PST,1619965884000,Keepers,privacy@host.example,Renew in May\n",
			"1:name 2:auto_renew 4:expires 11:tags 13:notes", 1, map[string]string{"verrine.io": "client= tags= expires=2027-11-24 auto_renew=yes", "verrine.dev": "client= tags=Keepers expires=2027-05-02 auto_renew=no notes=Renew in May"}},
		{"OVH in French", "Nom de domaine;Date d'expiration;Renouvellement automatique;NIC propriétaire;NIC admin;NIC facturation\nateliers-du-lac.fr;31/12/2027;Oui;ab1-ovh;cd2-ovh;ef3-ovh\n",
			"1:name 2:expires(dmy) 3:auto_renew 5:account", 1, map[string]string{"ateliers-du-lac.fr": "client= tags= account=cd2-ovh expires=2027-12-31 auto_renew=yes"}},
		{"Gandi", "fqdn;tld;created_at;expires_at;autorenew;owner;tags\natelier-verrine.ch;ch;2001-05-03T00:00:00Z;2027-05-03T00:00:00Z;true;verrine;shop,vip\n",
			"1:name 2:tld 4:expires 5:auto_renew 7:tags", 1, map[string]string{"atelier-verrine.ch": "client= tags=shop+vip expires=2027-05-03 auto_renew=yes"}},
		{"IONOS in German", "Domain;Vertrag;Laufzeitende;Automatische Verlängerung\nbäckerei-huber.de;12345678;31.03.2027;ja\n",
			"1:name 2:account 3:expires 4:auto_renew", 1, map[string]string{"xn--bckerei-huber-bfb.de": "client= tags= account=12345678 expires=2027-03-31 auto_renew=yes"}},
		{"Hostpoint", "Domäne\tInhaber\tAblaufdatum\tBemerkungen\nmuster-und-co.ch\tMuster AG\t01.02.2027\tgekündigt?\n",
			"1:name 3:expires 4:notes", 1, map[string]string{"muster-und-co.ch": "client= tags= expires=2027-02-01 notes=gekündigt?"}},
		{"Infomaniak, unix times", "Nom;Extension;Expire le\natelier-lumiere;ch;1830297600\n", "1:name 2:tld 3:expires", 1, map[string]string{"atelier-lumiere.ch": "client= tags= expires=2028-01-01"}},
		{"WHMCS", "ID,Client Name,Domain,Registrar,Registration Period,Registration Date,Next Due Date,Expiry Date,Status,Additional Notes\n7,Boulangerie Roux,roux-pains.fr,opensrs,1,01/03/2019,01/03/2027,15/03/2027,Active,\n",
			"2:client 3:name 4:registrar 8:expires(dmy) 10:notes", 1, map[string]string{"roux-pains.fr": "client=Boulangerie Roux tags= registrar=opensrs expires=2027-03-15"}},
		{"cPanel accounts", "Domain,Ip,User Name,Email,Start Date,Disk Space Used,Package,Owner,Server\nroux-pains.fr,192.0.2.7,roux,anna@mail.example,2019 Mar 01,1200M,std,root,web7\n",
			"1:name 3:account", 1, map[string]string{"roux-pains.fr": "client= tags= account=roux"}},
		{"DomainMOD", "Domain Status,Expiry Date,Initial Cost,Domain,TLD,Registrar,Registrar Account,Username,registrar_account_password,api_secret,Web Host,Category,Owner,Auto Renewal?,Notes\n" +
			"Active,2027-08-01,9,roux-pains.fr,fr,Halbinsel Registrar,Agency at Halbinsel,agency,hunter2,s3cr3t,Muster Hosting,Clients,Agency,1,\"line one\nline two\"\n",
			"2:expires 4:name 5:tld 6:registrar 7:account 9:secret 10:secret 11:host 12:tags 14:auto_renew 15:notes", 1,
			map[string]string{"roux-pains.fr": "client= tags=Clients registrar=Halbinsel Registrar account=Agency at Halbinsel expires=2027-08-01 auto_renew=yes host=Muster Hosting notes=line one line two"}},
		{"a title above the heading", "Portefeuille de domaines;;\n;;\n*Domaine (obligatoire);Payé par;Échéance (JJ/MM/AAAA)\nroux-pains.fr;Roux;05/06/2027\n", "1:name 2:payer 3:expires(dmy)", 3, map[string]string{"roux-pains.fr": "client= tags= expires=2027-06-05 payer=Roux"}},
		{"no heading", "1;Roux;https://www.roux-pains.fr/accueil\n2;Verrine;verrine.dev\n", "3:name", 0, map[string]string{"roux-pains.fr": "client= tags=", "verrine.dev": "client= tags="}},
		{"a heading nobody knows", "Wer;Adresse im Netz\nRoux;roux-pains.fr\nSt. Gallen;st-gallen.ch\n", "2:name", 1, map[string]string{"roux-pains.fr": "client= tags=", "st-gallen.ch": "client= tags="}},
		{"names in a column of another heading", "Name;Domaine web\nRoux;roux-pains.fr\nVerrine;verrine.dev\n", "2:name", 1, map[string]string{"roux-pains.fr": "client= tags="}},
		{"a list with remarks", "# ours\nroux-pains.fr # since 2001\n\nverrine.dev\n", "1:name", 0, map[string]string{"roux-pains.fr": "client= tags=", "verrine.dev": "client= tags="}},
		{"name servers are not the names", "ns;Serveur DNS;Objet\nns1.host.example;ns1.host.example;roux-pains.fr\nns2.host.example;ns2.host.example;verrine.dev\n", "3:name", 1, map[string]string{"roux-pains.fr": "client= tags="}},
		{"a guard against formulas", "domain,notes,client\nroux-pains.fr,'=hand reg,\"'@home\"\n", "1:name 2:notes 3:client", 1, map[string]string{"roux-pains.fr": "client=@home tags= notes==hand reg"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var k kept
			s, err := k.take(Options{}, source("export.csv", c.file))
			if err != nil {
				t.Fatal(err, freehold.HintOf(err))
			}
			check(t, "columns", columns(k.imports[0].Sheets[0]), c.columns)
			if h := k.imports[0].Sheets[0].Heading; h != c.heading {
				t.Errorf("heading in row %d, want %d", h, c.heading)
			}
			for name, want := range c.want {
				check(t, name, k.listing(name), want)
			}
			if !s.Balanced() || s.Outcomes[freehold.ImportOdd] > 0 {
				t.Errorf("%+v %q", s, k.told())
			}
			if strings.Contains(fmt.Sprint(k.listings, k.rows), "hunter2") {
				t.Error("a password was taken")
			}
		})
	}
}

// TestRows: what becomes of each row.
func TestRows(t *testing.T) {
	var k kept
	file := "Liste;;\nDomain;Client;Expires;Auto-renew\n" + strings.Join([]string{
		"roux-pains.fr;Roux;31/12/2027;yes",
		"ROUX-PAINS.FR.;Roux;31/12/2027;",
		"https://www.roux-pains.fr/x;Autre;;",
		"info@bücher-lampe.de;Lampe;;",
		"xn--bcher-lampe-thb.de;Lampe;30.11.2027;",
		";Nobody;;",
		";;;",
		"# a remark",
		"localhost;;;",
		"co.uk;;;",
		"192.0.2.1;;;",
		"2.0;;;",
		"рaypal.com;;;",
		"a.ch, b.ch;;;",
		"\x1b[31mred.ch;;;",
		"intern.lan;;;",
		"soon.ch;;31/02/2027;",
		"later.ch;;;sometimes",
		"\"broken;;;",
		"last.ch;n/a;-;#N/A",
	}, "\n") + "\n"
	s, err := k.take(Options{}, source("clients.csv", file))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"1 heading", "2 heading",
		"3 new roux-pains.fr",
		"4 duplicate roux-pains.fr = 3 []",
		"5 duplicate roux-pains.fr = 3 [client] ~ \"https://www.roux-pains.fr/x\" is taken as \"roux-pains.fr\"",
		"6 new bücher-lampe.de ~ \"info@bücher-lampe.de\" is taken as \"bücher-lampe.de\"",
		"7 duplicate bücher-lampe.de = 6 [expires]",
		"8 odd ! there is no domain name in this row",
		"9 empty",
		"10 comment",
		"11 odd ! \"localhost\" is not a domain: it has no dot",
		"12 odd ! \"co.uk\" is a public suffix, not a domain one can register",
		"13 odd ! \"192.0.2.1\" is not a domain name: it is an IP address",
		"14 odd ! \"2.0\" is not a domain: its last part is a number",
		"15 odd ! \"рaypal.com\" is not a domain name: the label \"рaypal\" mixes scripts, as look-alike names do",
		"16 odd ! \"a.ch, b.ch\" holds several names",
		"17 odd ! \"\uFFFD[31mred.ch\" is not a domain name: its international form is not valid (disallowed rune U+FFFD)",
		"18 new intern.lan ~ no top-level domain \".lan\" is known",
		"19 new soon.ch ~ \"31/02/2027\" is not understood as a date: when it expires is left open",
		"20 new later.ch ~ \"sometimes\" is neither yes nor no: whether it renews by itself is left open",
		"21 odd ! a quotation mark in it is never closed",
		"22 new last.ch",
	}
	got := k.told()
	for i := range max(len(got), len(want)) {
		if i >= len(got) || i >= len(want) || got[i] != want[i] {
			t.Fatalf("row %d:\n got %q\nwant %q", i, got, want)
		}
	}
	check(t, "roux-pains.fr", k.listing("roux-pains.fr"), "client=Roux tags= expires=2027-12-31 auto_renew=yes")
	check(t, "last.ch", k.listing("last.ch"), "client= tags=")
	if !s.Balanced() || s.Rows != 22 || s.Differing != 2 || s.Outcomes[freehold.ImportNew] != 6 {
		t.Errorf("%+v", s)
	}
	l := k.listings["roux-pains.fr"]
	c, _ := l.Claim(freehold.ListedExpires)
	if c.From.File != "clients.csv" || c.From.Row != 3 || c.From.Import != "import-1" || c.From.Digest != k.imports[0].Digest || !c.From.At.Equal(now) {
		t.Errorf("provenance %+v", c.From)
	}
}

// TestDateOrder: what can be read two ways is taken only where its column says how.
func TestDateOrder(t *testing.T) {
	for _, c := range []struct{ name, cells, order, want string }{
		{"undecided", "03/04/2027", "", ""},
		{"days first", "03/04/2027 25/12/2027", "dmy", "2027-04-03 2027-12-25"},
		{"months first", "03/04/2027 12/25/2027", "mdy", "2027-03-04 2027-12-25"},
		{"both: only the clear ones", "03/04/2027 25/12/2027 12/25/2027", "", " 2027-12-25 2027-12-25"},
		{"the same both ways", "04/04/2027", "", "2027-04-04"},
		{"dots", "03.04.2027", "", "2027-04-03"},
		{"dots decide nothing about slashes", "25.12.2027 03/04/2027", "", "2027-12-25 "},
		{"two digits", "31/12/27 31.12.26", "dmy", "2027-12-31 2026-12-31"},
		{"two digits and dashes", "26-12-31", "", ""},
		{"words", "31 déc. 2026|1er janvier 2027|13. Dezember 2026|December 13, 2026|13-Dec-2026|Thu, 31 Dec 2026|3. März 2027|Aug 4 2027 10:00", "", "2026-12-31 2027-01-01 2026-12-13 2026-12-13 2026-12-13 2026-12-31 2027-03-03 2027-08-04"},
		{"year first", "2027-12-31|2027/12/31 11:43 PST|2027-12-31T10:00:00Z|20271231|1830297600", "", "2027-12-31 2027-12-31 2027-12-31 2027-12-31 2028-01-01"},
		{"no dates", "soon|2027|31/31/2027|0000-00-00|46387", "", "    "},
	} {
		t.Run(c.name, func(t *testing.T) {
			var k kept
			cells := strings.Split(c.cells, "|")
			if len(cells) == 1 {
				cells = strings.Fields(c.cells)
			}
			file := "domain\texpires\n"
			for i, cell := range cells {
				file += fmt.Sprintf("n%d.ch\t%s\n", i, cell)
			}
			if _, err := k.take(Options{}, source("f.tsv", file)); err != nil {
				t.Fatal(err)
			}
			check(t, "order", k.imports[0].Sheets[0].Columns[1].Order, c.order)
			var got []string
			for i := range cells {
				l := k.listings[fmt.Sprintf("n%d.ch", i)]
				claim, ok := l.Claim(freehold.ListedExpires)
				got = append(got, claim.Value)
				if row := k.rows[i+1]; ok == (len(row.Notes) > 0) {
					t.Errorf("%q: value %q and notes %v", cells[i], claim.Value, row.Notes)
				}
			}
			check(t, "dates", strings.Join(got, " "), c.want)
		})
	}
}

func workbook(t *testing.T, fill func(f *excelize.File)) Source {
	t.Helper()
	f := excelize.NewFile()
	fill(f)
	b, err := f.WriteToBuffer()
	if err != nil {
		t.Fatal(err)
	}
	return Source{Path: "clients.xlsx", ReaderAt: bytes.NewReader(b.Bytes()), Size: int64(b.Len())}
}

func TestWorkbook(t *testing.T) {
	book := workbook(t, func(f *excelize.File) {
		rows := func(sheet string, rows ...[]any) {
			for i, r := range rows {
				if err := f.SetSheetRow(sheet, fmt.Sprintf("A%d", i+1), &r); err != nil {
					t.Fatal(err)
				}
			}
		}
		for _, name := range []string{"Preise", "Rest"} {
			if _, err := f.NewSheet(name); err != nil {
				t.Fatal(err)
			}
		}
		rows("Sheet1", []any{"Domains von uns"}, []any{}, []any{"Kunde", "Domain", "Ablauf", "Zahler"},
			[]any{"Roux", "roux-pains.fr", time.Date(2027, 12, 31, 0, 0, 0, 0, time.UTC)}, []any{nil, "verrine.dev", "31.12.2027", "Verrine"}, []any{"Lampe", "lampe.de", 46387.75})
		if err := f.MergeCell("Sheet1", "A4", "A5"); err != nil {
			t.Fatal(err)
		}
		rows("Preise", []any{"TLD", "CHF"}, []any{"ch", 15})
		rows("Rest", []any{"Domain"}, []any{"roux-pains.fr"}, []any{"st-gallen.ch"})
	})
	var k kept
	s, err := k.take(Options{Tags: []string{"x"}}, book)
	if err != nil {
		t.Fatal(err)
	}
	check(t, "roux", k.listing("roux-pains.fr"), "client=Roux tags=x expires=2027-12-31")
	check(t, "verrine", k.listing("verrine.dev"), "client=Roux tags=x expires=2027-12-31 payer=Verrine")
	check(t, "lampe", k.listing("lampe.de"), "client=Lampe tags=x expires=2026-12-31")
	check(t, "st-gallen", k.listing("st-gallen.ch"), "client= tags=x")
	if s.Skipped != 1 || s.Outcomes[freehold.ImportNew] != 4 || s.Outcomes[freehold.ImportDuplicate] != 1 || !s.Balanced() {
		t.Errorf("%+v", s)
	}
	sheets := k.imports[0].Sheets
	check(t, "skipped", sheets[1].Name+" "+sheets[1].Skipped.String(), "Preise it has no column of domain names")

	k = kept{}
	if _, err := k.take(Options{Sheet: "Rest"}, book); err != nil || len(k.listings) != 2 {
		t.Errorf("%v, %v", k.listings, err)
	}
	_, err = k.take(Options{Sheet: "Reste"}, book)
	if freehold.KindOf(err) != freehold.KindUsage || !strings.Contains(freehold.HintOf(err), `"Preise"`) {
		t.Errorf("%v (%s)", err, freehold.HintOf(err))
	}
}

// TestAgain: importing again changes what is said differently, and nothing else.
func TestAgain(t *testing.T) {
	var k kept
	first := "Domain;Client;Registrar;Tags\na.ch;A;Eins;x\nb.ch;B;Zwei;\nc.ch;C;;\n"
	if _, err := k.take(Options{}, source("f.csv", first)); err != nil {
		t.Fatal(err)
	}
	s, err := k.take(Options{}, source("f.csv", first))
	if err != nil || s.Outcomes[freehold.ImportUnchanged] != 3 || len(k.missing) != 0 {
		t.Errorf("%+v, %v, missing %v", s, err, k.missing)
	}
	if _, err = k.take(Options{}, source("g.csv", "Domain;Client;Registrar;Tags\na.ch;A;Drei;X, y\nb.ch;;;\nd.ch;D;;\n")); err != nil {
		t.Fatal(err)
	}
	check(t, "rows", strings.Join(k.told(), "\n"), "1 heading\n2 updated a.ch | tags: \"x\" -> \"x, y\" | registrar: \"Eins\" -> \"Drei\"\n3 unchanged b.ch\n4 new d.ch")
	check(t, "missing", strings.Join(k.missing, " "), "c.ch")
	check(t, "b.ch", k.listing("b.ch"), "client=B tags= registrar=Zwei")

	before := fmt.Sprint(k.listings)
	s, err = k.take(Options{DryRun: true, Client: "E"}, source("h.csv", "Domain\ne.ch\na.ch\n"))
	if err != nil || !s.DryRun || s.Outcomes[freehold.ImportNew] != 1 || s.Outcomes[freehold.ImportUpdated] != 1 || fmt.Sprint(k.listings) != before {
		t.Errorf("the dry run: %+v, %v", s, err)
	}
	if len(k.missing) != 0 {
		t.Errorf("another client's names are missing: %v", k.missing)
	}
}

// TestTwoFiles: rows of two files are one import, and repeat one another.
func TestTwoFiles(t *testing.T) {
	var k kept
	s, err := k.take(Options{}, source("a.csv", "Domain\na.ch\n"), source("b.csv", "Domain;Client\na.ch;X\nb.ch;Y\n"))
	if err != nil || s.Rows != 5 || s.Outcomes[freehold.ImportDuplicate] != 1 || len(k.imports) != 2 {
		t.Fatalf("%+v, %v", s, err)
	}
	if r := k.rows[3]; r.First.File != "a.csv" || r.First.Row != 2 || r.File != "b.csv" {
		t.Errorf("%+v", r)
	}
	// One that is no table: nothing of the other is kept.
	k = kept{}
	if _, err := k.take(Options{}, source("a.csv", "Domain\na.ch\n"), source("b.pdf", "%PDF-1.4")); freehold.KindOf(err) != freehold.KindInvalid || k.puts != 0 {
		t.Errorf("%v after %d puts", err, k.puts)
	}
}

func TestNothingToImport(t *testing.T) {
	for _, c := range []struct{ name, file, want, hint string }{
		{"blank", "\n \n", `there is nothing to import in "f.csv": it holds no rows`, ""},
		{"a heading alone", "Domain;Client\n", `there is nothing to import in "f.csv": it holds a heading and no rows`, ""},
		{"no names", "Kunde;Ort\nRoux;Lyon\n", `"f.csv" has no column of domain names`, `--map "Kunde=name"`},
		{"prose", "Liebe Anna\nhier die Liste\n", `"f.csv" has no column of domain names`, `--map`},
	} {
		var k kept
		_, err := k.take(Options{}, source("f.csv", c.file))
		if err == nil || err.Error() != c.want || !strings.Contains(freehold.HintOf(err), c.hint) {
			t.Errorf("%s: %v (%s)", c.name, err, freehold.HintOf(err))
		}
	}
}

func TestMapping(t *testing.T) {
	mapping := func(specs ...string) headings.Mapping {
		m, err := headings.ParseMapping(specs, Fields)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	file := "Objekt;Wer;Bis;Domain\nroux-pains.fr;Roux;03/04/2027;www.other.example\n"
	var k kept
	if _, err := k.take(Options{Map: mapping("objekt=name", "#2=client", "Bis=expires:mdy", "Domain=-")}, source("f.csv", file)); err != nil {
		t.Fatal(err)
	}
	check(t, "columns", columns(k.imports[0].Sheets[0]), "1:name 2:client 3:expires(mdy)")
	check(t, "listing", k.listing("roux-pains.fr"), "client=Roux tags= expires=2027-03-04")

	var saved bytes.Buffer
	if err := headings.WriteMapping(&saved, k.imports); err != nil {
		t.Fatal(err)
	}
	check(t, "saved", saved.String(), "# How freehold import reads columns: heading = field. \"-\" is not read.\n[columns]\nBis = \"expires:mdy\"\nDomain = \"-\"\nObjekt = \"name\"\nWer = \"client\"\n")
	again, err := headings.ReadMapping("m.toml", &saved, Fields)
	if err != nil {
		t.Fatal(err)
	}
	k = kept{}
	if _, err := k.take(Options{Saved: again, Map: mapping("Wer=payer")}, source("f.csv", file)); err != nil {
		t.Fatal(err)
	}
	check(t, "with the saved map, corrected", columns(k.imports[0].Sheets[0]), "1:name 2:payer 3:expires(mdy)")
	if _, err := k.take(Options{Saved: again}, source("g.csv", "Domain\na.ch\n")); err == nil {
		t.Error("a saved map that hides the only column of names", columns(k.imports[0].Sheets[0]), k.imports[0].Sheets[0].Heading, k.told())
	}

	for _, c := range []struct{ spec, want string }{
		{"Wer", `"Wer" is not COLUMN=FIELD`},
		{"Wer=wem", `"wem" is none of the fields`},
		{"Wer=client:dmy", `"client:dmy" tells no order of dates`},
		{"Bis=expires:ydm", `"expires:ydm" tells no order of dates`},
		{"EPP code=notes", `the column "EPP code" holds secrets and is not read`},
	} {
		if _, err := headings.ParseMapping([]string{c.spec}, Fields); err == nil || err.Error() != c.want || freehold.KindOf(err) != freehold.KindUsage {
			t.Errorf("%s: %v", c.spec, err)
		}
	}
	if _, err := k.take(Options{Map: mapping("Kunde=client")}, source("f.csv", file)); freehold.KindOf(err) != freehold.KindUsage || err.Error() != `no column is headed "Kunde"` {
		t.Errorf("%v", err)
	}
	if _, err := headings.ReadMapping("m.toml", strings.NewReader("columns = 7"), Fields); freehold.KindOf(err) != freehold.KindInvalid {
		t.Errorf("%v", err)
	}
	// A secret cannot be mapped by its number either.
	k = kept{}
	if _, err := k.take(Options{Map: mapping("#2=notes")}, source("f.csv", "domain,passwort\na.ch,hunter2\n")); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(k.listing("a.ch"), "hunter2") {
		t.Error("a password was taken")
	}
}

func TestAttestations(t *testing.T) {
	var k kept
	attest := func(name freehold.Name, subject, value, by string, at time.Time) (freehold.Attestation, freehold.Evidence, error) {
		if value == "too long" {
			return freehold.Attestation{}, freehold.Evidence{}, odd(freehold.T("too long"))
		}
		return freehold.Attestation{Name: name, Subject: subject, Value: value, By: by, At: at}, freehold.Evidence{}, nil
	}
	file := "domain,account,payer,web host,registrar\na.ch,agency,Roux,Muster Hosting,Eins\nb.ch,too long,,,\n"
	if _, err := k.take(Options{Attest: attest}, source("f.csv", file)); err != nil || len(k.attested) != 0 {
		t.Errorf("nobody attests: %v, %v", k.attested, err)
	}
	s, err := k.take(Options{Attest: attest, AttestBy: "Anne"}, source("f.csv", file))
	if err != nil || s.Attested != 3 || len(k.attested) != 3 || k.attested[0].Subject != "account" || k.attested[0].By != "Anne" || k.attested[2].Subject != "payer" {
		t.Errorf("%+v, %+v, %v", s, k.attested, err)
	}
	if notes := k.rows[2].Notes; len(notes) != 1 || notes[0].String() != "too long" {
		t.Errorf("%v", notes)
	}
}

// TestGuessedLetters: a name with letters from a guessed encoding says so.
func TestGuessedLetters(t *testing.T) {
	var k kept
	if _, err := k.take(Options{}, source("f.csv", "Domain;Kunde\nm\xfcller.ch;M\xfcller\nb.ch;x\n")); err != nil {
		t.Fatal(err)
	}
	check(t, "rows", strings.Join(k.told(), "\n"), "1 heading\n2 new müller.ch ~ check the letters of \"müller.ch\": the encoding of the file is guessed\n3 new b.ch")
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var k kept
	_, err := Import(ctx, []Source{source("f.csv", "Domain\na.ch\n")}, &k, Options{Now: now, ID: func() string { return "x" }}, &k)
	if err != context.Canceled || len(k.listings) != 0 {
		t.Errorf("%v, %v", err, k.listings)
	}
}

// TestBatches: rows are told in the order of the file however many there are, and
// not too many are taken.
func TestBatches(t *testing.T) {
	var file strings.Builder
	file.WriteString("Domain\n")
	for n := range 3 * maxPut {
		fmt.Fprintf(&file, "n%d.ch\nlocalhost\nn%d.ch\n", n, n/2)
	}
	var k kept
	s, err := k.take(Options{}, source("f.csv", file.String()))
	if err != nil || !s.Balanced() || s.Rows != 9*maxPut+1 || k.puts < 3 || s.Outcomes[freehold.ImportNew] != 3*maxPut {
		t.Fatalf("%+v in %d puts, %v", s, k.puts, err)
	}
	for i, r := range k.rows {
		if r.Row != i+1 {
			t.Fatalf("row %d is told as number %d", r.Row, i+1)
		}
	}
	k = kept{}
	_, err = k.take(Options{maxRows: 100}, source("f.csv", file.String()))
	if freehold.KindOf(err) != freehold.KindInvalid || err.Error() != "there are more than 100 rows" || k.puts != 0 {
		t.Errorf("%v after %d puts", err, k.puts)
	}
}

// TestWriteCSV: no cell begins as a formula does.
func TestWriteCSV(t *testing.T) {
	name, err := freehold.ParseName("bücher-lampe.de")
	if err != nil {
		t.Fatal(err)
	}
	l := freehold.Listing{Name: name, Client: "=1+1", Tags: []string{"a", "b"}, Claims: []freehold.ListingClaim{{Field: freehold.ListedPayer, Value: "@x \"y\""}, {Field: freehold.ListedNotes, Value: "-5, +6"}}}
	var b bytes.Buffer
	if err := WriteCSV(&b, func(yield func(freehold.Listing, error) bool) { yield(l, nil) }); err != nil {
		t.Fatal(err)
	}
	check(t, "CSV", b.String(), "domain,client,tags,registrar,account,expires,auto_renew,host,payer,notes\r\nbücher-lampe.de,'=1+1,\"a, b\",,,,,,\"'@x \"\"y\"\"\",\"'-5, +6\"\r\n")
}
