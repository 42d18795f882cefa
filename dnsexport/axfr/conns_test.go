package axfr

import (
	"context"
	"net"
	"sync"
	"sync/atomic"
	"testing"

	"freehold"
)

// lines is a server that answers up to each questions on a connection, and counts
// connections.
type lines struct {
	script
	each    int
	leave   bool // an answer that nobody asked for stays on the connection
	opened  atomic.Int32
	open    atomic.Int32
	highest atomic.Int32
}

func (l *lines) serve(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			l.opened.Add(1)
			l.highest.Store(max(l.highest.Load(), l.open.Add(1)))
			go func() {
				defer conn.Close()
				defer l.open.Add(-1)
				for range l.each {
					l.answer(conn)
					if l.leave {
						conn.Write([]byte{0, 12, 1, 2, 0x84, 0, 0, 0, 0, 0, 0, 0, 0, 0})
					}
				}
			}()
		}
	}()
	return listener.Addr().String()
}

func TestConnectionsServeAgain(t *testing.T) {
	z := testZone(t, "a A 192.0.2.1\n")
	whole := append(append([]freehold.Record(nil), z.Records...), z.Records[0])
	for name, tt := range map[string]struct {
		lines *lines
		want  int32 // connections for five transfers
	}{
		"one for all":                 {&lines{each: 100}, 1},
		"closed after each":           {&lines{each: 1}, 5},
		"closed after two":            {&lines{each: 2}, 3},
		"an answer to nobody lies on": {&lines{each: 100, leave: true}, 5},
	} {
		t.Run(name, func(t *testing.T) {
			tt.lines.messages = [][]freehold.Record{whole}
			server := tt.lines.serve(t)
			c := New(Config{})
			for i := range 5 {
				got, err := c.Zone(context.Background(), shop, server)
				if err != nil {
					t.Fatalf("transfer %d: %v", i, err)
				}
				if len(got.Records) != len(z.Records) {
					t.Fatalf("transfer %d: %d records, want %d", i, len(got.Records), len(z.Records))
				}
			}
			if got := tt.lines.opened.Load(); got != tt.want {
				t.Errorf("%d connections, want %d", got, tt.want)
			}
		})
	}
}

func TestConnectionsAreFew(t *testing.T) {
	z := testZone(t, "a A 192.0.2.1\n")
	l := lines{script: script{messages: [][]freehold.Record{append(append([]freehold.Record(nil), z.Records...), z.Records[0])}}, each: 1000}
	server := l.serve(t)
	c := New(Config{})
	var wg sync.WaitGroup
	for range 64 {
		wg.Go(func() {
			if _, err := c.Zone(context.Background(), shop, server); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if got := l.highest.Load(); got > most {
		t.Errorf("%d connections at once, want at most %d", got, most)
	}
	ctx, cancel := context.WithCancel(context.Background())
	for range most {
		if _, err := c.conns.turn(ctx, server); err != nil {
			t.Fatal(err)
		}
	}
	cancel()
	if _, err := c.Zone(ctx, shop, server); freehold.KindOf(err) != freehold.KindUnavailable {
		t.Errorf("interrupted while it waits: %v", err)
	}
}
