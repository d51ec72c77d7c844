"""For each operation on surveys, a request that an owner's call meets."""

from collections.abc import Callable
from datetime import UTC, date, datetime

import msgspec

from upshot.api.feedback import (
    ANSWERS_ADD,
    ANSWERS_IMPORT,
    FEEDBACK_COMMENTS,
    FEEDBACK_SCORE,
    SURVEY_LIST,
    AnswersAdd,
    AnswersImport,
    CommentsQuery,
    NewAnswer,
    ScoreQuery,
)
from upshot.api.operation import Caller
from upshot.api.state import Nothing

__all__ = ["feedback_requests"]


def feedback_requests(owner: Caller) -> dict[str, Callable[[], msgspec.Struct]]:
    """Requests by the operation's name; those that read find an answer."""
    answer = AnswersAdd("app", (NewAnswer(survey="nps", at=datetime(2024, 1, 3, tzinfo=UTC), score=9, id="1"),))

    def answered(request: msgspec.Struct) -> Callable[[], msgspec.Struct]:
        def make() -> msgspec.Struct:
            owner.call(ANSWERS_ADD, answer)
            return request

        return make

    return {
        SURVEY_LIST.name: Nothing,
        ANSWERS_ADD.name: lambda: answer,
        ANSWERS_IMPORT.name: lambda: AnswersImport(
            survey="nps", source="a.csv", csv="nps\n9\n", score="nps", on=date(2024, 1, 1)
        ),
        FEEDBACK_SCORE.name: answered(ScoreQuery(survey="nps", first=date(2024, 1, 1), last=date(2024, 1, 31))),
        FEEDBACK_COMMENTS.name: answered(CommentsQuery(survey="nps")),
    }
