-- name: EvidenceByDigest :one
SELECT digest, header, packing, body, notes FROM evidence WHERE digest = $1;

-- name: EvidenceBetween :many
SELECT digest FROM evidence WHERE digest >= sqlc.arg(low) AND digest <= sqlc.arg(high)
ORDER BY digest LIMIT CAST(sqlc.arg(at_most) AS BIGINT);

-- name: EvidenceAfter :many
SELECT digest, header, packing, body, notes FROM evidence WHERE digest > $1
ORDER BY digest LIMIT CAST(sqlc.arg(at_most) AS BIGINT);
