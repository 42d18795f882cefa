-- name: InsertResult :exec
INSERT INTO results (run, name, rev, at, status, verdict, doc_version, digest, packing, doc, evidence)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11);

-- name: ResultDigest :one
SELECT digest FROM results WHERE run = $1 AND name = $2 AND rev = $3;

-- name: ResultByName :one
SELECT run, name, rev, doc_version, digest, packing, doc, evidence FROM results
WHERE run = $1 AND name = $2 ORDER BY rev DESC LIMIT 1;

-- name: LatestResult :one
SELECT r.run, r.name, r.rev, r.doc_version, r.digest, r.packing, r.doc, r.evidence
FROM results r JOIN runs ON runs.id = r.run
WHERE r.name = $1 ORDER BY r.at DESC, runs.started DESC, r.run DESC, r.rev DESC LIMIT 1;

-- name: ResultKeys :many
SELECT r.run, r.rev
FROM results r JOIN runs ON runs.id = r.run
WHERE r.name = $1 ORDER BY r.at, runs.started, r.run, r.rev;

-- name: ResultByKey :one
SELECT run, name, rev, doc_version, digest, packing, doc, evidence FROM results
WHERE run = $1 AND name = $2 AND rev = $3;

-- name: ResultsAfter :many
SELECT run, name, rev, doc_version, digest, packing, doc, evidence FROM results
WHERE (run, name, rev) > (CAST(sqlc.arg(run) AS TEXT), CAST(sqlc.arg(name) AS TEXT), CAST(sqlc.arg(rev) AS BIGINT)) ORDER BY run, name, rev LIMIT CAST(sqlc.arg(at_most) AS BIGINT);

-- name: RunResults :many
SELECT n.seq, r.run, r.name, r.rev, r.doc_version, r.digest, r.packing, r.doc, r.evidence
FROM run_names n JOIN results r ON r.run = n.run AND r.name = n.name AND r.rev = n.rev
WHERE n.run = $1 AND n.seq > $2 ORDER BY n.seq LIMIT CAST(sqlc.arg(at_most) AS BIGINT);

-- name: DeleteEdges :exec
DELETE FROM edges WHERE run = $1 AND name = $2;

-- name: NextName :one
SELECT name FROM results WHERE name >= $1 ORDER BY name LIMIT 1;
