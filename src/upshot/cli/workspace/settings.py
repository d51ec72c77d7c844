"""``upshot settings``."""

import msgspec

from upshot.cli.common import Common, loaded_settings
from upshot.cli.output import json_or, table

__all__ = ["settings"]


class _Value(msgspec.Struct, frozen=True):
    key: str
    value: str
    origin: str
    environment: str
    description: str


class _Values(msgspec.Struct, frozen=True):
    settings: tuple[_Value, ...]


def settings(*, common: Common | None = None) -> None:
    """Show every setting, its value and where that comes from."""
    from upshot.core.settings import setting_table

    common = common or Common()
    loaded = loaded_settings(common)
    values = _Values(
        tuple(
            _Value(
                row.key, loaded.shown(row.key), loaded.origins.get(row.key, "default"), row.environment, row.description
            )
            for row in setting_table()
        )
    )
    if not json_or(common, values):
        table(
            (("setting", "left"), ("value", "left"), ("from", "left"), ("what it does", "left")),
            ((v.key, v.value, v.origin, v.description) for v in values.settings),
        )
