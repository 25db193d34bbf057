-- Times are microseconds since 1970 (UTC). Lists of allowed words are chains of OR: SQLite builds a table for each
-- IN list whenever a statement runs.

-- +goose Up
CREATE TABLE requests (
    seq             INTEGER PRIMARY KEY,
    id              TEXT NOT NULL UNIQUE CHECK (length(id) = 36),
    client          TEXT NOT NULL CHECK (length(client) BETWEEN 1 AND 200),
    idem_key        TEXT CHECK (length(idem_key) BETWEEN 1 AND 255),
    body_hash       BLOB NOT NULL CHECK (length(body_hash) = 32),
    portal_id       TEXT CHECK (length(portal_id) BETWEEN 1 AND 255),
    service         TEXT NOT NULL CHECK (length(service) BETWEEN 1 AND 200),
    service_version TEXT NOT NULL CHECK (length(service_version) <= 50),
    agency          TEXT NOT NULL CHECK (length(agency) BETWEEN 1 AND 200),
    urgent          INTEGER NOT NULL CHECK (urgent BETWEEN 0 AND 1),
    test            INTEGER NOT NULL CHECK (test BETWEEN 0 AND 1),
    state           TEXT NOT NULL,
    outcome         TEXT CHECK (length(outcome) BETWEEN 1 AND 50),
    status          TEXT CHECK (length(status) BETWEEN 1 AND 50),
    accepted_at     INTEGER NOT NULL CHECK (accepted_at > 0),
    closed_at       INTEGER,
    withdrawn_at    INTEGER,
    withdraw_reason TEXT CHECK (length(withdraw_reason) <= 1000),
    rev             INTEGER NOT NULL CHECK (rev >= 1),
    -- a closed request has an outcome and an end, an open one has neither
    CHECK (state = 'open' AND outcome IS NULL AND closed_at IS NULL
        OR state = 'closed' AND outcome IS NOT NULL AND closed_at IS NOT NULL)
) STRICT;
CREATE UNIQUE INDEX requests_idem ON requests (client, idem_key) WHERE idem_key IS NOT NULL;
CREATE INDEX requests_portal_id ON requests (portal_id, client) WHERE portal_id IS NOT NULL;
CREATE INDEX requests_client ON requests (client, seq);
CREATE INDEX requests_open ON requests (seq) WHERE closed_at IS NULL;

CREATE TABLE bodies (
    request INTEGER PRIMARY KEY REFERENCES requests (seq),
    body    BLOB NOT NULL
) STRICT;

CREATE TABLE deliveries (
    request      INTEGER NOT NULL REFERENCES requests (seq),
    n            INTEGER NOT NULL CHECK (n BETWEEN 1 AND 10000),
    agency       TEXT NOT NULL CHECK (length(agency) BETWEEN 1 AND 200),
    endpoint     TEXT NOT NULL CHECK (length(endpoint) BETWEEN 1 AND 200),
    kind         TEXT NOT NULL CHECK (kind = 'submit' OR kind = 'supplement' OR kind = 'cancel' OR kind = 'fetch'),
    rank         INTEGER NOT NULL CHECK (rank BETWEEN 0 AND 1), -- 0 is urgent
    cancelable   INTEGER NOT NULL CHECK (cancelable BETWEEN 0 AND 1),
    state        TEXT NOT NULL,
    epoch        INTEGER NOT NULL CHECK (epoch >= 0),
    attempts     INTEGER NOT NULL CHECK (attempts >= 0),
    in_doubt     INTEGER NOT NULL DEFAULT 0 CHECK (in_doubt BETWEEN 0 AND 1),
    since        INTEGER NOT NULL,
    next_at      INTEGER,
    owner        TEXT CHECK (length(owner) BETWEEN 1 AND 200),
    queued_at    INTEGER NOT NULL,
    ended_at     INTEGER,
    delayed_at   INTEGER,
    external_id  TEXT CHECK (length(external_id) BETWEEN 1 AND 500),
    poll_at      INTEGER,
    error_class  TEXT CHECK (length(error_class) <= 50),
    error_code   TEXT CHECK (length(error_code) <= 200),
    error_text   TEXT CHECK (length(error_text) <= 4000),
    error_reason TEXT CHECK (length(error_reason) <= 200),
    remedy_ru    TEXT CHECK (length(remedy_ru) <= 2000),
    remedy_en    TEXT CHECK (length(remedy_en) <= 2000),
    error_at     INTEGER,
    rev          INTEGER NOT NULL CHECK (rev >= 1),
    PRIMARY KEY (request, n),
    -- nothing is stuck: what is open has a next wake-up or an owner, and never both; what has ended has neither
    CHECK (
        (state = 'queued' OR state = 'retrying') AND next_at IS NOT NULL AND owner IS NULL AND ended_at IS NULL
        OR state = 'sending' AND next_at IS NULL AND owner IS NOT NULL AND owner <> 'operator' AND ended_at IS NULL
        OR state = 'unconfirmed' AND (next_at IS NOT NULL AND owner IS NULL OR next_at IS NULL AND owner IS 'operator') AND ended_at IS NULL
        OR state = 'dead' AND next_at IS NULL AND owner IS 'operator' AND error_class IS NOT NULL AND ended_at IS NULL
        OR state = 'registered' AND next_at IS NULL AND owner IS NULL AND ended_at IS NOT NULL AND external_id IS NOT NULL
        OR (state = 'rejected' OR state = 'cancelled') AND next_at IS NULL AND owner IS NULL AND ended_at IS NOT NULL
    ),
    CHECK (state = 'registered' OR poll_at IS NULL),
    CHECK (state <> 'cancelled' OR in_doubt = 0)
) STRICT, WITHOUT ROWID;
CREATE INDEX deliveries_due ON deliveries (agency, endpoint, rank, next_at, request, n) WHERE next_at IS NOT NULL;
CREATE INDEX deliveries_owned ON deliveries (owner, request, n) WHERE owner IS NOT NULL;
CREATE INDEX deliveries_troubled ON deliveries (state, request, n) WHERE state = 'retrying' OR state = 'unconfirmed' OR state = 'dead';
CREATE INDEX deliveries_untold ON deliveries (queued_at) WHERE ended_at IS NULL AND delayed_at IS NULL;
CREATE INDEX deliveries_number ON deliveries (agency, external_id) WHERE external_id IS NOT NULL;
CREATE INDEX deliveries_poll ON deliveries (poll_at) WHERE poll_at IS NOT NULL;

