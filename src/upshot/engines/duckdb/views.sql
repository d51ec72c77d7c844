-- Relations that metrics are compiled against. They always equal raw events: what has arrived since the last refresh
-- (arrived_events) is added to the facts, days that must be built anew (dirty_days) are read from events, merges that
-- the facts do not hold yet (pending_merges) are laid over them. These tables are empty most of the time: whoever finds
-- them empty reads, in the same transaction, the views of the schema ``settled``, which bear the same names and are the
-- facts themselves (the overlay takes two to five times as long even with nothing to lay over). While events stream
-- in, nothing waits but arrivals: the schema ``arriving`` is for that, in half the time of the views that are right
-- always. What is not in these schemas is found in this one.

-- Every event. ``arrived`` tells the two tables apart: a condition on it leaves one of them unread.
CREATE OR REPLACE VIEW events AS
SELECT
    event_id, event, occurred_at, received_at, distinct_id, session_id, groups, source, client_id, properties,
    day, distinct_key, revision, false AS arrived
FROM kept_events
UNION ALL
SELECT
    event_id, event, occurred_at, received_at, distinct_id, session_id, groups, source, client_id,
    properties::JSON::VARIANT, day, distinct_key, revision, true
FROM arrived_events;

-- Every event once for each unit type, with the unit as merges have it now.
CREATE OR REPLACE VIEW raw_unit_events AS
SELECT
    'person' AS unit_type, coalesce(i.person_key, e.distinct_key) AS unit_key, e.day, e.event, e.occurred_at,
    e.revision, e.arrived
FROM events e LEFT JOIN identity i ON i.distinct_key = e.distinct_key
UNION ALL
SELECT e.unit_type, u.unit_key, e.day, e.event, e.occurred_at, e.revision, e.arrived
FROM (
    -- The unit's name is a column before it is joined: as a part of the condition it meant comparing every event with
    -- every unit as soon as somebody asked for rows that have one.
    SELECT g.unit_type, e.groups[g.unit_type] AS unit, e.day, e.event, e.occurred_at, e.revision, e.arrived
    FROM events e CROSS JOIN group_types g
) e LEFT JOIN units u ON u.unit_type = e.unit_type AND u.unit = e.unit;

-- Rows of one key add up. The semi-join stands below the grouping: the engine does not push it there, and would group
-- all events.
CREATE OR REPLACE VIEW unit_days AS
SELECT f.unit_type, coalesce(p.person_key, f.unit_key) AS unit_key, f.day, f.event, f.count, f.first_at, f.last_at
FROM fact_unit_days f ANTI JOIN dirty_days d ON d.day = f.day LEFT JOIN pending_merges p ON p.unit_key = f.unit_key
UNION ALL
SELECT unit_type, unit_key, day, event, count(*) AS count, min(occurred_at) AS first_at, max(occurred_at) AS last_at
FROM (FROM raw_unit_events WHERE NOT arrived) SEMI JOIN dirty_days USING (day)
GROUP BY unit_type, unit_key, day, event
UNION ALL
SELECT unit_type, unit_key, day, event, count(*), min(occurred_at), max(occurred_at)
FROM raw_unit_events WHERE arrived
GROUP BY unit_type, unit_key, day, event;

-- Active days that have arrived and are not in the facts: few, as most units that arrive were there that day already.
CREATE OR REPLACE VIEW news AS
SELECT r.unit_key, r.day
FROM (SELECT DISTINCT unit_type, unit_key, day, event FROM raw_unit_events WHERE arrived AND unit_key IS NOT NULL) r
ANTI JOIN fact_activity f
    ON f.unit_key = r.unit_key AND f.day = r.day AND f.event = r.event AND f.unit_type = r.unit_type;

-- Persons whose facts are not theirs alone, or not all theirs: merged since.
CREATE OR REPLACE VIEW pending_units AS
SELECT unit_key FROM pending_merges UNION SELECT person_key FROM pending_merges;

