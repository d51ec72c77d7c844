"""What becomes of rows, good and bad: none is lost, and none is kept that is no event."""

from __future__ import annotations

import csv
import gzip
import json
import os
import threading
import zlib
from pathlib import Path

import pyarrow as pa
import pytest

from tests.collect.imports.conftest import Bench, at, write_parquet
from upshot.collect.imports.mapping import Mapping
from upshot.collect.imports.run import resume_import
from upshot.core.errors import InvalidInput
from upshot.core.ids import IDS_OF_NOBODY, event_id
from upshot.engines.duckdb.bulk import DuckDBBulkLoader
from upshot.engines.values import EventRecord

CSV = "timestamp,user_id,plan\n2024-01-01 10:00:00,ann,pro\n2024-01-02 11:00:00,bob,free\n"


def test_csv_becomes_events(bench: Bench) -> None:
    status = bench.bring(bench.file("a.csv", CSV))
    assert (status.state, status.stored, status.fraction, status.total_rows) == ("done", 2, 1.0, 2)
    assert bench.rows("SELECT event, occurred_at, distinct_id, source FROM events ORDER BY occurred_at") == [
        ("seen", at(2024, 1, 1, 10), "ann", "import"),
        ("seen", at(2024, 1, 2, 11), "bob", "import"),
    ]
    assert bench.property("plan") == ["pro", "free"]
    assert bench.rows("SELECT day::VARCHAR, count FROM fact_unit_days ORDER BY day") == [
        ("2024-01-01", 1),
        ("2024-01-02", 1),
    ]
    assert bench.store.info().dirty_days == 0


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
def test_ids_of_nobody_join_no_rows(bench: Bench, form: str) -> None:
    names = [*sorted(IDS_OF_NOBODY - {""}), "NULL", " Undefined ", "0", "ann", "nancy"]
    match form:
        case "csv":
            lines = (",".join(["2024-01-01", '"' + name.replace('"', '""') + '"', "undefined"]) for name in names)
            file = bench.file("a.csv", "timestamp,user_id,session_id\n" + "\n".join(lines) + "\n")
        case "jsonl":
            rows = ({"timestamp": "2024-01-01", "user_id": name, "session_id": "null"} for name in names)
            file = bench.file("a.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
        case _:
            file = bench.folder / "a.parquet"
            literals = ", ".join("'" + name.replace("'", "''") + "'" for name in names)
            write_parquet(
                file, f"SELECT unnest([{literals}]) AS user_id, '2024-01-01' AS timestamp, 'nan' AS session_id"
            )
    status = bench.bring(file)
    assert (status.stored, status.rejected) == (len(names), 0)
    assert bench.rows("SELECT distinct_id, count(*) FROM events GROUP BY ALL ORDER BY ALL") == [
        ("0", 1),
        ("ann", 1),
        ("nancy", 1),
        (None, len(names) - 3),
    ]
    assert bench.rows("SELECT DISTINCT session_id FROM events") == [(None,)]
    assert any("which names nobody" in problem.message for problem in bench.preview(file).problems)


def test_same_file_twice_changes_nothing(bench: Bench) -> None:
    file = bench.file("a.csv", CSV + "2024-01-02 11:00:00,bob,free\n")
    first = bench.bring(file)
    before = bench.rows("SELECT * EXCLUDE (properties), properties::VARCHAR FROM events ORDER BY event_id")
    again = bench.bring(file)
    assert (first.stored, again.stored, again.duplicates) == (3, 0, 3)
    assert bench.rows("SELECT * EXCLUDE (properties), properties::VARCHAR FROM events ORDER BY event_id") == before


def test_equal_rows_are_kept_across_pieces_and_recognised_whatever_the_size_of_pieces(bench: Bench) -> None:
    row = "2024-01-01 10:00:00,ann,pro\n"
    other = "2024-01-01 10:00:00,bob,pro\n"
    file = bench.file("a.csv", "timestamp,user_id,plan\n" + (row * 3 + other) * 40)
    first = bench.bring(file, piece_bytes=100)
    assert len(bench.progress) > 20
    again = bench.bring(file, piece_bytes=1 << 20)
    assert (first.stored, again.stored, again.duplicates) == (160, 0, 160)


def test_two_files_with_overlapping_rows_give_each_row_once(bench: Bench) -> None:
    one = bench.file("a.csv", CSV)
    two = bench.file("b.csv", CSV + "2024-01-03 11:00:00,eve,free\n")
    status = bench.bring(str(bench.folder / "*.csv"))
    assert one.exists()
    assert two.exists()
    assert (status.rows, status.stored, status.duplicates) == (5, 3, 2)


def test_event_ids_follow_the_one_definition(bench: Bench) -> None:
    text = "timestamp,user_id,event_id\n2024-01-01,ann,x-1\n2024-01-01,ann,\U0001f600 é\n"
    bench.bring(bench.file("a.csv", text), mapping=Mapping(event="seen", source="shop"))
    found = {row[0]: row[1] for row in bench.rows("SELECT client_id, event_id FROM events")}
    assert found == {name: event_id("shop", name) for name in ("x-1", "\U0001f600 é")}


def test_row_without_its_own_id_among_rows_with_one_is_kept(bench: Bench) -> None:
    text = "timestamp,user_id,event_id\n2024-01-01,ann,x\n2024-01-01,ann,x\n2024-01-01,ann,\n2024-01-01,ann,\n"
    mapping = Mapping(event="seen", event_id="event_id")
    status = bench.bring(bench.file("a.csv", text), mapping=mapping)
    assert (status.stored, status.duplicates) == (3, 1)


@pytest.mark.parametrize(
    ("name", "pack"),
    [
        ("a.csv", bytes),
        ("a.csv.gz", gzip.compress),
        ("a.csv.zst", lambda text: pa.compress(text, "zstd", asbytes=True)),
        ("a.tsv", lambda text: text.replace(b",", b"\t")),
        ("semicolon.csv", lambda text: text.replace(b",", b";")),
        ("pipe.txt", lambda text: text.replace(b",", b"|")),
        ("bom.csv", lambda text: b"\xef\xbb\xbf" + text),
        ("windows.csv", lambda text: text.replace(b"\n", b"\r\n")),
        ("open.csv", lambda text: text[:-1]),
    ],
)
def test_text_is_read_however_it_is_packed(bench: Bench, name: str, pack: object) -> None:
    assert callable(pack)
    status = bench.bring(bench.file(name, pack(CSV.encode())))
    assert (status.state, status.stored, status.rejected) == ("done", 2, 0)
    assert bench.property("plan") == ["pro", "free"]


def test_zstd_stream_of_the_reference_tool_is_read(bench: Bench) -> None:
    path = bench.folder / "a.csv.zst"
    with pa.CompressedOutputStream(str(path), "zstd") as stream:
        stream.write(CSV.encode())
    assert bench.bring(path).stored == 2


def test_values_keep_their_natural_types(bench: Bench) -> None:
    header = "timestamp,user_id,count,price,zip,flag,note,long\n"
    rows = '2024-01-01,a,3,2.50,01234,true,"x, ""y""\nz",12345678901234567890\n2024-01-02,b,,-1,99999,false,,1\n'
    bench.bring(bench.file("a.csv", header + rows))
    names = ("count", "price", "zip", "flag", "note", "long")
    asked = ", ".join(f"variant_typeof(variant_extract(properties, '{name}'))" for name in names)
    types = bench.rows(f"SELECT {asked} FROM events ORDER BY occurred_at LIMIT 1")
    assert types == [("INT64", "DOUBLE", "VARCHAR", "BOOL_TRUE", "VARCHAR", "VARCHAR")]
    assert bench.property("note") == ['x, "y"\nz', None]
    assert bench.property("count") == ["3", None]


def test_value_that_does_not_fit_the_first_rows_stays_text(bench: Bench) -> None:
    rows = "".join(f"2024-01-01,u{n},{n},{n}.5,true\n" for n in range(150_000))
    odd = "2024-01-02,zoe,007,nan,maybe\n"
    file = bench.file("a.csv", "timestamp,user_id,number,price,flag\n" + rows + odd)
    assert bench.bring(file, piece_bytes=2 << 20).stored == 150_001
    names = ("number", "price", "flag")
    found = ", ".join(f"CAST(variant_extract(properties, '{name}') AS VARCHAR)" for name in names)
    assert bench.rows(f"SELECT {found} FROM events WHERE distinct_id = 'zoe'") == [("007", "nan", "maybe")]
    assert bench.rows(f"SELECT {found} FROM events WHERE distinct_id = 'u42'") == [("42", "42.5", "true")]


def test_odd_names_of_columns_become_properties(bench: Bench) -> None:
    names = ["select", "a.b", 'quo"te', "it's", "sp ace", "Größe", "order", "-- x"]
    with (bench.folder / "a.csv").open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["timestamp", *names])
        writer.writerow(["2024-01-01", *(f"v{n}" for n in range(len(names)))])
    bench.bring(bench.folder / "a.csv")
    keys = bench.rows("SELECT unnest(variant_keys(properties)) AS name FROM events ORDER BY name")
    assert keys == [(name,) for name in sorted(names)]
    kept = json.loads(str(bench.rows("SELECT properties::JSON::VARCHAR FROM events")[0][0]))
    assert kept == {name: f"v{n}" for n, name in enumerate(names)}


