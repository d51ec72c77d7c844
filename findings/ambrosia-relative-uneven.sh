#!/bin/bash
# ambrosia 0.5.3.post1, Tester.run(effect_type="relative", criterion="ttest") of two arms of unlike sizes. One would expect
# its p-value to be near the absolute one where there is no effect, as it is for arms of one size. Its delta method takes one
# size for both arms, so that with nine in ten units in one of them an A/A test is falsely different about one time in four,
# and the interval of the percent change is too narrow by the same share.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3.11}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check ambrosia==0.5.3.post1
"$folder/venv/bin/python" -W ignore - <<'PY'
from importlib.metadata import version

import numpy as np
import pandas as pd
from ambrosia.tester import Tester

SIMULATIONS = 400


def false_alarms(sizes, effect):
    rng = np.random.default_rng(1)
    arms = np.repeat(["A", "B"], sizes)
    found = 0
    for _ in range(SIMULATIONS):
        frame = pd.DataFrame({"arm": arms, "value": rng.normal(10.0, 2.0, arms.size)})
        tester = Tester(dataframe=frame, metrics="value", column_groups="arm")
        found += tester.run(effect_type=effect, method="theory", criterion="ttest")["pvalue"].iloc[0] < 0.05
    return found / SIMULATIONS


print("ambrosia", version("ambrosia"))
share = {}
for sizes in ((500, 500), (900, 100)):
    for effect in ("absolute", "relative"):
        share[sizes, effect] = false_alarms(sizes, effect)
        print(f"{sizes[0]} and {sizes[1]} units, {effect}: {share[sizes, effect]:.1%} of A/A tests at 5 %")
relative = share.pop(((900, 100), "relative"))
assert all(0.02 < each < 0.09 for each in share.values()), share
assert relative > 0.18, relative
PY
