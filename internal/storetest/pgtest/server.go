package pgtest

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// Server is a running PostgreSQL server.
type Server struct {
	bin, dir string
	port     int
	attr     *syscall.SysProcAttr
	cmd      *exec.Cmd
	ended    chan struct{} // closed when the process is gone
}

// Start starts a server for one test alone, such as one that kills it.
func Start(t testing.TB) *Server {
	t.Helper()
	s, err := start()
	if err != nil {
		missing(t, err)
	}
	t.Cleanup(s.Stop)
	return s
}

func start() (*Server, error) {
	bin, err := binaries()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "freehold-pg-")
	if err != nil {
		return nil, err
	}
	s := &Server{bin: bin, dir: dir}
	if err := errors.Join(s.unprivileged(), s.initialise()); err != nil {
		os.RemoveAll(dir)
		return nil, err
	}
	if err := s.Restart(); err != nil {
		os.RemoveAll(dir)
		return nil, err
	}
	return s, nil
}

// binaries finds the newest installed version.
func binaries() (string, error) {
	if p, err := exec.LookPath("initdb"); err == nil {
		return filepath.Dir(p), nil
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if len(found) == 0 {
		return "", errors.New("initdb is not installed (Debian package postgresql)")
	}
	newest := slices.MaxFunc(found, func(a, b string) int { return number(a) - number(b) })
	return filepath.Dir(newest), nil
}

func number(path string) int {
	n, _ := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(path))))
	return n
}

// unprivileged makes the server run as another user where the tests run as
// root, which PostgreSQL refuses.
func (s *Server) unprivileged() error {
	s.attr = &syscall.SysProcAttr{}
	if os.Geteuid() != 0 {
		return nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		u, err = user.Lookup("nobody")
	}
	if err != nil {
		return err
	}
	uid, _ := strconv.Atoi(u.Uid)
	gid, _ := strconv.Atoi(u.Gid)
	s.attr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	return os.Chown(s.dir, uid, gid)
}

// initialise makes the data folder. The collation is a language's, not the
// octets': what the tests hold for must not rest on how texts are sorted.
func (s *Server) initialise() error {
	args := []string{"-D", s.data(), "-U", "freehold", "-A", "trust", "-E", "UTF8", "--no-sync", "--locale=C.UTF-8"}
	out, err := s.command("initdb", append(args, "--locale-provider=icu", "--icu-locale=en-US")...).CombinedOutput()
	if err == nil {
		return nil
	}
	os.RemoveAll(s.data())
	if out2, err2 := s.command("initdb", args...).CombinedOutput(); err2 != nil {
		return fmt.Errorf("initdb: %w: %s%s", err2, out, out2)
	}
	return nil
}

func (s *Server) command(program string, args ...string) *exec.Cmd {
	c := exec.Command(filepath.Join(s.bin, program), args...)
	attr := *s.attr
	c.SysProcAttr = &attr
	c.Dir = s.dir
	return c
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

// Restart starts the server again after Kill, on the same port if it is still
// free. It returns when connections are accepted.
func (s *Server) Restart() (err error) {
	for range 50 {
		if err = s.tryStart(); err == nil {
			return nil
		}
		if !strings.Contains(err.Error(), "still in use") { // the shared memory of killed processes is let go of a moment later
			s.port = 0 // somebody else has it
		}
	}
	return err
}

func (s *Server) tryStart() error {
	if s.port == 0 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		s.port = l.Addr().(*net.TCPAddr).Port
		l.Close()
	}
	// Without fsync a commit survives the death of every process, not of the machine: enough here, and fast.
	c := s.command("postgres", "-D", s.data(), "-k", s.dir, "-p", strconv.Itoa(s.port), "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off",
		"-c", "shared_buffers=32MB", "-c", "max_connections=60", "-c", "log_min_messages=warning", "-c", "lc_messages=C")
	c.SysProcAttr.Pdeathsig = syscall.SIGQUIT // if the test binary dies, so does the server
	log, err := c.StderrPipe()
	if err != nil {
		return err
	}
	s.cmd, s.ended = c, make(chan struct{})
	started := make(chan error, 1)
	go s.run(log, started)
	if err := <-started; err != nil {
		<-s.ended
		return err
	}
	return nil
}

// run is the server's life. The parent's death signal is tied to the thread
// that started the process, so that thread stays here until the end.
func (s *Server) run(log io.Reader, started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer close(s.ended)
	if err := s.cmd.Start(); err != nil {
		started <- err
		return
	}
	var said []string
	up := false
	lines := bufio.NewScanner(log)
	for lines.Scan() {
		if !up && strings.Contains(lines.Text(), "database system is ready to accept connections") {
			up = true
			started <- nil
		}
		if !up {
			said = append(said, lines.Text())
		}
	}
	err := s.cmd.Wait()
	if !up {
		started <- fmt.Errorf("postgres ended: %v: %s", err, strings.Join(said, "\n"))
	}
}

// DSN returns the URL of a database on the server.
func (s *Server) DSN(database string) string {
	return fmt.Sprintf("postgres://freehold@127.0.0.1:%d/%s?sslmode=disable", s.port, database)
}

// Kill ends every process of the server at once, as a power cut would.
func (s *Server) Kill() {
	pid := s.cmd.Process.Pid
	children, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid)) // each is in a group of its own
	_ = s.cmd.Process.Kill()
	for child := range strings.FieldsSeq(string(children)) {
		if n, err := strconv.Atoi(child); err == nil {
			_ = syscall.Kill(n, syscall.SIGKILL)
		}
	}
	<-s.ended
}

// Stop ends the server and removes its folder.
func (s *Server) Stop() {
	if s.cmd != nil {
		_ = s.cmd.Process.Signal(syscall.SIGINT)
		<-s.ended
	}
	os.RemoveAll(s.dir)
}
