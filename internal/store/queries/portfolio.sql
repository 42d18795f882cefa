-- name: InsertImport :exec
INSERT INTO imports (id, at, file, digest, size, form) VALUES ($1, $2, $3, $4, $5, $6);

-- name: ImportByID :one
SELECT id, at, file, digest, size, form FROM imports WHERE id = $1;

-- name: PortfolioAfter :many
SELECT name FROM portfolio WHERE name > $1 ORDER BY name LIMIT CAST(sqlc.arg(at_most) AS BIGINT);

-- name: SetClient :exec
UPDATE portfolio SET client = $2 WHERE name = $1;
