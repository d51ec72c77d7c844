import gzip
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from upshot.api.data import DATA_REJECTS, RejectsQuery
from upshot.api.events import EVENTS_APPEND, EventsAppend, NewEvent
from upshot.api.feedback import (
    ANSWERS_ADD,
    ANSWERS_IMPORT,
    FEEDBACK_COMMENTS,
    FEEDBACK_SCORE,
    SURVEY_LIST,
    AnswersAdd,
    AnswersAdded,
    AnswersImport,
    CommentsQuery,
    NewAnswer,
    ScoreQuery,
)
from upshot.api.operation import Caller
from upshot.api.state import Nothing
from upshot.core.errors import InvalidInput, NotFound

BERLIN = ZoneInfo("Europe/Berlin")
"""The workspace's."""
MAY = (date(2017, 5, 1), date(2017, 5, 31))


def test_sfo_survey_gives_the_published_scores(owner: Caller, data_dir: Path) -> None:
    with gzip.open(data_dir / "sfo_survey_2017" / "fact_survey.csv.gz", "rt", encoding="utf-8") as file:
        text = file.read()
    request = AnswersImport(
        survey="sfo",
        source="fact_survey.csv",
        csv=text,
        score="NETPRO",
        on=date(2017, 5, 15),
        weight="WEIGHT",
        blank=("11",),
    )
    first = owner.call(ANSWERS_IMPORT, request)
    again = owner.call(ANSWERS_IMPORT, request)
    assert (first.stored, first.rejected) == (2746, 0)
    assert (again.stored, again.duplicates) == (0, 2746)
    plain = owner.call(FEEDBACK_SCORE, ScoreQuery(survey="sfo", first=MAY[0], last=MAY[1])).total
    weighted = owner.call(FEEDBACK_SCORE, ScoreQuery(survey="sfo", weighted=True, first=MAY[0], last=MAY[1])).total
    assert plain.score == pytest.approx(39.84, abs=0.005)
    assert weighted.score == pytest.approx(40.40, abs=0.005)
    assert plain.low is not None
    assert plain.high is not None
    assert plain.low < 39.84 < plain.high
    assert round(plain.promoters * plain.answers) == 1436


def test_answers_over_http_are_kept_once(owner: Caller) -> None:
    at = datetime(2024, 1, 3, 10, tzinfo=UTC)
    sent = AnswersAdd(
        "app",
        (
            NewAnswer(survey="nps", at=at, score=9, comment="Lovely", id="1", distinct_id="ann"),
            NewAnswer(survey="nps", at=at, score=11, id="2"),
            NewAnswer(survey="nps", at=at, score=3, id="3", properties={"plan": "pro"}),
        ),
    )
    first, again = owner.call(ANSWERS_ADD, sent), owner.call(ANSWERS_ADD, sent)
    assert (first.stored, first.rejected, again.stored, again.duplicates) == (2, 1, 0, 2)
    assert "not between 0 and 10" in first.problems[0]
    assert '"score":11' in owner.call(DATA_REJECTS, RejectsQuery(5)).rejects[0].raw
    (survey,) = owner.call(SURVEY_LIST, Nothing()).surveys
    assert (survey.answers, survey.scores, survey.comments) == (2, 2, 1)
    pro = owner.call(
        FEEDBACK_SCORE,
        ScoreQuery(survey="nps", first=date(2024, 1, 1), last=date(2024, 1, 31), where=("plan = pro",)),
    )
    assert (pro.total.score, pro.total.answers) == (-100.0, 1)


@pytest.mark.parametrize("days_later", [0, 40])
def test_newer_export_adds_only_what_is_new(owner: Caller, days_later: int) -> None:
    march = "id,when,nps\nr1,2024-03-01T10:00:00Z,10\nr3,2024-03-05T10:00:00Z,9\n"
    later = datetime(2024, 3, 5, 10, tzinfo=UTC) + timedelta(days=days_later)
    april = march.replace("r3,2024-03-05T10:00:00Z,9", f"r3,{later.isoformat()},4") + "r4,2024-04-02T10:00:00Z,8\n"

    def imported(source: str, text: str) -> AnswersAdded:
        return owner.call(
            ANSWERS_IMPORT, AnswersImport(survey="nps", source=source, csv=text, score="nps", at="when", id="id")
        )

    assert imported("march.csv", march).stored == 2
    newer, again = imported("april.csv", april), imported("april (1).csv", april)
    assert (newer.stored, newer.duplicates, newer.differing) == (1, 2, 1)
    assert "r3: the score kept is 9, this one is 4" in newer.problems[0]
    assert (again.stored, again.duplicates) == (0, 3)
    (survey,) = owner.call(SURVEY_LIST, Nothing()).surveys
    assert survey.scores == 3
    other = owner.call(
        ANSWERS_IMPORT, AnswersImport(survey="csat", source="march.csv", csv=march, score="nps", at="when", id="id")
    )
    assert other.stored == 2