-- Units seen on a dirty day, then or now, or with news. What they did before the first such day stands. A unit key is of
-- one type only. The list hides how many there might be: the engine would guess all, and hash the facts instead of these
-- few.
CREATE OR REPLACE VIEW stale_units AS
SELECT unnest(unit_keys) AS unit_key, since
FROM (
    SELECT list(DISTINCT unit_key) AS unit_keys, min(day) AS since
    FROM (
        SELECT unit_key, day FROM fact_unit_days SEMI JOIN dirty_days USING (day) WHERE unit_key IS NOT NULL
        UNION ALL
        SELECT unit_key, day FROM (FROM raw_unit_events WHERE NOT arrived) SEMI JOIN dirty_days USING (day)
        WHERE unit_key IS NOT NULL
        UNION ALL
        SELECT unit_key, day FROM news
    ) ANTI JOIN pending_units USING (unit_key)
);

CREATE OR REPLACE VIEW activity AS
WITH stale AS MATERIALIZED (FROM stale_units)
SELECT f.unit_type, f.unit_key, f.event, f.day, f.previous_day
FROM fact_activity f
ANTI JOIN pending_units p ON p.unit_key = f.unit_key
ANTI JOIN stale s ON s.unit_key = f.unit_key AND f.day >= s.since
UNION ALL
SELECT unit_type, unit_key, event, day, previous_day
FROM (
    SELECT unit_type, unit_key, event, day, since,
        lag(day) OVER (PARTITION BY unit_type, unit_key, event ORDER BY day) AS previous_day
    FROM (
        SELECT DISTINCT u.unit_type, u.unit_key, unnest([u.event, '*']) AS event, u.day, s.since
        FROM unit_days u JOIN stale s ON s.unit_key = u.unit_key
        WHERE u.day >= (SELECT min(since) FROM stale)
        UNION ALL
        SELECT f.unit_type, f.unit_key, f.event, max(f.day), s.since
        FROM fact_activity f JOIN stale s ON s.unit_key = f.unit_key
        WHERE f.day < s.since
        GROUP BY f.unit_type, f.unit_key, f.event, s.since
    )
)
WHERE day >= since
UNION ALL
SELECT unit_type, unit_key, event, day, lag(day) OVER (PARTITION BY unit_type, unit_key, event ORDER BY day)
FROM (
    -- What unit_days says of these units, in other words: the engine would find it said twice, and make all of it once.
    SELECT DISTINCT unit_type, unit_key, unnest([event, '*']) AS event, day
    FROM (
        SELECT f.unit_type, coalesce(p.person_key, f.unit_key) AS unit_key, f.day, f.event
        FROM (FROM fact_unit_days SEMI JOIN pending_units USING (unit_key)) f
        ANTI JOIN dirty_days d ON d.day = f.day LEFT JOIN pending_merges p ON p.unit_key = f.unit_key
        UNION ALL
        SELECT unit_type, unit_key, day, event
        FROM (FROM (FROM raw_unit_events WHERE NOT arrived) SEMI JOIN dirty_days USING (day))
        SEMI JOIN pending_units USING (unit_key)
        UNION ALL
        SELECT unit_type, unit_key, day, event
        FROM (FROM raw_unit_events WHERE arrived) SEMI JOIN pending_units USING (unit_key)
    )
);

-- A trait that is set once counts only where the person had no value before, under any id.
CREATE OR REPLACE VIEW trait_history AS
SELECT unit_type, unit_key, name, value, valid_from, valid_to
FROM (
    SELECT
        unit_type, unit_key, name, value, valid_from,
        lead(valid_from) OVER (
            PARTITION BY unit_type, unit_key, name ORDER BY valid_from, NOT once, revision, id
        ) AS valid_to
    FROM (
        SELECT
            t.unit_type, coalesce(i.person_key, t.unit_key) AS unit_key, t.name, t.value, t.valid_from, t.revision,
            t.rowid AS id, t.once,
            count(t.value) OVER (
                PARTITION BY t.unit_type, coalesce(i.person_key, t.unit_key), t.name
                ORDER BY t.valid_from, NOT t.once, t.revision, t.rowid ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
            ) AS before
        FROM unit_properties t LEFT JOIN identity i ON i.distinct_key = t.unit_key AND t.unit_type = 'person'
    )
    WHERE NOT once OR before = 0
)
WHERE valid_to IS NULL OR valid_to > valid_from;

