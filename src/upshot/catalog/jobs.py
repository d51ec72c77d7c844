"""Jobs under leases, claimed atomically in SQL, so that several processes can share one catalog."""

import uuid
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Engine, and_, insert, or_, select, update
from sqlalchemy.engine import RowMapping

from upshot.catalog.commits import Writing
from upshot.catalog.tables import jobs as table
from upshot.catalog.types import Job, JobState
from upshot.core.errors import NotFound

__all__ = ["Jobs"]


class Jobs:
    """Jobs by id."""

    def __init__(self, reading: Engine, writing: Writing, clock: Callable[[], datetime]) -> None:
        self._reading, self._writing, self._clock = reading, writing, clock

    def add(self, kind: str, payload: str, *, by: str, job_id: str = "") -> Job:
        """Queue a job; ``payload`` is JSON."""
        now = self._clock()
        job = Job(
            id=job_id or uuid.uuid4().hex,
            kind=kind,
            state=JobState.QUEUED,
            payload=payload,
            progress="{}",
            message="",
            hint="",
            attempts=0,
            created_by=by,
            created_at=now,
            updated_at=now,
            lease_owner=None,
            lease_until=None,
        )
        with self._writing.begin() as connection:
            connection.execute(insert(table).values({name: getattr(job, name) for name in job.__struct_fields__}))
        return job

    def get(self, job_id: str) -> Job:
        """The job of that id.

        Raises:
            NotFound: There is none.
        """
        with self._reading.connect() as connection:
            row = connection.execute(select(table).where(table.c.id == job_id)).mappings().first()
        if row is None:
            raise NotFound("job", job_id)
        return _job(row)

    def recent(self, kind: str, limit: int = 50) -> tuple[Job, ...]:
        """The newest jobs of one kind, newest first."""
        query = select(table).where(table.c.kind == kind).order_by(table.c.created_at.desc(), table.c.id).limit(limit)
        with self._reading.connect() as connection:
            return tuple(_job(row) for row in connection.execute(query).mappings())

    def claim(self, kinds: Sequence[str], *, owner: str, lease: timedelta, job_id: str = "") -> Job | None:
        """Take the oldest job that is queued, or whose worker lost its lease; None when there is none.

        Args:
            kinds: Which kinds of work the owner can do.
            owner: Who takes it, unique among processes and threads.
            lease: How long it is the owner's without a word from them.
            job_id: Only this job; any when empty.
        """
        now = self._clock()
        free = and_(
            table.c.kind.in_(kinds),
            or_(
                table.c.state == JobState.QUEUED.value,
                and_(table.c.state == JobState.RUNNING.value, table.c.lease_until < now),
            ),
        )
        if job_id:
            free = and_(free, table.c.id == job_id)
        oldest = select(table.c.id).where(free).order_by(table.c.created_at, table.c.id).limit(1)
        statement = (
            update(table)
            .where(table.c.id == oldest.with_for_update(skip_locked=True).scalar_subquery())
            .values(
                state=JobState.RUNNING.value,
                lease_owner=owner,
                lease_until=now + lease,
                attempts=table.c.attempts + 1,
                updated_at=now,
            )
            .returning(*table.c)
        )
        with self._writing.begin() as connection:
            row = connection.execute(statement).mappings().first()
        return None if row is None else _job(row)

    def keep(self, job_id: str, *, owner: str, lease: timedelta, progress: str) -> bool:
        """Renew the lease and note progress (JSON); False when the job is the owner's no more."""
        now = self._clock()
        return self._change(job_id, owner, progress=progress, lease_until=now + lease, updated_at=now)

    def finish(
        self, job_id: str, *, owner: str, state: JobState, progress: str, message: str = "", hint: str = ""
    ) -> bool:
        """End the job as ``DONE`` or ``FAILED``, or queue it again; False when it is the owner's no more."""
        return self._change(
            job_id,
            owner,
            state=state.value,
            progress=progress,
            message=message,
            hint=hint,
            lease_owner=None,
            lease_until=None,
            updated_at=self._clock(),
        )

    def _change(self, job_id: str, owner: str, **values: str | datetime | None) -> bool:
        mine = and_(table.c.id == job_id, table.c.lease_owner == owner, table.c.state == JobState.RUNNING.value)
        with self._writing.begin() as connection:
            return connection.execute(update(table).where(mine).values(**values)).rowcount == 1


def _job(row: RowMapping) -> Job:
    return Job(**{**row, "state": JobState(row["state"])})
