"""What an analysis of many experiments' summaries reads and says; without the numerical libraries that make it."""

import msgspec

__all__ = ["CheckInputs", "CheckReport", "SummaryRow", "Window", "Winner"]


class SummaryRow(msgspec.Struct, frozen=True):
    """One arm of one test: units that met it, and those of them that succeeded; ``period`` is when the test ran."""

    test: str
    arm: str
    units: int
    successes: int
    period: str = ""


class CheckInputs(msgspec.Struct, frozen=True, kw_only=True):
    """Summaries of many tests.

    Attributes:
        rows: By arm.
        alarm: Below this p-value the check of a split fails.
        level: Of intervals; 1 − level is also the false discovery rate of winners.
        seed: Of the permutations that say how large an excess arises by chance.
    """

    rows: tuple[SummaryRow, ...]
    alarm: float = 0.001
    level: float = 0.95
    seed: int = 1


class Window(msgspec.Struct, frozen=True, kw_only=True):
    """Neighbouring periods with more failed checks than elsewhere.

    Others are the tests outside of this window and of all that stand before it. ``p_value`` is the chance that the
    largest excess of any window is as large, if failures fall on tests at random.
    """

    first: str
    last: str
    tests: int
    failed: int
    share: float
    other_tests: int
    other_failed: int
    other_share: float
    p_value: float


class Winner(msgspec.Struct, frozen=True, kw_only=True):
    """An arm that did better than the rest of its test.

    ``lift`` is against the other arms together, as a share; ``shrunk`` what remains of it when it is read as one of the
    many effects of the programme, of which most are small.
    """

    test: str
    arm: str
    rate: float
    other_rate: float
    lift: float
    low: float
    high: float
    p_value: float
    shrunk: float
    shrunk_low: float
    shrunk_high: float


class CheckReport(msgspec.Struct, frozen=True, kw_only=True):
    """What the summaries say.

    Attributes:
        tests: With at least two arms.
        arms: Of them.
        units: Of them.
        successes: Of them.
        left_out: Tests with one arm, or with more successes than units.
        failed: Tests whose check of the split fails.
        expected_failed: So many would fail by chance.
        windows: Where failures pile up, most surely first.
        healthy: Tests outside of all windows whose own check passes; only they are compared.
        winners: Of healthy tests, at a false discovery rate of 1 − level; the largest shrunk lift first.
        won: How many tests have one.
        spread: Standard deviation of true effects in the programme, on the scale of logarithms of rates.
        mean_lift: Of all winners, as measured.
        mean_shrunk: Of all winners, shrunk.
    """

    tests: int
    arms: int
    units: int
    successes: int
    left_out: int
    failed: int
    expected_failed: float
    windows: tuple[Window, ...]
    healthy: int
    winners: tuple[Winner, ...]
    won: int
    spread: float
    mean_lift: float | None
    mean_shrunk: float | None
