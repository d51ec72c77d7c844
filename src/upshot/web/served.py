"""What the web needs of a workspace, so that it depends on nothing more."""

from collections.abc import Callable
from typing import Protocol

from upshot.api.operation import Caller, Principal
from upshot.collect.collector import Collector
from upshot.core.settings import Settings

__all__ = ["ServedWorkspace"]


class ServedWorkspace(Protocol):
    """An open workspace as a server holds it; ``upshot.workspace.local.LocalWorkspace`` is one."""

    @property
    def settings(self) -> Settings:
        """What is set."""
        ...

    @property
    def is_open(self) -> bool:
        """Whether nobody needs a token, as there are no access entries."""
        ...

    @property
    def collector(self) -> Collector:
        """Takes in what clients send, with their write keys."""
        ...

    @property
    def revision(self) -> int:
        """Grows with each commit to the event store."""
        ...

    def refresh_facts_when_due(self) -> None:
        """Have the facts of a day or two with new events rebuilt before many questions are asked of them."""
        ...

    def acting_as(self, principal: Principal) -> Caller:
        """The workspace as ``principal`` may use it."""
        ...

    def principal_of(self, token: str) -> Principal | None:
        """Whose token that is, an access entry's or the server's own; None when nobody's."""
        ...

    def on_commit(self, listener: Callable[[int], None]) -> Callable[[], None]:
        """Have ``listener`` called, from another thread, after each commit; the answer ends it."""
        ...

    def on_closing(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Have ``listener`` called when the server is asked to stop; the answer ends it."""
        ...
