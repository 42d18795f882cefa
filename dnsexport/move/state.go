package move

import (
	"time"

	"freehold"
)

// A Record is all that a move has to remember between two runs of the program.
// It holds no secret.
type Record struct {
	Plan freehold.MovePlan
	// Digest is that of the plan as it was approved.
	Digest string
	// OldNS and OldDS are the delegation before the move, for the way back.
	OldNS []freehold.Host
	OldDS []freehold.DS
	Marks map[freehold.StepKind]Mark
	// Back tells that the move is being taken back; BackAt, when the parent named the
	// old servers again.
	Back   bool
	BackAt time.Time
}

// A Mark is how far one step got. A step that was started and not done was
// interrupted: what it was to do is looked at, never assumed.
type Mark struct {
	Started, Done time.Time
}

// A Memory keeps the record of one move. Save returns once it would survive a
// crash.
type Memory interface {
	Load() (*Record, error)
	Save(*Record) error
}

// mark writes a step down and saves.
func (m *Mover) mark(k freehold.StepKind, done bool) error {
	at := m.record.Marks[k]
	if done {
		at.Done = m.Now().UTC()
	} else if at.Started.IsZero() {
		at.Started = m.Now().UTC()
	}
	m.record.Marks[k] = at
	return m.Memory.Save(m.record)
}