def test_event_names_may_hold_quotes_and_emoji(bench: Bench) -> None:
    names = ['it\'s "done" \U0001f389', "'; DROP TABLE events; --"]
    lines = "".join(json.dumps({"event": n, "timestamp": "2024-01-01T00:00:00Z"}) + "\n" for n in names)
    bench.bring(bench.file("a.jsonl", lines), mapping=Mapping())
    assert bench.rows("SELECT event FROM kept_events ORDER BY rowid") == [(name,) for name in names]
    bench.bring(bench.file("b.csv", "timestamp\n2024-01-01\n"), mapping=Mapping(event=names[0]))
    assert bench.rows("SELECT count(*) FROM events WHERE source = 'import'") == [(3,)]


def test_columns_of_the_same_name_are_all_kept(bench: Bench) -> None:
    status = bench.bring(bench.file("a.csv", "timestamp,user_id,x,X,x\n2024-01-01,a,1,2,3\n"))
    assert status.stored == 1
    assert [bench.property(name) for name in ("x", "X_2", "x_3")] == [["1"], ["2"], ["3"]]


def test_nested_json_stays_nested_and_properties_are_unfolded(bench: Bench) -> None:
    record = {
        "event": "buy",
        "ts": 1704103200,
        "user": {"id": "ann", "tags": ["a", {"b": None}]},
        "properties": {"price": 9.5, "deep": {"x": [1, 2]}},
    }
    file = bench.file("a.jsonl", json.dumps(record) + "\n")
    bench.bring(file, mapping=Mapping(timestamp="ts", distinct_id="user.id"))
    assert bench.rows("SELECT event, occurred_at, distinct_id FROM events") == [("buy", at(2024, 1, 1, 10), "ann")]
    kept = json.loads(str(bench.rows("SELECT properties::JSON::VARCHAR FROM events")[0][0]))
    assert kept == {"user": {"tags": ["a", {"b": None}]}, "price": 9.5, "deep": {"x": [1, 2]}}