def test_comments_are_found_by_group_and_words(owner: Caller) -> None:
    at = datetime(2024, 1, 3, 10, tzinfo=UTC)
    words = {10: "Great songs", 7: "Fine", 2: "It CRASHES"}
    answers = tuple(NewAnswer(survey="nps", at=at, score=s, comment=c, id=c) for s, c in words.items())
    owner.call(ANSWERS_ADD, AnswersAdd("app", answers))
    for group, expected in (("promoters", 10), ("passives", 7), ("detractors", 2)):
        found = owner.call(FEEDBACK_COMMENTS, CommentsQuery(survey="nps", group=group))
        assert [c.score for c in found.comments] == [expected]
    assert owner.call(FEEDBACK_COMMENTS, CommentsQuery(survey="nps", text="crashes")).total == 1
    with pytest.raises(InvalidInput, match="no group"):
        owner.call(FEEDBACK_COMMENTS, CommentsQuery(survey="nps", group="fans"))


def test_unknown_surveys_are_named_with_the_nearest(owner: Caller) -> None:
    at = datetime(2024, 1, 3, 10, tzinfo=UTC)
    owner.call(ANSWERS_ADD, AnswersAdd("app", (NewAnswer(survey="monthly", at=at, score=9),)))
    with pytest.raises(NotFound, match="monthyl") as caught:
        owner.call(FEEDBACK_COMMENTS, CommentsQuery(survey="monthyl"))
    assert "monthly" in caught.value.hint


def test_answers_of_the_running_month_are_marked_as_not_over(owner: Caller) -> None:
    now = datetime.now(UTC)
    owner.call(ANSWERS_ADD, AnswersAdd("app", (NewAnswer(survey="nps", at=now, score=9, id="x"),)))
    today = now.astimezone(BERLIN).date()  # not that of UTC: the month there may be over already
    series = owner.call(FEEDBACK_SCORE, ScoreQuery(survey="nps", first=today, last=today))
    assert [p.complete for p in series.points] == [False]


def test_month_in_which_a_survey_ended_is_not_complete_because_other_sources_go_on(owner: Caller) -> None:
    """Answers end on 20 January; the shop's events go on."""
    at = [datetime(2024, 1, day, 10, tzinfo=UTC) for day in range(1, 21)]
    answers = tuple(NewAnswer(survey="nps", at=each, score=9, id=str(each)) for each in at)
    owner.call(ANSWERS_ADD, AnswersAdd("answers.csv", answers))
    going = tuple(NewEvent("visit", datetime(2024, 2, day, 10, tzinfo=UTC), "ann", f"v{day}") for day in range(1, 20))
    owner.call(EVENTS_APPEND, EventsAppend("test", going))
    january = owner.call(FEEDBACK_SCORE, ScoreQuery(survey="nps", first=date(2024, 1, 1), last=date(2024, 1, 31)))
    assert [p.complete for p in january.points] == [False]
    owner.call(
        ANSWERS_ADD, AnswersAdd("more.csv", (NewAnswer(survey="nps", at=going[4].occurred_at, score=9, id="late"),))
    )
    january = owner.call(FEEDBACK_SCORE, ScoreQuery(survey="nps", first=date(2024, 1, 1), last=date(2024, 1, 31)))
    assert [p.complete for p in january.points] == [True]


def test_import_that_is_only_looked_at_keeps_nothing(owner: Caller, tmp_path: Path) -> None:
    del tmp_path
    request = AnswersImport(
        survey="nps", source="a.csv", csv="nps\n9\n12\n", score="nps", on=date(2024, 1, 1), dry_run=True
    )
    told = owner.call(ANSWERS_IMPORT, request)
    assert (told.stored, told.rejected) == (0, 1)
    assert told.problems[0] == "1 answer would be kept."
    assert owner.call(SURVEY_LIST, Nothing()).surveys == ()
