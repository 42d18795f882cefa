package main

import (
	"fmt"
	"strings"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"freehold"
)

// progress is the line that long work shows on a terminal: done, rate, throttled
// servers, time left. Piped or for a handful of names it is silent.
type progress struct {
	*session
	box *mpb.Progress
	bar *mpb.Bar
}

// throttling names the servers that hold us back at the moment.
type throttling interface{ Throttled() []string }

// few is how many names are too few for a bar.
const few = 5

func (s *session) progress(total int, limiter throttling) *progress {
	p := &progress{session: s}
	if !isTerminal(s.Err) || total > 0 && total < few {
		return p
	}
	p.box = mpb.New(mpb.WithOutput(s.Err), mpb.WithWidth(24))
	counted := decor.CountersNoUnit(s.say("%s of %s names", "%d", "%d"), decor.WCSyncSpace)
	left := decor.AverageETA(decor.ET_STYLE_MMSS, decor.WCSyncSpace)
	if total == 0 { // names that are not saved are not counted beforehand
		counted, left = decor.CurrentNoUnit(s.say("%s names", "%d"), decor.WCSyncSpace), decor.Name("")
	}
	p.bar = p.box.AddBar(int64(total),
		mpb.BarRemoveOnComplete(),
		mpb.PrependDecorators(counted, decor.AverageSpeed(0, " %.1f/s")),
		mpb.AppendDecorators(
			left,
			decor.Any(func(decor.Statistics) string {
				if slow := limiter.Throttled(); len(slow) > 0 {
					return "  " + s.say("waiting for %s", strings.Join(slow[:min(3, len(slow))], ", "))
				}
				return ""
			}),
		),
	)
	return p
}

// done counts a name in.
func (p *progress) done(r *freehold.Result) {
	if p.bar != nil {
		p.bar.Increment()
	}
}

// note tells something about the input without tearing the bar.
func (p *progress) note(text string) {
	w := p.Err
	if p.box != nil {
		w = p.box
	}
	fmt.Fprintf(w, "freehold: %s\n", freehold.OneLine(text))
}

// end takes the bar away.
func (p *progress) end() {
	if p.bar == nil {
		return
	}
	p.bar.Abort(true)
	p.box.Wait()
}
