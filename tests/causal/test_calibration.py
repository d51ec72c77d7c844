"""A few worlds; the table in docs/calibration/causal.md comes from thousands."""

from bench.calibrate.causal_time_series import WINDOWS, Outcome, measured, summary

from upshot.causal.refusal import RefusalCode


def outcomes(name: str, worlds: int) -> list[Outcome]:
    _, found = measured((name, 0, worlds, 7))
    return [row[0] for row in found]


def test_interval_covers_no_effect_where_the_assumptions_hold() -> None:
    """20 worlds at 95 %: fewer than 16 covered has a chance of 0.3 %."""
    found = summary(outcomes("plain", 20))
    assert found.answered >= 18
    assert found.covered >= found.answered - 4
    assert found.found[2] >= 15
    assert found.width < 0.3


def test_worlds_that_break_are_refused_for_their_own_reason() -> None:
    for name, code in (
        ("dip", RefusalCode.UNSETTLED_BEFORE_LAUNCH),
        ("clustered", RefusalCode.NEIGHBOUR_TOO_NEAR),
        ("logging", RefusalCode.LOGGING_CHANGED),
        ("shortest", RefusalCode.HISTORY_TOO_SHORT),
        ("zeros", RefusalCode.COUNTS_TOO_LOW),
    ):
        assert [o.refused for o in outcomes(name, 2)] == [code, code], name


def test_summary_counts_what_it_names() -> None:
    rows = [
        Outcome(0.0, -0.1, 0.1),
        Outcome(0.0, 0.02, 0.1),
        Outcome(0.0, -0.3, -0.16),
        Outcome(0.1, 0.05, 0.2),
        Outcome(0.0, refused=RefusalCode.PLACEBOS_FAIL),
    ]
    found = summary(rows)
    assert (found.worlds, found.answered, found.covered, found.claimed_wrongly) == (5, 4, 2, 2)
    assert found.found == (2, 2, 3)
    assert found.wrong_sign == 1
    assert found.refusals == ((RefusalCode.PLACEBOS_FAIL, 1),)
    assert WINDOWS[0].length == 28
