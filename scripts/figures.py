"""Draws the figures of docs/statistics.md with Upshot's own functions into docs/figures."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

import numpy as np
from scipy.stats import multinomial, norm

from upshot.stats.adjust import cuped
from upshot.stats.bayes import NormalPrior, normal_posterior
from upshot.stats.confidence_sequences import mixture_radius, tuned_rho_squared
from upshot.stats.difference import difference
from upshot.stats.group_sequential_boundaries import GroupSequentialDesign, spending_boundaries
from upshot.stats.health_skew import normal_limit
from upshot.stats.moments import Moments, PairMoments
from upshot.stats.result import Estimate, Estimates
from upshot.stats.scores import net_score
from upshot.stats.spending import OBRIEN_FLEMING, POCOCK

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import ArrayLike

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "figures"
WIDTH, HEIGHT = 640, 300
LEFT, RIGHT, TOP, BOTTOM = 64, 24, 34, 46
STYLE = """
text { font: 13px Inter, system-ui, sans-serif; fill: #3f4654; }
.title { font-weight: 600; fill: #171b24; }
.axis, .tick { stroke: #b8bfca; stroke-width: 1; fill: none; }
.guide { stroke: #8a93a3; stroke-dasharray: 4 4; fill: none; }
.line { fill: none; stroke-width: 2.2; }
.a { stroke: #2f6df0; } .b { stroke: #c2570c; } .c { stroke: #0f8a5f; } .d { stroke: #7a4fd0; }
.fa { fill: #2f6df0; } .fb { fill: #c2570c; } .fc { fill: #0f8a5f; } .fd { fill: #7a4fd0; }
.area { opacity: .18; }
@media (prefers-color-scheme: dark) {
  text { fill: #b5bdca; } .title { fill: #eef1f6; } .axis, .tick { stroke: #4a5261; }
  .a { stroke: #7aa5ff; } .b { stroke: #ff9a57; } .c { stroke: #4fd3a2; } .d { stroke: #b597ff; }
  .fa { fill: #7aa5ff; } .fb { fill: #ff9a57; } .fc { fill: #4fd3a2; } .fd { fill: #b597ff; }
}
"""


@dataclass(slots=True)
class Figure:
    """A small chart: data in, SVG text out.

    Attributes:
        title: Also its accessible name.
        x: Range of the horizontal axis.
        y: Range of the vertical axis.
    """

    title: str
    x: tuple[float, float]
    y: tuple[float, float]
    parts: list[str] = field(default_factory=list)

    def at(self, x: ArrayLike, y: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
        """Pixels of data."""
        across = LEFT + (np.asarray(x, float) - self.x[0]) / (self.x[1] - self.x[0]) * (WIDTH - LEFT - RIGHT)
        up = HEIGHT - BOTTOM - (np.asarray(y, float) - self.y[0]) / (self.y[1] - self.y[0]) * (HEIGHT - TOP - BOTTOM)
        return across, up

    def line(self, x: ArrayLike, y: ArrayLike, kind: str) -> None:
        """A line through points."""
        path = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(*self.at(x, y), strict=True))
        self.parts.append(f'<polyline class="{kind}" points="{path}"/>')

    def area(self, x: ArrayLike, y: ArrayLike, kind: str) -> None:
        """What lies between points and zero."""
        across, up = self.at(x, y)
        base = float(self.at(0.0, 0.0)[1])
        path = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(across, up, strict=True))
        self.parts.append(f'<polygon class="{kind}" points="{across[0]:.1f},{base} {path} {across[-1]:.1f},{base}"/>')

    def text(self, x: float, y: float, words: str, anchor: str = "start", kind: str = "") -> None:
        """Words at a place of the data."""
        across, up = self.at(x, y)
        place = f'x="{float(across):.1f}" y="{float(up):.1f}" text-anchor="{anchor}"'
        self.parts.append(f'<text class="{kind}" {place}>{escape(words)}</text>')

    def interval(self, y: float, effect: Estimate, kind: str) -> None:
        """A point with its interval, lying."""
        self.line([max(effect.low, self.x[0]), min(effect.high, self.x[1])], [y, y], f"line {kind}")
        across, up = self.at(effect.value, y)
        self.parts.append(f'<circle class="f{kind}" cx="{float(across):.1f}" cy="{float(up):.1f}" r="5"/>')

    def axes(
        self, x: Sequence[float], y: Sequence[float], x_name: str, y_name: str, form: Callable[[float], str]
    ) -> None:
        """Axes with ticks and names."""
        self.line([self.x[0], self.x[1]], [self.y[0], self.y[0]], "axis")
        for tick in x:
            across, up = self.at(tick, self.y[0])
            self.parts.append(
                f'<text x="{float(across):.1f}" y="{float(up) + 17:.1f}" text-anchor="middle">{form(tick)}</text>'
            )
        for tick in y:
            across, up = self.at(self.x[0], tick)
            self.parts.append(f'<text x="{LEFT - 8}" y="{float(up) + 4:.1f}" text-anchor="end">{form(tick)}</text>')
            self.line([self.x[0], self.x[1]], [tick, tick], "tick")
        middle = (LEFT + WIDTH - RIGHT) / 2
        self.parts.append(f'<text x="{middle}" y="{HEIGHT - 8}" text-anchor="middle">{escape(x_name)}</text>')
        self.parts.append(f'<text x="{LEFT - 50}" y="{TOP - 12}" dy="18">{escape(y_name)}</text>' if y_name else "")

    def svg(self) -> str:
        """The picture."""
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
            f'aria-label="{escape(self.title)}"><style>{STYLE}</style>'
            f'<text class="title" x="{LEFT - 50}" y="16">{escape(self.title)}</text>{"".join(self.parts)}</svg>\n'
        )


def plain(value: float) -> str:
    """A tick's number."""
    return f"{value:g}".replace("-", "−")


def percent(value: float) -> str:
    """A tick's share."""
    return f"{100 * value:g} %".replace("-", "−")


def only(found: Estimates) -> Estimate:
    """A single comparison that has an estimate."""
    effect = found.at()
    assert isinstance(effect, Estimate)
    return effect


def sequential() -> Figure:
    """How many standard errors it takes to stop, by the share of the experiment that is in."""
    figure = Figure("How many standard errors an effect must show to stop", (0.0, 1.0), (1.0, 6.0))
    figure.axes([0, 0.25, 0.5, 0.75, 1], [2, 3, 4, 5, 6], "share of the planned units that are in", "", plain)
    looks = np.arange(1, 21) / 20
    for spending, kind, name, y in ((OBRIEN_FLEMING, "a", "O’Brien–Fleming", 5.35), (POCOCK, "b", "Pocock", 4.9)):
        bounds = spending_boundaries(looks, GroupSequentialDesign(spending=spending)).efficacy
        figure.line(looks[bounds < 6.0], bounds[bounds < 6.0], f"line {kind}")
        figure.text(0.98, y, f"{name}, 20 looks", "end", f"f{kind}")
    n = np.linspace(0.02, 1.0, 200)
    radius = mixture_radius(n * 10_000 * float(tuned_rho_squared(10_000.0)))
    figure.line(n[radius < 6.0], radius[radius < 6.0], "line c")
    figure.text(0.98, 4.45, "always valid, any look", "end", "fc")
    figure.line([0.0, 1.0], [1.96, 1.96], "line d")
    figure.text(0.98, 1.55, "fixed: one look, at the end", "end", "fd")
    return figure


def variance_reduction() -> Figure:
    """The same experiment, read without and with the units' past."""
    rng = np.random.default_rng(7)
    past = rng.gamma(2.0, 5.0, (2, 4000))
    now = 0.8 * past + rng.gamma(2.0, 1.2, (2, 4000)) + np.asarray([[0.0], [0.25]])
    arms = PairMoments.of(now, past)
    adjusted = cuped(arms)
    before, after = only(difference(arms.x[0], arms.x[1])), only(difference(adjusted[0], adjusted[1]))
    figure = Figure(
        "One experiment, true effect 0.25: without and with each unit’s past (CUPED)", (-0.3, 0.8), (0.0, 3.0)
    )
    figure.axes([-0.25, 0, 0.25, 0.5, 0.75], [], "difference of means", "", plain)
    figure.line([0.0, 0.0], [0.0, 2.8], "guide")
    for y, effect, kind, name in ((2.0, before, "b", "plain difference"), (1.0, after, "a", "adjusted for the past")):
        figure.interval(y, effect, kind)
        figure.text(0.79, y + 0.28, f"{name}: {effect.low:+.2f} to {effect.high:+.2f}", "end", f"f{kind}")
    return figure


def margins() -> Figure:
    """What an interval says about a guardrail with a margin."""
    figure = Figure("A guardrail with a margin of 1 %: what four intervals say", (-0.03, 0.03), (0.0, 5.0))
    figure.axes([-0.02, -0.01, 0, 0.01, 0.02], [], "lift, with its 90 % interval (5 % on each side)", "", percent)
    figure.line([0.0, 0.0], [0.0, 4.9], "guide")
    figure.line([-0.01, -0.01], [0.0, 4.9], "line d")
    cases = [
        (4.0, 0.012, 2.0e-5, "c", "better, and not worse"),
        (3.0, -0.002, 1.2e-5, "c", "not worse by the margin"),
        (2.0, -0.003, 1.6e-4, "b", "not safe: too little data"),
        (1.0, -0.017, 1.2e-5, "b", "worse than the margin"),
    ]
    for y, lift, variance, kind, words in cases:
        effect = only(difference(Moments(1e6, 0.0, variance * 5e5), Moments(1e6, lift, variance * 5e5), level=0.9))
        figure.interval(y, effect, kind)
        figure.text(-0.0295, y + 0.3, words, "start", f"f{kind}")
    return figure


def posterior() -> Figure:
    """Prior, data and posterior of a lift."""
    prior, estimate, error = NormalPrior(0.0, 0.02), 0.03, 0.018
    result = normal_posterior(estimate, error, 1, prior=prior, rope=(-0.005, 0.005))
    x = np.linspace(-0.07, 0.1, 300)
    figure = Figure("A lift of 3 % ± 1.8 % meets the belief that lifts are about ± 2 %", (-0.07, 0.1), (0.0, 36.0))
    figure.axes([-0.05, 0, 0.05, 0.1], [], "lift", "", percent)
    after = norm.pdf(x, float(result.value), float(result.standard_deviation))
    figure.area(x[x > 0], after[x > 0], "fa area")
    for y, kind in ((norm.pdf(x, 0.0, 0.02), "b"), (norm.pdf(x, estimate, error), "c"), (after, "a")):
        figure.line(x, y, f"line {kind}")
    figure.line([0.0, 0.0], [0.0, 34.0], "guide")
    chance, loss = float(result.chance_to_beat), float(result.loss_if_shipped)
    words = (
        ("prior", "fb"),
        ("what the data say", "fc"),
        (f"posterior: {100 * float(result.value):.1f} %", "fa"),
        (f"chance to beat {100 * chance:.0f} % (shaded)", "fa"),
        (f"expected loss if shipped {100 * loss:.2f} %", "fa"),
    )
    for i, (word, kind) in enumerate(words):
        figure.text(0.099, 33 - 3 * i, word, "end", kind)
    return figure


def scores() -> Figure:
    """Exact coverage of two intervals of a score from 20 answers."""
    n = 20
    up, down = np.meshgrid(np.arange(n + 1), np.arange(n + 1))
    u, d = up[up + down <= n], down[up + down <= n]
    value = (u - d) / n
    error = np.sqrt((u + d) / n - value * value) / np.sqrt(n)
    result = net_score(u, d, n)
    promoters = np.linspace(0.4, 0.99, 90)
    simple, score = [], []
    for p in promoters:
        shares = (p, 0.7 * (1 - p), 0.3 * (1 - p))
        truth = p - shares[2]
        chances = multinomial.pmf(np.stack([u, n - u - d, d], axis=-1), n, shares)
        simple.append(chances[np.abs(value - truth) <= 1.96 * error].sum())
        score.append(chances[(result.low <= truth) & (truth <= result.high)].sum())
    figure = Figure("How often the 95 % interval of an NPS from 20 answers holds the truth", (0.4, 1.0), (0.5, 1.0))
    figure.axes([0.4, 0.6, 0.8, 1.0], [0.5, 0.6, 0.7, 0.8, 0.9, 1.0], "true share of promoters", "", percent)
    figure.line([0.4, 1.0], [0.95, 0.95], "guide")
    shown = np.asarray(simple) >= 0.5
    figure.line(promoters[shown], np.asarray(simple)[shown], "line b")
    figure.line(promoters, score, "line a")
    figure.text(0.42, 0.84, "score interval (net_promoter)", "start", "fa")
    figure.text(0.42, 0.78, "score ± 1.96 standard errors", "start", "fb")
    return figure


def skew() -> Figure:
    """Where a tail that should hold 2.5 % ends up, by split and skewness."""
    share = np.linspace(0.01, 0.5, 120)
    figure = Figure("20,000 units: what is left of a 2.5 % tail when the split is uneven", (0.0, 0.5), (0.02, 0.05))
    figure.axes([0, 0.1, 0.2, 0.3, 0.4, 0.5], [0.025, 0.03, 0.04, 0.05], "share of units in treatment", "", percent)
    for gamma, kind, y in ((20.0, "b", 0.046), (10.0, "d", 0.0435), (3.0, "a", 0.041)):
        n = 20_000.0
        limit = normal_limit(Moments(n * (1 - share), 0.0, 1.0), Moments(n * share, 0.0, 1.0), gamma, gamma)
        tail = 0.025 + limit.tail_error
        figure.line(share[tail < 0.05], tail[tail < 0.05], f"line {kind}")
        figure.text(0.49, y, f"skewness {gamma:g}", "end", f"f{kind}")
    return figure


def main() -> None:
    """Write every figure."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for draw in (sequential, variance_reduction, margins, posterior, scores, skew):
        target = FOLDER / f"{draw.__name__}.svg"
        target.write_text(draw().svg(), encoding="utf-8")
        print(f"wrote {target.relative_to(FOLDER.parents[1])}")


if __name__ == "__main__":
    main()
