-- One set of migrations for SQLite and PostgreSQL: TEXT, BIGINT and BYTEA only,
-- no defaults, no nulls, no types or functions that one of the two lacks. Times
-- are microseconds since 1970 in UTC, 0 where there is none. Digests are the 32
-- octets of a SHA-256.

-- +goose Up

CREATE TABLE runs (
    id          TEXT   NOT NULL PRIMARY KEY,
    started     BIGINT NOT NULL,
    finished    BIGINT NOT NULL, -- 0: it runs, or was interrupted
    version     TEXT   NOT NULL,
    policy_date BIGINT NOT NULL,
    args        TEXT   NOT NULL, -- JSON list
    lang        TEXT   NOT NULL,
    names       BIGINT NOT NULL
);

CREATE INDEX runs_started ON runs (started);

-- What a run was asked for, in order. name is the registrable domain in ASCII;
-- of what is no domain, the text itself (its digest, if it is very long).
CREATE TABLE run_names (
    run    TEXT   NOT NULL REFERENCES runs (id),
    seq    BIGINT NOT NULL,
    name   TEXT   NOT NULL,
    asked  TEXT   NOT NULL,
    rev    BIGINT NOT NULL, -- of the newest row in results; 0: still to be done
    status TEXT   NOT NULL, -- of that row; empty: still to be done
    PRIMARY KEY (run, seq),
    UNIQUE (run, name)
);

-- One document for each name and run. A name that is done again in the same run
-- gets a new revision: what was shown once can be shown again.
CREATE TABLE results (
    run         TEXT   NOT NULL,
    name        TEXT   NOT NULL,
    rev         BIGINT NOT NULL,
    at          BIGINT NOT NULL,
    status      TEXT   NOT NULL,
    verdict     TEXT   NOT NULL,
    doc_version BIGINT NOT NULL,
    digest      BYTEA  NOT NULL, -- of the document before packing
    packing     TEXT   NOT NULL, -- empty: as it is; "deflate": RFC 1951
    doc         BYTEA  NOT NULL,
    evidence    BYTEA  NOT NULL, -- the digests of its evidence, one after the other
    PRIMARY KEY (run, name, rev),
    FOREIGN KEY (run, name) REFERENCES run_names (run, name)
);

CREATE INDEX results_name ON results (name, at);

-- Answers as they came, once each. header is the text that stands before the
-- body when the digest is computed.
CREATE TABLE evidence (
    digest  BYTEA  NOT NULL PRIMARY KEY,
    kind    TEXT   NOT NULL,
    at      BIGINT NOT NULL,
    header  BYTEA  NOT NULL,
    packing TEXT   NOT NULL,
    body    BYTEA  NOT NULL,
    notes   TEXT   NOT NULL -- JSON list
);

-- Who holds which layer of which name, of the newest revision: for questions
-- that run over all names.
CREATE TABLE edges (
    run      TEXT NOT NULL,
    name     TEXT NOT NULL,
    layer    TEXT NOT NULL,
    holder   TEXT NOT NULL,
    standing TEXT NOT NULL,
    PRIMARY KEY (run, name, layer, holder),
    FOREIGN KEY (run, name) REFERENCES run_names (run, name)
);

CREATE INDEX edges_holder ON edges (layer, holder);

-- What people said. Rows are added, never changed.
CREATE TABLE attestations (
    name     TEXT   NOT NULL,
    seq      BIGINT NOT NULL,
    subject  TEXT   NOT NULL,
    value    TEXT   NOT NULL,
    said_by  TEXT   NOT NULL,
    at       BIGINT NOT NULL,
    proven   BIGINT NOT NULL, -- 1 if shown by a fresh act
    evidence BYTEA  NOT NULL REFERENCES evidence (digest),
    PRIMARY KEY (name, seq)
);

-- What a holder is asked to do as proof, and whether it was done.
CREATE TABLE challenges (
    name    TEXT   NOT NULL,
    kind    TEXT   NOT NULL,
    token   TEXT   NOT NULL,
    created BIGINT NOT NULL,
    expires BIGINT NOT NULL,
    used    BIGINT NOT NULL, -- 0: not yet
    PRIMARY KEY (name, kind, token)
);

-- +goose Down

DROP TABLE challenges;
DROP TABLE attestations;
DROP TABLE edges;
DROP TABLE evidence;
DROP TABLE results;
DROP TABLE run_names;
DROP TABLE runs;
