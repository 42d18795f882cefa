package eppd

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// A Server is a registry on a loopback address, behind TLS with certificates of its
// own authority for both sides.
type Server struct {
	*Registry
	Addr string
	TLS  *tls.Config // for clients
	// CA, Cert and Key are PEM files that a client needs, where a folder was given.
	CA, Cert, Key string

	stop   context.CancelFunc
	served chan struct{}
}

// Listen serves a registry until Close. dir is where the files go; empty: none.
func Listen(c Config, dir string) (*Server, error) {
	if c.Addr == "" {
		c.Addr = "127.0.0.1:0"
	}
	ca, caKey, caDER, err := sign(&x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority of the lab"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(1, 0, 0), KeyUsage: x509.KeyUsageCertSign}, nil, nil)
	if err != nil {
		return nil, err
	}
	leaf := func(serial int64) (tls.Certificate, error) {
		_, key, der, err := sign(&x509.Certificate{SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: "lab"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
			NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(1, 0, 0), ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}}, ca, caKey)
		return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, err
	}
	server, err := leaf(2)
	if err != nil {
		return nil, err
	}
	client, err := leaf(3)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	roots.AddCert(ca)
	l, err := tls.Listen("tcp", c.Addr, &tls.Config{Certificates: []tls.Certificate{server}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: roots})
	if err != nil {
		return nil, err
	}
	s := &Server{Registry: New(c), Addr: l.Addr().String(), TLS: &tls.Config{RootCAs: roots, Certificates: []tls.Certificate{client}}, served: make(chan struct{})}
	if dir != "" {
		if err := s.files(dir, caDER, client); err != nil {
			l.Close()
			return nil, err
		}
	}
	var ctx context.Context
	ctx, s.stop = context.WithCancel(context.Background())
	go func() { defer close(s.served); s.Serve(ctx, l) }()
	return s, nil
}

// Close ends all sessions.
func (s *Server) Close() {
	s.stop()
	<-s.served
}

func sign(template, parent *x509.Certificate, signer *ecdsa.PrivateKey) (*x509.Certificate, *ecdsa.PrivateKey, []byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, nil, err
	}
	if parent == nil {
		parent, signer = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		return nil, nil, nil, err
	}
	cert, err := x509.ParseCertificate(der)
	return cert, key, der, err
}

func (s *Server) files(dir string, ca []byte, client tls.Certificate) error {
	key, err := x509.MarshalPKCS8PrivateKey(client.PrivateKey)
	if err != nil {
		return err
	}
	s.CA, s.Cert, s.Key = filepath.Join(dir, "registry-ca.pem"), filepath.Join(dir, "registry-client.pem"), filepath.Join(dir, "registry-client-key.pem")
	for path, block := range map[string]*pem.Block{
		s.CA: {Type: "CERTIFICATE", Bytes: ca}, s.Cert: {Type: "CERTIFICATE", Bytes: client.Certificate[0]}, s.Key: {Type: "PRIVATE KEY", Bytes: key},
	} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			return err
		}
	}
	return nil
}
