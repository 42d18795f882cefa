-- name: ZoneCopiesOf :many
SELECT name, seq, at, source, coverage, serial, records, location, evidence FROM zone_copies
WHERE name = $1 ORDER BY seq DESC LIMIT CAST(sqlc.arg(at_most) AS BIGINT);

-- name: ZoneCopiesAfter :many
SELECT name, seq, at, source, coverage, serial, records, location, evidence FROM zone_copies
WHERE (name, seq) > (CAST(sqlc.arg(name) AS TEXT), CAST(sqlc.arg(seq) AS BIGINT)) ORDER BY name, seq LIMIT CAST(sqlc.arg(at_most) AS BIGINT);
