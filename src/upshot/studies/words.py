"""From effects to one word and one sentence: the rules by which a verdict falls.

The primary metric decides. Its interval excludes zero: ``improved`` or ``harmed``, by the metric's direction. The whole
interval lies within ± the smallest effect that matters: ``no effect``. Otherwise ``inconclusive``. A guardrail whose
interval (corrected for the number of guardrails) lies on the bad side turns ``improved`` into ``mixed`` and everything
else into ``harmed``. An effect that had faded by the reading is ``transient``, neither a success nor a harm that stays.
"""

from collections.abc import Sequence
from datetime import date

from upshot.catalog.verdict import Effect, Interval, MetricRole, VerdictWord
from upshot.charts.words import day_label
from upshot.core.units import format_change, format_share, typographic

__all__ = ["best_variant", "interval_words", "judged", "side"]


def side(effect: Effect) -> int:
    """1 where the interval says better, −1 where it says worse, 0 where it does not say."""
    shown = effect.relative or effect.absolute
    if shown is None or effect.direction == "none":
        return 0
    sign = 1 if shown.low > 0 else -1 if shown.high < 0 else 0
    return -sign if effect.direction == "down" else sign


def best_variant(effects: Sequence[Effect]) -> str:
    """Of an experiment's variants the one whose primary estimate is best; empty where there is none."""
    primary = [e for e in effects if e.role is MetricRole.PRIMARY and e.absolute is not None]
    if not primary:
        return next((e.variant for e in effects if e.role is MetricRole.PRIMARY), "")

    def worth(effect: Effect) -> float:
        value = effect.absolute.value if effect.absolute else 0.0
        return -value if effect.direction == "down" else value

    return max(primary, key=worth).variant


def judged(
    effects: Sequence[Effect], smallest: float, titles: dict[str, str], *, transient: str = ""
) -> tuple[VerdictWord, str]:
    """The word, and the sentence with its numbers.

    Args:
        effects: Of one variant, the primary metric first.
        smallest: The smallest relative effect that matters.
        titles: What people call the metrics.
        transient: What says that the effect was over by the reading.
    """
    primary = effects[0]
    title = titles.get(primary.metric, primary.metric)
    if primary.relative is None and primary.absolute is None:
        return VerdictWord.NOT_MEASURABLE, f"Not measurable: {primary.why_not}"
    if primary.direction == "none":
        return (
            VerdictWord.NOT_MEASURABLE,
            f"{_moved(title, primary)} Whether that is good the metric does not say: give it a direction, up or down.",
        )
    word, said = _primary(title, primary, smallest)
    harmed = [e for e in effects if e.role is MetricRole.GUARDRAIL and side(e) < 0]
    if transient:
        word, said = VerdictWord.TRANSIENT, f"Transient: {transient}"
    if not harmed:
        return word, said
    damage = " ".join(f"Guardrail harmed: {_moved(titles.get(e.metric, e.metric), e)}" for e in harmed)
    if word is VerdictWord.IMPROVED:
        return VerdictWord.MIXED, f"Mixed: {_moved(title, primary)} {damage}"
    if word is VerdictWord.HARMED:
        return word, f"{said} {damage}"
    return VerdictWord.HARMED, f"Harmed: {damage} {said}"


def _primary(title: str, effect: Effect, smallest: float) -> tuple[VerdictWord, str]:
    where = side(effect)
    moved = _moved(title, effect)
    relative = effect.relative
    small = relative is not None and -smallest <= relative.low and relative.high <= smallest
    if where:
        word = VerdictWord.IMPROVED if where > 0 else VerdictWord.HARMED
        remark = f" All of it is smaller than the {format_share(smallest)} that matter." if small else ""
        return word, f"{word.capitalize()}: {moved}{remark}"
    if small:
        return VerdictWord.NO_EFFECT, f"No effect larger than {format_share(smallest)}: {moved}"
    return (
        VerdictWord.INCONCLUSIVE,
        f"Inconclusive: {moved} That neither excludes zero nor all that is larger than {format_share(smallest)}.",
    )


def _moved(title: str, effect: Effect) -> str:
    who = f" with {effect.variant}" if effect.variant else ""
    return f"{title} {interval_words(effect)}{who}, {_days(effect.first_day, effect.last_day)}."


def interval_words(effect: Effect) -> str:
    """The effect with its interval: relative where there is one, in the metric's unit otherwise."""
    level = f"{effect.level * 100:.4g}%"
    if effect.relative is not None:
        found = effect.relative
        value, low, high = (format_change(number) for number in (found.value, found.low, found.high))
        return f"{value} ({level}: {low} to {high})"
    if effect.absolute is not None:
        value, low, high = (_plain(number) for number in _parts(effect.absolute))
        return f"{value} a {effect.per} ({level}: {low} to {high})".replace(" a total", "")
    return f"has no estimate ({effect.why_not})"


def _plain(number: float) -> str:
    return typographic(f"{number:+,.0f}" if abs(number) >= 100 else f"{number:+.3g}")


def _parts(interval: Interval) -> tuple[float, float, float]:
    return interval.value, interval.low, interval.high


def _days(first: date, last: date) -> str:
    return f"{day_label(first)} to {day_label(last)}" if first != last else day_label(first)
