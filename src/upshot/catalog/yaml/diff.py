"""What differs between two versions of a declaration, field by field."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

import msgspec

from upshot.catalog.kinds import Declaration
from upshot.catalog.yaml.write import flow_text, plain
from upshot.metrics.definition import Metric
from upshot.metrics.text import metric_mapping

__all__ = ["Difference", "declaration_differences", "metric_differences"]


@dataclass(frozen=True, slots=True)
class Difference:
    """A field as YAML before and after; empty where it was or is not there. Fields inside others: ``cost.days``."""

    field: str
    before: str
    after: str


def declaration_differences(before: Declaration | None, after: Declaration) -> tuple[Difference, ...]:
    """The fields that differ; of something new, those that it sets."""
    if before is None:
        return _between({}, plain(after))
    return _between(_whole(before), _whole(after))


def metric_differences(before: Metric | None, after: Metric) -> tuple[Difference, ...]:
    """The fields of a definition that differ; of something new, those that it sets."""
    return _between({} if before is None else metric_mapping(before), metric_mapping(after))


def _whole(value: msgspec.Struct) -> dict[str, object]:
    """All fields, those that are as they would be anyway too, so that a difference shows what they were."""
    found: dict[str, object] = {}
    for name in value.__struct_fields__:
        inside = getattr(value, name)
        if isinstance(inside, msgspec.Struct):
            found[name] = _whole(inside)
        else:
            found[name] = msgspec.to_builtins(inside, builtin_types=(date, datetime))
    return found


def _between(before: Mapping[str, object], after: Mapping[str, object], path: str = "") -> tuple[Difference, ...]:
    found: list[Difference] = []
    for name in dict.fromkeys((*after, *before)):
        old, new = before.get(name), after.get(name)
        if old == new or (not path and name == "name"):
            continue
        if isinstance(old, dict) and isinstance(new, dict):
            found += _between(old, new, f"{path}{name}.")
        else:
            found.append(Difference(f"{path}{name}", _shown(old), _shown(new)))
    return tuple(found)


def _shown(value: object) -> str:
    return "" if value in (None, "", [], ()) else flow_text(value)
