-- What the store is: its zone is fixed, as days are kept as days of it.
CREATE TABLE settings (name VARCHAR NOT NULL, value VARCHAR NOT NULL);
-- checked_revision: events up to it have been compared with all others for duplicates.
CREATE TABLE state (revision BIGINT NOT NULL, checked_revision BIGINT NOT NULL);
INSERT INTO state VALUES (0, 0);

-- No PRIMARY KEY: it costs 64 times per commit of 1,000 rows and 8 times the file. The append checks event_id against the
-- days around the batch; the refresh removes what lies further apart.
-- day is the local day of occurred_at; distinct_key is units.unit_key of ('person', distinct_id), null for nobody.
CREATE TABLE events (
    event_id UUID NOT NULL,
    event VARCHAR NOT NULL,
    occurred_at TIMESTAMP NOT NULL,
    received_at TIMESTAMP NOT NULL,
    distinct_id VARCHAR,
    session_id VARCHAR,
    groups MAP(VARCHAR, VARCHAR),
    source VARCHAR NOT NULL,
    client_id VARCHAR,
    properties VARIANT,
    day DATE NOT NULL,
    distinct_key BIGINT,
    revision BIGINT NOT NULL
);

CREATE SEQUENCE unit_keys;
CREATE TABLE units (unit_key BIGINT NOT NULL, unit_type VARCHAR NOT NULL, unit VARCHAR NOT NULL);

-- Unit types other than person that events bear, kept in facts.
CREATE TABLE group_types (unit_type VARCHAR NOT NULL);

-- merges: what was said, for ever. identity: what follows from it, only for ids whose person is another id.
CREATE TABLE merges (distinct_id VARCHAR NOT NULL, alias VARCHAR NOT NULL, merged_at TIMESTAMP NOT NULL);
CREATE TABLE identity (
    distinct_id VARCHAR NOT NULL, person VARCHAR NOT NULL, distinct_key BIGINT NOT NULL, person_key BIGINT NOT NULL
);
-- Keys that facts still hold although their person is another one by now.
CREATE TABLE pending_merges (unit_key BIGINT NOT NULL, person_key BIGINT NOT NULL);

-- Every commit marks its days with its revision; a refresh removes the marks that its snapshot holds, so that what is
-- committed while it works stays marked.
CREATE TABLE dirty_days (day DATE NOT NULL, revision BIGINT NOT NULL);

-- Facts. unit_key is null for the events of nobody. Rows of one key add up.
CREATE TABLE fact_unit_days (
    unit_type VARCHAR NOT NULL,
    unit_key BIGINT,
    day DATE NOT NULL,
    event VARCHAR NOT NULL,
    count BIGINT NOT NULL,
    first_at TIMESTAMP NOT NULL,
    last_at TIMESTAMP NOT NULL
);
-- One row for each day on which a unit did an event ('*': any), with the day before it on which it did.
CREATE TABLE fact_activity (
    unit_type VARCHAR NOT NULL,
    event VARCHAR NOT NULL,
    unit_key BIGINT NOT NULL,
    day DATE NOT NULL,
    previous_day DATE
);
CREATE TABLE measures (measure VARCHAR NOT NULL, sql VARCHAR NOT NULL, built BOOLEAN NOT NULL);
CREATE TABLE fact_measures (
    measure VARCHAR NOT NULL,
    unit_type VARCHAR NOT NULL,
    unit_key BIGINT,
    day DATE NOT NULL,
    count BIGINT NOT NULL,
    total DOUBLE NOT NULL
);

CREATE TABLE unit_properties (
    unit_type VARCHAR NOT NULL,
    unit_key BIGINT NOT NULL,
    name VARCHAR NOT NULL,
    value VARCHAR,
    valid_from TIMESTAMP NOT NULL,
    revision BIGINT NOT NULL
);
CREATE TABLE observations (
    series VARCHAR NOT NULL,
    day DATE NOT NULL,
    dimensions MAP(VARCHAR, VARCHAR) NOT NULL,
    value DOUBLE NOT NULL,
    recorded_at TIMESTAMP NOT NULL,
    revision BIGINT NOT NULL
);

CREATE TABLE imports (
    import_id VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    mapping VARCHAR NOT NULL,
    progress VARCHAR NOT NULL,
    rows BIGINT NOT NULL,
    stored BIGINT NOT NULL,
    duplicates BIGINT NOT NULL,
    rejected BIGINT NOT NULL,
    total_rows BIGINT,
    rejects_file VARCHAR NOT NULL,
    message VARCHAR NOT NULL,
    hint VARCHAR NOT NULL,
    started_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL
);
CREATE TABLE rejects (
    import_id VARCHAR,
    source VARCHAR NOT NULL,
    line BIGINT NOT NULL,
    reason VARCHAR NOT NULL,
    raw VARCHAR NOT NULL,
    rejected_at TIMESTAMP NOT NULL
);
