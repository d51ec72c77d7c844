"""``upshot survey``."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from upshot.cli.common import Common, open_workspace
from upshot.cli.output import json_or, line, lines, table
from upshot.core.time import Grain, parse_day
from upshot.core.units import counted, typographic

if TYPE_CHECKING:
    from upshot.api.feedback import ScorePoint

__all__ = ["import_answers", "list_surveys", "score"]

_By = Literal["day", "week", "month", "quarter", "year"]
_From = Annotated[str | None, Parameter(name="--from")]
_To = Annotated[str | None, Parameter(name="--to")]


def list_surveys(*, common: Common | None = None) -> None:
    """List the surveys that somebody answered."""
    from upshot.api.feedback import SURVEY_LIST
    from upshot.api.state import Nothing

    common = common or Common()
    with open_workspace(common) as workspace:
        answer = workspace.call(SURVEY_LIST, Nothing())
    if json_or(common, answer):
        return
    if not answer.surveys:
        line("Nobody has answered a survey yet. Bring answers in with `upshot survey import FILE`.")
        return
    table(
        (("survey", "left"), ("answers", "right"), ("scores", "right"), ("comments", "right"), ("days", "left")),
        (
            (s.name, f"{s.answers:,}", f"{s.scores:,}", f"{s.comments:,}", f"{s.first_day} to {s.last_day}")
            for s in answer.surveys
        ),
    )


def import_answers(
    file: Path,
    /,
    *,
    survey: str,
    score: str,
    at: str = "",
    on: str | None = None,
    comment: str = "",
    distinct_id: str = "",
    id: str = "",  # noqa: A002 - the option's name
    weight: str = "",
    blank: tuple[str, ...] = (),
    dry_run: bool = False,
    common: Common | None = None,
) -> None:
    """Bring in answers from a CSV file (also .gz); a second import of the same file changes nothing.

    Args:
        file: The file, with a header line.
        survey: The survey's name.
        score: The column with the answer to "would you recommend us?", 0 to 10.
        at: The column with the instant of the answer.
        on: The day of all answers, where no column has an instant.
        comment: The column with what people wrote.
        distinct_id: The column that says who answered.
        id: The column with the answer's own id.
        weight: The column that says how many people an answer stands for.
        blank: Values of the score that mean no answer, such as 11.
        dry_run: Only say what would be kept.
        common: The options of every command.
    """
    from upshot.api.feedback import ANSWERS_IMPORT, AnswersImport

    common = common or Common()
    request = AnswersImport(
        survey=survey,
        source=file.name,
        csv=_text(file),
        score=score,
        at=at,
        on=parse_day(on) if on else None,
        comment=comment,
        distinct_id=distinct_id,
        id=id,
        weight=weight,
        blank=blank,
        dry_run=dry_run,
    )
    with open_workspace(common) as workspace:
        answer = workspace.call(ANSWERS_IMPORT, request)
    if json_or(common, answer):
        return
    if not dry_run:
        line(
            f"{counted(answer.stored, 'answer')} kept, {answer.duplicates:,} known already, "
            f"{answer.rejected:,} rejected."
        )
    lines(answer.problems)
    if answer.rejected and not dry_run:
        line("`upshot data rejects` shows the rejected lines.")


def score(
    survey: str,
    /,
    *,
    first: _From = None,
    last: _To = None,
    by: _By = "month",
    where: tuple[str, ...] = (),
    weighted: bool = False,
    level: float = 0.95,
    common: Common | None = None,
) -> None:
    """Show the net promoter score of a survey over time, with its interval.

    Args:
        survey: Which survey.
        first: The first day, YYYY-MM-DD. By default the day of the first answer.
        last: The last day, counted. By default the day of the newest answer.
        by: The length of a period. Default: month.
        where: Only answers that meet this filter; may be repeated.
        weighted: Let each answer stand for as many people as its weight says.
        level: Of the intervals. Default: 0.95.
        common: The options of every command.
    """
    from upshot.api.feedback import FEEDBACK_SCORE, SURVEY_LIST, ScoreQuery
    from upshot.api.state import Nothing
    from upshot.core.errors import NotFound

    common = common or Common()
    with open_workspace(common) as workspace:
        known = {s.name: s for s in workspace.call(SURVEY_LIST, Nothing()).surveys}
        if survey not in known:
            raise NotFound("survey", survey, known, hint="`upshot survey import` brings answers in.")
        query = ScoreQuery(
            survey=survey,
            first=parse_day(first) if first else known[survey].first_day,
            last=parse_day(last) if last else known[survey].last_day,
            grain=Grain(by),
            where=where,
            weighted=weighted,
            level=level,
        )
        answer = workspace.call(FEEDBACK_SCORE, query)
    if json_or(common, answer):
        return
    table(
        (
            (str(by), "left"),
            ("NPS", "right"),
            (f"{level:.0%} interval", "right"),
            ("promoters", "right"),
            ("passives", "right"),
            ("detractors", "right"),
            ("answers", "right"),
            ("", "left"),
        ),
        [_row(str(p.period), p) for p in answer.points] + [_row("all", answer.total)],
    )
    lines(answer.notes)


def _row(name: str, point: "ScorePoint") -> tuple[str, ...]:
    if point.score is None or point.low is None or point.high is None:
        return name, "–", "", "", "", "", f"{point.answers:,}", point.why_not
    return (
        name,
        typographic(f"{point.score:+.2f}"),
        typographic(f"{point.low:+.2f} to {point.high:+.2f}"),
        f"{point.promoters:.1%}",
        f"{point.passives:.1%}",
        f"{point.detractors:.1%}",
        f"{point.answers:,}",
        "" if point.complete else "not over yet",
    )


def _text(file: Path) -> str:
    import gzip
    import zlib

    from upshot.core.errors import InvalidInput

    try:
        content = file.read_bytes()
        plain = gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content
        return plain.decode("utf-8-sig")
    except (OSError, EOFError, zlib.error) as error:
        raise InvalidInput(f"{file} cannot be read: {error}.", hint="Name a CSV file.") from None
    except UnicodeDecodeError:
        raise InvalidInput(f"{file} is not UTF-8.", hint="Save it as UTF-8 and import it again.") from None
