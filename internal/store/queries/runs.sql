-- name: InsertRun :exec
INSERT INTO runs (id, started, finished, version, policy_date, args, lang, names)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8);

-- name: RunByID :one
SELECT id, started, finished, version, policy_date, args, lang, names FROM runs WHERE id = $1;

-- name: Runs :many
SELECT id, started, finished, version, policy_date, args, lang, names FROM runs
ORDER BY started DESC, id DESC LIMIT CAST(sqlc.arg(at_most) AS BIGINT);

-- name: SetRunFinished :execrows
UPDATE runs SET finished = $1 WHERE id = $2;

-- name: CountRunNames :exec
UPDATE runs SET names = (SELECT COUNT(*) FROM run_names WHERE run_names.run = runs.id) WHERE id = $1;

-- name: LastSeq :one
SELECT CAST(COALESCE(MAX(seq), 0) AS BIGINT) FROM run_names WHERE run = $1;

-- name: InsertRunName :exec
INSERT INTO run_names (run, seq, name, asked, rev, status) VALUES ($1, $2, $3, $4, 0, '');

-- name: RunNameByName :one
SELECT seq, name, rev FROM run_names WHERE run = $1 AND name = $2;

-- name: RenameRunName :exec
UPDATE run_names SET name = $1 WHERE run = $2 AND seq = $3;

-- name: SetRunName :exec
UPDATE run_names SET rev = $1, status = $2 WHERE run = $3 AND name = $4;

-- name: NewNames :many
SELECT seq, asked FROM run_names
WHERE run = $1 AND seq > $2 AND rev = 0 ORDER BY seq LIMIT CAST(sqlc.arg(at_most) AS BIGINT);

-- name: UnsettledNames :many
SELECT seq, asked FROM run_names
WHERE run = $1 AND seq > $2 AND status <> sqlc.arg(settled) ORDER BY seq LIMIT CAST(sqlc.arg(at_most) AS BIGINT);
