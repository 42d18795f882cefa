-- name: InsertZoneCopy :exec
INSERT INTO zone_copies (name, seq, at, source, coverage, serial, records, location, evidence)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9);

-- name: LastZoneCopy :one
SELECT CAST(COALESCE(MAX(seq), 0) AS BIGINT) FROM zone_copies WHERE name = $1;

-- name: ZoneCopiesOf :many
SELECT name, seq, at, source, coverage, serial, records, location, evidence FROM zone_copies
WHERE name = $1 ORDER BY seq DESC LIMIT CAST(sqlc.arg(at_most) AS BIGINT);

-- name: ZoneCopiesAfter :many
SELECT name, seq, at, source, coverage, serial, records, location, evidence FROM zone_copies
WHERE (name, seq) > (CAST(sqlc.arg(name) AS TEXT), CAST(sqlc.arg(seq) AS BIGINT)) ORDER BY name, seq LIMIT CAST(sqlc.arg(at_most) AS BIGINT);
