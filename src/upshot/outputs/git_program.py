"""Running the git program on somebody's repository, so that nothing of the repository runs."""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from upshot.core.errors import InvalidInput

__all__ = ["ask", "fields_of"]

_CHUNK = 1 << 18


def ask(place: Path, *words: str, none_is_fine: bool = False) -> str:
    """All that a command of git prints.

    Args:
        place: The folder in which it runs.
        words: The command and its arguments; none of them comes from the repository.
        none_is_fine: Whether it may refuse, and then has printed nothing.

    Raises:
        InvalidInput: It refuses, or there is no git program.
    """
    with tempfile.TemporaryFile() as said, _start(place, words, said) as process:
        assert process.stdout is not None  # noqa: S101 - a pipe was asked for
        answer = process.stdout.read()
        if process.wait() != 0 and not none_is_fine:
            said.seek(0)
            raise _refused(place, said.read())
    return answer.decode("utf-8", errors="replace")


def fields_of(place: Path, *words: str) -> Iterator[str]:
    """What a command of git prints, field by field; each ends with NUL.

    Raises:
        InvalidInput: It refuses, or there is no git program.
    """
    with tempfile.TemporaryFile() as said, _start(place, words, said) as process:
        assert process.stdout is not None  # noqa: S101 - a pipe was asked for
        rest = b""
        while chunk := process.stdout.read(_CHUNK):
            *whole, rest = (rest + chunk).split(b"\0")
            for field in whole:
                yield field.decode("utf-8", errors="replace")
        if process.wait() != 0:
            said.seek(0)
            raise _refused(place, said.read())
    if rest:
        yield rest.decode("utf-8", errors="replace")


def _start(place: Path, words: tuple[str, ...], said: IO[bytes]) -> "subprocess.Popen[bytes]":
    clean = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    clean |= {"GIT_NO_LAZY_FETCH": "1", "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C.UTF-8"}
    command = ["git", "--no-pager", "-c", "core.fsmonitor=false", "-c", "log.showRoot=true", "-C", str(place), *words]
    try:
        return subprocess.Popen(  # noqa: S603 - no shell, and no word comes from the repository
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=said, env=clean
        )
    except FileNotFoundError:
        raise InvalidInput(
            "There is no git program on this machine.", hint="Install git, or import what was shipped from CSV."
        ) from None


def _refused(place: Path, said: bytes) -> InvalidInput:
    text = said.decode("utf-8", errors="replace").strip()
    first = text.splitlines()[0].removeprefix("fatal: ").rstrip(".") if text else "git does not say why"
    hint = "Name the folder of a git repository."
    if "dubious ownership" in text:
        hint = f"The folder belongs to somebody else. Trust it with: git config --global --add safe.directory {place}"
    return InvalidInput(f"{place} cannot be read: {first}.", hint=hint)