CREATE TABLE attempts (
    id           INTEGER PRIMARY KEY,
    request      INTEGER NOT NULL REFERENCES requests (seq),
    delivery     INTEGER NOT NULL,
    n            INTEGER NOT NULL,
    what         TEXT NOT NULL CHECK (what = 'send' OR what = 'probe' OR what = 'decision'),
    owner        TEXT NOT NULL,
    started_at   INTEGER,
    ended_at     INTEGER NOT NULL,
    class        TEXT NOT NULL CHECK (length(class) BETWEEN 1 AND 50),
    code         TEXT,
    text         TEXT,
    http_status  INTEGER CHECK (http_status BETWEEN 100 AND 999),
    sent         BLOB CHECK (length(sent) <= 65536),
    received     BLOB CHECK (length(received) <= 65536),
    mapping_hash TEXT
) STRICT;
CREATE INDEX attempts_of ON attempts (request, delivery);

CREATE TABLE statuses (
    request     INTEGER NOT NULL REFERENCES requests (seq),
    n           INTEGER NOT NULL CHECK (n >= 1),
    agency      TEXT NOT NULL,
    code        TEXT NOT NULL CHECK (length(code) BETWEEN 1 AND 50),
    raw         TEXT,
    at          INTEGER,
    source      TEXT NOT NULL CHECK (source = 'receipt' OR source = 'push' OR source = 'poll'),
    received_at INTEGER NOT NULL,
    detail      TEXT, -- officer, unit, comment, missing, until, reason as JSON, where there is any
    PRIMARY KEY (request, n)
) STRICT, WITHOUT ROWID;

CREATE TABLE events (
    stream       INTEGER NOT NULL, -- requests.seq, or subscriptions.id made negative
    n            INTEGER NOT NULL CHECK (n >= 1),
    client       TEXT NOT NULL CHECK (length(client) BETWEEN 1 AND 200),
    id           TEXT NOT NULL,
    type         TEXT NOT NULL CHECK (length(type) BETWEEN 1 AND 100),
    at           INTEGER NOT NULL,
    body         BLOB NOT NULL,
    attempts     INTEGER NOT NULL,
    error        TEXT CHECK (length(error) <= 1000),
    due_at       INTEGER, -- of the oldest of its stream that was not told; the others wait for it
    delivered_at INTEGER,
    PRIMARY KEY (stream, n),
    CHECK (due_at IS NULL OR delivered_at IS NULL)
) STRICT, WITHOUT ROWID;
CREATE INDEX events_due ON events (client, due_at) WHERE due_at IS NOT NULL;

CREATE TABLE pushes (
    id          INTEGER PRIMARY KEY,
    agency      TEXT NOT NULL,
    number      TEXT NOT NULL CHECK (length(number) BETWEEN 1 AND 500),
    push        BLOB NOT NULL,
    received_at INTEGER NOT NULL
) STRICT;
CREATE INDEX pushes_number ON pushes (agency, number);

CREATE TABLE owners (
    owner TEXT PRIMARY KEY CHECK (length(owner) BETWEEN 1 AND 200),
    until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- written to see whether the store can write
CREATE TABLE pulse (
    id    INTEGER PRIMARY KEY CHECK (id = 1),
    beats INTEGER NOT NULL
) STRICT;

CREATE TABLE endpoints (
    id         INTEGER PRIMARY KEY,
    agency     TEXT NOT NULL,
    name       TEXT NOT NULL,
    health     TEXT NOT NULL,
    reason     TEXT CHECK (reason = 'breaker' OR reason = 'operator'),
    text       TEXT,
    set_by     TEXT,
    epoch      INTEGER NOT NULL CHECK (epoch >= 0),
    since      INTEGER,
    until      INTEGER,
    probe      TEXT,
    lease      INTEGER,
    last_event INTEGER NOT NULL,
    UNIQUE (agency, name),
    CHECK (health = 'up' AND reason IS NULL OR (health = 'held' OR health = 'probing') AND reason IS NOT NULL AND since IS NOT NULL),
    -- what an operator holds only an operator releases; what a breaker holds is tried again by itself
    CHECK (health <> 'held' OR reason = 'operator' OR until IS NOT NULL),
    CHECK (health <> 'probing' OR probe IS NOT NULL AND lease IS NOT NULL)
) STRICT;

-- each client is told of an endpoint in a stream of its own: one that takes nothing holds up no other
CREATE TABLE subscriptions (
    id       INTEGER PRIMARY KEY,
    endpoint INTEGER NOT NULL REFERENCES endpoints (id),
    client   TEXT NOT NULL CHECK (length(client) BETWEEN 1 AND 200),
    UNIQUE (endpoint, client)
) STRICT;

-- +goose Down
DROP TABLE subscriptions;
DROP TABLE endpoints;
DROP TABLE pulse;
DROP TABLE owners;
DROP TABLE pushes;
DROP TABLE events;
DROP TABLE statuses;
DROP TABLE attempts;
DROP TABLE deliveries;
DROP TABLE bodies;
DROP TABLE requests;
