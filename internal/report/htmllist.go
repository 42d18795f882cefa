package report

import (
	"strings"

	"freehold"
)

// list writes the filter, which the page's script brings to life, and the table
// of names. Without the script it is a plain table in the order of need.
func (v *pageView) list(flush func()) {
	v.el(`<section id="names" aria-labelledby="names-h"><h2 id="names-h">`, v.p.say("The names, most in need first"), `</h2>`)
	v.filter()
	if left := v.total - len(v.rows); left > 0 {
		v.el(`<p class="note">`, v.p.say("This page lists the %d names most in need; %d more are in the CSV and JSON of the same run.", len(v.rows), left), `</p>`)
	}
	if left := len(v.rows) - len(v.shown); left > 0 {
		v.raw(`<p class="note">`)
		v.sentence(v.p.say("The %d most in need are told in full below; for any other: %s", len(v.shown), code("freehold show --format html NAME")))
		v.raw(`</p>`)
	}
	v.raw(`<div class="scroll"><table id="list"><thead><tr>`)
	for _, head := range []struct {
		key   fixed
		label string
	}{{"name", v.p.say("name")}, {"verdict", v.p.say("can it leave?")}, {"registrar", v.p.say("registered at")}, {"ends", v.p.say("expires")}, {"worst", v.p.say("worst finding")}} {
		v.raws(`<th scope="col" data-key="`, head.key, `">`)
		v.text(head.label)
		v.raw(`</th>`)
	}
	v.raw(`</tr></thead><tbody>`)
	for i := range v.rows {
		v.row(&v.rows[i])
		if i%500 == 499 {
			flush()
		}
	}
	v.raw(`</tbody></table></div>`)
	v.el(`<p class="more" hidden><button type="button" id="more">`, v.p.say("Show more"), `</button></p></section>`)
}

// filter is hidden until the script shows it. Its words for the count travel as
// data: the script itself speaks no language.
func (v *pageView) filter() {
	v.raw(`<form id="filter" role="search" hidden aria-label="`)
	v.text(v.p.say("Filter the names"))
	v.raw(`"><label>`)
	v.text(v.p.say("Text"))
	v.raw(` <input type="search" id="f-text" autocomplete="off" spellcheck="false"></label>`)
	v.choice("f-verdict", v.p.say("can it leave?"), v.verdictOptions())
	var grades []option
	for i := len(severityClass) - 1; i >= 0; i-- {
		word, _, _ := v.p.severity(freehold.Severity(i))
		grades = append(grades, option{string(severityClass[i]), word})
	}
	v.choice("f-severity", v.p.say("worst finding"), append(grades, option{"none", v.p.say("none")}))
	if v.labelled {
		v.choice("f-label", v.p.say("client or tag"), v.labels())
	}
	v.el(`<button type="reset">`, v.p.say("Clear"), `</button>`)
	v.el(`<button type="button" id="fold">`, v.p.say("Fold all"), `</button>`)
	v.el(`<button type="button" id="unfold">`, v.p.say("Open all"), `</button>`)
	v.raw(`<output id="count" aria-live="polite" data-format="`)
	v.text(v.p.say("%s of %s shown", "{n}", "{all}"))
	v.raw(`"></output></form>`)
}

type option struct{ value, label string }

func (v *pageView) choice(id fixed, label string, all []option) {
	v.el(`<label>`, label, ``)
	v.raws(` <select id="`, id, `"><option value="">`)
	v.text(v.p.say("all"))
	v.raw(`</option>`)
	for _, o := range all {
		v.el(`<option value="`, o.value, `">`)
		v.el(``, o.label, `</option>`)
	}
	v.raw(`</select></label>`)
}

func (v *pageView) verdictOptions() []option {
	return []option{
		{"alone", v.p.say("yes")}, {"with_host", v.p.say("with the host")}, {"not_before", v.p.say("not yet")},
		{"no", v.p.say("no")}, {"unknown", v.p.say("not known")}, {"failed", v.p.say("failed")},
	}
}

// labels collects the clients and tags of the listed names.
func (v *pageView) labels() []option {
	seen := map[string]bool{}
	var all []option
	add := func(s string) {
		if s != "" && !seen[s] && len(seen) < 500 {
			seen[s] = true
			all = append(all, option{s, s})
		}
	}
	for i := range v.rows {
		add(v.rows[i].client)
	}
	for i := range v.rows {
		for _, t := range v.rows[i].tags {
			add(t)
		}
	}
	return all
}

