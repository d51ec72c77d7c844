"""Launches that lie too close to be told apart become one, which is measured once."""

from upshot.answers.launch_book import LaunchBook
from upshot.api.operation import Principal
from upshot.api.studies import LAUNCHES_JOIN, JointLaunch, LaunchesJoin, LaunchesJoined
from upshot.catalog.kinds import Launch, RampStep
from upshot.core.errors import InvalidInput
from upshot.core.units import counted
from upshot.workspace.binding import Binding
from upshot.workspace.operations.declaring import Submission, carry_out, current, refuse_managed, weigh
from upshot.workspace.resources import Resources

__all__ = ["BINDINGS", "join"]

_FEWEST = 2
_LONGEST_NAME = 190


def join(resources: Resources, principal: Principal, request: LaunchesJoin) -> LaunchesJoined:
    """Join launches by name, or all that follow each other closely.

    A joint launch begins with the first of its parts and has reached everybody with the last; what it did is measured
    from then on, against the days before the first.

    Raises:
        NotFound: A name is no launch's.
        InvalidInput: Fewer than two are named, one has an experiment or a declared study of its own, or something else
            refers to one, such as a decision.
        NotAllowed: One is managed from code.
    """
    book = LaunchBook.of(resources.answering)
    groups = [_named(book, request.names)] if request.names else _chains(book, request.near_days)
    joint = [_joint(book, group) for group in groups]
    parts = [part.name for group in groups for part in group]
    there = current(resources)
    for name in parts:
        refuse_managed(there[Launch.KIND][name])
    removes = tuple((Launch.KIND, name) for name in parts)
    weighed = weigh(resources, Submission(tuple(joint), managed="hand", source="joined", removes=removes))
    if weighed.refused:
        problem = next(each for each in weighed.problems if each.level == "error")
        raise InvalidInput(problem.message, hint="Change that first, or leave the launch out.")
    if joint and not request.dry_run:
        carry_out(resources, weighed, by=principal.name)
    return LaunchesJoined(
        tuple(
            JointLaunch(launch.name, tuple(part.name for part in group), book.day_of(group[0]), book.day_of(group[-1]))
            for launch, group in zip(joint, groups, strict=True)
        )
    )


def _named(book: LaunchBook, names: tuple[str, ...]) -> list[Launch]:
    found = [book.launch(name) for name in dict.fromkeys(names)]
    if len(found) < _FEWEST:
        raise InvalidInput("One launch alone cannot be joined.", hint="Name two or more.")
    bound = [launch.name for launch in found if _bound(book, launch)]
    if bound:
        raise InvalidInput(
            f"{bound[0]!r} has an experiment or a declared study of its own.",
            hint="Remove that first, or leave the launch out.",
        )
    return _in_order(found)


def _chains(book: LaunchBook, near_days: int) -> list[list[Launch]]:
    """Launches that follow each other within ``near_days``; those of which nothing is expected stay out of it."""
    if near_days < 1:
        raise InvalidInput(f"{counted(near_days, 'day is', 'days are')} no distance.", hint="Name at least 1.")
    launches = [d.value for d in book.launches.values() if not book.quiet(d.value) and not _bound(book, d.value)]
    chains: list[list[Launch]] = []
    for launch in _in_order(launches):
        last = chains[-1][-1] if chains else None
        if last is not None and (book.day_of(launch) - book.day_of(last)).days < near_days:
            chains[-1].append(launch)
        else:
            chains.append([launch])
    return [chain for chain in chains if len(chain) >= _FEWEST]


def _bound(book: LaunchBook, launch: Launch) -> bool:
    return book.experiment_of(launch.name) is not None or book.measured(launch).declared or launch.randomised


def _in_order(launches: list[Launch]) -> list[Launch]:
    return sorted(launches, key=lambda launch: (launch.at, launch.name))


def _joint(book: LaunchBook, group: list[Launch]) -> Launch:
    first, last = group[0], group[-1]
    later = sorted({part.at for part in group} - {first.at})
    title = f"{book.launch_view(first.name).title} … {book.launch_view(last.name).title}"
    return Launch(
        name=f"{first.name[:90]}..{last.name[:90]}"[:_LONGEST_NAME],
        title=f"{title}: {counted(len(group), 'launch')} together",
        at=first.at,
        outputs=tuple(dict.fromkeys(output for part in group for output in part.outputs)),
        ramp=tuple(RampStep(at=at, share=1.0) for at in later),
    )


BINDINGS = (Binding(LAUNCHES_JOIN, join),)