-- Sessions: the client's own, else the distinct id's activity without a gap of 30 minutes.
CREATE OR REPLACE VIEW event_sessions AS
SELECT
    event_id, occurred_at,
    CASE
        WHEN session_id IS NOT NULL THEN session_id
        WHEN distinct_id IS NOT NULL THEN distinct_id || '@' || epoch_us(max(session_start) OVER (
            PARTITION BY distinct_id, session_id IS NULL ORDER BY occurred_at, event_id ROWS UNBOUNDED PRECEDING
        ))
    END AS unit_key
FROM (
    SELECT
        event_id, occurred_at, session_id, distinct_id,
        CASE
            WHEN occurred_at - lag(occurred_at) OVER (
                PARTITION BY distinct_id, session_id IS NULL ORDER BY occurred_at, event_id
            ) <= INTERVAL 30 MINUTES THEN NULL
            ELSE occurred_at
        END AS session_start
    FROM events
);

CREATE OR REPLACE VIEW latest_observations AS
SELECT series, day, dimensions, value, recorded_at
FROM observations
QUALIFY row_number() OVER (PARTITION BY series, day, dimensions ORDER BY recorded_at DESC, revision DESC, rowid DESC) = 1;

CREATE SCHEMA IF NOT EXISTS settled;

CREATE OR REPLACE VIEW settled.events AS
SELECT *, false AS arrived FROM main.kept_events;

CREATE OR REPLACE VIEW settled.unit_days AS
SELECT unit_type, unit_key, day, event, count, first_at, last_at FROM main.fact_unit_days;

CREATE OR REPLACE VIEW settled.activity AS
SELECT unit_type, unit_key, event, day, previous_day FROM main.fact_activity;

CREATE SCHEMA IF NOT EXISTS arriving;

CREATE OR REPLACE VIEW arriving.unit_days AS
SELECT unit_type, unit_key, day, event, count, first_at, last_at FROM main.fact_unit_days
UNION ALL
SELECT unit_type, unit_key, day, event, count(*), min(occurred_at), max(occurred_at)
FROM main.raw_unit_events WHERE arrived
GROUP BY unit_type, unit_key, day, event;

-- The days of a unit's event are put in order anew where one has come; few, as most were active that day already.
CREATE OR REPLACE VIEW arriving.activity AS
WITH arrived AS MATERIALIZED (
    SELECT DISTINCT unit_type, unit_key, unnest([event, '*']) AS event, day
    FROM main.raw_unit_events WHERE arrived AND unit_key IS NOT NULL
),
fresh AS MATERIALIZED (
    SELECT a.unit_type, a.unit_key, a.event, a.day FROM arrived a
    ANTI JOIN main.fact_activity f
        ON f.unit_key = a.unit_key AND f.day = a.day AND f.event = a.event AND f.unit_type = a.unit_type
)
SELECT f.unit_type, f.unit_key, f.event, f.day, f.previous_day
FROM main.fact_activity f ANTI JOIN fresh n ON n.unit_key = f.unit_key AND n.event = f.event
UNION ALL
SELECT unit_type, unit_key, event, day, lag(day) OVER (PARTITION BY unit_type, unit_key, event ORDER BY day)
FROM (
    SELECT f.unit_type, f.unit_key, f.event, f.day
    FROM main.fact_activity f SEMI JOIN fresh n ON n.unit_key = f.unit_key AND n.event = f.event
    UNION ALL
    SELECT unit_type, unit_key, event, day FROM fresh
);
