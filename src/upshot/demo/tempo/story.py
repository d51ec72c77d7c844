"""What Tempo's people wrote down as they went: aims, bets with what they expected of them, launches, decisions.

Each chapter is told at its time, before what it foretells: the workspace's clock is set to that day, so that what was
expected is sealed when it was.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from importlib.resources import files
from typing import Any

from upshot.api.declarations import DECLARATIONS_APPLY, DeclarationFile, DeclarationsApply
from upshot.api.metrics import METRIC_APPLY, MetricApply
from upshot.api.operation import Caller
from upshot.core.errors import InternalError
from upshot.core.time import zone
from upshot.demo.tempo.launches import EXPERIMENTS, RELEASES, Release
from upshot.demo.tempo.world import Trouble, World
from upshot.demo.tempo.write import ZONE

__all__ = ["Chapter", "Clock", "chapters", "tell_story"]

_FORETOLD_DAYS = 21
_TELLS_AT = time(9)
_SHIPS_AT = time(10)
_SOURCE = "tempo/story.yaml"
Document = dict[str, Any]  # Any: YAML, read by the workspace and checked there


@dataclass(slots=True)
class Clock:
    """A clock that is set by hand: the workspace's own, while its past is told."""

    now: datetime

    def __call__(self) -> datetime:
        """What time it is said to be."""
        return self.now


@dataclass(frozen=True, slots=True)
class Chapter:
    """What was written down on one day: lists of declarations by the plural of their kind."""

    day: date
    document: Document


@dataclass(frozen=True, slots=True)
class _Plan:
    """What Tempo's people thought of a release before it was out."""

    kind: str
    team: str
    objective: str = ""
    expects: tuple[str, ...] = ()
    usage: str = ""


_DECISIONS = (
    ("offline-mode", "offline-mode", -750, "keep", "Travellers ask for it."),
    ("family-plan", "family-plan", -570, "keep", "Families stay, though nobody can say how many came for it."),
    ("lyrics", "lyrics", -465, "keep", "It costs nothing to run."),
    ("podcasts-shelf", "podcasts-shelf", -350, "iterate", "The shelf is there; what is on it must get better."),
    ("guided-onboarding-test", "guided-onboarding", -242, "keep", "New people come back more often."),
    ("video-covers", "video-covers", -146, "roll back", "Nobody listens more, and covers cost traffic."),
)
"""Launch, output, days after saved songs, choice, reason."""
_NOTES = {
    Trouble.CAMPAIGN_AT_LAUNCH: ("campaign", "Posters and advertising in all four countries"),
    Trouble.PRICE_CHANGE_AT_LAUNCH: ("price", "A new price list"),
    Trouble.LOGGING_CHANGE_AT_LAUNCH: ("logging", "A new client logs savings in another way"),
}
_PLANS = {
    "offline-mode": _Plan("bet", "player", "more-subscriptions", ("new_subscriptions +4% (0%..9%) within 60d",)),
    "family-plan": _Plan("bet", "growth", "more-subscriptions", ("new_subscriptions +8% (2%..15%) within 60d",)),
    "lyrics": _Plan("bet", "player", "a-library-of-ones-own", ("minutes_a_session +3% (1%..6%) within 30d",)),
    "podcasts-shelf": _Plan("bet", "growth", "", ("podcast_listeners +10% (3%..20%) within 60d",)),
    "guided-onboarding": _Plan(
        "bet", "growth", "new-people-stay", ("new_listener_retention +8% (3%..15%) within 45d",)
    ),
    "player-rewrite": _Plan("enabling", "platform"),
    "player-rewrite-fix": _Plan("upkeep", "platform"),
    "video-covers": _Plan("bet", "player", "", ("minutes_listened +3% (1%..6%) within 30d",)),
    "karaoke": _Plan("bet", "player", "", ("listeners +2% (0.5%..4%) within 30d",), usage="karaoke_singers"),
    "faster-start": _Plan("bet", "platform", "longer-sessions", ("minutes_a_session +2% (0.5%..4%) within 30d",)),
    "saved-songs": _Plan(
        "bet",
        "growth",
        "a-library-of-ones-own",
        (
            "saved_songs_users +12% (6%..20%) within 90d",
            "new_subscriptions +6% (1%..12%) within 90d",
        ),
        usage="saved_songs_users",
    ),
    "saved-songs-polish": _Plan("upkeep", "growth"),
}


