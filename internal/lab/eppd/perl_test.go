package eppd

import (
	"crypto/x509"
	"encoding/pem"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// script is what a registrar's shop in Perl would do, with Debian's client.
const script = `
use strict; use Net::EPP::Simple;
my ($port, $cert, $key, $ca) = @ARGV;
my $epp = Net::EPP::Simple->new(host => '127.0.0.1', port => $port, user => 'loser', pass => 'losing-secret',
	key => $key, cert => $cert, verify => 1, ca_file => $ca) or die "login: $Net::EPP::Simple::Code $Net::EPP::Simple::Error";
print "avail ", $epp->check_domain('nobody.example'), $epp->check_domain('old-shop.example'), "\n";
my $info = $epp->domain_info('old-shop.example') or die "info: $Net::EPP::Simple::Error";
print "info $info->{name} $info->{clID} @{$info->{status}}\n";
$epp->update_domain({name => 'old-shop.example', rem => {status => ['clientTransferProhibited']}, chg => {authInfo => 'Perl-code-77'}}) or die "update: $Net::EPP::Simple::Error";
my $gainer = Net::EPP::Simple->new(host => '127.0.0.1', port => $port, user => 'gainer', pass => 'gaining-secret',
	key => $key, cert => $cert, verify => 1, ca_file => $ca) or die "login: $Net::EPP::Simple::Error";
print "wrong ", ($gainer->domain_transfer_request('old-shop.example', 'guess', 1) ? 'taken' : $Net::EPP::Simple::Code), "\n";
$gainer->domain_transfer_request('old-shop.example', 'Perl-code-77', 1) or die "transfer: $Net::EPP::Simple::Code $Net::EPP::Simple::Error";
print "moved to ", $gainer->domain_info('old-shop.example')->{clID}, "\n";
`

// TestPerlClient lets an independent client do what ours does.
func TestPerlClient(t *testing.T) {
	perl, err := exec.LookPath("perl")
	if err != nil || exec.Command(perl, "-MNet::EPP::Simple", "-e", "1").Run() != nil {
		t.Skip("skipped: no Net::EPP for perl; 'make deps' installs it")
	}
	h := open(t, Config{Secure: true})
	dir := t.TempDir()
	file := func(name, kind string, der []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	own := h.tls.Certificates[0]
	key, err := x509.MarshalPKCS8PrivateKey(own.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(h.addr)
	out, err := exec.Command(perl, "-e", script, port, file("cert.pem", "CERTIFICATE", own.Certificate[0]), file("key.pem", "PRIVATE KEY", key), file("ca.pem", "CERTIFICATE", h.ca)).CombinedOutput()
	want := "avail 10\ninfo old-shop.example loser clientTransferProhibited\nwrong 2202\nmoved to gainer\n"
	if err != nil || string(out) != want {
		t.Errorf("%v\n%s\nwant\n%s", err, out, want)
	}
	if strings.Contains(string(out), "Perl-code") {
		t.Error("a code was told")
	}
}
