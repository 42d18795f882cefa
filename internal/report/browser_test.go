package report

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"freehold"
)

// The checker of accessibility that "make deps" fetches, pinned by its digest.
const (
	axeVersion = "4.14.1"
	axeDigest  = "29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c"
)

// browser is one Chromium for all tests of pages, with what its console and its
// network had to say.
type browser struct {
	ctx context.Context
	mu  sync.Mutex
	// complaints are console errors, exceptions, and requests for anything but the page.
	complaints []string
}

func startBrowser(t *testing.T) *browser {
	t.Helper()
	program := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if p, err := exec.LookPath(name); err == nil {
			program = p
			break
		}
	}
	if program == "" {
		t.Skip("chromium is not installed (package chromium)")
	}
	options := []chromedp.ExecAllocatorOption{chromedp.ExecPath(program), chromedp.DisableGPU,
		chromedp.Flag("force-color-profile", "srgb"), chromedp.Flag("disable-dev-shm-usage", true)}
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox)
	}
	b := &browser{}
	ctx, cancel := chromedp.NewContext(context.Background(), chromedp.WithAllocatorOptions(options...), chromedp.WithListener(b.listen))
	t.Cleanup(cancel)
	b.ctx = ctx
	b.run(t, call(network.Enable, network.EnableParams{}), call(log.Enable, cdp.Empty{}))
	b.ctx, cancel = context.WithTimeout(ctx, 8*time.Minute)
	t.Cleanup(cancel)
	return b
}

func (b *browser) listen(ev any) {
	complain := func(format string, args ...any) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.complaints = append(b.complaints, fmt.Sprintf(format, args...))
	}
	switch ev := ev.(type) {
	case *runtime.EventConsoleAPICalled:
		if ev.Type == runtime.ConsoleAPICalledTypeError || ev.Type == runtime.ConsoleAPICalledTypeWarning {
			complain("console: %v", ev.Args)
		}
	case *runtime.EventExceptionThrown:
		complain("exception: %s", ev.ExceptionDetails.Text)
	case *log.EventEntryAdded:
		if ev.Entry.Level == log.EntryLevelError || ev.Entry.Level == log.EntryLevelWarning {
			complain("log: %s %s", ev.Entry.Text, ev.Entry.URL)
		}
	case *network.EventRequestWillBeSent:
		if !strings.HasPrefix(ev.Request.URL, "file://") {
			complain("request: %s", ev.Request.URL)
		}
	}
}

// quiet fails on anything the page complained about since it was last asked.
func (b *browser) quiet(t *testing.T) {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, c := range b.complaints {
		t.Error(c)
	}
	b.complaints = nil
}

type step = chromedp.Action[chromedp.Void]

func (b *browser) run(t *testing.T, steps ...step) {
	t.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		t.Fatal(err)
	}
}

// call makes a step of a command of the browser's protocol.
func call[P, R any](c cdp.Command[P, R], params P) step {
	return func(ctx context.Context, target *chromedp.Target) (chromedp.Void, error) {
		_, err := cdp.Call(ctx, target, c, params)
		return chromedp.Void{}, err
	}
}

// do evaluates a script for what it does.
func do(script string) step {
	return func(ctx context.Context, target *chromedp.Target) (chromedp.Void, error) {
		_, err := chromedp.Evaluate[bool]("(() => {"+script+"; return true; })()")(ctx, target)
		return chromedp.Void{}, err
	}
}

func click(css string) step { return chromedp.Click(chromedp.CSS(css)) }

// open shows a page as from a disk, at a width, in light or dark, without motion.
func (b *browser) open(t *testing.T, path string, width int64, scheme string) {
	t.Helper()
	b.run(t,
		call(emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: width, Height: 1000, DeviceScaleFactor: 1, Mobile: width < 600}),
		call(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
			{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"},
		}}),
		chromedp.Navigate("file://"+path), chromedp.WaitReady(chromedp.CSS("body")))
}

