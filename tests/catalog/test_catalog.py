import sqlite3
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, text

from upshot.catalog.catalog import Catalog
from upshot.catalog.commits import Change, Part
from upshot.catalog.database import MIGRATIONS, open_database, shown_url, sqlite_url
from upshot.catalog.declarations import Put
from upshot.catalog.kinds import Team
from upshot.catalog.tables import HEAD, METADATA
from upshot.catalog.types import JobState
from upshot.core.errors import Busy, CorruptStore, InvalidInput, NotFound, SchemaTooNew, StoreFull

LEASE = timedelta(seconds=30)


def test_migrations_lead_to_the_tables_of_the_code(catalog_url: str) -> None:
    engine = open_database(catalog_url)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []
    engine.dispose()


def test_head_is_the_newest_migration() -> None:
    assert ScriptDirectory(str(MIGRATIONS)).get_current_head() == HEAD


def test_catalog_opens_again_with_what_it_held(catalog: Catalog, catalog_url: str) -> None:
    catalog.set_property("time_zone", "UTC")
    catalog.set_property("time_zone", "Europe/Berlin")
    again = Catalog(catalog_url)
    assert again.property("time_zone") == "Europe/Berlin"
    assert again.property("other") is None
    again.close()


def test_catalog_of_a_newer_version_is_refused(catalog: Catalog, catalog_url: str) -> None:
    catalog.close()
    engine = create_engine(catalog_url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    with pytest.raises(SchemaTooNew, match="schema 9999") as caught:
        Catalog(catalog_url)
    assert "newer Upshot" in caught.value.hint


def test_catalog_file_that_is_no_database_is_corrupt(tmp_path: Path) -> None:
    (tmp_path / "catalog.sqlite").write_bytes(b"not a database " * 100)
    with pytest.raises(CorruptStore, match="cannot be read"):
        Catalog.in_folder(tmp_path)


def test_catalog_sqlite_is_crash_safe_and_patient(tmp_path: Path) -> None:
    engine = open_database(sqlite_url(tmp_path))
    with engine.connect() as connection:
        pragmas = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    engine.dispose()
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 10_000}


