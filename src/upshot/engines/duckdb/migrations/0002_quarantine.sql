-- Messages of clients that could not become events, as they came, with what it takes to try them again.
CREATE TABLE quarantine (
    id VARCHAR NOT NULL,
    source VARCHAR NOT NULL,
    protocol VARCHAR NOT NULL,
    position BIGINT NOT NULL,
    reason VARCHAR NOT NULL,
    raw VARCHAR NOT NULL,
    received_at TIMESTAMP NOT NULL,
    sent_at TIMESTAMP
);
