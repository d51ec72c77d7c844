"""The catalog's database: SQLite in the workspace's folder, or PostgreSQL by URL; opened at the newest schema."""

import sqlite3
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event, inspect, make_url, select, text
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import ArgumentError, DatabaseError, NoSuchModuleError, OperationalError, StatementError
from sqlalchemy.pool import ConnectionPoolEntry

from upshot.catalog.tables import HEAD
from upshot.core.errors import (
    Busy,
    CorruptStore,
    InternalError,
    InvalidInput,
    NotFound,
    SchemaTooNew,
    StoreFull,
    UserError,
)

__all__ = ["CATALOG_FILE", "MIGRATIONS", "open_database", "shown_url", "sqlite_url"]

CATALOG_FILE = "catalog.sqlite"
MIGRATIONS = Path(__file__).parent / "migrations"
_BUSY_SECONDS = 10
_CHECK_URL = "Write it as postgresql://user:password@host:5432/name."


def sqlite_url(folder: Path) -> str:
    """The URL of the catalog file in ``folder``."""
    return f"sqlite:///{folder / CATALOG_FILE}"


def shown_url(url: str) -> str:
    """``url`` without its password."""
    return make_url(url).render_as_string(hide_password=True)


def open_database(url: str) -> Engine:
    """Connect, and bring the schema to ``HEAD``.

    Raises:
        InvalidInput: The URL is none, or its kind of database is not supported.
        NotFound: Nothing answers there.
        CorruptStore: The file is no SQLite database.
        SchemaTooNew: A newer Upshot has changed the schema.
    """
    engine = _engine(url)
    try:
        with engine.connect() as connection:
            revision = _revision(connection)
        if revision != HEAD:
            _migrate(engine, revision)
    except BaseException:
        engine.dispose()
        raise
    return engine


def _engine(url: str) -> Engine:
    try:
        parsed = make_url(url)
        if parsed.drivername in ("postgres", "postgresql"):
            parsed = parsed.set(drivername="postgresql+psycopg")
        if parsed.get_backend_name() not in ("sqlite", "postgresql"):
            raise InvalidInput(f"A catalog in {parsed.get_backend_name()} is not supported.", hint=_CHECK_URL)
        engine = create_engine(parsed, pool_pre_ping=parsed.get_backend_name() == "postgresql")
    except (ArgumentError, NoSuchModuleError):
        raise InvalidInput("The setting catalog.url is not the URL of a database.", hint=_CHECK_URL) from None
    except ModuleNotFoundError:
        raise InvalidInput(
            "A catalog in PostgreSQL needs the driver psycopg, which is not installed.",
            hint="Install it with `pip install 'upshot[postgres]'`.",
        ) from None
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    event.listen(engine, "handle_error", _in_our_words)
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, entry: ConnectionPoolEntry) -> None:
    del entry
    connection.isolation_level = None
    for pragma in (
        f"busy_timeout={_BUSY_SECONDS * 1000}",
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    connection.exec_driver_sql(f"BEGIN {connection.get_execution_options().get('sqlite_begin', 'DEFERRED')}")


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    row = connection.execute(select(text("version_num")).select_from(text("alembic_version"))).first()
    return None if row is None else str(row[0])


def _migrate(engine: Engine, revision: str | None) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if revision is not None and revision not in known:
        raise SchemaTooNew(
            f"The catalog has the schema {revision}, which this version of Upshot does not know (it knows {HEAD}).",
            hint="Open it with the newer Upshot that wrote it, or upgrade this one.",
        )
    with engine.execution_options(sqlite_begin="IMMEDIATE").begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    with engine.connect() as connection:
        if _revision(connection) != HEAD:
            raise InternalError(f"The migrations did not lead to {HEAD}.")


def _in_our_words(context: ExceptionContext) -> None:
    """Raise what the database says as a user error: it is unreachable, full, busy or damaged, not Upshot.

    Raises:
        NotFound: It does not answer.
        StoreFull: The disk has no room.
        Busy: Another process holds it.
        InvalidInput: Its file cannot be opened.
        CorruptStore: It is no database, or a damaged one.
    """
    if context.is_pre_ping or context.sqlalchemy_exception is None or context.dialect is None:
        return
    text = " ".join(str(context.original_exception).split()).rstrip(".")
    found = _user_error(context.sqlalchemy_exception, text, context.dialect.name)
    if found is not None:
        raise found from context.original_exception


def _user_error(error: StatementError, text: str, dialect: str) -> UserError | None:
    if "is full" in text or "No space left" in text:
        return StoreFull(f"There is no room left for the catalog: {text}.", hint="Free some space and ask again.")
    if "is locked" in text:
        return Busy(f"Another process holds the catalog: {text}.", hint="Ask again in a moment.")
    if "unable to open" in text:
        return InvalidInput(
            f"The catalog's file cannot be opened: {text}.",
            hint="It must be a file, in a folder that this user may write.",
        )
    if dialect == "postgresql" and isinstance(error, OperationalError):
        return NotFound("catalog", dialect, hint=f"It does not answer: {text}.")
    if dialect == "sqlite" and type(error) is DatabaseError:
        return CorruptStore(
            f"The catalog cannot be read: {text}.",
            hint="Put its file back from a backup, or move it away to begin with a new catalog.",
        )
    return None
