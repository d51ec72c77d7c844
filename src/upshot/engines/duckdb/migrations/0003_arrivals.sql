-- Events as clients send them are kept as they came first: casting properties to VARIANT takes as long as all the rest of
-- an append, and marking days costs more than rows. A refresh moves them, in one transaction, to where they are read
-- fast, and adds their facts; until then the views lay them over the facts. ``events`` becomes a view of both.
ALTER TABLE events RENAME TO kept_events;
CREATE TABLE arrived_events (
    event_id UUID NOT NULL,
    event VARCHAR NOT NULL,
    occurred_at TIMESTAMP NOT NULL,
    received_at TIMESTAMP NOT NULL,
    distinct_id VARCHAR,
    session_id VARCHAR,
    groups MAP(VARCHAR, VARCHAR),
    source VARCHAR NOT NULL,
    client_id VARCHAR,
    properties VARCHAR NOT NULL,
    day DATE NOT NULL,
    distinct_key BIGINT,
    revision BIGINT NOT NULL
);
-- The views of measures named the table of events; they are declared anew.
DELETE FROM measures;
DELETE FROM fact_measures;
