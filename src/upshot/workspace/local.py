"""A workspace that this process holds."""

import contextlib
import hmac
import threading
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from upshot.answers.facts import FactRefresher
from upshot.api.operation import LOCAL_OWNER, Caller, Operation, Principal, Request, Response, Role
from upshot.collect.collector import Collector
from upshot.core.errors import UserError
from upshot.core.ids import new_token
from upshot.core.settings import LoadedSettings, Settings
from upshot.core.time import utc_now
from upshot.workspace.operations import BINDINGS
from upshot.workspace.resources import TIME_ZONE, Resources

__all__ = ["LocalWorkspace"]

_LONGEST_LIST = 20
_LONGEST_TEXT = 20_000


class LocalWorkspace:
    """An open workspace: its stores, its catalog, and the one way in (``acting_as``).

    Attributes:
        folder: Where it is.
        settings: What is set.
        closing: Set when the server that serves it is asked to stop; whoever streams must end then.
        server_token: What makes a command that talks to this process's server the owner.
    """

    def __init__(self, resources: Resources) -> None:
        self.resources = resources
        self.folder: Path = resources.folder
        self.settings: Settings = resources.loaded.settings
        self.closing = threading.Event()
        self.server_token = new_token()
        self._closing_listeners: list[Callable[[], None]] = []
        self._closed = False
        self._refresher = FactRefresher(resources.answering, lambda: bool(resources.imports.running))

    @classmethod
    def open(cls, folder: Path, loaded: LoadedSettings, *, clock: Callable[[], datetime] = utc_now) -> "LocalWorkspace":
        """Open the workspace in ``folder``; what is written down in it bears the time that ``clock`` says.

        Raises:
            NotFound: There is none.
            WorkspaceLocked: Another process holds it.
            SchemaTooNew: A newer Upshot wrote it.
            CorruptStore: One of its files is damaged.
        """
        resources = Resources.open(folder, loaded, clock=clock)
        try:
            if resources.catalog.property(TIME_ZONE) is None:
                # Its file was moved away, or the settings name a new database.
                from upshot.workspace.initialise import fill_catalog

                fill_catalog(resources)
        except BaseException:
            resources.close()
            raise
        return cls(resources)

    def acting_as(self, principal: Principal) -> Caller:
        """The workspace as ``principal`` may use it: ``call(operation, request)``; threads may share it."""
        return _PrincipalCaller(self.resources, principal)

    def principal_of(self, token: str) -> Principal | None:
        """Whose token that is, an access entry's or the server's own; None when nobody's."""
        if hmac.compare_digest(token.encode(), self.server_token.encode()):
            return LOCAL_OWNER
        record = self.resources.catalog.access.of(token)
        return None if record is None else Principal(record.name, Role(record.role))

    @property
    def collector(self) -> Collector:
        """Takes in what clients send, with their write keys."""
        return self.resources.collector

    @property
    def is_open(self) -> bool:
        """Whether nobody needs a token, as there are no access entries; such a workspace stays on loopback."""
        return not self.resources.catalog.access.any()

    @property
    def revision(self) -> int:
        """Grows with each commit to the event store, and with each declaration, seal and verdict."""
        return self.resources.store.revision + self.resources.catalog.announced

    @property
    def data_revision(self) -> int:
        """Grows with each commit to the event store."""
        return self.resources.store.revision

    def waiting_events(self) -> int:
        """How many events arrived that are not yet where they are read fast."""
        return self.resources.store.waiting_events()

    def today(self) -> date:
        """The local day that it is."""
        return self.resources.today()

    def refresh_facts_when_due(self) -> None:
        """Have the facts of a day or two with new events rebuilt before many questions are asked of them."""
        self._refresher.refresh_when_due()

    def on_commit(self, listener: Callable[[int], None]) -> Callable[[], None]:
        """Have ``listener`` called with the new revision after each change, from another thread: it must be quick.

        Returns:
            What ends it.
        """
        ends = (
            self.resources.store.listen(lambda _: listener(self.revision)),
            self.resources.catalog.listen(lambda _: listener(self.revision)),
        )

        def end() -> None:
            for stop in ends:
                stop()

        return end

    def on_closing(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Have ``listener`` called when the server is asked to stop, in the server's thread: it must be quick.

        Returns:
            What ends it.
        """
        self._closing_listeners.append(listener)

        def end() -> None:
            with contextlib.suppress(ValueError):
                self._closing_listeners.remove(listener)

        return end

    def begin_closing(self) -> None:
        """Tell whoever streams to end, and background work to stop."""
        self.closing.set()
        self.resources.imports.background.stopping.set()
        self.resources.answering.worker.close()
        for listener in tuple(self._closing_listeners):
            listener()

    def close(self) -> None:
        """Finish what is being written and close the stores. Closing twice is fine."""
        if self._closed:
            return
        self._closed = True
        self.begin_closing()
        self.resources.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _PrincipalCaller:
    """The workspace as one principal may use it."""

    def __init__(self, resources: Resources, principal: Principal) -> None:
        self._resources = resources
        self._principal = principal

    def call(self, operation: Operation[Request, Response], request: Request) -> Response:
        """Do it, if the principal may; what changes something is written down, refused or not."""
        try:
            self._principal.require(operation.permission)
            answer: Response = BINDINGS[operation.name].handle(self._resources, self._principal, request)
        except UserError as error:
            self._note(operation, request, error.code)
            raise
        except Exception:
            self._note(operation, request, "internal")
            raise
        if operation.changed(answer):
            self._note(operation, request, "done")
        return answer

    def _note(self, operation: Operation[Request, Response], request: Request, outcome: str) -> None:
        if operation.changes:
            self._resources.catalog.audit.write(
                principal=self._principal.name,
                role=str(self._principal.role),
                operation=operation.name,
                request=msgspec.json.encode(_abridged(request)).decode(),
                outcome=outcome,
            )


def _abridged(value: object) -> object:
    """A request without its bulk: long lists by their length, long texts by their beginning."""
    match value:
        case msgspec.Struct():
            return {name: _abridged(getattr(value, name)) for name in value.__struct_fields__}
        case dict():
            return {key: _abridged(item) for key, item in value.items()}
        case list() | tuple():
            return [_abridged(item) for item in value] if len(value) <= _LONGEST_LIST else {"items": len(value)}
        case str() if len(value) > _LONGEST_TEXT:
            return value[:_LONGEST_TEXT] + "…"
        case _:
            return value