def test_roles_inside_of_properties_are_found(bench: Bench) -> None:
    record = {"event": "buy", "properties": {"time": 1704103200, "distinct_id": "ann", "$insert_id": "k", "plan": "x"}}
    file = bench.file("a.jsonl", json.dumps(record) + "\n")
    bench.bring(file, mapping=Mapping(event_id="properties.$insert_id"))
    assert bench.rows("SELECT occurred_at, distinct_id, client_id FROM events") == [(at(2024, 1, 1, 10), "ann", "k")]
    assert json.loads(str(bench.rows("SELECT properties::JSON::VARCHAR FROM events")[0][0])) == {"plan": "x"}


def test_groups_and_sessions_are_kept(bench: Bench) -> None:
    text = "timestamp,user_id,company,session_id\n2024-01-01,a,acme,s1\n2024-01-01,b,,s2\n"
    bench.bring(bench.file("a.csv", text), mapping=Mapping(event="seen", groups={"account": "company"}))
    assert bench.rows("SELECT groups['account'], session_id FROM events ORDER BY distinct_id") == [
        ("acme", "s1"),
        (None, "s2"),
    ]


def test_ignored_columns_are_left_out(bench: Bench) -> None:
    bench.bring(bench.file("a.csv", CSV), mapping=Mapping(event="seen", ignore=("plan",)))
    assert bench.rows("SELECT properties::JSON::VARCHAR FROM events LIMIT 1") == [("{}",)]


