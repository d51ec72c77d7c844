"""What was expected beforehand and what was concluded: rows that are added and never changed.

A verdict stands on a snapshot: the bytes of all that the study read. Snapshots bear the hash of their bytes, verdicts
the hash of their body, so that one changed digit shows.
"""

import hashlib
import uuid
import zlib
from collections.abc import Callable, Iterable
from datetime import date, datetime

import msgspec
from sqlalchemy import Connection, Engine, RowMapping, insert, select

from upshot.catalog.commits import Part, Writing
from upshot.catalog.kinds import Expectation
from upshot.catalog.tables import seals, snapshots, verdicts
from upshot.catalog.verdict import Seal, Verdict, VerdictRecord
from upshot.core.errors import CorruptStore, NotFound

__all__ = ["Conclusions"]


class Conclusions:
    """Seals of expectations, snapshots of inputs, verdicts."""

    def __init__(self, reading: Engine, writing: Writing, clock: Callable[[], datetime]) -> None:
        self._reading, self._writing, self._clock = reading, writing, clock

    def seal(self, expectations: Iterable[tuple[str, Expectation]], *, by: str) -> tuple[Seal, ...]:
        """Seal each (output, expectation) that is not sealed yet; returns the new seals."""
        with self._writing.begin(Part.CONCLUSIONS, alone=(seals,)) as connection:
            return self.seal_within(connection, expectations, by=by)

    def seal_within(
        self, connection: Connection, expectations: Iterable[tuple[str, Expectation]], *, by: str
    ) -> tuple[Seal, ...]:
        """``seal`` as a part of a transaction."""
        now, made = self._clock(), []
        known = set(connection.execute(select(seals.c.hash)).scalars())
        for output, expectation in expectations:
            digest = expectation.seal(output)
            if digest not in known:
                known.add(digest)
                made.append(Seal(digest, output, expectation.text, now, by))
        if made:
            connection.execute(insert(seals), [msgspec.structs.asdict(seal) for seal in made])
        return tuple(made)

    def seals(self) -> tuple[Seal, ...]:
        """Every seal, oldest first."""
        with self._reading.connect() as connection:
            rows = connection.execute(select(seals).order_by(seals.c.sealed_at, seals.c.hash)).mappings()
            return tuple(Seal(**row) for row in rows)

    def snapshot(self, content: bytes) -> str:
        """Keep ``content``; returns its SHA-256, under which it is found."""
        digest = hashlib.sha256(content).hexdigest()
        with self._writing.begin(alone=(snapshots,)) as connection:
            if connection.execute(select(snapshots.c.hash).where(snapshots.c.hash == digest)).first() is None:
                connection.execute(
                    insert(snapshots).values(hash=digest, content=zlib.compress(content), created_at=self._clock())
                )
        return digest

    def snapshot_content(self, digest: str) -> bytes:
        """The bytes that were kept under ``digest``.

        Raises:
            NotFound: None were.
            CorruptStore: They were changed since.
        """
        with self._reading.connect() as connection:
            kept = connection.execute(select(snapshots.c.content).where(snapshots.c.hash == digest)).scalar()
        if kept is None:
            raise NotFound("snapshot", digest)
        try:
            content = zlib.decompress(kept)
        except zlib.error:
            content = b""
        if hashlib.sha256(content).hexdigest() != digest:
            raise CorruptStore(
                f"The snapshot {digest[:12]} is not what was stored: its bytes give another hash.",
                hint="Restore the catalog from a backup; the verdicts that stand on it cannot be verified.",
            )
        return content

    def record(self, verdict: Verdict, *, by: str) -> VerdictRecord:
        """Keep a verdict; an earlier one of the same study and reading stays beside it, the newest counts."""
        body = msgspec.json.encode(verdict)
        record = VerdictRecord(uuid.uuid4().hex, verdict, hashlib.sha256(body).hexdigest(), self._clock(), by)
        with self._writing.begin(Part.CONCLUSIONS) as connection:
            connection.execute(
                insert(verdicts).values(
                    id=record.id,
                    study=verdict.study,
                    launch=verdict.launch,
                    reading=verdict.reading,
                    snapshot=verdict.snapshot,
                    body=body.decode(),
                    hash=record.hash,
                    created_at=record.created_at,
                    created_by=by,
                )
            )
        return record

    def verdict(self, verdict_id: str) -> VerdictRecord:
        """The verdict with that id, or the only one whose id begins so.

        Raises:
            NotFound: There is none, or more than one.
            CorruptStore: It was changed since.
        """
        statement = select(verdicts).where(verdicts.c.id.startswith(verdict_id, autoescape=True)).limit(2)
        with self._reading.connect() as connection:
            rows = connection.execute(statement).mappings().all()
        if len(rows) != 1 or not verdict_id:
            raise NotFound("verdict", verdict_id, hint="`upshot ledger --json` names the verdicts.")
        return _record(rows[0])

    def verdicts(self, launch: str | None = None, reading: date | None = None) -> tuple[VerdictRecord, ...]:
        """Verdicts, oldest first, of one launch or of all.

        Raises:
            CorruptStore: One was changed since.
        """
        statement = select(verdicts).order_by(verdicts.c.created_at, verdicts.c.id)
        if launch is not None:
            statement = statement.where(verdicts.c.launch == launch)
        if reading is not None:
            statement = statement.where(verdicts.c.reading == reading)
        with self._reading.connect() as connection:
            rows = connection.execute(statement).mappings().all()
        return tuple(_record(row) for row in rows)


def _record(row: RowMapping) -> VerdictRecord:
    body = row["body"].encode()
    if hashlib.sha256(body).hexdigest() != row["hash"]:
        raise CorruptStore(
            f"The verdict {row['id'][:12]} is not what was stored: its body gives another hash.",
            hint="Restore the catalog from a backup.",
        )
    return VerdictRecord(
        row["id"], msgspec.json.decode(body, type=Verdict), row["hash"], row["created_at"], row["created_by"]
    )
