package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"freehold/internal/resolve/serverstest"
)

// benchZones starts BIND with 200 zones of 98 records, one of 100,000 and, where
// million is set, one of 1,000,000; it returns the server and its folder.
func benchZones(b *testing.B, million bool) (server, port, dir string) {
	b.Helper()
	dir = b.TempDir()
	for d := dir; strings.HasPrefix(d, os.TempDir()) && d != os.TempDir(); d = filepath.Dir(d) {
		if err := os.Chmod(d, 0o755); err != nil {
			b.Fatal(err)
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	_, port, _ = net.SplitHostPort(l.Addr().String())
	l.Close()
	var conf strings.Builder
	fmt.Fprintf(&conf, "options { directory %q; pid-file none; session-keyfile none; lock-file none; listen-on port %s { 127.0.0.1; }; listen-on-v6 { none; }; recursion no; notify no; allow-transfer { any; }; transfers-out 200; };\ncontrols { };\n", dir, port)
	zone := func(name string, records int) {
		var z strings.Builder
		fmt.Fprintf(&z, "$TTL 3600\n@ SOA ns1.host.test. h 1 3600 900 604800 300\n@ NS ns1.host.test.\n")
		for i := range records - 2 {
			switch i % 4 {
			case 0:
				fmt.Fprintf(&z, "h%06d A 192.0.%d.%d\n", i, i>>8&255, i&255)
			case 1:
				fmt.Fprintf(&z, "h%06d AAAA 2001:db8::%x:%x\n", i, i>>16, i&0xffff)
			case 2:
				fmt.Fprintf(&z, "h%06d MX 10 mail%d\n", i, i%10)
			default:
				fmt.Fprintf(&z, "h%06d TXT \"v=spf1 ip4:192.0.2.%d -all\"\n", i, i%256)
			}
		}
		if err := os.WriteFile(filepath.Join(dir, name+".zone"), []byte(z.String()), 0o644); err != nil {
			b.Fatal(err)
		}
		fmt.Fprintf(&conf, "zone %q { type primary; file \"%s.zone\"; };\n", name, name)
	}
	for i := range 200 {
		zone(fmt.Sprintf("z%03d.test", i), 98)
	}
	zone("big.test", 100_000)
	if million {
		zone("huge.test", 1_000_000)
	}
	path := filepath.Join(dir, "named.conf")
	if err := os.WriteFile(path, []byte(conf.String()), 0o644); err != nil {
		b.Fatal(err)
	}
	cmd := exec.Command(serverstest.Need(b, "named"), "-g", "-n", "1", "-c", path)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	var log bytes.Buffer
	cmd.Stderr = &log
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if b.Failed() {
			b.Logf("named: %s", log.String()[max(0, log.Len()-1000):])
		}
	})
	last := "big.test"
	if million {
		last = "huge.test"
	}
	dig := serverstest.Need(b, "dig")
	for deadline := time.Now().Add(time.Minute); ; {
		out, _ := exec.Command(dig, "+short", "+time=1", "+tries=1", "@127.0.0.1", "-p", port, last, "SOA").Output()
		if bytes.Contains(out, []byte("ns1.host.test.")) {
			return "127.0.0.1:" + port, port, dir
		}
		if time.Now().After(deadline) {
			b.Fatal("named does not start")
		}
		<-time.After(50 * time.Millisecond)
	}
}

// program builds freehold, which the benchmarks run as users do.
func program(b *testing.B) string {
	b.Helper()
	path := filepath.Join(b.TempDir(), "freehold")
	if out, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	return path
}

// against runs freehold and a peer alternately and reports the ratios of their
// best times and of their least use of the processor, which other work on the
// machine disturbs less, and the most memory that freehold took.
func against(b *testing.B, ours, peer func() *exec.Cmd) {
	b.Helper()
	type cost struct{ wall, cpu time.Duration }
	memory := int64(0)
	run := func(make func() *exec.Cmd, best cost) cost {
		cmd := make()
		start := time.Now()
		if out, err := cmd.CombinedOutput(); err != nil {
			b.Fatalf("%v: %v\n%.500s", cmd.Args[:2], err, out)
		}
		memory = cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss
		return cost{min(best.wall, time.Since(start)), min(best.cpu, cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime())}
	}
	mine, other, most := cost{time.Hour, time.Hour}, cost{time.Hour, time.Hour}, int64(0)
	b.ResetTimer()
	for range b.N {
		for range 5 {
			mine = run(ours, mine)
			most = max(most, memory)
			if peer != nil {
				other = run(peer, other)
			}
		}
	}
	b.ReportMetric(mine.wall.Seconds(), "s/ours")
	b.ReportMetric(float64(most)/1024, "MB")
	if peer != nil {
		b.ReportMetric(other.wall.Seconds(), "s/peer")
		b.ReportMetric(mine.wall.Seconds()/other.wall.Seconds(), "ratio")
		b.ReportMetric(mine.cpu.Seconds()/other.cpu.Seconds(), "cpu-ratio")
	}
}

// quiet runs a program in a home of its own: ours has a database there from its
// second run on, as everybody's.
func quiet(b *testing.B, name string, args ...string) func() *exec.Cmd {
	home := b.TempDir()
	return func() *exec.Cmd {
		cmd := exec.CommandContext(context.Background(), name, args...)
		cmd.Env = append(os.Environ(), "HOME="+home)
		return cmd
	}
}