def test_local_times_are_read_in_the_zone_and_offsets_are_respected(berlin: Bench) -> None:
    text = "timestamp,user_id\n2024-07-01 10:00:00,a\n2024-01-01 10:00:00,b\n"
    berlin.bring(berlin.file("a.csv", text))
    assert berlin.rows("SELECT occurred_at FROM events ORDER BY distinct_id") == [
        (at(2024, 7, 1, 8),),
        (at(2024, 1, 1, 9),),
    ]


def test_mixed_offsets_need_a_zone_and_are_then_right(berlin: Bench) -> None:
    stamps = ["2024-07-01T10:00:00Z", "2024-07-01T10:00:00+05:30", "2024-07-01 10:00:00-0200", "2024-07-01 10:00:00"]
    file = berlin.file("a.csv", "timestamp,user_id\n" + "".join(f"{s},u{n}\n" for n, s in enumerate(stamps)))
    with pytest.raises(InvalidInput, match="Some timestamps carry an offset and some do not"):
        berlin.bring(file)
    berlin.bring(file, mapping=Mapping(event="seen", timezone="America/New_York"))
    assert [row[0] for row in berlin.rows("SELECT occurred_at FROM events ORDER BY distinct_id")] == [
        at(2024, 7, 1, 10),
        at(2024, 7, 1, 4, 30),
        at(2024, 7, 1, 12),
        at(2024, 7, 1, 14),
    ]


def test_zone_abbreviations_are_rejected_as_they_mean_several_zones(bench: Bench) -> None:
    text = "timestamp,user_id\n2024-07-01 10:00:00,a\n2024-07-01 10:00:00,c\n2024-07-01 10:00:00 IST,b\n"
    status = bench.bring(bench.file("a.csv", text))
    assert (status.stored, status.rejected) == (2, 1)


@pytest.mark.parametrize(
    "stamp", ["9999-12-31", "0001-01-01", "1899-12-31 23:59:59", "2200-01-02", "infinity", "294247-01-10"]
)
@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin"])
def test_absurd_dates_are_rejected(bench: Bench, stamp: str, zone: str) -> None:
    text = f"timestamp,user_id\n2024-07-01,a\n{stamp},b\n2024-07-02,c\n2024-07-03,c\n"
    status = bench.bring(bench.file("a.csv", text), mapping=Mapping(event="seen", timezone=zone))
    assert (status.state, status.stored, status.rejected) == ("done", 3, 1)
    ((line, reason, raw),) = bench.rejects()
    assert (line, raw) == (3, f"{stamp},b")
    assert stamp in str(reason)


def test_unreadable_timestamps_are_rejected_with_line_reason_and_text(bench: Bench) -> None:
    text = 'timestamp,user_id,note\n2024-01-01,a,"two\nlines"\nyesterday,b,x\n,c,y\n2024-01-02,d,z\n2024-13-45,e,w\n'
    status = bench.bring(bench.file("a.csv", text), mapping=Mapping(event="seen", timestamp_format="iso"))
    assert (status.rows, status.stored, status.rejected) == (5, 2, 3)
    assert bench.rejects() == [
        (4, "'yesterday' is not a timestamp (ISO 8601)", "yesterday,b,x"),
        (5, "no timestamp in 'timestamp'", ",c,y"),
        (7, "'2024-13-45' is not a timestamp (ISO 8601)", "2024-13-45,e,w"),
    ]
    with Path(status.rejects_file).open(newline="") as stream:
        assert [row["line"] for row in csv.DictReader(stream)] == ["4", "5", "7"]