func eval[T any](t *testing.T, b *browser, script string) T {
	t.Helper()
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](script, chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// pageFile writes a report to a file that a browser can open.
func pageFile(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// pageResults are all the results of the tests with names in other scripts, a
// registrar of 250 characters, clients and tags, and enough others to need paging.
func pageResults() []*freehold.Result {
	all := allResults()
	long := simple("nom-long.com", strings.Repeat("Très longue raison sociale ", 10)[:250], freehold.Verdict{CanLeave: freehold.LeaveUnknown,
		Question: freehold.T("test: can you log in at %s and see %s there?", "your registrar", "nom-long.com")})
	arabic := simple("مثال-موقع.com", "شركة النطاقات", freehold.Verdict{CanLeave: freehold.LeaveUnknown,
		Question: freehold.T("test: can you log in at %s and see %s there?", "شركة النطاقات", "مثال-موقع.com")})
	all = append(all, long, arabic, simple("例え話.jp", "見本ドメイン株式会社", freehold.Verdict{CanLeave: freehold.LeaveAlone}))
	for i := range 130 {
		r := simple(fmt.Sprintf("verger-%03d.com", i), "Colline Registrar Inc.", freehold.Verdict{CanLeave: freehold.LeaveAlone})
		r.Client = []string{"Anne Martel", "Ferme du Pré"}[i%2]
		r.Tags = []string{"shop"}
		all = append(all, r)
	}
	return all
}

func TestPageInBrowser(t *testing.T) {
	b := startBrowser(t)
	many := pageFile(t, "many.html", write(t, FormatHTML, Options{}, pageResults()...))
	t.Run("filter", func(t *testing.T) { testFilter(t, b, many) })
	t.Run("sort", func(t *testing.T) { testSort(t, b, many) })
	t.Run("every link of every map", func(t *testing.T) { testMapLinks(t, b, many) })
	t.Run("every link of the page leads somewhere", func(t *testing.T) { testLinks(t, b, many) })
	t.Run("without script", func(t *testing.T) { testWithoutScript(t, b, many) })
	t.Run("hostile", func(t *testing.T) { testHostilePage(t, b) })
	t.Run("accessible", func(t *testing.T) { testAccessible(t, b) })
	t.Run("print", func(t *testing.T) { testPrint(t, b) })
	if dir := os.Getenv("SCREENSHOTS"); dir != "" {
		t.Run("screenshots", func(t *testing.T) { takeScreenshots(t, b, dir) })
	}
}

const visibleRows = `[...document.querySelectorAll("#list tbody tr")].filter(r => r.getClientRects().length).map(r => r.cells[0].querySelector("bdi").textContent)`

func testFilter(t *testing.T, b *browser, path string) {
	b.open(t, path, 1440, "light")
	if got := eval[[]string](t, b, visibleRows); len(got) != 100 {
		t.Errorf("%d rows before filtering, want a page of 100", len(got))
	}
	b.run(t, click("#more"))
	total := len(pageResults())
	if got := eval[[]string](t, b, visibleRows); len(got) != total {
		t.Errorf("%d rows after asking for more, want %d", len(got), total)
	}
	b.run(t, chromedp.SendKeys(chromedp.CSS("#f-text"), "MARTEL boulang"))
	if got := eval[[]string](t, b, visibleRows); len(got) != 1 || got[0] != "boulangerie-martel.fr" {
		t.Errorf("the text left %v", got)
	}
	if got := eval[int](t, b, `[...document.querySelectorAll(".name")].filter(s => !s.hidden).length`); got != 1 {
		t.Errorf("%d sections are left, want 1", got)
	}
	if got := eval[string](t, b, `document.getElementById("count").textContent`); got != fmt.Sprintf("1 of %d shown", total) {
		t.Errorf("the count says %q", got)
	}
	b.run(t, click(`button[type=reset]`))
	for _, c := range []struct {
		field, value, want string
		rows               int
	}{
		{"f-verdict", "failed", "192.0.2.1", 2}, {"f-severity", "critical", "", 2}, {"f-label", "Ferme du Pré", "verger-001.com", 65}, {"f-label", "shop", "verger-000.com", 100},
	} {
		b.run(t, do(fmt.Sprintf(`const f = document.getElementById(%q); f.value = %q; f.dispatchEvent(new Event("input", {bubbles: true}))`, c.field, c.value)))
		got := eval[[]string](t, b, visibleRows)
		if len(got) != c.rows || c.want != "" && !strings.Contains(strings.Join(got, " "), c.want) {
			t.Errorf("%s=%s left %d rows %v, want %d with %q", c.field, c.value, len(got), got, c.rows, c.want)
		}
		b.run(t, click(`button[type=reset]`))
	}
	b.quiet(t)
}

func testSort(t *testing.T, b *browser, path string) {
	b.open(t, path, 1440, "light")
	b.run(t, click(`#list th[data-key=name] button`))
	up := eval[[]string](t, b, visibleRows)
	if len(up) < 3 || up[0] != "192.0.2.1" || up[1] != "atelier-roselin.com" {
		t.Errorf("by name: %v", up[:min(3, len(up))])
	}
	b.run(t, click(`#list th[data-key=name] button`))
	if down := eval[[]string](t, b, visibleRows); down[0] == up[0] {
		t.Errorf("by name downwards begins with %s too", down[0])
	}
	if got := eval[string](t, b, `document.querySelector("#list th[data-key=name]").getAttribute("aria-sort")`); got != "descending" {
		t.Errorf("aria-sort is %q", got)
	}
	b.run(t, click(`#list th[data-key=ends] button`))
	if got := eval[[]string](t, b, visibleRows); got[0] != "vieux-moulin.org" {
		t.Errorf("by date the first is %s", got[0])
	}
	b.run(t, click(`#list th[data-key=worst] button`))
	if got := eval[[]string](t, b, visibleRows); got[0] != "vieux-moulin.org" {
		t.Errorf("by finding the first is %s", got[0])
	}
	b.quiet(t)
}

// testMapLinks clicks each link of each control map with the mouse and looks
// where it led.
func testMapLinks(t *testing.T, b *browser, path string) {
	b.open(t, path, 1440, "light")
	const fetched = `[...document.querySelectorAll("svg.map")].slice(0, 14).flatMap((m, i) => [...m.querySelectorAll("a")].map((a, j) => [i, j, a.getAttribute("href")]))`
	links := eval[[][3]any](t, b, fetched)
	if len(links) < 60 {
		t.Fatalf("only %d links", len(links))
	}
	// The page looks for its target once more two frames after a link was followed:
	// settled is set when it has.
	b.run(t, do(`document.querySelectorAll("details").forEach(d => d.open = true);
		const later = () => { let frames = 0; const wait = () => { if (++frames < 6) requestAnimationFrame(wait); else window.settled = true; }; wait(); };
		addEventListener("hashchange", later);
		document.addEventListener("click", e => { if (e.target.closest("a")?.getAttribute("href") === location.hash) later(); })`))
	for _, l := range links {
		find := fmt.Sprintf(`document.querySelectorAll("svg.map")[%v].querySelectorAll("a")[%v]`, l[0], l[1])
		at := eval[[2]float64](t, b, `(() => { window.settled = false; const a = `+find+`; a.scrollIntoView({block: "center", behavior: "instant"});
			const r = a.querySelector("rect").getBoundingClientRect(); return [r.x + 20, r.y + r.height / 2]; })()`)
		b.run(t, chromedp.MouseClickXY(at[0], at[1]))
		got := eval[[]string](t, b, `new Promise(done => { let frames = 0; const look = () => {
			if (!window.settled && ++frames < 600) return requestAnimationFrame(look);
			const e = document.activeElement, r = e.getBoundingClientRect();
			done([location.hash, "#" + e.id, r.height > 0 && r.top >= 0 && r.bottom <= innerHeight ? "seen" : "not seen", e.closest("table.claims") ? "claim" : e.localName]);
		}; look(); })`)
		if want := fmt.Sprint(l[2]); got[0] != want || got[1] != want || got[2] != "seen" || got[3] != "claim" {
			t.Errorf("the link to %s led to %v", want, got)
		}
	}
	t.Logf("%d links clicked", len(links))
	b.quiet(t)
}

// testLinks holds every link of the page to a target, each once.
func testLinks(t *testing.T, b *browser, path string) {
	b.open(t, path, 390, "dark")
	if dead := eval[[]string](t, b, `[...document.querySelectorAll("a")].map(a => a.getAttribute("href")).filter(h => !h.startsWith("#") || !document.getElementById(h.slice(1)))`); len(dead) > 0 {
		t.Errorf("links that lead nowhere: %v", dead)
	}
	if twice := eval[[]string](t, b, `(() => { const seen = new Set(); return [...document.querySelectorAll("[id]")].map(e => e.id).filter(i => seen.size === seen.add(i).size); })()`); len(twice) > 0 {
		t.Errorf("identifiers used twice: %v", twice)
	}
	// A link into what is folded opens it.
	ref := eval[string](t, b, `document.querySelector(".facts .evidence li").id`)
	b.run(t, do(`document.querySelectorAll("details").forEach(d => d.open = false); location.hash = "#`+ref+`"`), chromedp.WaitVisible(chromedp.CSS("#"+ref)))
	for _, width := range []int64{390, 1440} {
		b.open(t, path, width, "light")
		if over := eval[float64](t, b, `document.documentElement.scrollWidth - innerWidth`); over > 0 {
			t.Errorf("at %d the page is %v pixels too wide", width, over)
		}
	}
	b.quiet(t)
}

func testWithoutScript(t *testing.T, b *browser, path string) {
	b.run(t, call(emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}))
	defer b.run(t, call(emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{}))
	b.open(t, path, 1440, "light")
	if got, want := len(eval[[]string](t, b, visibleRows)), len(pageResults()); got != want {
		t.Errorf("%d rows without script, want %d", got, want)
	}
	if eval[bool](t, b, `document.getElementById("filter").getClientRects().length > 0 || document.querySelectorAll("#list thead button").length > 0`) {
		t.Error("what needs the script is shown without it")
	}
	b.mu.Lock()
	b.complaints = nil // the browser says itself that the script did not run
	b.mu.Unlock()
}

// testHostilePage puts every kind of text that could be more than text into
// every field, and sees that the page has no kind of element, and no attribute
// on one, that it has not with plain text.
func testHostilePage(t *testing.T, b *browser) {
	shape := func(evil string) (map[string]bool, []string) {
		other := evilResult(evil)
		other.Name = domain("autre.org")
		b.open(t, pageFile(t, "hostile.html", write(t, FormatHTML, Options{}, evilResult(evil), other)), 1440, "light")
		kinds := map[string]bool{}
		for _, k := range eval[[]string](t, b, `[...document.querySelectorAll("*")].map(e => e.localName + [...e.attributes].map(a => " " + a.name).sort().join(""))`) {
			kinds[k] = true
		}
		return kinds, eval[[]string](t, b, `[String(window.pwned), String(document.querySelectorAll("script").length), location.href.slice(0, 7)]`)
	}
	plain, _ := shape("Harmlos für alle " + strings.Repeat("und lang ", 12))
	for _, evil := range []string{
		`<script>window.pwned = 1</script>`, `"><img src=x onerror=window.pwned=1>`, `' onmouseover='window.pwned=1`, `javascript:window.pwned=1`,
		"</style><script>window.pwned=1</script>", "</title><script>window.pwned=1</script>", "<!--", "]]>", "a\x00b", "\u202egnp.exe", "\ue001\ue003<b>\ue002", "&lt;script&gt;", "\xff\xfe", "</svg><script>window.pwned=1</script>",
		`{{.}}`, `<base href="http://evil.example/">`, `<meta http-equiv=refresh content="0;url=http://evil.example/">`,
	} {
		kinds, facts := shape(evil)
		if facts[0] != "undefined" || facts[1] != "1" || facts[2] != "file://" {
			t.Errorf("%q: pwned %s, %s scripts, at %s", evil, facts[0], facts[1], facts[2])
		}
		for k := range kinds {
			if !plain[k] {
				t.Errorf("%q makes an element %q", evil, k)
			}
		}
	}
	b.quiet(t)
}

// evilResult says one text wherever a source can say anything.
func evilResult(evil string) *freehold.Result {
	r := withHost()
	reg := &r.Observed.Registration
	for _, f := range []*freehold.Fact[string]{&reg.Registrar, &reg.RegistrarIANAID, &reg.RegistrarURL, &reg.RegistrarPhone, &reg.RegistrarEmail, &reg.Reseller, &reg.RegistrantName, &reg.RegistrantOrg, &reg.RegistrantEmail, &reg.RegistrantCountry} {
		*f = freehold.Known(evil, ev("a"))
	}
	reg.Statuses = freehold.Known([]string{evil, evil}, ev("a"))
	reg.Conflicts = []freehold.Conflict{{Field: evil, A: evil, B: evil, SourceA: evil, SourceB: evil}}
	reg.Asks[1].Source, reg.Asks[1].Error = evil, evil
	reg.RegistrarExpires.Note = evil
	r.Observed.DNS.SPF = freehold.Known(evil, ev("c"))
	r.Observed.DNS.Servers[1].Error = evil
	r.Observed.Network.Addresses[0].Holder = freehold.Known(evil, ev("b"))
	for i := range r.Control {
		if r.Control[i].Holder != "" {
			r.Control[i].Holder = evil
		}
	}
	r.Control[8].Against = evil
	r.Verdict.Why[0] = freehold.Reason{Text: freehold.T("test: %s and %q", evil, evil), Citation: evil, Evidence: []freehold.EvidenceID{freehold.EvidenceID(evil), ev("a")}}
	r.Verdict.CanLeave, r.Verdict.Question = freehold.LeaveUnknown, freehold.T("test: can you log in at %s and see %s there?", evil, evil)
	r.Verdict.Conditions[0].What = freehold.T("test: %s", evil)
	r.Findings[0].Rule, r.Findings[0].Title, r.Findings[0].Why, r.Findings[0].Remedy = evil, freehold.T("test: %s", evil), freehold.T("test: %q", evil), freehold.T("test: ask %s", evil)
	r.Observed.Attestations[0].Value, r.Observed.Attestations[0].By = evil, evil
	r.Client, r.Tags = evil, []string{evil}
	return r
}

// testAccessible lets axe-core look at the page in every language, width and scheme.
func testAccessible(t *testing.T, b *browser) {
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Skip("no cache folder for axe-core")
	}
	source, err := os.ReadFile(filepath.Join(cache, "freehold", "axe-core-"+axeVersion, "axe.min.js"))
	if err != nil {
		t.Skip("axe-core is not fetched (make deps)")
	}
	if sum := sha256.Sum256(source); hex.EncodeToString(sum[:]) != axeDigest {
		t.Fatal("the fetched axe-core is not the pinned one")
	}
	labelled := unknownResult()
	labelled.Client, labelled.Tags = "Anne Martel", []string{"shop"}
	results := []*freehold.Result{withHost(), labelled, invalidResult()}
	for _, lang := range Langs {
		pages := map[string]string{
			"page": write(t, FormatHTML, Options{Lang: lang}, results...),
			"card": writeCards(t, FormatHTML, Options{Lang: lang}, results[0], results[2]),
		}
		for kind, content := range pages {
			path := pageFile(t, kind+".html", content)
			for _, scheme := range []string{"light", "dark"} {
				for _, width := range []int64{390, 1440} {
					b.open(t, path, width, scheme)
					b.run(t, do(`document.querySelectorAll("details").forEach(d => d.open = true)`), do(string(source)))
					for _, v := range eval[[]axeViolation](t, b, `axe.run(document, {resultTypes: ["violations"], preload: false, iframes: false}).then(r => r.violations.map(v => ({id: v.id, impact: v.impact, help: v.help, nodes: v.nodes.slice(0, 3).map(n => n.html.slice(0, 200) + " " + (n.any[0] ? n.any[0].message : ""))})))`) {
						say := t.Logf
						if v.Impact == "serious" || v.Impact == "critical" {
							say = t.Errorf
						}
						say("%s %s %s %d: %s (%s): %s %s", kind, lang, scheme, width, v.ID, v.Impact, v.Help, strings.Join(v.Nodes, " | "))
					}
				}
			}
		}
	}
	b.quiet(t)
}