def chapters(world: World, *, noted: bool = True) -> tuple[Chapter, ...]:
    """The story of a company, oldest chapter first, up to the last day of its history; none is told before it began.

    Args:
        world: The company.
        noted: Whether its people write down what else happened at the launch (a campaign, a price, other logging).
    """
    told = [Chapter(world.first_day, _beginning(world)), *_releases(world), *_afterwards(world)]
    if noted and world.trouble in _NOTES:
        kind, title = _NOTES[world.trouble]
        note = {"name": "at-the-launch", "title": title, "kind": kind, "first_day": world.day(world.launch)}
        told.append(Chapter(world.day(world.launch), {"annotations": [note]}))
    inside = [chapter for chapter in told if chapter.day <= world.last_day]
    return tuple(sorted(inside, key=lambda chapter: chapter.day))


def tell_story(caller: Caller, world: World, clock: Clock, *, noted: bool = True) -> None:
    """Write the story down, each chapter on its day.

    Args:
        caller: The workspace, opened with ``clock``.
        world: The company.
        clock: Set to the day of each chapter.
        noted: As in ``chapters``.

    Raises:
        InternalError: The workspace refuses a chapter.
    """
    import yaml

    clock.now = datetime.combine(world.first_day, _TELLS_AT, zone(ZONE))
    metrics = files("upshot.demo.tempo").joinpath("metrics.yaml").read_text(encoding="utf-8")
    _right(caller.call(METRIC_APPLY, MetricApply(metrics, "tempo/metrics.yaml")).problems)
    for chapter in chapters(world, noted=noted):
        clock.now = datetime.combine(chapter.day, _TELLS_AT, zone(ZONE))
        text = yaml.safe_dump(chapter.document, sort_keys=False, allow_unicode=True)
        applied = caller.call(DECLARATIONS_APPLY, DeclarationsApply((DeclarationFile(_SOURCE, text),)))
        _right(applied.problems)


def _right(problems: tuple[Any, ...]) -> None:  # Any: problems of two kinds of messages, alike in what is read here
    errors = [problem.message for problem in problems if problem.level == "error"]
    if errors:
        raise InternalError("; ".join(errors))