def test_rows_that_are_no_rows_are_rejected_and_the_others_kept(bench: Bench) -> None:
    text = (
        b"timestamp,user_id,note\n2024-01-01,a,ok\n2024-01-01,b\n2024-01-01,c,d,e\n2024-01-01,n\0ul,x\n"
        b'2024-01-01,caf\xe9,x\n2024-01-01,"open,x\n2024-01-02,f,5" pipe\n\n2024-01-03,g,ok\n'
    )
    status = bench.bring(bench.file("a.csv", text), mapping=Mapping(event="seen", encoding="utf-8"))
    assert (status.rows, status.stored, status.rejected) == (8, 3, 5)
    assert [(line, str(reason).split(":")[0]) for line, reason, _ in bench.rejects()] == [
        (3, "2 fields instead of 3"),
        (4, "4 fields instead of 3"),
        (5, "holds a NUL character"),
        (6, "not UTF-8"),
        (7, "a quote is opened and never closed"),
    ]
    assert bench.rows("SELECT distinct_id FROM kept_events ORDER BY rowid") == [("a",), ("f",), ("g",)]


def test_bad_json_lines_are_rejected_and_the_others_kept(bench: Bench) -> None:
    good = '{"timestamp": "2024-01-01T00:00:00Z", "event": "x"}\n'
    deep = '{"timestamp": "2024-01-01T00:00:00Z", "event": "x", "a": ' + "[" * 100_000 + "]" * 100_000 + "}\n"
    nul = '{"timestamp": "2024-01-01T00:00:00Z", "event": "a\\u0000b"}\n'
    backslash = '{"timestamp": "2024-01-01T00:00:00Z", "event": "a\\\\u0000b"}\n'
    start = '{"timestamp": "2024-01-01T00:00:00Z"'
    no_objects = ["{broken\n", "[1, 2]\n", "7\n", good[:-2] + "} x\n"]
    no_events = [start + "}\n", start + ', "event": "*"}\n', start + ', "event": "\\ud800"}\n']
    bad = [*no_objects, deep, nul, *no_events]
    status = bench.bring(bench.file("a.jsonl", good + "".join(bad) + "\n" + backslash + good), mapping=Mapping())
    assert (status.rows, status.stored, status.rejected) == (12, 3, 9)
    assert [row[0] for row in bench.rejects()] == list(range(2, 11))
    assert bench.rows("SELECT count(*) FROM events WHERE event = 'a\\u0000b'") == [(1,)]


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl"])
def test_line_of_a_hundred_megabytes_is_rejected_in_bounded_memory(bench: Bench, name: str) -> None:
    path = bench.folder / name
    jsonl = name.endswith("jsonl")
    row = '{"timestamp": "2024-01-01", "user_id": "a"}\n' if jsonl else "2024-01-01,a\n"
    with path.open("w") as stream:
        stream.write("" if jsonl else "timestamp,user_id\n")
        stream.write(row)
        for _ in range(100):
            stream.write("x" * (1 << 20))
        stream.write("\n" + row)
    status = bench.bring(path, piece_bytes=4 << 20)
    assert (status.stored, status.rejected) == (2, 1)
    ((line, reason, raw),) = bench.rejects()
    assert (line, reason) == (2 if jsonl else 3, f"{100 << 20} bytes long; a row has at most 2000000")
    assert len(str(raw)) < 5000


