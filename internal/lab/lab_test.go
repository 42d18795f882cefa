package lab

import (
	"context"
	"testing"
	"time"
)

func TestStart(t *testing.T) {
	began := time.Now()
	l, err := Start(context.Background(), Config{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Log(time.Since(began), l.Flags(), len(l.Servers()))
	l.Close()
	t.Log(time.Since(began))
}
