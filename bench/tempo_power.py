"""Is Tempo large enough for its own story? ``python -m bench.tempo_power [WORLDS]``.

New subscriptions are to rise by 10 % in days 61 to 90. In worlds without the launch, how far does the sum of those 30
days stray from what 91 days before the launch would have led one to expect? The spread over worlds is the standard
error of the best one could do with that comparison; 10 % is detectable (two-sided 5 %, power 80 %) if it is 2.8 times
as large.
"""

import sys
from datetime import date

import msgspec
import numpy as np

from upshot.demo.tempo.life import History, simulate
from upshot.demo.tempo.world import World

NEEDED = 1.959964 + 0.841621


def growth(history: History, what: str) -> float:
    """Log of the settled days' sum over the sum of the quarter before the launch, per day."""
    launch = history.world.launch
    counts = np.array([len(getattr(day, what)) for day in history.days], dtype=float)
    return float(np.log(counts[launch + 61 : launch + 91].mean() / counts[launch - 91 : launch].mean()))


def main(worlds: int) -> None:
    """Print the calculation for Tempo's size."""
    tempo = World(last_day=date(2026, 6, 30))
    rows = []
    for seed in range(worlds):
        history = simulate(msgspec.structs.replace(tempo, seed=1000 + seed), launch=False)
        settled = history.days[tempo.launch + 61 : tempo.launch + 91]
        count = sum(len(day.subscribed) for day in settled)
        rows.append((count, *(growth(history, what) for what in ("subscribed", "active", "podcasts"))))
    starts, subscribed, active, podcasts = (np.array(column) for column in zip(*rows, strict=True))
    print(f"{worlds} worlds without the launch, {starts.mean():.0f} new subscriptions in days 61-90")
    print("\n| compared with | standard error of the log change | 10 % is this many of them | detectable |")
    print("|---|---|---|---|")
    for name, spread in (
        ("nothing but chance: Poisson", 1 / np.sqrt(starts.mean())),
        ("the quarter before", subscribed.std(ddof=1)),
        ("the quarter before, against daily listeners", (subscribed - active).std(ddof=1)),
        ("the quarter before, against podcasts", (subscribed - podcasts).std(ddof=1)),
    ):
        ratio = np.log(1.1) / spread
        print(f"| {name} | {spread:.4f} | {ratio:.1f} | {'yes' if ratio >= NEEDED else 'no'} |")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 30)
