-- name: InsertAttestation :exec
INSERT INTO attestations (name, seq, subject, value, said_by, at, proven, evidence)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8);

-- name: LastAttestation :one
SELECT CAST(COALESCE(MAX(seq), 0) AS BIGINT) FROM attestations WHERE name = $1;

-- name: AttestationsOf :many
SELECT name, seq, subject, value, said_by, at, proven, evidence FROM attestations WHERE name = $1 ORDER BY seq;

-- name: AttestationsAfter :many
SELECT name, seq, subject, value, said_by, at, proven, evidence FROM attestations
WHERE (name, seq) > (CAST(sqlc.arg(name) AS TEXT), CAST(sqlc.arg(seq) AS BIGINT)) ORDER BY name, seq LIMIT CAST(sqlc.arg(at_most) AS BIGINT);

-- name: InsertChallenge :exec
INSERT INTO challenges (name, kind, token, created, expires, used) VALUES ($1, $2, $3, $4, $5, 0);

-- name: OpenChallenge :one
SELECT name, kind, token, created, expires, used FROM challenges
WHERE name = $1 AND kind = $2 AND used = 0 AND expires > sqlc.arg(now) ORDER BY created DESC, token LIMIT 1;

-- name: UseChallenge :execrows
UPDATE challenges SET used = sqlc.arg(at) WHERE name = $1 AND kind = $2 AND token = $3 AND used = 0 AND expires > sqlc.arg(now);
