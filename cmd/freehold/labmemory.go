package main

import (
	"context"

	"freehold"
	"freehold/internal/lab"
	"freehold/internal/store"
)

// labMemory is what is remembered of the lab's names without a store.
type labMemory struct{}

func (labMemory) Attestations(_ context.Context, name freehold.Name) (said freehold.Attestations, err error) {
	for _, a := range lab.Attestations() {
		if a.Name == name {
			said = append(said, a)
		}
	}
	return said, nil
}

func (labMemory) ZoneCopies(_ context.Context, name freehold.Name) (copies []freehold.ZoneCopy, err error) {
	for _, c := range lab.ZoneCopies() {
		if c.Name == name {
			copies = append(copies, c)
		}
	}
	return copies, nil
}

func (labMemory) Earlier(_ context.Context, name freehold.Name) (freehold.Earlier, error) {
	return lab.Earlier(name), nil
}

// seed writes what the lab's owners said, and the copies they made, into a store
// that audits the lab.
func (o *observers) seed(ctx context.Context, st *store.Store) error {
	if st == nil || o.lab == nil {
		return nil
	}
	for _, a := range lab.Attestations() {
		known, err := st.Attestations(ctx, a.Name)
		if err != nil {
			return err
		}
		if has(known, a) {
			continue
		}
		if err := st.Attest(ctx, a, lab.Evidence(a)); err != nil {
			return err
		}
	}
	return seedCopies(ctx, st)
}

func has(known freehold.Attestations, a freehold.Attestation) bool {
	for _, k := range known {
		if k.Subject == a.Subject && k.Evidence == a.Evidence {
			return true
		}
	}
	return false
}

func seedCopies(ctx context.Context, st *store.Store) error {
	for _, c := range lab.ZoneCopies() {
		known, err := st.ZoneCopies(ctx, c.Name)
		if err != nil {
			return err
		}
		seeded := false
		for _, k := range known {
			seeded = seeded || k.At.Equal(c.At) && k.Location == c.Location
		}
		if seeded {
			continue
		}
		if err := st.PutZoneCopy(ctx, c, lab.CopyEvidence(c)); err != nil {
			return err
		}
	}
	return nil
}
