"""Which company is simulated: its size, its shocks, what its launches do, and what makes measuring hard."""

import enum
from datetime import date, timedelta
from pathlib import Path
from typing import Literal

import msgspec

from upshot.core.errors import InvalidInput

__all__ = ["Effects", "Expected", "Trouble", "World", "load_world"]

VerdictWord = Literal["improved", "harmed", "mixed", "no effect", "inconclusive", "not measurable"]


class Trouble(enum.StrEnum):
    """What breaks methods in reality; a world has at most one."""

    NONE = "none"
    HEAVY_USERS_FIRST = "heavy users first"
    SHIPPED_IN_A_DIP = "shipped in a dip"
    CAMPAIGN_AT_LAUNCH = "campaign at launch"
    PRICE_CHANGE_AT_LAUNCH = "price change at launch"
    LOGGING_CHANGE_AT_LAUNCH = "logging change at launch"
    CLUSTERED_LAUNCHES = "clustered launches"
    CONTROL_BREAKS = "control breaks"
    NOVELTY_FADES = "novelty fades"
    CANNIBALISATION = "cannibalisation"
    FAMILY_SPILLOVER = "family spillover"
    MIX_REVERSAL = "mix reversal"
    EVENTS_LOST_BY_VARIANT = "events lost by variant"
    SATISFIED_ANSWER = "satisfied answer"


class Effects(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What "saved songs" does once it has settled, as a share of what would have been (0.15 is +15 %)."""

    saved_songs: float = 0.15
    subscriptions: float = 0.10


class Expected(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an honest reader of the data must say of the launch's effect on one metric, and why."""

    metric: str
    verdict: VerdictWord
    reason: str = ""


class World(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One company.

    Attributes:
        seed: Of every random draw.
        last_day: The last local day of its history.
        days: Length of the history.
        scale: Multiplies the number of people; 1 is about 20,000 people a month at the end.
        launch_before_end: Days from the launch of saved songs to the end of the history.
        rollout: Whether saved songs reached everyone, or a random half of the people.
        effects: What the launch does.
        shock_sd: Standard deviation of the daily shock that all listening shares, on the log scale.
        shock_autocorrelation: Of that shock from day to day, 0 to 0.95.
        trouble: What makes measuring hard.
        trouble_size: How strong that is; 1 is the strength described in ``docs/tempo.md``.
    """

    last_day: date
    name: str = "tempo"
    seed: int = 20_231
    days: int = 1_096
    scale: float = 1.0
    launch_before_end: int = 104
    rollout: Literal["everyone", "half"] = "everyone"
    effects: Effects = Effects()
    shock_sd: float = 0.02
    shock_autocorrelation: float = 0.4
    trouble: Trouble = Trouble.NONE
    trouble_size: float = 1.0
    expected: tuple[Expected, ...] = ()

    def __post_init__(self) -> None:
        _inside("scale", self.scale, 0.001, 100.0)
        _inside("days", self.days, 60, 4_000)
        _inside("launch_before_end", self.launch_before_end, 1, self.days - 1)
        _inside("shock_sd", self.shock_sd, 0.0, 0.5)
        _inside("shock_autocorrelation", self.shock_autocorrelation, 0.0, 0.95)
        _inside("seed", self.seed, 0, 2**63 - 1)
        _inside("effects.saved_songs", self.effects.saved_songs, -0.9, 2.0)
        _inside("effects.subscriptions", self.effects.subscriptions, -0.9, 2.0)

    @property
    def first_day(self) -> date:
        """The first local day."""
        return self.last_day - timedelta(days=self.days - 1)

    @property
    def launch(self) -> int:
        """The launch's day, counted from the first."""
        return self.days - self.launch_before_end

    def day(self, index: int) -> date:
        """The local day with that index."""
        return self.first_day + timedelta(days=index)


def _inside(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise InvalidInput(f"A world's {name} is {value}; it must lie between {low} and {high}.")


def load_world(path: Path, *, last_day: date) -> World:
    """Read a world from YAML; what it does not say is as in Tempo.

    Raises:
        InvalidInput: The file is not YAML, names a field that does not exist, or a value is out of range.
    """
    import yaml

    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InvalidInput(f"{path} cannot be read as a world: {error}") from error
    if not isinstance(content, dict):
        raise InvalidInput(f"{path} must hold a mapping of fields, such as 'seed: 3'.")
    try:
        return msgspec.convert({"last_day": last_day, **content}, World)
    except msgspec.ValidationError as error:
        fields = ", ".join(World.__struct_fields__)
        raise InvalidInput(f"{path}: {error}.", hint=f"A world's fields are: {fields}.") from error
