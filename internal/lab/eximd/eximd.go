// Package eximd runs Debian's own mail server, Exim, on a loopback address: a real
// submission server (RFC 6409) for letters of the desk to leave through. It wants
// STARTTLS and a password, puts mail to later@ off, and knows nobody called nobody@.
package eximd

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"time"
)

// The account that may send. Passwords of the lab protect nothing.
const User, Password = "desk", "letters-of-the-lab"

// Program is what has to be on the machine.
const Program = "exim4"

const settings = `
primary_hostname = mail.lab.example
local_interfaces = 127.0.0.1
daemon_smtp_ports = %[2]d
spool_directory = %[1]s/spool
log_file_path = %[1]s/log/%%slog
tls_advertise_hosts = *
tls_certificate = %[1]s/cert.pem
tls_privatekey = %[1]s/key.pem
acl_smtp_rcpt = rcpt
host_lookup =
rfc1413_hosts =
smtp_accept_max = 50
begin acl
rcpt:
  deny
    message = log in first
    ! authenticated = *
  defer
    message = greylisted, come back later
    local_parts = later
  deny
    message = no such user
    local_parts = nobody
  accept
begin routers
all:
  driver = accept
  transport = file
begin transports
file:
  driver = appendfile
  directory = %[1]s/mail
  maildir_format
  user = %[3]s
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = ${if and{{eq{$auth2}{%[4]s}}{eq{$auth3}{%[5]s}}}}
  server_set_id = $auth2
  server_advertise_condition = ${if def:tls_in_cipher}
`

// Server is one that runs.
type Server struct {
	Addr string
	CA   string // PEM file of who vouches for it

	dir     string
	program string
	daemon  *exec.Cmd
}

// Start starts Exim, which has to be root to take and deliver mail. Its files lie in a
// folder of its own until Close.
func Start() (*Server, error) {
	program, err := exec.LookPath(Program)
	if err != nil {
		return nil, err
	}
	as, err := user.Lookup("Debian-exim")
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "eximd-")
	if err != nil {
		return nil, err
	}
	s := &Server{dir: dir, program: program, CA: filepath.Join(dir, "cert.pem")}
	if err := s.start(as); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

func (s *Server) start(as *user.User) error {
	if err := os.Chmod(s.dir, 0o755); err != nil {
		return err
	}
	uid, _ := strconv.Atoi(as.Uid)
	gid, _ := strconv.Atoi(as.Gid)
	for _, d := range []string{"spool", "log", "mail"} {
		path := filepath.Join(s.dir, d)
		if err := os.Mkdir(path, 0o750); err != nil {
			return err
		}
		if err := os.Chown(path, uid, gid); err != nil {
			return err
		}
	}
	if err := s.certificate(gid); err != nil {
		return err
	}
	for range 20 { // until a port is free that was so a moment ago
		port, err := freePort()
		if err != nil {
			return err
		}
		s.Addr = net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
		if err := os.WriteFile(s.conf(), fmt.Appendf(nil, settings, s.dir, port, as.Username, User, Password), 0o644); err != nil {
			return err
		}
		s.daemon = exec.Command(s.program, "-C", s.conf(), "-bdf", "-odq")
		if err := s.daemon.Start(); err != nil {
			return err
		}
		if s.up() {
			return nil
		}
		s.daemon.Process.Kill()
		s.daemon.Wait()
	}
	return fmt.Errorf("exim did not come up at %s", s.Addr)
}

func (s *Server) conf() string { return filepath.Join(s.dir, "exim.conf") }

// up waits for the greeting.
func (s *Server) up() bool {
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		c, err := net.DialTimeout("tcp", s.Addr, time.Second)
		if err != nil {
			continue
		}
		c.SetDeadline(time.Now().Add(5 * time.Second))
		hello := make([]byte, 4)
		_, err = c.Read(hello)
		c.Close()
		return err == nil && string(hello[:3]) == "220"
	}
	return false
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// certificate makes one for 127.0.0.1 that vouches for itself.
func (s *Server) certificate(gid int) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	t := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "mail.lab.example"}, IsCA: true, BasicConstraintsValid: true, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(1, 0, 0), KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature}
	der, err := x509.CreateCertificate(rand.Reader, t, t, &key.PublicKey, key)
	if err != nil {
		return err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	if err := os.WriteFile(s.CA, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o644); err != nil {
		return err
	}
	path := filepath.Join(s.dir, "key.pem")
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), 0o640); err != nil {
		return err
	}
	return os.Chown(path, 0, gid)
}

// Mail delivers what was taken and returns all letters, in the order of their names.
func (s *Server) Mail() ([]string, error) {
	if out, err := exec.Command(s.program, "-C", s.conf(), "-qff").CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%w: %s", err, out)
	}
	files, err := filepath.Glob(filepath.Join(s.dir, "mail", "new", "*"))
	if err != nil {
		return nil, err
	}
	var all []string
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			return nil, err
		}
		all = append(all, string(text))
	}
	return all, nil
}

// Close ends the server and removes its files.
func (s *Server) Close() {
	if s.daemon != nil && s.daemon.Process != nil {
		s.daemon.Process.Kill()
		s.daemon.Wait()
	}
	os.RemoveAll(s.dir)
}
