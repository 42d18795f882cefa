-- name: RegisterFind :many
SELECT DISTINCT account FROM register WHERE field = $1 AND folded = $2 ORDER BY account LIMIT 100;

-- name: RegisterAccounts :many
SELECT DISTINCT account FROM register WHERE account > $1 ORDER BY account LIMIT CAST(sqlc.arg(at_most) AS BIGINT);

-- name: RegisterReplace :execrows
UPDATE register SET replaced = sqlc.arg(at) WHERE account = sqlc.arg(account) AND seq = sqlc.arg(seq) AND replaced = 0;

-- name: InsertPurge :exec
INSERT INTO purges (thing, at, said_by, rule, number, digest) VALUES ($1, $2, $3, $4, $5, $6);

-- name: PurgesOf :many
SELECT thing, at, said_by, rule, number, digest FROM purges WHERE thing = $1 ORDER BY at;

-- name: EmptyRegister :execrows
UPDATE register SET value = '', detail = '', folded = '', name = '', said_by = '' WHERE account = sqlc.arg(account) AND seq = sqlc.arg(seq);

-- name: EmptyEvent :execrows
UPDATE case_events SET kind = 'purged', doc = sqlc.arg(doc) WHERE case_id = sqlc.arg(case_id) AND seq = sqlc.arg(seq);

-- name: EmptyOutbox :exec
DELETE FROM outbox WHERE case_id = $1;
