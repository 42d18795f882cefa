// Package ovhauth signs requests as OVHcloud's API wants them, version 1: with three
// keys, at the server's time, which is asked for once.
package ovhauth

import (
	"context"
	"crypto/sha1"
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"freehold/internal/providerapi"
)

// Base is the API's address for customers in Europe.
const Base = "https://eu.api.ovh.com/1.0"

// Provider is what errors call it.
const Provider = "OVH"

// Keys prove who asks: of the application, its secret, and of the consumer that
// allowed it.
type Keys struct {
	Application, Secret, Consumer string
}

type signer struct {
	plain *providerapi.Client // signs nothing
	keys  Keys
	now   func() time.Time

	mu     sync.Mutex
	offset *time.Duration // of the server's clock from ours
}

// New makes a client that signs. now is our clock; nil is the real one.
func New(config providerapi.Config, keys Keys, now func() time.Time) (*providerapi.Client, error) {
	config.Provider, config.Secrets = Provider, []string{keys.Secret, keys.Consumer}
	if config.Base == "" {
		config.Base = Base
	}
	if now == nil {
		now = time.Now
	}
	s := &signer{keys: keys, now: now}
	var err error
	if s.plain, err = providerapi.New(config); err != nil {
		return nil, err
	}
	config.Sign = s.sign
	return providerapi.New(config)
}

// sign puts the signature into the headers.
func (s *signer) sign(r *http.Request, body []byte) error {
	offset, err := s.clock(r.Context())
	if err != nil {
		return err
	}
	at := strconv.FormatInt(s.now().Add(offset).Unix(), 10)
	r.Header.Set("X-Ovh-Application", s.keys.Application)
	r.Header.Set("X-Ovh-Consumer", s.keys.Consumer)
	r.Header.Set("X-Ovh-Timestamp", at)
	r.Header.Set("X-Ovh-Signature", Signature(s.keys, r.Method, r.URL.String(), string(body), at))
	return nil
}

// Signature is what OVH asks for: SHA-1 over secret, consumer key, method, address,
// body and time, with "$1$" before it.
func Signature(k Keys, method, address, body, at string) string {
	sum := sha1.Sum([]byte(strings.Join([]string{k.Secret, k.Consumer, method, address, body, at}, "+")))
	return "$1$" + hex.EncodeToString(sum[:])
}

// clock asks the server for the time, once.
func (s *signer) clock(ctx context.Context) (time.Duration, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.offset == nil {
		var at int64
		if err := s.plain.Do(ctx, http.MethodGet, "/auth/time", nil, &at); err != nil {
			return 0, err
		}
		d := time.Unix(at, 0).Sub(s.now())
		s.offset = &d
	}
	return *s.offset, nil
}
