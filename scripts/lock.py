"""Write ``requirements/dev.lock``: the version of every package in this environment, and no host."""

import sys
from importlib.metadata import distributions
from pathlib import Path

LOCK = Path(__file__).resolve().parents[1] / "requirements" / "dev.lock"
NOT_PINNED = {"pip", "setuptools", "upshot"}
HEADER = "# Written by `make lock`: what Upshot and its checks were last seen to work with.\n"


def main() -> int:
    """Write the lock and say how many packages it pins."""
    pins = {dist.name.lower().replace("_", "-"): f"{dist.name}=={dist.version}" for dist in distributions()}
    lines = [pins[name] for name in sorted(pins) if name not in NOT_PINNED]
    LOCK.write_text(HEADER + "".join(f"{line}\n" for line in lines), encoding="utf-8")
    print(f"{len(lines)} packages pinned in {LOCK.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
