"""Definitions as YAML: what ``parse`` reads back to the same values."""

from upshot.core.units import one_or_many
from upshot.metrics.definition import EVERY_EVENT, Metric, Selection
from upshot.metrics.kinds import KINDS, RetentionKind, Window

__all__ = ["duration_text", "metric_to_yaml", "metrics_to_yaml"]

_UNITS = (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))
_DEFAULTS = Metric(name="", type=next(iter(KINDS)))


def metric_to_yaml(metric: Metric) -> str:
    """One definition as a YAML mapping."""
    return _dump(metric_mapping(metric))


def metrics_to_yaml(metrics: tuple[Metric, ...]) -> str:
    """Definitions as a file of metrics."""
    return _dump({"metrics": [metric_mapping(metric) for metric in metrics]})


def duration_text(seconds: int, *, exact: bool = False) -> str:
    """In the largest unit that divides it; ``exact`` times are no days.

    >>> duration_text(7 * 86_400), duration_text(90), duration_text(86_400, exact=True)
    ('7 days', '90 seconds', '24 hours')
    """
    units = _UNITS[1:] if exact else _UNITS
    word, length = next((word, length) for word, length in units if seconds % length == 0)
    count = seconds // length
    return f"{count} {one_or_many(count, word)}"


def _dump(value: dict[str, object]) -> str:
    import yaml

    return yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=120)


def metric_mapping(metric: Metric) -> dict[str, object]:
    result: dict[str, object] = {"name": metric.name} if metric.name else {}
    for key in ("title", "description"):
        if text := getattr(metric, key):
            result[key] = text
    result["type"] = str(metric.type)
    if "event" in metric.is_a.keys:
        result |= _selection(metric.selection)
    if metric.value is not None:
        result["value"] = metric.value.text
    if metric.unit != _DEFAULTS.unit:
        result["unit"] = metric.unit
    result |= _of_type(metric)
    result["format"] = metric.format
    if metric.direction != _DEFAULTS.direction:
        result["direction"] = metric.direction
    return result


def _of_type(metric: Metric) -> dict[str, object]:
    result: dict[str, object] = {"state": str(metric.state)} if "state" in metric.is_a.keys else {}
    if metric.window is not Window.PERIOD:
        result["window"] = str(metric.window)
    if metric.of is not None:
        result["of"] = _step(metric.of)
    if metric.steps:
        result["steps"] = [_step(step) for step in metric.steps]
    if metric.within_seconds:
        result["within"] = duration_text(metric.within_seconds, exact=metric.within_exact)
    if "period" in metric.is_a.keys:
        result |= {"kind": str(metric.kind), "period": str(metric.period), "after": metric.after}
        if metric.kind is RetentionKind.BRACKET:
            result["brackets"] = list(metric.brackets)
    for key, part in (("numerator", metric.numerator), ("denominator", metric.denominator)):
        if part is not None:
            result[key] = metric_mapping(part)
    if metric.formula is not None:
        result |= {"formula": metric.formula.text, "parts": [metric_mapping(part) for part in metric.operands]}
    return result


def _step(selection: Selection) -> str | dict[str, object]:
    names_only = not selection.where and len(selection.events) == 1
    return selection.events[0] if names_only else _selection(selection)


def _selection(selection: Selection) -> dict[str, object]:
    events = selection.events
    result: dict[str, object] = {
        "event": EVERY_EVENT if not events else events[0] if len(events) == 1 else list(events)
    }
    if selection.where:
        result["where"] = [condition.text for condition in selection.where]
    return result
