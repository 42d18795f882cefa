package portfolio

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"os"

	"freehold"
)

// spool keeps what is to be told of the rows until the transaction is over: a
// reader at the other end of a pipe may take its time, and the database does not
// wait for it. It is a file without a name, so that memory stays bounded and
// nothing of it is left behind.
type spool struct {
	file *os.File
	out  *bufio.Writer
	json *json.Encoder
	rows int
}

func newSpool() (*spool, error) {
	f, err := os.CreateTemp("", "freehold-import-") // mode 0600
	if err == nil {
		err = os.Remove(f.Name())
	}
	if err != nil {
		return nil, spoolError(err)
	}
	s := &spool{file: f}
	return s, s.reset()
}

func spoolError(err error) error {
	return &freehold.Error{Kind: freehold.KindFull, Text: freehold.T("cannot keep the rows in the folder for temporary files"), Err: err, Advice: freehold.T("free some space there, or name another folder in TMPDIR")}
}

// reset forgets all rows.
func (s *spool) reset() error {
	if _, err := s.file.Seek(0, io.SeekStart); err != nil {
		return spoolError(err)
	}
	if err := s.file.Truncate(0); err != nil {
		return spoolError(err)
	}
	s.out = bufio.NewWriterSize(s.file, 64<<10)
	s.json = json.NewEncoder(s.out)
	s.json.SetEscapeHTML(false)
	s.rows = 0
	return nil
}

func (s *spool) add(r *freehold.ImportedRow) error {
	s.rows++
	if err := s.json.Encode(r); err != nil {
		return spoolError(err)
	}
	return nil
}

// tell reads the rows back in the order they were added.
func (s *spool) tell(one func(*freehold.ImportedRow) error) error {
	if err := s.out.Flush(); err != nil {
		return spoolError(err)
	}
	if _, err := s.file.Seek(0, io.SeekStart); err != nil {
		return spoolError(err)
	}
	d := json.NewDecoder(bufio.NewReaderSize(s.file, 64<<10))
	for {
		var r freehold.ImportedRow
		if err := d.Decode(&r); err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return spoolError(err)
		}
		if err := one(&r); err != nil {
			return err
		}
	}
}

func (s *spool) close() error { return s.file.Close() }
