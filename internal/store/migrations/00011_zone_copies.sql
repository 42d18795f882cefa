-- +goose Up

-- Zone copies that were made: where each lies, and how much of the zone it
-- holds. Rows are added, never changed; the copy itself lies elsewhere.
CREATE TABLE zone_copies (
    name     TEXT   NOT NULL,
    seq      BIGINT NOT NULL,
    at       BIGINT NOT NULL, -- when the zone was read
    source   TEXT   NOT NULL,
    coverage TEXT   NOT NULL,
    serial   BIGINT NOT NULL,
    records  BIGINT NOT NULL,
    location TEXT   NOT NULL, -- empty: not known
    evidence BYTEA  NOT NULL, -- the digests of its evidence, one after the other
    PRIMARY KEY (name, seq)
);

-- +goose Down

DROP TABLE zone_copies;