def _beginning(world: World) -> Document:
    launch = world.day(world.launch)
    return {
        "teams": [
            {"name": "growth", "title": "Growth", "cost_a_day": 640.0},
            {"name": "player", "title": "Player", "cost_a_day": 690.0},
            {"name": "platform", "title": "Platform", "cost_a_day": 720.0},
        ],
        "needs": [
            {
                "name": "find-again",
                "title": "Find a song again that one liked",
                "team": "growth",
                "evidence": [
                    {"kind": "survey", "text": "Every fifth detractor writes about songs that are hard to find again."},
                    {"kind": "data", "text": "A third of searches look for a song that the person has played before."},
                ],
            },
            {
                "name": "first-week",
                "title": "Know what to play in the first week",
                "team": "growth",
                "evidence": [{"kind": "interview", "text": "New people did not know where to begin."}],
            },
            {
                "name": "holds",
                "title": "A player that does not stop",
                "team": "platform",
                "evidence": [{"kind": "ticket", "text": "Playback that stops is the most frequent ticket."}],
            },
        ],
        "outcomes": [
            {
                "name": "new_subscriptions",
                "owner": "growth",
                "team": "growth",
                "worth": 41.0,
                "worth_note": "Margin of the first year: 9.99 a month, of which 34 % stays, for the usual stay.",
            },
            {"name": "saved_songs_users", "owner": "growth", "team": "growth"},
            {
                "name": "listeners",
                "owner": "player",
                "team": "player",
                "worth": 0.05,
                "worth_note": "Margin of one day's listening, from payments and advertising.",
            },
            {"name": "new_listener_retention", "owner": "growth", "team": "growth"},
            {"name": "minutes_listened", "owner": "player", "team": "player"},
            {"name": "crashes", "owner": "platform", "team": "platform"},
            {"name": "revenue", "owner": "growth", "team": "growth", "worth": 1.0},
        ],
        "objectives": [
            {
                "name": "more-subscriptions",
                "title": "More people subscribe",
                "metric": "new_subscriptions",
                "target": "+90%",
                "starts": launch - timedelta(days=60),
                "due": launch + timedelta(days=150),
                "owner": "growth",
                "team": "growth",
            },
            {
                "name": "new-people-stay",
                "title": "New people stay",
                "metric": "new_listener_retention",
                "target": "+20%",
                "starts": launch - timedelta(days=330),
                "due": launch + timedelta(days=60),
                "owner": "onboarding",
                "team": "growth",
                "need": "first-week",
                "parent": "more-subscriptions",
            },
            {
                "name": "a-library-of-ones-own",
                "title": "A library of one's own",
                "metric": "saved_songs_users",
                "target": "+60%",
                "starts": launch - timedelta(days=7),
                "due": launch + timedelta(days=120),
                "owner": "library",
                "team": "growth",
                "need": "find-again",
                "parent": "more-subscriptions",
            },
            {
                "name": "longer-sessions",
                "title": "Whoever listens stays longer",
                "metric": "minutes_a_session",
                "target": "+4%",
                "starts": launch - timedelta(days=90),
                "due": launch + timedelta(days=180),
                "owner": "platform",
                "team": "platform",
                "need": "holds",
            },
        ],
    }


def _releases(world: World) -> Iterator[Chapter]:
    """For each release two chapters: what was planned and expected, and that it was launched."""
    for release in RELEASES:
        number = world.launch + release.days_after_launch
        if number < 0:
            continue
        plan, ships = _PLANS[release.key], world.day(number)
        foretold = max(world.first_day, ships - timedelta(days=_FORETOLD_DAYS))
        experiment = next((e for e in EXPERIMENTS if e.key == release.key), None)
        if experiment is not None:
            foretold = min(foretold, world.day(max(world.launch + experiment.starts - _FORETOLD_DAYS, 0)))
        yield Chapter(foretold, {"outputs": [_output(release, plan)]})
        if experiment is not None and world.launch + experiment.starts >= 0:
            yield _experiment(world, release)
        if experiment is None or world.launch + experiment.ends <= number:
            yield Chapter(ships, _launched(world, release, ships))


def _output(release: Release, plan: _Plan) -> Document:
    output: Document = {
        "name": release.key,
        "title": release.title,
        "description": release.note,
        "kind": plan.kind,
        "team": plan.team,
        "owners": {"product": plan.team, "engineering": plan.team},
        "cost": {"days": float(release.cost_days), "how": "time sheets"},
        "refs": [f"v{release.version}"],
    }
    optional = {"objective": plan.objective, "expects": list(plan.expects), "usage": plan.usage}
    return {**output, **{key: value for key, value in optional.items() if value}}


def _launched(world: World, release: Release, ships: date) -> Document:
    at = datetime.combine(ships, _SHIPS_AT, zone(ZONE))
    document: Document = {
        "launches": [{"name": release.key, "title": release.title, "at": at, "outputs": [release.key]}]
    }
    if release.key == "saved-songs" and world.rollout == "half":
        document["launches"][0]["randomised"] = True
        document |= _lot(world)
    elif release.key == "saved-songs":
        document["studies"] = [_saved_songs(world)]
    if release.key == "player-rewrite":
        document["annotations"] = [
            {
                "name": "android-outage",
                "title": "Playback broken on Android",
                "kind": "outage",
                "first_day": ships,
                "last_day": ships + timedelta(days=2),
            }
        ]
    return document


