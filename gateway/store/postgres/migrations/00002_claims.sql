-- Of several nodes one tells a stream: who has claimed it, and until then, is in the row of the event that is to be told first.

-- +goose Up
ALTER TABLE events ADD COLUMN owner text COLLATE "C" CHECK (length(owner) BETWEEN 1 AND 200); -- due_at is when the claim ends

-- +goose Down
ALTER TABLE events DROP COLUMN owner;