@pytest.mark.parametrize("url", ["mysql://a/b", "nonsense", "oracle://x"])
def test_catalog_url_of_another_kind_is_refused(url: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        open_database(url)
    assert "postgresql://" in caught.value.hint


def test_catalog_that_does_not_answer_is_named_without_its_password() -> None:
    with pytest.raises(NotFound) as caught:
        open_database("postgresql://someone:secret@127.0.0.1:1/none")
    assert "secret" not in str(caught.value)
    assert shown_url("postgresql://a:b@c/d") == "postgresql://a:***@c/d"


def test_metric_versions_count_up_and_stay(catalog: Catalog) -> None:
    catalog.metrics.add([("a", "h1", "x"), ("b", "h2", "y")], source="file", by="ann")
    catalog.metrics.add([("a", "h3", "z")], source="file", by="bob")
    current = catalog.metrics.current()
    assert {name: (v.version, v.hash) for name, v in current.items()} == {"a": (2, "h3"), "b": (1, "h2")}
    assert [(v.version, v.definition, v.created_by) for v in catalog.metrics.history("a")] == [
        (1, "x", "ann"),
        (2, "z", "bob"),
    ]


def test_access_token_is_stored_only_as_a_hash(catalog: Catalog, catalog_url: str) -> None:
    assert not catalog.access.any()
    token = catalog.access.add("ann", "editor")
    found = catalog.access.of(token)
    assert found is not None
    assert (found.name, found.role) == ("ann", "editor")
    assert catalog.access.of(token + "x") is None
    engine = create_engine(catalog_url)
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT * FROM access")).all()
    engine.dispose()
    assert token not in str(rows)


def test_access_use_is_noted(catalog: Catalog) -> None:
    token = catalog.access.add("ann", "viewer")
    assert catalog.access.all()[0].last_used_at is None
    catalog.access.of(token)
    used = catalog.access.all()[0].last_used_at
    assert used is not None
    assert abs(datetime.now(UTC) - used) < timedelta(minutes=1)


def test_access_revoked_lets_nobody_in(catalog: Catalog) -> None:
    token = catalog.access.add("ann", "owner")
    with pytest.raises(InvalidInput, match="has access already"):
        catalog.access.add("ann", "viewer")
    with pytest.raises(NotFound) as caught:
        catalog.access.revoke("anne")
    assert "'ann'" in caught.value.hint
    catalog.access.revoke("ann")
    assert catalog.access.of(token) is None


def test_audit_keeps_order_newest_first(catalog: Catalog) -> None:
    for operation in ("a", "b", "c"):
        catalog.audit.write(principal="ann", role="owner", operation=operation, request="{}", outcome="done")
    assert [r.operation for r in catalog.audit.recent(2)] == ["c", "b"]


def test_source_is_noted_once(catalog: Catalog) -> None:
    catalog.sources.seen("web", "http")
    catalog.sources.seen("web", "http")
    (source,) = catalog.sources.all()
    assert source.first_seen_at <= source.last_seen_at


def test_job_goes_from_queued_to_done(catalog: Catalog) -> None:
    job = catalog.jobs.add("import", '{"a":1}', by="ann")
    assert catalog.jobs.claim(["other"], owner="w", lease=LEASE) is None
    claimed = catalog.jobs.claim(["import"], owner="w", lease=LEASE)
    assert claimed is not None
    assert (claimed.id, claimed.state, claimed.attempts) == (job.id, JobState.RUNNING, 1)
    assert catalog.jobs.keep(job.id, owner="w", lease=LEASE, progress='{"rows":5}')
    assert catalog.jobs.finish(job.id, owner="w", state=JobState.DONE, progress="{}")
    assert catalog.jobs.get(job.id).state is JobState.DONE
    assert not catalog.jobs.keep(job.id, owner="w", lease=LEASE, progress="{}")


def test_job_whose_worker_died_is_taken_over(catalog_url: str) -> None:
    now = datetime(2024, 1, 1, tzinfo=UTC)
    catalog = Catalog(catalog_url, clock=lambda: now)
    job = catalog.jobs.add("import", "{}", by="ann")
    catalog.jobs.claim(["import"], owner="dead", lease=LEASE)
    assert catalog.jobs.claim(["import"], owner="new", lease=LEASE) is None
    now += timedelta(minutes=1)
    assert catalog.jobs.get(job.id).abandoned(now)
    taken = catalog.jobs.claim(["import"], owner="new", lease=LEASE)
    assert taken is not None
    assert (taken.lease_owner, taken.attempts) == ("new", 2)
    assert not catalog.jobs.keep(job.id, owner="dead", lease=LEASE, progress="{}")
    catalog.close()


def test_job_is_claimed_by_one_of_many(catalog: Catalog) -> None:
    for _ in range(20):
        catalog.jobs.add("import", "{}", by="ann")

    def take(worker: int) -> list[str]:
        taken = []
        while (job := catalog.jobs.claim(["import"], owner=str(worker), lease=LEASE)) is not None:
            taken.append(job.id)
        return taken

    with ThreadPoolExecutor(4) as pool:
        taken = [job for jobs in pool.map(take, range(4)) for job in jobs]
    assert len(taken) == 20
    assert len(set(taken)) == 20


def test_job_unknown_is_not_found(catalog: Catalog) -> None:
    with pytest.raises(NotFound):
        catalog.jobs.get("none")
    assert catalog.jobs.recent("import") == ()


def test_catalog_on_a_full_disk_keeps_nothing_and_says_so(tmp_path: Path) -> None:
    catalog = Catalog.in_folder(tmp_path)
    # SQLite's own limit of pages gives the error of a full disk
    with catalog._engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 1")
    with pytest.raises(StoreFull, match="no room left for the catalog"):
        catalog.metrics.add([(f"m{i}", "h", "x" * 5000) for i in range(50)], source="f", by="ann")
    assert catalog.metrics.current() == {}
    catalog.close()


def test_catalog_that_another_process_holds_is_busy(tmp_path: Path) -> None:
    catalog = Catalog.in_folder(tmp_path)
    with catalog._engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA busy_timeout = 50")
    holder = sqlite3.connect(tmp_path / "catalog.sqlite", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(Busy, match="Another process holds the catalog"):
        catalog.set_property("a", "b")
    holder.execute("ROLLBACK")
    holder.close()
    catalog.set_property("a", "b")
    catalog.close()


@pytest.mark.postgres
def test_catalog_that_stops_answering_is_told(postgres_url: str) -> None:
    catalog = Catalog(postgres_url)
    catalog.check()
    with pytest.raises(NotFound) as caught, catalog._engine.connect() as connection:
        connection.exec_driver_sql("SELECT pg_terminate_backend(pg_backend_pid())")
    assert "does not answer" in caught.value.hint
    catalog.check()
    catalog.close()


def test_catalog_tells_of_each_commit_that_changed_something(catalog: Catalog) -> None:
    told: list[Change] = []
    end = catalog.listen(told.append)
    catalog.metrics.add([("m", "h", "x")], source="f", by="ann")
    catalog.access.add("ann", "owner")
    catalog.write_keys.add("web", by="ann")
    catalog.declare([Put(Team(name="core"))], by="ann", source="", managed="hand")
    revision = catalog.revision()
    catalog.audit.write(principal="ann", role="owner", operation="o", request="{}", outcome="done")
    catalog.sources.seen("web", "native")
    catalog.set_property("colour", "green")
    end()
    catalog.access.revoke("ann")
    parts = [set(change.parts) for change in told]
    assert parts[:3] == [{Part.METRICS}, {Part.ACCESS}, {Part.WRITE_KEYS}]
    assert len(parts) == 4
    assert Part.DECLARATIONS in parts[3]
    assert told[-1].revision == revision == catalog.announced
    assert told[0].revision == told[1].revision == revision - 1


def test_change_that_fails_is_told_to_nobody(catalog: Catalog) -> None:
    told: list[Change] = []
    catalog.listen(told.append)
    with pytest.raises(NotFound):
        catalog.access.revoke("nobody")
    assert told == []
