from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upshot.core.errors import InvalidInput, NotFound
from upshot.feedback.answers import Answer, Columns, Read, read_csv, record_of

NOW = datetime(2026, 1, 1, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
COLUMNS = Columns(score="nps", at="when", comment="why", distinct_id="who", blank=("11",))


def _read(text: str, columns: Columns = COLUMNS) -> Read:
    return read_csv(text, "nps", "answers.csv", columns, BERLIN, NOW)


def test_answers_of_a_table_carry_all_that_it_says() -> None:
    read = _read('when,who,nps,why,plan\n2026-01-01T10:00:00,ann,9,"Good, really",pro\n')
    (answer,) = read.answers
    assert (answer.score, answer.comment, answer.distinct_id) == (9.0, "Good, really", "ann")
    assert answer.at == datetime(2026, 1, 1, 9, tzinfo=UTC)
    assert answer.properties == {"plan": "pro"}


def test_answers_without_a_score_or_a_word_are_left_out() -> None:
    read = _read(
        "when,who,nps,why\n2026-01-01,ann,11,\n2026-01-01,ann,11.0,\n2026-01-01,ben,,\n2026-01-01,cleo,,Hello\n"
    )
    assert [a.distinct_id for a in read.answers] == ["cleo"]
    assert (read.left_out, read.rejected) == (3, ())


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("2026-01-01,ann,12,x", "not between 0 and 10"),
        ("2026-01-01,ann,nan,x", "not between 0 and 10"),
        ("2026-01-01,ann,ten,x", "not a number"),
        ("yesterday,ann,9,x", "not an instant"),
        ("2026-01-01,ann,9", "more or fewer fields"),
        ("2026-01-01,ann,9,x,y", "more or fewer fields"),
    ],
)
def test_lines_that_are_no_answers_are_rejected_with_their_line(line: str, reason: str) -> None:
    read = _read(f"when,who,nps,why\n2026-01-01,ben,9,fine\n{line}\n")
    assert len(read.answers) == 1
    assert [r.line for r in read.rejected] == [3]
    assert reason in read.rejected[0].reason


def test_lines_that_are_alike_stay_and_a_second_reading_gives_the_same_ids() -> None:
    text = "when,who,nps,why\n2026-01-01,,9,\n2026-01-01,,9,\n2026-01-02,,9,\n"
    first, second = _read(text), _read(text)
    ids = [a.client_id for a in first.answers]
    assert len(set(ids)) == 3
    assert ids == [a.client_id for a in second.answers]
    assert record_of(first.answers[0], "a", NOW).event_id == record_of(second.answers[0], "a", NOW).event_id


def test_columns_that_are_not_there_are_named_with_the_nearest() -> None:
    with pytest.raises(NotFound, match="nps") as caught:
        _read("when,who,npss,why\n")
    assert "npss" in str(caught.value)


def test_answers_without_any_day_are_refused() -> None:
    with pytest.raises(InvalidInput, match="when people answered"):
        _read("nps\n9\n", Columns(score="nps"))
    (answer,) = _read("nps\n9\n", Columns(score="nps", on=date(2026, 3, 29))).answers
    assert answer.at == datetime(2026, 3, 29, 10, tzinfo=UTC)


def test_files_without_a_header_are_refused() -> None:
    with pytest.raises(InvalidInput, match="no header"):
        _read("")


@given(st.text(max_size=300))
def test_any_text_gives_answers_and_reasons(text: str) -> None:
    read = _read("when,who,nps,why\n" + text)
    assert all(not answer.wrong() for answer in read.answers)
    assert all(rejected.reason for rejected in read.rejected)


@pytest.mark.parametrize(
    ("answer", "word"),
    [
        (Answer("", NOW, 9.0), "no name"),
        (Answer("s", NOW), "neither"),
        (Answer("s", NOW, 9.0, weight=0.0), "weight"),
        (Answer("s", NOW, float("inf")), "between"),
        (Answer("s", NOW, 5.0, comment="x" * 100_001), "longer"),
    ],
)
def test_answers_say_what_is_wrong_with_them(answer: Answer, word: str) -> None:
    assert word in answer.wrong()
