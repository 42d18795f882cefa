-- +goose Up

-- Files that were read into the portfolio, and how.
CREATE TABLE imports (
    id     TEXT   NOT NULL PRIMARY KEY,
    at     BIGINT NOT NULL,
    file   TEXT   NOT NULL, -- its name, without the folder
    digest BYTEA  NOT NULL, -- of the whole file
    size   BIGINT NOT NULL,
    form   TEXT   NOT NULL  -- JSON: kind, encoding, separator, and what each column was read as
);

-- The names someone answers for.
CREATE TABLE portfolio (
    name   TEXT   NOT NULL PRIMARY KEY,
    client TEXT   NOT NULL, -- empty: none was said
    added  BIGINT NOT NULL,
    import TEXT   NOT NULL REFERENCES imports (id), -- why it is listed
    sheet  TEXT   NOT NULL,
    line   BIGINT NOT NULL
);

CREATE TABLE portfolio_tags (
    name TEXT NOT NULL REFERENCES portfolio (name),
    tag  TEXT NOT NULL,
    PRIMARY KEY (name, tag)
);

-- What files said about a name. Rows are added, never changed: the newest of a
-- field counts.
CREATE TABLE portfolio_claims (
    name   TEXT   NOT NULL REFERENCES portfolio (name),
    field  TEXT   NOT NULL,
    seq    BIGINT NOT NULL,
    value  TEXT   NOT NULL,
    import TEXT   NOT NULL REFERENCES imports (id),
    sheet  TEXT   NOT NULL,
    line   BIGINT NOT NULL,
    PRIMARY KEY (name, field, seq)
);

-- +goose Down

DROP TABLE portfolio_claims;
DROP TABLE portfolio_tags;
DROP TABLE portfolio;
DROP TABLE imports;