def test_parquet_with_types_of_all_kinds_becomes_events(bench: Bench) -> None:
    path = bench.folder / "a.parquet"
    write_parquet(
        path,
        """
        SELECT TIMESTAMPTZ '2024-01-01 10:00:00+02' AS at, 17850.0::DOUBLE AS user_id, [1, 2] AS list,
            {'a': {'b': 1}} AS st, 1.50::DECIMAL(9, 2) AS money, 'nan'::DOUBLE AS nothing, DATE '2024-05-05' AS day,
            'x' AS "select", NULL AS none
        UNION ALL SELECT NULL, 1, NULL, NULL, NULL, NULL, NULL, 'y', NULL
        UNION ALL SELECT TIMESTAMPTZ '2024-01-02', NULL, NULL, NULL, NULL, 2.5, NULL, 'z' || chr(0), NULL
        """,
    )
    status = bench.bring(path, mapping=Mapping(timestamp="at", event="seen"))
    assert (status.total_rows, status.rows, status.stored, status.rejected) == (3, 3, 1, 2)
    assert bench.rows("SELECT occurred_at, distinct_id FROM events") == [(at(2024, 1, 1, 8), "17850")]
    kept = json.loads(str(bench.rows("SELECT properties::JSON::VARCHAR FROM events")[0][0]))
    assert kept == {"list": [1, 2], "st": {"a": {"b": 1}}, "money": 1.5, "nothing": None, "day": "2024-05-05",
                    "select": "x", "none": None}  # fmt: skip
    assert [row[:2] for row in bench.rejects()] == [(2, "no timestamp in 'at'"), (3, "holds a NUL character")]


