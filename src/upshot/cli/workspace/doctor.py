"""``upshot doctor``."""

from upshot.cli.common import Common
from upshot.cli.output import json_or, line

__all__ = ["doctor"]

_SIGNS = {"ok": "ok     ", "warning": "warning", "error": "ERROR  "}


def doctor(*, common: Common | None = None) -> int:
    """Say what is wrong with the workspace and what to do. The exit code is 1 when something is an error."""
    import os

    from upshot.workspace.doctor import examine

    common = common or Common()
    findings = examine(common.folder, os.environ)
    if not json_or(common, findings):
        for finding in findings.findings:
            line(f"{_SIGNS[finding.level]} {finding.check}: {finding.message}")
            if finding.hint:
                line(f"        {finding.hint}")
    return 0 if findings.healthy else 1
