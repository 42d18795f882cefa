package report

import (
	"slices"
	"strings"

	"freehold"
)

// The map's measures, in units of its own: it is drawn for the width of a phone
// and grows with the page.
const (
	mapWidth  = 360
	mapRow    = 36
	mapBox    = 32 // height of a holder's box
	mapLeft   = 122
	mapRight  = 196 // where boxes begin
	mapColumn = mapWidth - mapRight
	mapCells  = 23 // characters that fit a line of a box
	mapLabel  = 17 // characters that fit a line on the left
)

// holderNode is one party of the map with the layers it holds.
type holderNode struct {
	name  string // as the page says it
	party string // as the sources say it
	kind  partyKind
	claim []int // indices into the control record
	y     int   // middle
}

// partyKind says whose side a party is on.
type partyKind uint8

const (
	partyOther partyKind = iota
	partyMine
	partyHost
	partyUnknown
)

var (
	partyClass = [...]fixed{partyOther: "other", partyMine: "mine", partyHost: "host", partyUnknown: "unknown"}
	partyMark  = [...]string{partyOther: "", partyMine: "◆ ", partyHost: "⌂ ", partyUnknown: ""}
)

// controlMap draws layers on the left, the parties that hold them on the right,
// a line for each claim. Every node links to its claim in the table below it,
// which tells a reader without pictures the same.
func (s *nameView) controlMap() {
	nodes := s.holderNodes()
	rows := len(s.r.Control)
	height := max(rows, layOut(nodes)) * mapRow
	s.raw(`<svg class="map" viewBox="0 0 360 `)
	s.number(height)
	s.raw(`" role="group" aria-label="`)
	s.text(s.p.say("Map of who holds what: layers on the left, holders on the right"))
	s.raw(`">`)
	for i := range nodes {
		for _, c := range nodes[i].claim {
			s.edge(c, &nodes[i])
		}
	}
	for i := range s.r.Control {
		s.layerNode(i, nodes)
	}
	for i := range nodes {
		s.holderBox(&nodes[i])
	}
	s.raw(`</svg>`)
	s.mapLegend(nodes)
}

// holderNodes groups the claims by party, in the order of the layers; layers of
// which nobody knows the holder share the last node, and those that plainly have
// none, none.
func (s *nameView) holderNodes() []holderNode {
	var nodes []holderNode
	unknown := holderNode{name: s.p.say("not known"), kind: partyUnknown}
	host := hostParty(s.r)
	for i := range s.r.Control {
		c := &s.r.Control[i]
		holder := freehold.OneLine(c.Holder)
		switch {
		case holder == "" && !c.Mine && c.Standing == freehold.StandingUnknown:
			unknown.claim = append(unknown.claim, i)
			continue
		case holder == "" && !c.Mine:
			continue
		}
		n := holderNode{name: clip(s.p.holder(c), maxShown), party: holder, claim: []int{i}}
		switch {
		case c.Mine:
			n.kind = partyMine
		case host != "" && sameHolder(holder, host):
			n.kind = partyHost
		}
		at := slices.IndexFunc(nodes, func(o holderNode) bool {
			return o.kind == n.kind && (o.kind == partyMine || sameHolder(o.party, n.party))
		})
		if at < 0 {
			nodes = append(nodes, n)
			continue
		}
		nodes[at].claim = append(nodes[at].claim, i)
		if nodes[at].name != n.name && n.kind == partyMine {
			nodes[at].name = s.p.say("you")
		}
	}
	if len(unknown.claim) > 0 {
		nodes = append(nodes, unknown)
	}
	return nodes
}

func sameHolder(a, b string) bool { return a == b || freehold.SameParty(a, b) }

// hostParty is the web host as it was said, else whoever holds the web layer
// together with another one below the account; "" in doubt.
func hostParty(r *freehold.Result) string {
	if a, ok := r.Observed.Attestations.Latest(freehold.AttestHost); ok {
		switch a.Value {
		case freehold.AttestedMe, freehold.AttestedYes, freehold.AttestedNo, freehold.AttestedTheHost:
			return ""
		}
		return freehold.OneLine(a.Value)
	}
	web := r.Control.Of(freehold.LayerWeb)
	if web.Holder == "" || web.Mine || web.Standing == freehold.StandingContradicted {
		return ""
	}
	for _, l := range []freehold.Layer{freehold.LayerRegistrar, freehold.LayerReseller, freehold.LayerDNS, freehold.LayerMail} {
		if c := r.Control.Of(l); c.Holder != "" && !c.Mine && sameHolder(c.Holder, web.Holder) {
			return freehold.OneLine(web.Holder)
		}
	}
	return ""
}

// layOut puts each party at the height of its layers, as far as there is room,
// and returns how many rows that takes.
func layOut(nodes []holderNode) int {
	middle := func(n *holderNode) int {
		sum := 0
		for _, c := range n.claim {
			sum += c*mapRow + mapRow/2
		}
		return sum / len(n.claim)
	}
	slices.SortStableFunc(nodes, func(a, b holderNode) int { return middle(&a) - middle(&b) })
	next := mapRow / 2
	for i := range nodes {
		nodes[i].y = max(next, middle(&nodes[i]))
		next = nodes[i].y + mapRow
	}
	// What was pushed below the last layer moves up again while there is room.
	last := 0
	for i := range nodes {
		for _, c := range nodes[i].claim {
			last = max(last, c*mapRow+mapRow/2)
		}
	}
	for i := len(nodes) - 1; i >= 0; i-- {
		room := max(last, mapRow/2+(len(nodes)-1)*mapRow) - (len(nodes)-1-i)*mapRow
		nodes[i].y = min(nodes[i].y, room)
	}
	return len(nodes)
}

