package work

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"freehold/internal/flow/desk"
)

// TestHealth: a worker is well as long as its rounds end and its store answers.
func TestHealth(t *testing.T) {
	start := time.Date(2026, 11, 26, 9, 30, 0, 0, time.UTC)
	for what, c := range map[string]struct {
		since  time.Duration
		broken bool
		status int
	}{
		"just begun":           {0, false, http.StatusOK},
		"a slow round":         {3*10*time.Second + time.Minute - 1, false, http.StatusOK},
		"no round ends":        {3*10*time.Second + time.Minute, false, http.StatusServiceUnavailable},
		"the store is damaged": {0, true, http.StatusServiceUnavailable},
	} {
		now := start
		w := NewWatch(10*time.Second, func() time.Time { return now })
		now = now.Add(c.since)
		w.lookOK = !c.broken
		res := httptest.NewRecorder()
		w.Handler().ServeHTTP(res, httptest.NewRequest("GET", "/healthz", nil))
		if res.Code != c.status || !strings.Contains(res.Body.String(), `"last_round":"2026-11-26T09:30:00Z"`) {
			t.Errorf("%s: %d %s", what, res.Code, res.Body)
		}
	}
}

// TestLettersCounted: each outcome is a line of its own.
func TestLettersCounted(t *testing.T) {
	w := NewWatch(time.Second, time.Now)
	w.letters(desk.Sent{Left: 3, Failed: 2, Waiting: 1})
	res := httptest.NewRecorder()
	w.Handler().ServeHTTP(res, httptest.NewRequest("GET", "/metrics", nil))
	for _, line := range []string{`freehold_letters_total{outcome="sent"} 3`, `freehold_letters_total{outcome="failed"} 2`, `freehold_letters_total{outcome="waiting"} 1`} {
		if !strings.Contains(res.Body.String(), line) {
			t.Errorf("no %s in\n%s", line, res.Body)
		}
	}
}
