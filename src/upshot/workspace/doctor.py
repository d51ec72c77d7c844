"""What is wrong with a workspace that may not open, and what to do about it."""

import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from upshot.api.operation import LOCAL_OWNER
from upshot.api.state import DOCTOR, Finding, Findings, Nothing
from upshot.core.errors import NotFound, UserError
from upshot.core.settings import SETTINGS_FILE, LoadedSettings, load_settings
from upshot.core.units import counted, format_bytes
from upshot.workspace.connect import connect, running_server
from upshot.workspace.lockfile import LOCK_FILE, process_lives, read_lock

__all__ = ["examine"]

_LITTLE_ROOM = 1_000_000_000
_NO_ROOM = 50_000_000


def examine(folder: Path, environment: Mapping[str, str]) -> Findings:
    """Look at the workspace in ``folder`` from outside, then, if it opens, from inside (through its server, if any)."""
    findings = [*_disk(folder)]
    try:
        loaded = load_settings(folder, environment)
        if not (folder / SETTINGS_FILE).is_file():
            raise NotFound("workspace", str(folder), hint=f"Make one with `upshot init {folder}`.")
    except UserError as error:
        findings.append(Finding("settings", "error", error.message, error.hint))
        return Findings.of(findings)
    findings.append(Finding("settings", "ok", _origins(loaded)))
    findings += _lock(folder)
    findings += _inside(folder, loaded)
    return Findings.of(findings)


def _origins(loaded: LoadedSettings) -> str:
    return f"All settings are allowed; {counted(len(loaded.origins), 'is', 'are')} not at the default."


def _disk(folder: Path) -> Iterator[Finding]:
    place = next((p for p in (folder, *folder.parents) if p.exists()), Path("/"))
    free = shutil.disk_usage(place).free
    told = f"{format_bytes(free)} are free where the workspace is."
    if free < _NO_ROOM:
        yield Finding("disk", "error", told, "Make room: events cannot be kept.")
    elif free < _LITTLE_ROOM:
        yield Finding("disk", "warning", told, "Make room before a large import.")
    else:
        yield Finding("disk", "ok", told)
    if place == folder and not os.access(folder, os.W_OK):
        yield Finding("disk", "error", f"{folder} is not writable for this user.", "Give this user the folder.")


def _lock(folder: Path) -> Iterator[Finding]:
    lock = read_lock(folder)
    if lock is None:
        if (folder / LOCK_FILE).exists():
            yield Finding("server", "warning", f"{LOCK_FILE} is damaged.", "Remove it if no server runs.")
        else:
            yield Finding("server", "ok", "No server runs; commands open the workspace themselves.")
    elif running_server(folder) is not None:
        yield Finding("server", "ok", f"A server runs at {lock.address} (process {lock.pid}).")
    elif process_lives(lock.pid):
        yield Finding(
            "server",
            "warning",
            f"{LOCK_FILE} names a server at {lock.address} that does not answer, yet process {lock.pid} runs.",
            f"If that process is no server of Upshot, remove {LOCK_FILE}; if it is, stop it and start it again.",
        )
    else:
        yield Finding(
            "server",
            "warning",
            f"{LOCK_FILE} was left by a server that is gone (process {lock.pid}).",
            f"Nothing to do: it is passed over, and the next server replaces it. You may remove {LOCK_FILE}.",
        )


def _inside(folder: Path, loaded: LoadedSettings) -> Iterator[Finding]:
    try:
        with connect(folder, loaded, LOCAL_OWNER) as workspace:
            yield from workspace.call(DOCTOR, Nothing()).findings
    except UserError as error:
        yield Finding("workspace", "error", error.message, error.hint)