func (s *nameView) edge(claim int, n *holderNode) {
	c := &s.r.Control[claim]
	y := claim*mapRow + mapRow/2
	s.raws(`<path class="edge `, partyClass[n.kind], ` `, classOf(standingClass[:], c.Standing), `" d="M`)
	s.number(mapLeft + 16)
	s.raw(` `)
	s.number(y)
	s.raw(`C`)
	s.number(mapLeft + 46)
	s.raw(` `)
	s.number(y)
	s.raw(` `)
	s.number(mapRight - 30)
	s.raw(` `)
	s.number(n.y)
	s.raw(` `)
	s.number(mapRight)
	s.raw(` `)
	s.number(n.y)
	s.raw(`"/>`)
}

func (s *nameView) layerNode(claim int, nodes []holderNode) {
	c := &s.r.Control[claim]
	y := claim*mapRow + mapRow/2
	label := s.p.layer(c.Layer)
	kind, holder := partyOther, s.p.say("none")
	for i := range nodes {
		if slices.Contains(nodes[i].claim, claim) {
			kind, holder = nodes[i].kind, nodes[i].name
		}
	}
	s.raw(`<a class="layer" href="#`)
	s.anchor("c", claim)
	s.raw(`" aria-label="`)
	s.text(label + ": " + clip(holder, 80) + ", " + s.p.claimStanding(c))
	s.raw(`">`)
	s.rect(0, y-mapBox/2, mapLeft+16, "hit")
	lines := wrap(label, mapLabel)
	if len(lines) > 2 {
		lines = append(lines[:1], columns.Truncate(lines[1]+" "+lines[2], mapLabel, "…"))
	}
	s.lines(mapLeft-12, y, "end", lines)
	s.raws(`<circle class="`, partyClass[kind], ` `, classOf(standingClass[:], c.Standing), `" cx="`)
	s.number(mapLeft + 6)
	s.raw(`" cy="`)
	s.number(y)
	s.raw(`" r="10"/>`)
	s.raws(`<text class="mark `, partyClass[kind], ` `, classOf(standingClass[:], c.Standing), `" text-anchor="middle" x="`)
	s.number(mapLeft + 6)
	s.raw(`" y="`)
	s.number(y + 4)
	s.raws(`">`, classOf(standingMark[:], c.Standing), `</text>`)
	if c.Standing != freehold.StandingUnknown && c.Holder == "" && !c.Mine {
		s.label(mapLeft+24, y+4, "start", s.p.say("none"))
	}
	s.raw(`</a>`)
}

func (s *nameView) holderBox(n *holderNode) {
	layers := make([]string, len(n.claim))
	for i, c := range n.claim {
		layers[i] = s.p.layer(s.r.Control[c].Layer)
	}
	lines := wrap(partyMark[n.kind]+strings.ReplaceAll(n.name, hardSpace, " "), mapCells)
	visible := n.name
	if len(lines) > 2 {
		lines = append(lines[:1], columns.Truncate(lines[1]+" "+lines[2], mapCells, "…"))
		visible = strings.Join(lines, " ") + ", " + clip(n.name, 80)
	}
	s.raws(`<a class="holder `, partyClass[n.kind], `" href="#`)
	s.anchor("c", n.claim[0])
	s.raw(`" aria-label="`)
	s.text(visible + ": " + strings.Join(layers, ", "))
	s.raw(`">`)
	s.rect(mapRight, n.y-mapBox/2, mapColumn-1, "box")
	s.lines(mapRight+8, n.y, "start", lines)
	s.raw(`</a>`)
}

func (s *nameView) rect(x, y, width int, class fixed) {
	s.raws(`<rect class="`, class, `" rx="4" x="`)
	s.number(x)
	s.raw(`" y="`)
	s.number(y)
	s.raw(`" width="`)
	s.number(width)
	s.raw(`" height="32"/>`)
}

// lines writes one text in one or two lines around a height.
func (s *nameView) lines(x, y int, anchor fixed, lines []string) {
	s.raws(`<text text-anchor="`, anchor, `">`)
	for i, l := range lines {
		s.raw(`<tspan x="`)
		s.number(x)
		s.raw(`" y="`)
		s.number(y + 4 + 13*i - 6*(len(lines)-1))
		s.el(`">`, l, ``)
		if i < len(lines)-1 {
			s.raw(` `) // so that a reader that hears the text hears two words
		}
		s.raw(`</tspan>`)
	}
	s.raw(`</text>`)
}

func (s *nameView) label(x, y int, anchor fixed, text string) {
	s.raws(`<text text-anchor="`, anchor, `" x="`)
	s.number(x)
	s.raw(`" y="`)
	s.number(y)
	s.el(`">`, text, `</text>`)
}

// mapLegend says what the marks of the parties mean, where there are any.
func (s *nameView) mapLegend(nodes []holderNode) {
	has := func(k partyKind) bool {
		return slices.ContainsFunc(nodes, func(n holderNode) bool { return n.kind == k })
	}
	if !has(partyMine) && !has(partyHost) {
		return
	}
	s.raw(`<p class="legend">`)
	if has(partyMine) {
		s.el(`<span class="mine"><span aria-hidden="true">◆</span> `, s.p.say("you"), `</span> `)
	}
	if has(partyHost) {
		s.el(`<span class="host"><span aria-hidden="true">⌂</span> `, s.p.say("web host"), `</span>`)
	}
	s.raw(`</p>`)
}
