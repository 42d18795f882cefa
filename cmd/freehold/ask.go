package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os/user"
	"strings"
	"sync"
	"time"

	"freehold"
	"freehold/internal/flow/audit"
	"freehold/verify"
)

// questioner asks a person the questions whose answers would decide a verdict,
// one name at a time, and keeps the answers.
type questioner struct {
	in      *bufio.Reader
	out     io.Writer
	speaker freehold.Speaker
	by      string
	now     func() time.Time
	keep    func(context.Context, freehold.Attestation, freehold.Evidence) error

	mu    sync.Mutex // names are worked on in parallel, people are not
	ended bool       // no more answers will come
}

func (s *session) questioner(by string, now func() time.Time, keep func(context.Context, freehold.Attestation, freehold.Evidence) error) *questioner {
	return &questioner{in: bufio.NewReader(io.LimitReader(s.In, 1<<20)), out: s.Err, speaker: s.speaker, by: by, now: now, keep: keep}
}

// ask is the audit's Ask: at most three questions on a name. An empty line skips
// a question; the end of input ends all questions.
func (q *questioner) ask(ctx context.Context, r *freehold.Result) (said []freehold.Attestation, evidence []freehold.Evidence, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	questions := verify.Questions(&r.Observed, r.Control, r.Verdict)
	for i, question := range questions {
		if q.ended || ctx.Err() != nil {
			break
		}
		fmt.Fprintf(q.out, "\n%s  %d/%d\n%s\n", r.Name.Unicode(), i+1, len(questions), question.Text.Render(q.speaker))
		answer, ok := q.choose(question)
		if !ok {
			continue
		}
		a, e, err := audit.Attest(r.Name, question.Subject, answer, q.by, q.now())
		if err != nil {
			fmt.Fprintf(q.out, "%s\n", freehold.SayError(q.speaker, err))
			if hint := freehold.SayHint(q.speaker, err); hint != "" {
				fmt.Fprintf(q.out, "%s\n", freehold.T("hint: %s", hint).Render(q.speaker))
			}
			continue
		}
		if err := q.keep(ctx, a, e); err != nil {
			return said, evidence, err
		}
		said, evidence = append(said, a), append(evidence, e)
	}
	return said, evidence, nil
}

// choose shows the options and reads one: its number, or an answer in words.
func (q *questioner) choose(question verify.Question) (string, bool) {
	for i, o := range question.Options {
		fmt.Fprintf(q.out, "  %d  %s\n", i+1, o.Label.Render(q.speaker))
	}
	fmt.Fprintf(q.out, "  %s\n> ", freehold.T("Enter: I do not know").Render(q.speaker))
	line, err := q.in.ReadString('\n')
	if err != nil {
		q.ended = true
		fmt.Fprintln(q.out)
	}
	line = strings.TrimSpace(line)
	if line == "" {
		return "", false
	}
	for i, o := range question.Options {
		if line == fmt.Sprint(i+1) {
			return o.Value, o.Value != ""
		}
	}
	return line, true
}

// person names who is at the keyboard, for the record of what was said.
func (s *session) person(by string) string {
	if by != "" {
		return by
	}
	for _, v := range []string{"SUDO_USER", "USER", "LOGNAME"} {
		if name := s.Getenv(v); name != "" {
			return name
		}
	}
	if u, err := user.Current(); err == nil && u.Username != "" {
		return u.Username
	}
	return "unnamed"
}
