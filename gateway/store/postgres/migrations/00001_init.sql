-- The tables and columns are those of the SQLite store. Texts are compared byte by byte (COLLATE "C"): lists and cursors
-- have one order everywhere, and an upgrade of the system's locales damages no index.

-- +goose Up
CREATE SEQUENCE request_seq;

CREATE TABLE requests (
    seq             bigint PRIMARY KEY,
    id              uuid NOT NULL UNIQUE,
    client          text COLLATE "C" NOT NULL CHECK (length(client) BETWEEN 1 AND 200),
    idem_key        text COLLATE "C" CHECK (length(idem_key) BETWEEN 1 AND 255),
    body_hash       bytea NOT NULL CHECK (length(body_hash) = 32),
    portal_id       text COLLATE "C" CHECK (length(portal_id) BETWEEN 1 AND 255),
    service         text COLLATE "C" NOT NULL CHECK (length(service) BETWEEN 1 AND 200),
    service_version text COLLATE "C" NOT NULL CHECK (length(service_version) <= 50),
    agency          text COLLATE "C" NOT NULL CHECK (length(agency) BETWEEN 1 AND 200),
    urgent          boolean NOT NULL,
    test            boolean NOT NULL,
    state           text COLLATE "C" NOT NULL,
    outcome         text COLLATE "C" CHECK (length(outcome) BETWEEN 1 AND 50),
    status          text COLLATE "C" CHECK (length(status) BETWEEN 1 AND 50),
    accepted_at     timestamptz NOT NULL,
    closed_at       timestamptz,
    withdrawn_at    timestamptz,
    withdraw_reason text COLLATE "C" CHECK (length(withdraw_reason) <= 1000),
    rev             bigint NOT NULL CHECK (rev >= 1),
    -- a closed request has an outcome and an end, an open one has neither
    CHECK (state = 'open' AND outcome IS NULL AND closed_at IS NULL
        OR state = 'closed' AND outcome IS NOT NULL AND closed_at IS NOT NULL)
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);
CREATE UNIQUE INDEX requests_idem ON requests (client, idem_key) WHERE idem_key IS NOT NULL;
CREATE INDEX requests_portal_id ON requests (portal_id, client) WHERE portal_id IS NOT NULL;
CREATE INDEX requests_client ON requests (client, seq);
CREATE INDEX requests_open ON requests (seq) WHERE closed_at IS NULL;

CREATE TABLE bodies (
    request bigint PRIMARY KEY REFERENCES requests (seq),
    body    bytea NOT NULL
);

