-- +goose Up

-- What the host's records say of its customers. Rows are added; that another took a
-- row's place is written on it. A purge empties value, detail and key.
CREATE TABLE register (
    account  TEXT   NOT NULL, -- the host's number of the customer
    seq      BIGINT NOT NULL,
    side     TEXT   NOT NULL, -- customer or holder
    field    TEXT   NOT NULL,
    value    TEXT   NOT NULL,
    detail   TEXT   NOT NULL,
    folded   TEXT   NOT NULL, -- the value as it is looked for
    name     TEXT   NOT NULL, -- the name it is about; empty: the account
    since    BIGINT NOT NULL, -- 0: not known
    source   TEXT   NOT NULL,
    import   TEXT   NOT NULL, -- of imports; empty: enrolled
    sheet    TEXT   NOT NULL,
    line     BIGINT NOT NULL,
    said_by  TEXT   NOT NULL, -- who vouched; empty: a file says it
    added    BIGINT NOT NULL,
    replaced BIGINT NOT NULL, -- 0: it stands
    PRIMARY KEY (account, seq)
);

CREATE INDEX register_folded ON register (field, folded, account);

-- What was destroyed, when, by whom and by which rule; nothing of what it said.
CREATE TABLE purges (
    thing  TEXT   NOT NULL, -- "case 20261125-abcdef", "account 4711"
    at     BIGINT NOT NULL,
    said_by TEXT  NOT NULL,
    rule   TEXT   NOT NULL,
    number BIGINT NOT NULL, -- of the records that were destroyed
    digest BYTEA  NOT NULL, -- that was over them
    PRIMARY KEY (thing, at)
);

-- +goose Down

DROP TABLE purges;
DROP TABLE register;
