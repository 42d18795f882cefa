package axfr

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"

	"freehold"
)

// Exchange sends one message over TCP, or TLS, signed with the key where there is
// one, and returns the answer to it with its signature checked. It is how other
// acts than a transfer, such as a dynamic update (RFC 2136), use the same keys.
// An answer of any response code is returned; an error means that there was none
// to be believed, so that what the message asked for may have been done.
func (c *Client) Exchange(ctx context.Context, server string, msg []byte) ([]byte, error) {
	fail := func(kind freehold.ErrorKind, err error) error {
		return &freehold.Error{Kind: kind, Msg: fmt.Sprintf("no answer from %q", freehold.OneLine(server)), Err: err}
	}
	if len(msg) < 12 {
		return nil, fail(freehold.KindInvalid, errors.New("the message is too short"))
	}
	conn, err := c.dial(ctx, Address(server, c.cfg.TLS != nil))
	if err != nil {
		return nil, fail(freehold.KindUnavailable, err)
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	conn.SetDeadline(time.Now().Add(c.cfg.Idle))
	var proof *verifier
	sent := msg
	if c.cfg.Key != nil {
		sent, proof = c.cfg.Key.sign(msg, c.cfg.Now())
	}
	if _, err := conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(sent))), sent...)); err != nil {
		return nil, fail(freehold.KindUnavailable, err)
	}
	var size [2]byte
	if _, err := io.ReadFull(conn, size[:]); err != nil {
		return nil, fail(freehold.KindUnavailable, err)
	}
	answer := make([]byte, binary.BigEndian.Uint16(size[:]))
	if _, err := io.ReadFull(conn, answer); err != nil {
		return nil, fail(freehold.KindUnavailable, err)
	}
	if len(answer) < 12 || !bytes.Equal(answer[:2], msg[:2]) || answer[2]&0x80 == 0 {
		return nil, fail(freehold.KindUnavailable, errors.New("it is no answer to the message"))
	}
	if proof != nil {
		if err := proof.check(answer, c.cfg.Now()); err != nil {
			return nil, fail(freehold.KindPermission, err)
		}
	}
	return answer, nil
}