CREATE TABLE deliveries (
    request      bigint NOT NULL REFERENCES requests (seq),
    n            integer NOT NULL CHECK (n BETWEEN 1 AND 10000),
    agency       text COLLATE "C" NOT NULL CHECK (length(agency) BETWEEN 1 AND 200),
    endpoint     text COLLATE "C" NOT NULL CHECK (length(endpoint) BETWEEN 1 AND 200),
    kind         text COLLATE "C" NOT NULL CHECK (kind IN ('submit', 'supplement', 'cancel', 'fetch')),
    rank         integer NOT NULL CHECK (rank BETWEEN 0 AND 1), -- 0 is urgent
    cancelable   boolean NOT NULL,
    state        text COLLATE "C" NOT NULL,
    epoch        bigint NOT NULL CHECK (epoch >= 0),
    attempts     integer NOT NULL CHECK (attempts >= 0),
    in_doubt     boolean NOT NULL DEFAULT false,
    since        timestamptz NOT NULL,
    next_at      timestamptz,
    owner        text COLLATE "C" CHECK (length(owner) BETWEEN 1 AND 200),
    queued_at    timestamptz NOT NULL,
    ended_at     timestamptz,
    delayed_at   timestamptz,
    external_id  text COLLATE "C" CHECK (length(external_id) BETWEEN 1 AND 500),
    poll_at      timestamptz,
    error_class  text COLLATE "C" CHECK (length(error_class) <= 50),
    error_code   text COLLATE "C" CHECK (length(error_code) <= 200),
    error_text   text COLLATE "C" CHECK (length(error_text) <= 4000),
    error_reason text COLLATE "C" CHECK (length(error_reason) <= 200),
    remedy_ru    text COLLATE "C" CHECK (length(remedy_ru) <= 2000),
    remedy_en    text COLLATE "C" CHECK (length(remedy_en) <= 2000),
    error_at     timestamptz,
    rev          bigint NOT NULL CHECK (rev >= 1),
    PRIMARY KEY (request, n),
    -- nothing is stuck: what is open has a next wake-up or an owner, and never both; what has ended has neither
    CHECK (CASE state
        WHEN 'queued'      THEN next_at IS NOT NULL AND owner IS NULL AND ended_at IS NULL
        WHEN 'retrying'    THEN next_at IS NOT NULL AND owner IS NULL AND ended_at IS NULL
        WHEN 'sending'     THEN next_at IS NULL AND owner IS NOT NULL AND owner <> 'operator' AND ended_at IS NULL
        WHEN 'unconfirmed' THEN (next_at IS NOT NULL AND owner IS NULL OR next_at IS NULL AND owner IS NOT DISTINCT FROM 'operator') AND ended_at IS NULL
        WHEN 'dead'        THEN next_at IS NULL AND owner IS NOT DISTINCT FROM 'operator' AND error_class IS NOT NULL AND ended_at IS NULL
        WHEN 'registered'  THEN next_at IS NULL AND owner IS NULL AND ended_at IS NOT NULL AND external_id IS NOT NULL
        WHEN 'rejected'    THEN next_at IS NULL AND owner IS NULL AND ended_at IS NOT NULL
        WHEN 'cancelled'   THEN next_at IS NULL AND owner IS NULL AND ended_at IS NOT NULL
        ELSE false END),
    CHECK (state = 'registered' OR poll_at IS NULL),
    CHECK (state <> 'cancelled' OR NOT in_doubt)
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);
CREATE INDEX deliveries_due ON deliveries (agency, endpoint, rank, next_at, request, n) WHERE next_at IS NOT NULL;
CREATE INDEX deliveries_owned ON deliveries (owner, request, n) WHERE owner IS NOT NULL;
CREATE INDEX deliveries_troubled ON deliveries (state, request, n) WHERE state = 'retrying' OR state = 'unconfirmed' OR state = 'dead';
CREATE INDEX deliveries_untold ON deliveries (queued_at) WHERE ended_at IS NULL AND delayed_at IS NULL;
CREATE INDEX deliveries_number ON deliveries (agency, external_id) WHERE external_id IS NOT NULL;
CREATE INDEX deliveries_poll ON deliveries (poll_at) WHERE poll_at IS NOT NULL;

CREATE TABLE attempts (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    request      bigint NOT NULL REFERENCES requests (seq),
    delivery     integer NOT NULL,
    n            integer NOT NULL,
    what         text COLLATE "C" NOT NULL CHECK (what IN ('send', 'probe', 'decision')),
    owner        text COLLATE "C" NOT NULL,
    started_at   timestamptz,
    ended_at     timestamptz NOT NULL,
    class        text COLLATE "C" NOT NULL CHECK (length(class) BETWEEN 1 AND 50),
    code         text COLLATE "C",
    text         text COLLATE "C",
    http_status  integer CHECK (http_status BETWEEN 100 AND 999),
    sent         bytea CHECK (length(sent) <= 65536),
    received     bytea CHECK (length(received) <= 65536),
    mapping_hash text COLLATE "C"
);
CREATE INDEX attempts_of ON attempts (request, delivery);

CREATE TABLE statuses (
    request     bigint NOT NULL REFERENCES requests (seq),
    n           integer NOT NULL CHECK (n >= 1),
    agency      text COLLATE "C" NOT NULL,
    code        text COLLATE "C" NOT NULL CHECK (length(code) BETWEEN 1 AND 50),
    raw         text COLLATE "C",
    at          timestamptz,
    source      text COLLATE "C" NOT NULL CHECK (source IN ('receipt', 'push', 'poll')),
    received_at timestamptz NOT NULL,
    detail      text COLLATE "C", -- officer, unit, comment, missing, until, reason as JSON, where there is any
    PRIMARY KEY (request, n)
);