// BenchmarkExport200 exports 200 zones from one server, against dig -f, which
// only transfers and prints them: into a new folder, and into one that has them,
// as every night.
func BenchmarkExport200(b *testing.B) {
	freehold := program(b)
	server, port, dir := benchZones(b, false)
	var names []string
	batch := ""
	for i := range 200 {
		names = append(names, fmt.Sprintf("z%03d.test", i))
		batch += fmt.Sprintf("z%03d.test AXFR\n", i)
	}
	path := filepath.Join(dir, "batch")
	if err := os.WriteFile(path, []byte(batch), 0o644); err != nil {
		b.Fatal(err)
	}
	home := b.TempDir()
	into := func(folder string) *exec.Cmd {
		cmd := quiet(b, freehold, append([]string{"export", "--server", server, "-o", folder}, names...)...)()
		cmd.Env = append(cmd.Env, "HOME="+home)
		return cmd
	}
	dig := quiet(b, serverstest.Need(b, "dig"), "+noall", "+answer", "@127.0.0.1", "-p", port, "-f", path)
	b.Run("first", func(b *testing.B) {
		run := 0
		against(b, func() *exec.Cmd {
			run++
			return into(filepath.Join(dir, fmt.Sprintf("first%d-%d", b.N, run)))
		}, dig)
	})
	b.Run("again", func(b *testing.B) {
		against(b, func() *exec.Cmd { return into(filepath.Join(dir, "again")) }, dig)
	})
}

// BenchmarkExport100k exports one zone of 100,000 records to a BIND file and a
// manifest, against kdig's bare transfer.
func BenchmarkExport100k(b *testing.B) {
	freehold := program(b)
	server, port, dir := benchZones(b, false)
	against(b, quiet(b, freehold, "export", "--server", server, "-o", filepath.Join(dir, "out"), "big.test"),
		quiet(b, serverstest.Need(b, "kdig"), "@127.0.0.1", "-p", port, "big.test", "AXFR"))
}

// BenchmarkExportMillion exports a zone of 1,000,000 records: what counts is memory.
func BenchmarkExportMillion(b *testing.B) {
	freehold := program(b)
	server, _, dir := benchZones(b, true)
	against(b, quiet(b, freehold, "export", "--server", server, "-o", filepath.Join(dir, "out"), "huge.test"), nil)
}

// BenchmarkCompare100k compares two files of 100,000 records, against ldns-compare-zones.
func BenchmarkCompare100k(b *testing.B) {
	freehold := program(b)
	_, _, dir := benchZones(b, false)
	one := filepath.Join(dir, "big.test.zone")
	text, err := os.ReadFile(one)
	if err != nil {
		b.Fatal(err)
	}
	// ldns wants the origin in the file.
	text = append([]byte("$ORIGIN big.test.\n"), text...)
	paths := []string{filepath.Join(dir, "a.zone"), filepath.Join(dir, "b.zone")}
	for _, p := range paths {
		if err := os.WriteFile(p, text, 0o644); err != nil {
			b.Fatal(err)
		}
	}
	against(b, quiet(b, freehold, "compare", paths[0], paths[1]), quiet(b, serverstest.Need(b, "ldns-compare-zones"), "-a", paths[0], paths[1]))
}

// BenchmarkObserve asks one server for 20,000 words below a zone, without a limit,
// each question from a socket of its own; against dnsx, which asks for the same
// names. dnsx is where the benchmark of internal/resolve has built it.
func BenchmarkObserve(b *testing.B) {
	cache, err := os.UserCacheDir()
	if err != nil {
		b.Fatal(err)
	}
	dnsx := filepath.Join(cache, "freehold-bench", "bin", "dnsx-v1.2.3")
	if _, err := os.Stat(dnsx); err != nil {
		b.Skip("dnsx is not built: run the benchmark Queries of internal/resolve first")
	}
	freehold := program(b)
	server, port, dir := benchZones(b, false)
	const words = 20_000
	var list, names strings.Builder
	for i := range words {
		fmt.Fprintf(&list, "w%06d\n", i)
		fmt.Fprintf(&names, "w%06d.z000.test\n", i)
	}
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			b.Fatal(err)
		}
		return path
	}
	wordlist, all := write("words", list.String()), write("names", names.String())
	hints := write("hints", ". 3600 NS ns.root.\nns.root. 3600 A 127.0.0.1\n")
	run := 0
	against(b, func() *exec.Cmd { // a home of its own each time: what was asked is not asked again
		run++
		// What is observed is partial, which is a finding: 3.
		return quiet(b, "sh", "-c", `"$0" "$@"; test $? -eq 3`, freehold, "export", "--from", "observe", "--rate", "0", "--wordlist", wordlist, "--dns-hints", hints, "--dns-port", port, "--server", server,
			"-o", filepath.Join(dir, fmt.Sprintf("observed%d-%d", b.N, run)), "z000.test")()
	}, quiet(b, dnsx, "-l", all, "-r", server, "-a", "-json", "-silent", "-duc", "-t", "100", "-o", filepath.Join(dir, "dnsx")))
}
