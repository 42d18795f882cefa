// Package epp is a client of the Extensible Provisioning Protocol between a
// registrar and a registry (RFC 5730, 5731, 5734), with the parts that letting a
// name go needs: looking at it, setting and unsetting its code (RFC 9154),
// locking and unlocking it, the transfer commands, and the message queue.
//
// A command that changes something has three outcomes, and the third is a state,
// not an error to be retried: done, refused, and not known, where the
// connection broke between the command and its answer (OutcomeUnknown). A code
// whose setting ended so is replaced by a fresh one, never assumed.
//
// Codes leave a TransferCode only into the frame that is sent, which is wiped
// afterwards. An answer that repeats a code keeps it as a TransferCode, and
// nothing here keeps or logs a frame.
package epp

import (
	"encoding/binary"
	"errors"
	"io"

	"freehold"
)

// The namespaces spoken.
const (
	nsEPP    = "urn:ietf:params:xml:ns:epp-1.0"
	nsDomain = "urn:ietf:params:xml:ns:domain-1.0"
	nsRGP    = "urn:ietf:params:xml:ns:rgp-1.0"
	nsSecDNS = "urn:ietf:params:xml:ns:secDNS-1.1"

	// SecureAuthInfo in a greeting says that the registry keeps codes as RFC 9154
	// asks (section 3).
	SecureAuthInfo = "urn:ietf:params:xml:ns:epp:secure-authinfo-transfer-1.0"
)

// maxFrame bounds what is read of one answer, in bytes. The largest real ones,
// lists of a thousand names, stay below a tenth of it.
const maxFrame = 4 << 20

// ReadFrame reads one data unit: four octets of length, these included, then the
// XML (RFC 5734 §4). A length below five or above limit is an error before a
// byte of it is read.
func ReadFrame(r io.Reader, limit int) ([]byte, error) {
	var head [4]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, err
	}
	n := binary.BigEndian.Uint32(head[:])
	if n < 5 {
		return nil, garbled("the frame is shorter than its own length")
	}
	if int64(n) > int64(limit) {
		return nil, garbled("the frame is longer than 4 MiB")
	}
	// Grown as it arrives: a peer that promises megabytes does not make us hold them.
	var body []byte
	for left := int(n) - 4; left > 0; {
		chunk := min(left, 64<<10)
		at := len(body)
		body = append(body, make([]byte, chunk)...)
		if _, err := io.ReadFull(r, body[at:]); err != nil {
			clear(body)
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return nil, err
		}
		left -= chunk
	}
	return body, nil
}

// WriteFrame writes one data unit in a single write.
func WriteFrame(w io.Writer, body []byte) error {
	frame := make([]byte, 4, 4+len(body))
	binary.BigEndian.PutUint32(frame, uint32(4+len(body)))
	frame = append(frame, body...)
	defer clear(frame)
	_, err := w.Write(frame)
	return err
}

func garbled(why string) error {
	return &freehold.Error{Kind: freehold.KindUnavailable, Msg: "the registry's answer cannot be read: " + why}
}
