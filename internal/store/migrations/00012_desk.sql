-- +goose Up

-- One request each. All but the name and the act can be made again from the events,
-- or is bookkeeping of who works on it.
CREATE TABLE cases (
    id       TEXT   NOT NULL PRIMARY KEY,
    name     TEXT   NOT NULL,
    act      TEXT   NOT NULL,
    state    TEXT   NOT NULL,
    version  BIGINT NOT NULL, -- how many events it has
    risk     BIGINT NOT NULL, -- points
    opened   BIGINT NOT NULL,
    deadline BIGINT NOT NULL, -- 0: none
    next     BIGINT NOT NULL  -- when a worker has to look; 0: not by itself
);

CREATE INDEX cases_next ON cases (next);
CREATE INDEX cases_queue ON cases (state, deadline, id);
CREATE INDEX cases_name ON cases (name, id);

-- What happened. Rows are added, never changed: on PostgreSQL the desk's role has
-- no right to. chain is the digest over the chain before it and the event's digest.
CREATE TABLE case_events (
    case_id TEXT   NOT NULL REFERENCES cases (id),
    seq     BIGINT NOT NULL,
    at      BIGINT NOT NULL,
    kind    TEXT   NOT NULL,
    doc     BYTEA  NOT NULL,
    chain   BYTEA  NOT NULL,
    PRIMARY KEY (case_id, seq)
);

-- Who works on what: a case, a session at a registry, the ledger.
CREATE TABLE leases (
    thing      TEXT   NOT NULL PRIMARY KEY,
    holder     TEXT   NOT NULL, -- empty: nobody
    held_until BIGINT NOT NULL,
    fence      BIGINT NOT NULL
);

-- Codes that only their receiver can open, until they are handed over.
CREATE TABLE sealed_codes (
    case_id    TEXT   NOT NULL PRIMARY KEY REFERENCES cases (id),
    delivery   TEXT   NOT NULL,
    sealed     BYTEA  NOT NULL,
    made       BIGINT NOT NULL,
    expires    BIGINT NOT NULL,
    was_locked BIGINT NOT NULL
);

-- Messages that have to leave the house. sent is 0 until one has.
CREATE TABLE outbox (
    case_id  TEXT   NOT NULL REFERENCES cases (id),
    seq      BIGINT NOT NULL, -- of the event it came with
    part     BIGINT NOT NULL,
    kind     TEXT   NOT NULL,
    contact  TEXT   NOT NULL,
    doc      BYTEA  NOT NULL,
    at       BIGINT NOT NULL,
    sent     BIGINT NOT NULL,
    PRIMARY KEY (case_id, seq, part)
);

CREATE INDEX outbox_unsent ON outbox (sent, at, case_id, seq, part);

-- The ledger: commitments that wait for their place (idx -1) and those that have it.
-- A purge empties salt and record.
CREATE TABLE ledger_leaves (
    case_id    TEXT   NOT NULL,
    seq        BIGINT NOT NULL, -- of the event
    idx        BIGINT NOT NULL,
    salt       BYTEA  NOT NULL,
    record     BYTEA  NOT NULL,
    commitment BYTEA  NOT NULL,
    PRIMARY KEY (case_id, seq)
);

CREATE INDEX ledger_leaves_idx ON ledger_leaves (idx, case_id, seq);

CREATE TABLE ledger_hashes (
    idx  BIGINT NOT NULL PRIMARY KEY,
    hash BYTEA  NOT NULL
);

CREATE TABLE checkpoints (
    size   BIGINT NOT NULL PRIMARY KEY,
    at     BIGINT NOT NULL,
    signed BYTEA  NOT NULL
);

-- +goose Down

DROP TABLE checkpoints;
DROP TABLE ledger_hashes;
DROP TABLE ledger_leaves;
DROP TABLE outbox;
DROP TABLE sealed_codes;
DROP TABLE leases;
DROP TABLE case_events;
DROP TABLE cases;
