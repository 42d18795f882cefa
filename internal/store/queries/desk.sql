-- name: InsertCase :exec
INSERT INTO cases (id, name, act, state, version, risk, opened, deadline, next)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9);

-- name: UpdateCase :execrows
UPDATE cases SET state = sqlc.arg(state), version = sqlc.arg(version), risk = sqlc.arg(risk), deadline = sqlc.arg(deadline), next = sqlc.arg(next)
WHERE id = sqlc.arg(id) AND version = sqlc.arg(was);

-- name: CaseRow :one
SELECT id, name, act, state, version, risk, opened, deadline, next FROM cases WHERE id = $1;

-- name: InsertCaseEvent :exec
INSERT INTO case_events (case_id, seq, at, kind, doc, chain) VALUES ($1, $2, $3, $4, $5, $6);

-- name: CaseEvents :many
SELECT case_id, seq, at, kind, doc, chain FROM case_events WHERE case_id = $1 ORDER BY seq;

-- name: DueCases :many
SELECT c.id FROM cases c
WHERE c.next > 0 AND c.next <= CAST(sqlc.arg(now) AS BIGINT)
  AND NOT EXISTS (SELECT 1 FROM leases l WHERE l.thing = 'case ' || c.id AND l.held_until > CAST(sqlc.arg(now) AS BIGINT))
ORDER BY c.next LIMIT CAST(sqlc.arg(at_most) AS BIGINT);

-- name: NextDue :one
SELECT CAST(COALESCE(MIN(next), 0) AS BIGINT) FROM cases WHERE next > 0;

-- name: CasesByName :many
SELECT id, name, act, state, version, risk, opened, deadline, next FROM cases WHERE name = $1 ORDER BY id;

-- name: CasesByState :many
SELECT id, name, act, state, version, risk, opened, deadline, next FROM cases
WHERE state = sqlc.arg(state) AND (deadline, id) > (CAST(sqlc.arg(deadline) AS BIGINT), CAST(sqlc.arg(after) AS TEXT))
ORDER BY deadline, id LIMIT CAST(sqlc.arg(at_most) AS BIGINT);

-- name: CasesAfter :many
SELECT id, name, act, state, version, risk, opened, deadline, next FROM cases
WHERE id > CAST(sqlc.arg(after) AS TEXT) ORDER BY id LIMIT CAST(sqlc.arg(at_most) AS BIGINT);

-- name: InsertLease :execrows
INSERT INTO leases (thing, holder, held_until, fence) VALUES ($1, '', 0, 0) ON CONFLICT (thing) DO NOTHING;

-- name: TakeLease :execrows
UPDATE leases SET holder = sqlc.arg(holder), held_until = sqlc.arg(until), fence = fence + 1
WHERE thing = sqlc.arg(thing) AND (held_until <= CAST(sqlc.arg(now) AS BIGINT) OR holder = '');

-- name: KeepLease :execrows
UPDATE leases SET held_until = sqlc.arg(until) WHERE thing = sqlc.arg(thing) AND fence = sqlc.arg(fence) AND holder <> '';

-- name: HoldLease :execrows
UPDATE leases SET fence = fence WHERE thing = sqlc.arg(thing) AND fence = sqlc.arg(fence) AND holder <> '';

-- name: EndLease :execrows
UPDATE leases SET holder = '', held_until = 0 WHERE thing = sqlc.arg(thing) AND fence = sqlc.arg(fence);

-- name: LeaseOf :one
SELECT thing, holder, held_until, fence FROM leases WHERE thing = $1;

-- name: PutSealedCode :exec
INSERT INTO sealed_codes (case_id, delivery, sealed, made, expires, was_locked) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (case_id) DO UPDATE SET delivery = excluded.delivery, sealed = excluded.sealed, made = excluded.made, expires = excluded.expires, was_locked = excluded.was_locked;

-- name: SealedCodeOf :one
SELECT case_id, delivery, sealed, made, expires, was_locked FROM sealed_codes WHERE case_id = $1;

-- name: DropSealedCode :exec
DELETE FROM sealed_codes WHERE case_id = $1;

-- name: InsertOutgoing :exec
INSERT INTO outbox (case_id, seq, part, kind, contact, doc, at, sent, again, tries) VALUES ($1, $2, $3, $4, $5, $6, $7, 0, 0, 0);

-- name: UnsentOutgoing :many
SELECT case_id, seq, part, kind, contact, doc, at, sent, again, tries FROM outbox
WHERE sent = 0 AND again <= CAST(sqlc.arg(now) AS BIGINT) ORDER BY at, case_id, seq, part LIMIT CAST(sqlc.arg(at_most) AS BIGINT);

-- name: PostponeOutgoing :execrows
UPDATE outbox SET again = sqlc.arg(again), tries = tries + 1
WHERE case_id = sqlc.arg(case_id) AND seq = sqlc.arg(seq) AND part = sqlc.arg(part) AND sent = 0;

-- name: MarkSent :execrows
UPDATE outbox SET sent = sqlc.arg(at) WHERE case_id = sqlc.arg(case_id) AND seq = sqlc.arg(seq) AND part = sqlc.arg(part) AND sent = 0;

-- name: InsertLeaf :exec
INSERT INTO ledger_leaves (case_id, seq, idx, salt, record, commitment) VALUES ($1, $2, -1, $3, $4, $5);

-- name: UnsequencedLeaves :many
SELECT case_id, seq, idx, salt, record, commitment FROM ledger_leaves WHERE idx = -1 ORDER BY case_id, seq LIMIT CAST(sqlc.arg(at_most) AS BIGINT);

-- name: PlaceLeaf :execrows
UPDATE ledger_leaves SET idx = sqlc.arg(idx) WHERE case_id = sqlc.arg(case_id) AND seq = sqlc.arg(seq) AND idx = -1;

-- name: LeavesOfCase :many
SELECT case_id, seq, idx, salt, record, commitment FROM ledger_leaves WHERE case_id = $1 ORDER BY seq;

-- name: LeavesFrom :many
SELECT case_id, seq, idx, salt, record, commitment FROM ledger_leaves
WHERE idx >= CAST(sqlc.arg(first) AS BIGINT) ORDER BY idx LIMIT CAST(sqlc.arg(at_most) AS BIGINT);

-- name: HashAt :one
SELECT hash FROM ledger_hashes WHERE idx = $1;

-- name: InsertCheckpoint :exec
INSERT INTO checkpoints (size, at, signed) VALUES ($1, $2, $3);

-- name: LastCheckpoint :one
SELECT size, at, signed FROM checkpoints ORDER BY size DESC LIMIT 1;

-- name: ForgetLeaf :execrows
UPDATE ledger_leaves SET salt = sqlc.arg(none), record = sqlc.arg(none) WHERE case_id = sqlc.arg(case_id) AND idx >= 0;
