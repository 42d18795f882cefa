package store

import (
	"strings"
	"testing"

	"freehold"
	"freehold/internal/storetest/sample"
)

// Edges follow the newest revision, and fit the index.
func TestEdges(t *testing.T) {
	bothEngines(t, func(t *testing.T, dsn string) { edges(t, openAt(t, dsn, Options{})) })
}

func edges(t *testing.T, s *Store) {
	run := sample.Run(0)
	if err := s.BeginRun(t.Context(), run); err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("é", maxHolder)
	for _, control := range []freehold.Control{
		{{Layer: freehold.LayerDNS, Holder: "old.example", Standing: freehold.StandingClaimed}, {Layer: freehold.LayerWeb}},
		{{Layer: freehold.LayerDNS, Holder: "new.example", Standing: freehold.StandingObserved}, {Layer: freehold.LayerMail, Holder: long}},
	} {
		result, _ := sample.Audited("pain.fr", run.Started)
		result.Control = control
		if err := s.Save(t.Context(), run.ID, []Saved{{Result: result}}); err != nil {
			t.Fatal(err)
		}
	}
	rows, err := s.reader.QueryContext(t.Context(), "SELECT layer, holder, standing FROM edges WHERE name = $1 ORDER BY layer", "pain.fr")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var got []string
	for rows.Next() {
		var layer, holder, standing string
		if err := rows.Scan(&layer, &holder, &standing); err != nil {
			t.Fatal(err)
		}
		got = append(got, layer+" "+holder+" "+standing)
	}
	want := []string{"dns_operator new.example observed", "mail " + long[:maxHolder] + " unknown"}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("edges\n%q\nwant\n%q", got, want)
	}
}
