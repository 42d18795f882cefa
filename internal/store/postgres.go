package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"freehold"
)

const (
	postgresConns  = 8
	connectTimeout = 15 * time.Second
)

// openPostgres connects to the server. What a commit means there is what its
// administrator set (fsync, synchronous_commit): both on, as delivered, is
// durable.
func (s *Store) openPostgres(ctx context.Context) error {
	config, err := s.postgresConfig()
	if err != nil {
		return err
	}
	pool := stdlib.OpenDB(*config)
	s.writer, s.reader = pool, pool
	pool.SetMaxOpenConns(postgresConns)
	pool.SetMaxIdleConns(postgresConns)
	pool.SetConnMaxIdleTime(5 * time.Minute)
	version, err := readVersion(ctx, pool, true)
	if err != nil {
		return err
	}
	return s.ensureSchema(ctx, version, func() error { return nil })
}

func (s *Store) postgresConfig() (*pgx.ConnConfig, error) {
	config, err := pgx.ParseConfig(s.address.dsn)
	if err != nil {
		// Not wrapped: the parser's error holds the address with its password.
		return nil, &freehold.Error{Kind: freehold.KindInvalid, Text: freehold.T("the address of database %q has a parameter or part that is not understood", s.address.shown), Advice: addressHint}
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = connectTimeout
	}
	return config, nil
}