type axeViolation struct {
	ID, Impact, Help string
	Nodes            []string
}

// pdfPages counts the page objects of a PDF as Chromium writes it.
var pdfPage = regexp.MustCompile(`/Type\s*/Page\b[^s]`)

func (b *browser) pdf(t *testing.T) []byte {
	t.Helper()
	out, err := chromedp.Run(b.ctx, chromedp.PrintToPDF(chromedp.PDFPrintBackground(), func(p *page.PrintToPDFParams) { p.PreferCSSPageSize = new(true) }))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func testPrint(t *testing.T, b *browser) {
	results := []*freehold.Result{withHost(), aloneResult(), noResult(), unknownResult()}
	for _, c := range []struct {
		name, content string
		least, most   int
	}{
		{"cards", writeCards(t, FormatHTML, Options{}, results...), 4, 4},
		{"cards in German", writeCards(t, FormatHTML, Options{Lang: "de"}, withHost(), hostileResult(), deadResult()), 3, 3},
		{"one name", write(t, FormatHTML, Options{}, withHost()), 2, 3},
		// The portfolio, then a page or two for each of the three with something to do.
		{"four names", write(t, FormatHTML, Options{}, results...), 5, 9},
		{"no name", write(t, FormatHTML, Options{}), 1, 1},
	} {
		b.open(t, pageFile(t, "print.html", c.content), 1440, "dark")
		out := b.pdf(t)
		if n := len(pdfPage.FindAll(out, -1)); n < c.least || n > c.most {
			t.Errorf("%s: %d pages, want %d to %d", c.name, n, c.least, c.most)
		}
	}
	b.quiet(t)
}

// writeCards makes the cards of results.
func writeCards(t *testing.T, format string, o Options, results ...*freehold.Result) string {
	t.Helper()
	var out strings.Builder
	w, err := NewCards(format, &out, o)
	if err != nil {
		t.Fatal(err)
	}
	return tell(t, w, &out, results...)
}

func tell(t *testing.T, w Writer, out *strings.Builder, results ...*freehold.Result) string {
	t.Helper()
	var s freehold.Summary
	if err := w.Begin(testRun(len(results))); err != nil {
		t.Fatal(err)
	}
	for _, r := range results {
		s.Add(r)
		if err := w.Result(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.End(testRun(len(results)), s); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// takeScreenshots writes pictures and PDFs of the page for a person to look at,
// of the files in $SCREENSHOTS/*.html.
func takeScreenshots(t *testing.T, b *browser, dir string) {
	files, err := filepath.Glob(filepath.Join(dir, "*.html"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		base := strings.TrimSuffix(f, ".html")
		for _, scheme := range []string{"light", "dark"} {
			for _, width := range []int64{390, 1440} {
				b.open(t, f, width, scheme)
				// Higher pictures than this Chromium refuses, and nobody looks at.
				height := min(6000, int64(eval[float64](t, b, `document.documentElement.scrollHeight`)))
				b.run(t, call(emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: width, Height: height, DeviceScaleFactor: 1, Mobile: width < 600}))
				shot, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
				if err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(fmt.Sprintf("%s-%s-%d.png", base, scheme, width), shot, 0o600); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := os.WriteFile(base+".pdf", b.pdf(t), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
