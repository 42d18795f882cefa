package eppd

import (
	"context"
	"crypto/subtle"
	"encoding/binary"
	"encoding/xml"
	"fmt"
	"io"
	"net"
	"sync"
	"time"
)

// Serve answers connections of a listener, which does TLS where it is to be done,
// until the context ends.
func (r *Registry) Serve(ctx context.Context, l net.Listener) {
	var wg sync.WaitGroup
	stop := context.AfterFunc(ctx, func() { l.Close() })
	defer stop()
	for {
		conn, err := l.Accept()
		if err != nil {
			break
		}
		wg.Go(func() {
			closeConn := context.AfterFunc(ctx, func() { conn.Close() })
			defer closeConn()
			defer conn.Close()
			r.session(conn)
		})
	}
	wg.Wait()
}

// session is one connection.
func (r *Registry) session(conn net.Conn) {
	who := ""
	defer func() {
		if who != "" {
			r.mu.Lock()
			r.sessions[who]--
			r.mu.Unlock()
		}
	}()
	if write(conn, r.greeting()) != nil {
		return
	}
	for {
		doc, err := read(conn)
		if err != nil {
			return
		}
		var d document
		if err := xml.Unmarshal(doc, &d); err != nil || d.Hello == nil && d.Command == nil {
			if write(conn, r.response("", answer{code: 2001})) != nil {
				return
			}
			continue
		}
		if d.Hello != nil {
			if write(conn, r.greeting()) != nil {
				return
			}
			continue
		}
		a, drop, latency := r.handle(&who, d.Command)
		time.Sleep(latency)
		if instead := r.instead(d.Command); instead != nil {
			instead(conn)
			return
		}
		if drop || write(conn, r.response(d.Command.ClTRID, a)) != nil || a.code == 1500 || a.code >= 2500 {
			return
		}
	}
}

// handle runs one command under the lock, with the faults that are set.
func (r *Registry) handle(who *string, c *command) (a answer, drop bool, latency time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	latency = r.faults.Latency
	changes := c.Update != nil || c.Transfer != nil && c.Transfer.Op != "query"
	if changes && r.faults.DropBefore > 0 {
		r.faults.DropBefore--
		return a, true, latency
	}
	switch {
	case c.Login != nil:
		a = r.login(who, c.Login.ID, c.Login.Password, c.Login.NewPassword)
	case *who == "":
		a = answer{code: 2002}
	case c.Logout != nil:
		a = answer{code: 1500}
	default:
		a = r.do(*who, c)
	}
	if a.code < 2000 {
		r.commands[c.kind()]++
	}
	if changes && r.faults.DropAfter > 0 {
		r.faults.DropAfter--
		return a, true, latency
	}
	if r.faults.Lie > 0 {
		r.faults.Lie--
		c.ClTRID = "another-1"
	}
	return a, false, latency
}

// instead takes what is to be written in place of the next answer; nil: nothing is.
func (r *Registry) instead(c *command) (write func(io.Writer)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if c.Login == nil && len(r.faults.Instead) > 0 {
		write, r.faults.Instead = r.faults.Instead[0], r.faults.Instead[1:]
	}
	return write
}

func (r *Registry) login(who *string, id, password, next string) answer {
	want, known := r.config.Registrars[id]
	switch {
	case *who != "":
		return answer{code: 2002}
	case !known || subtle.ConstantTimeCompare([]byte(want), []byte(password)) != 1:
		return answer{code: 2200}
	case r.config.MaxSessions > 0 && r.sessions[id] >= r.config.MaxSessions:
		r.refused++
		return answer{code: 2502}
	}
	if next != "" {
		r.config.Registrars[id] = next
	}
	*who = id
	r.sessions[id]++
	return answer{code: 1000}
}

func (r *Registry) greeting() string {
	ext := ""
	if r.config.Secure {
		ext = "<extURI>urn:ietf:params:xml:ns:epp:secure-authinfo-transfer-1.0</extURI>"
	}
	return xml.Header + `<epp xmlns="urn:ietf:params:xml:ns:epp-1.0"><greeting><svID>Registry of the lab</svID><svDate>` + stamp(r.config.Now()) + `</svDate>` +
		`<svcMenu><version>1.0</version><lang>en</lang><objURI>urn:ietf:params:xml:ns:domain-1.0</objURI><svcExtension>` +
		`<extURI>urn:ietf:params:xml:ns:secDNS-1.1</extURI><extURI>urn:ietf:params:xml:ns:rgp-1.0</extURI>` + ext + `</svcExtension></svcMenu>` +
		`<dcp><access><all/></access><statement><purpose><admin/><prov/></purpose><recipient><ours/></recipient><retention><stated/></retention></statement></dcp>` +
		`</greeting></epp>`
}

func (r *Registry) response(clTRID string, a answer) string {
	s := xml.Header + fmt.Sprintf(`<epp xmlns="urn:ietf:params:xml:ns:epp-1.0"><response><result code="%d"><msg>%s</msg></result>`, a.code, texts[a.code]) + a.queue
	if a.data != "" {
		s += "<resData>" + a.data + "</resData>"
	}
	if a.ext != "" {
		s += "<extension>" + a.ext + "</extension>"
	}
	s += "<trID>"
	if clTRID != "" {
		s += "<clTRID>" + escape(clTRID) + "</clTRID>"
	}
	r.mu.Lock()
	r.serial++
	s += fmt.Sprintf("<svTRID>LAB-%d</svTRID>", r.serial)
	r.mu.Unlock()
	return s + "</trID></response></epp>"
}

const maxFrame = 1 << 20

func read(r io.Reader) ([]byte, error) {
	var head [4]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, err
	}
	n := binary.BigEndian.Uint32(head[:])
	if n < 5 || n > maxFrame {
		return nil, fmt.Errorf("a frame of %d octets", n)
	}
	doc := make([]byte, n-4)
	_, err := io.ReadFull(r, doc)
	return doc, err
}

func write(w io.Writer, doc string) error {
	frame := binary.BigEndian.AppendUint32(nil, uint32(4+len(doc)))
	_, err := w.Write(append(frame, doc...))
	return err
}
