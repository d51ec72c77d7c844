"""Recording what is due, with a word about how far it is."""

import sys
from typing import TYPE_CHECKING

from upshot.core.units import counted

if TYPE_CHECKING:
    from upshot.api.operation import Caller

__all__ = ["record_what_is_due"]

_SECONDS = 2.0


def record_what_is_due(
    workspace: "Caller", *, launch: str = "", again: bool = False, quiet: bool = False
) -> tuple[str, ...]:
    """Record the verdicts that are due; returns what could not be read, with the reasons."""
    from upshot.api.studies import STUDIES_RECORD, StudiesRecord

    recorded = 0
    failed: list[str] = []
    while True:
        seconds = 600.0 if again else _SECONDS
        done = workspace.call(STUDIES_RECORD, StudiesRecord(launch=launch, seconds=seconds, again=again))
        recorded += len(done.recorded)
        failed += done.failed
        if not quiet and recorded and (done.waiting or done.recorded):
            sys.stderr.write(f"{counted(recorded, 'verdict')} recorded, {done.waiting} to go\n")
        if not done.waiting:
            return tuple(dict.fromkeys(failed))