def test_parquet_pieces_give_the_same_events_as_one(bench: Bench, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = bench.folder / "a.parquet"
    write_parquet(
        path,
        "SELECT TIMESTAMP '2024-01-01' + INTERVAL (i // 7) HOURS AS at, i % 3 AS user_id, i // 5 AS x "
        "FROM range(5000) t(i)",
        row_group_size=2048,
    )
    assert bench.bring(path, mapping=Mapping(event="seen"), piece_rows=700).stored == 5000
    other = Bench(tmp_path_factory.mktemp("other"))
    try:
        assert other.bring(path, mapping=Mapping(event="seen")).stored == 5000
        ids = "SELECT event_id FROM events ORDER BY 1"
        assert bench.rows(ids) == other.rows(ids)
    finally:
        other.store.close()


def test_truncated_gzip_keeps_what_can_be_read_and_says_so(bench: Bench) -> None:
    rows = "".join(f"2024-01-01 00:00:00,user-{zlib.crc32(str(n).encode())},{n}\n" for n in range(200_000))
    packed = gzip.compress(("timestamp,user_id,n\n" + rows).encode())
    status = bench.bring(bench.file("a.csv.gz", packed[: len(packed) // 2]))
    assert status.state == "failed"
    assert "cut short or damaged" in status.message
    assert 0 < status.stored < 200_000
    whole = bench.bring(bench.file("a.csv.gz", packed))
    assert (whole.state, whole.duplicates, whole.stored + whole.duplicates) == ("done", status.stored, 200_000)


def test_parquet_damaged_in_its_middle_fails_with_the_rows(bench: Bench) -> None:
    path = bench.folder / "a.parquet"
    query = "SELECT TIMESTAMP '2024-01-01' AS at, md5(i::VARCHAR) AS user_id FROM range(200000) t(i)"
    write_parquet(path, query, row_group_size=20_000)
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 200_000] = os.urandom(200_000)
    path.write_bytes(content)
    status = bench.bring(path, mapping=Mapping(event="seen"), piece_rows=20_000)
    assert status.state == "failed"
    assert "cannot be read" in status.message
    assert status.stored == bench.store.info().events < 200_000


def test_file_of_which_nothing_is_an_event_is_given_up_early(bench: Bench) -> None:
    rows = "".join(f"2024-01-01,u{n},x\n" for n in range(150_000))
    mapping = Mapping(event="seen", timestamp="timestamp", timestamp_format="%d.%m.%Y")
    status = bench.bring(bench.file("a.csv", "timestamp,user_id,x\n" + rows), mapping=mapping)
    assert status.state == "failed"
    assert "is not a timestamp (%d.%m.%Y)" in status.message
    assert 100 <= status.rejected < 150_000
    assert status.rejects_file


def test_import_stops_when_asked_and_goes_on_where_it_was(bench: Bench) -> None:
    rows = "".join(f"2024-01-01 00:00:{n % 60:02},u{n % 7},{n // 2 % 50}\n" for n in range(20_000))
    file = bench.file("a.csv", "timestamp,user_id,x\n" + rows)
    status = bench.bring(file, piece_bytes=20_000, should_stop=lambda: len(bench.progress) >= 5)
    assert status.state == "interrupted"
    assert 0 < status.rows < 20_000
    loader = DuckDBBulkLoader(bench.store, at(2026, 1, 2))
    (record,) = loader.unfinished()
    run = resume_import(loader, record.import_id, time_zone="UTC", rejects_folder=bench.folder / "rejects")
    done = run.run()
    assert (done.state, done.rows, done.stored, done.duplicates) == ("done", 20_000, 20_000, 0)
    assert loader.unfinished() == []
    with pytest.raises(InvalidInput, match="is done"):
        resume_import(loader, record.import_id, time_zone="UTC", rejects_folder=bench.folder)
    loader.close()


def test_import_does_not_go_on_with_a_file_that_changed(bench: Bench) -> None:
    file = bench.file("a.csv", "timestamp,user_id,x\n" + "".join(f"2024-01-01,u{n},1\n" for n in range(1000)))
    status = bench.bring(file, piece_bytes=2000, should_stop=lambda: len(bench.progress) >= 2)
    file.write_text(file.read_text() + "2024-01-01,zoe,1\n")
    loader = DuckDBBulkLoader(bench.store, at(2026, 1, 2))
    with pytest.raises(InvalidInput, match="is not what it was"):
        resume_import(loader, status.id, time_zone="UTC", rejects_folder=bench.folder)
    assert loader.unfinished() == []
    loader.close()


def test_appends_are_answered_while_an_import_runs(bench: Bench) -> None:
    rows = "".join(f"2024-01-01 00:00:{n % 60:02},u{n % 997},{n}\n" for n in range(150_000))
    file = bench.file("a.csv", "timestamp,user_id,x\n" + rows)
    done = threading.Event()
    appended: list[int] = []

    def append() -> None:
        while not done.is_set():
            number = len(appended)
            name = f"live-{number}"
            record = EventRecord(event_id("web", name), "click", at(2024, 1, 1, 12), at(2024, 1, 1, 12), "ann")
            appended.append(bench.store.append([record]).stored)

    thread = threading.Thread(target=append)
    thread.start()
    try:
        status = bench.bring(file, piece_bytes=500_000)
    finally:
        done.set()
        thread.join()
    assert status.stored == 150_000
    assert len(appended) > len(bench.progress) / 2
    assert bench.store.info().events == 150_000 + sum(appended)


@pytest.mark.parametrize("levels", [200, 201, 100_000])
def test_what_is_nested_too_deep_is_rejected(bench: Bench, levels: int) -> None:
    deep = '{"a":' * (levels - 1) + '"[[{"' + "}" * (levels - 1)
    line = '{"timestamp": "2024-01-01", "user_id": "a", "event": "e", "x": ' + deep + "}"
    table = 'timestamp,user_id,properties\n2024-01-01,a,"' + ("{" + deep[1:]).replace('"', '""') + '"\n'
    plain = '{"timestamp": "2024-01-01", "user_id": "b", "event": "e"}'
    status = bench.bring(bench.file("a.jsonl", f"{plain}\n{line}\n"))
    assert (status.stored, status.rejected) == ((2, 0) if levels <= 200 else (1, 1))
    status = bench.bring(bench.file("b.csv", table), mapping=Mapping(event="e"))
    assert (status.stored, status.rejected) == ((1, 0) if levels <= 201 else (0, 1))
    reasons = {str(row[0]) for row in bench.rows("SELECT reason FROM rejects")}
    assert reasons == (set() if levels <= 200 else {"nested deeper than 200 levels"})
