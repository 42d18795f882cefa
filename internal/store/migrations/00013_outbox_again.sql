-- +goose Up

-- A message that could not leave waits for its next attempt.
ALTER TABLE outbox ADD COLUMN again BIGINT NOT NULL DEFAULT 0; -- not before; 0: at once
ALTER TABLE outbox ADD COLUMN tries BIGINT NOT NULL DEFAULT 0; -- attempts that failed

-- +goose Down

ALTER TABLE outbox DROP COLUMN tries;
ALTER TABLE outbox DROP COLUMN again;