CREATE TABLE events (
    stream       bigint NOT NULL, -- requests.seq, or subscriptions.id made negative
    n            integer NOT NULL CHECK (n >= 1),
    client       text COLLATE "C" NOT NULL CHECK (length(client) BETWEEN 1 AND 200),
    id           text COLLATE "C" NOT NULL,
    type         text COLLATE "C" NOT NULL CHECK (length(type) BETWEEN 1 AND 100),
    at           timestamptz NOT NULL,
    body         bytea NOT NULL,
    attempts     integer NOT NULL,
    error        text COLLATE "C" CHECK (length(error) <= 1000),
    due_at       timestamptz, -- of the oldest of its stream that was not told; the others wait for it
    delivered_at timestamptz,
    PRIMARY KEY (stream, n),
    CHECK (due_at IS NULL OR delivered_at IS NULL)
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);
CREATE INDEX events_due ON events (client, due_at, stream) WHERE due_at IS NOT NULL;

CREATE TABLE pushes (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    agency      text COLLATE "C" NOT NULL,
    number      text COLLATE "C" NOT NULL CHECK (length(number) BETWEEN 1 AND 500),
    push        bytea NOT NULL,
    received_at timestamptz NOT NULL
);
CREATE INDEX pushes_number ON pushes (agency, number);

CREATE TABLE owners (
    owner text COLLATE "C" PRIMARY KEY CHECK (length(owner) BETWEEN 1 AND 200),
    until timestamptz NOT NULL
);

-- written to see whether the store can write
CREATE TABLE pulse (
    id    integer PRIMARY KEY CHECK (id = 1),
    beats bigint NOT NULL
);

-- the commits of groups: whoever lost the connection in the middle of one finds here whether it came to its end, or
-- makes sure that it never does, by being the first to add the row
CREATE TABLE commits (
    id   uuid PRIMARY KEY,
    done boolean NOT NULL,
    at   timestamptz NOT NULL DEFAULT now()
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

CREATE TABLE endpoints (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    agency     text COLLATE "C" NOT NULL,
    name       text COLLATE "C" NOT NULL,
    health     text COLLATE "C" NOT NULL,
    reason     text COLLATE "C" CHECK (reason IN ('breaker', 'operator')),
    text       text COLLATE "C",
    set_by     text COLLATE "C",
    epoch      bigint NOT NULL CHECK (epoch >= 0),
    since      timestamptz,
    until      timestamptz,
    probe      text COLLATE "C",
    lease      timestamptz,
    last_event integer NOT NULL,
    UNIQUE (agency, name),
    CHECK (health = 'up' AND reason IS NULL OR health IN ('held', 'probing') AND reason IS NOT NULL AND since IS NOT NULL),
    -- what an operator holds only an operator releases; what a breaker holds is tried again by itself
    CHECK (health <> 'held' OR reason = 'operator' OR until IS NOT NULL),
    CHECK (health <> 'probing' OR probe IS NOT NULL AND lease IS NOT NULL)
);

-- each client is told of an endpoint in a stream of its own: one that takes nothing holds up no other
CREATE TABLE subscriptions (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    endpoint bigint NOT NULL REFERENCES endpoints (id),
    client   text COLLATE "C" NOT NULL CHECK (length(client) BETWEEN 1 AND 200),
    UNIQUE (endpoint, client)
);

-- +goose Down
DROP TABLE subscriptions;
DROP TABLE endpoints;
DROP TABLE commits;
DROP TABLE pulse;
DROP TABLE owners;
DROP TABLE pushes;
DROP TABLE events;
DROP TABLE statuses;
DROP TABLE attempts;
DROP TABLE deliveries;
DROP TABLE bodies;
DROP TABLE requests;
DROP SEQUENCE request_seq;