// row writes one name. Its labels are parted by line breaks, which no label holds.
func (v *pageView) row(l *listed) {
	verdict, worst := classOf(verdictClass[:], l.verdict), fixed("none")
	if l.worst > 0 {
		worst = classOf(severityClass[:], freehold.Severity(l.worst-1))
	}
	if l.status == freehold.StatusFailed {
		verdict = "failed"
	}
	v.raws(`<tr data-verdict="`, verdict, `" data-severity="`, worst, `"`)
	if labels := append([]string{l.client}, l.tags...); strings.Join(labels, "") != "" {
		v.raw(` data-labels="`)
		for _, s := range labels {
			if s != "" {
				v.text(s)
				v.raw(`&#10;`)
			}
		}
		v.raw(`"`)
	}
	v.raw(`><th scope="row">`)
	v.link(l.seq, l.name)
	if l.ascii != "" && l.ascii != l.name {
		v.el(` <span class="ascii">`, l.ascii, `</span>`)
	}
	if l.client != "" {
		v.raw(` <span class="client">`)
		v.data(l.client)
		v.raw(`</span>`)
	}
	v.raws(`</th><td data-order="`, verdict, `"><span class="chip `, verdict, `">`)
	v.verdictCell(l)
	v.raw(`</span></td>`)
	if l.status == freehold.StatusFailed {
		v.raw(`<td colspan="3" class="failed">`)
		v.data(l.why)
		v.raw(`</td></tr>`)
		return
	}
	v.raw(`<td>`)
	v.data(l.registrar)
	v.raw(`</td><td class="day">`)
	if !l.ends.IsZero() {
		v.text(day(l.ends))
	}
	v.raws(`</td><td class="worst `, worst, `">`)
	if l.worst > 0 {
		word, symbol, _ := v.p.severity(freehold.Severity(l.worst - 1))
		v.raw(`<span class="sev"><span aria-hidden="true">`)
		v.text(symbol)
		v.el(`</span> `, word, `</span> `)
		v.sentence(v.p.marked(l.title))
		if l.findings > 1 {
			v.el(` <span class="plus">+`, v.p.number(l.findings-1), `</span>`)
		}
	}
	v.raw(`</td></tr>`)
}

func (v *pageView) verdictCell(l *listed) {
	if l.status == freehold.StatusFailed {
		v.el(`<span aria-hidden="true">✗</span> `, v.p.say("failed"), ``)
		return
	}
	r := &freehold.Result{Status: l.status, Verdict: freehold.Verdict{CanLeave: l.verdict, NotBefore: l.notBefore}}
	word, _ := v.p.shortVerdict(r)
	_, symbol, _ := v.p.answer(l.verdict)
	v.el(`<span aria-hidden="true">`, symbol, `</span> `)
	v.text(word)
	if l.status == freehold.StatusPartial {
		v.el(` <abbr title="`, v.p.say("a source did not answer"), `">*</abbr>`)
	}
}

// foot says how to read the page, how old its rules are, and what it is of.
func (v *pageView) foot() {
	v.el(`</main><footer><h2>`, v.p.say("How to read this"), `</h2><ul class="key">`)
	for i := len(standingMark) - 1; i >= 0; i-- {
		v.raws(`<li class="`, standingClass[i], `"><span aria-hidden="true" class="mark">`, standingMark[i], `</span> `)
		v.text(v.p.standing(freehold.Standing(i)))
		v.raw(`</li>`)
	}
	v.raw(`</ul><p>`)
	v.text(v.p.say("Not known means that no source told us; none means that a source was asked and says there is none; withheld means that a source has it and does not show it."))
	v.raw(`</p><p>`)
	v.sentence(strings.Join(v.footnotes(), " "))
	v.raw(`</p></footer>`)
	v.raws(`<script>`, pageScript, `</script></body></html>
`)
}

func (v *pageView) footnotes() []string {
	var notes []string
	if !v.run.PolicyDate.IsZero() {
		notes = append(notes, v.p.policyNote(v.run.PolicyDate, v.run.PolicyAge()))
	}
	if v.p.o.Saved != "" && v.run.ID != "" {
		notes = append(notes, v.p.say("Saved as run %s.", clip(unmarked(v.run.ID), maxShown)))
	}
	return append(notes, v.p.say("Made by freehold %s.", orDefault(clip(unmarked(freehold.OneLine(v.run.Version)), maxShown), "devel")))
}