def _saved_songs(world: World) -> Document:
    """Declared on the day of the launch: the days 61 to 90, against what the launch cannot have touched."""
    launch = world.day(world.launch)
    return {
        "name": "saved-songs",
        "launch": "saved-songs",
        "title": "What saved songs did in its third month",
        "primary": "saved_songs_users",
        "secondary": ["new_subscriptions"],
        "guardrails": ["minutes_a_session"],
        "controls": ["listeners", "podcast_listeners"],
        "first_day": 61,
        "readings": [launch + timedelta(days=90)],
        "smallest_effect": 0.03,
    }


def _lot(world: World) -> Document:
    """Where lots decided who had saved songs: people meet their variant for four weeks, and count for two."""
    starts = world.day(world.launch)
    ends = starts + timedelta(days=27)
    return {
        "experiments": [_declared("saved-songs", "Saved songs", "saved-songs", starts, ends)],
        "studies": [
            {
                "name": "saved-songs",
                "launch": "saved-songs",
                "primary": "saved_songs_users",
                "secondary": ["new_subscriptions"],
                "readings": [ends + timedelta(days=15)],
                "horizon_days": 14,
                "smallest_effect": 0.03,
            }
        ],
    }


def _declared(key: str, title: str, launch: str, starts: date, last: date) -> Document:
    return {
        "name": launch,
        "title": title,
        "launch": launch,
        "exposure": "experiment viewed",
        "where": [f'experiment = "{key}"'],
        "property": "variant",
        "variants": [{"name": "control"}, {"name": "treatment"}],
        "starts": starts,
        "ends": last,
    }


def _experiment(world: World, release: Release) -> Chapter:
    experiment = next(e for e in EXPERIMENTS if e.key == release.key)
    starts, ends = world.day(world.launch + experiment.starts), world.day(world.launch + experiment.ends)
    horizon = 14
    name = f"{release.key}-test" if experiment.new_people_only else release.key
    primary = "new_listener_retention" if experiment.new_people_only else "minutes_listened"
    document: Document = {
        "launches": [
            {
                "name": name,
                "title": f"{release.title}: experiment",
                "at": datetime.combine(starts, _SHIPS_AT, zone(ZONE)),
                "outputs": [release.key],
                "randomised": True,
                "ended_at": datetime.combine(ends, _SHIPS_AT, zone(ZONE)),
            }
        ],
        "experiments": [_declared(release.key, release.title, name, starts, ends - timedelta(days=1))],
        "studies": [
            {
                "name": name,
                "launch": name,
                "primary": primary,
                "guardrails": ["minutes_a_session"],
                "readings": [ends + timedelta(days=horizon + 1)],
                "horizon_days": horizon,
                "smallest_effect": 0.02,
            }
        ],
    }
    return Chapter(starts, document)


def _afterwards(world: World) -> Iterator[Chapter]:
    """What was decided, some weeks after each launch; on saved songs nobody has decided yet."""
    for name, key, after, choice, why in _DECISIONS:
        number = world.launch + after
        day = world.day(number)
        launched = next(r.days_after_launch for r in RELEASES if r.key == key)
        begun = min([launched, *(e.starts for e in EXPERIMENTS if e.key == key)])
        if world.launch + begun < 0:
            continue
        decision = {
            "name": f"{name}-{choice.replace(' ', '-')}",
            "launch": name,
            "choice": choice,
            "by": _PLANS[key].team,
            "at": datetime.combine(day, _SHIPS_AT, zone(ZONE)),
            "why": why,
        }
        yield Chapter(day, {"decisions": [decision]})
