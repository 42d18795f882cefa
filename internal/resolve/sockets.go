package resolve

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/netip"
	"sync"
	"time"
)

// sockets is the exchanger over the network: a socket for each query.
type sockets struct{}

// buffers hold the largest datagram: accept copies what it keeps.
var buffers = sync.Pool{New: func() any { b := make([]byte, maxMessage); return &b }}

var errNoAnswer = errors.New("what came was not the answer")

func (sockets) exchange(ctx context.Context, server netip.AddrPort, query []byte, tcp bool, accept func([]byte) bool) error {
	network := "udp"
	if tcp {
		network = "tcp"
	}
	var d net.Dialer
	conn, err := d.DialContext(ctx, network, server.String())
	if err != nil {
		return err
	}
	defer conn.Close()
	if deadline, ok := ctx.Deadline(); ok {
		if err := conn.SetDeadline(deadline); err != nil {
			return err
		}
	}
	defer context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })()
	if tcp {
		err = exchangeTCP(conn, query, accept)
	} else {
		err = exchangeUDP(conn, query, accept)
	}
	if err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// exchangeUDP listens until the answer comes: the socket is connected, so the
// kernel drops what is not from the server.
func exchangeUDP(conn net.Conn, query []byte, accept func([]byte) bool) error {
	if _, err := conn.Write(query); err != nil {
		return err
	}
	pooled := buffers.Get().(*[]byte)
	defer buffers.Put(pooled)
	buf := *pooled
	for range maxStrangers {
		n, err := conn.Read(buf)
		if err != nil {
			return err
		}
		if accept(buf[:n]) {
			return nil
		}
	}
	return errNoAnswer
}

func exchangeTCP(conn net.Conn, query []byte, accept func([]byte) bool) error {
	framed := binary.BigEndian.AppendUint16(make([]byte, 0, len(query)+2), uint16(len(query)))
	if _, err := conn.Write(append(framed, query...)); err != nil {
		return err
	}
	var length [2]byte
	if _, err := io.ReadFull(conn, length[:]); err != nil {
		return err
	}
	buf := make([]byte, binary.BigEndian.Uint16(length[:]))
	if _, err := io.ReadFull(conn, buf); err != nil {
		return err
	}
	if !accept(buf) {
		return errNoAnswer
	}
	return nil
}
