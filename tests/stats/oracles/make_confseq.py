"""Write confseq.json: Robbins' normal mixture by the package confseq.

Run with an interpreter that has confseq 0.0.11 (needs the Boost headers to build): python make_confseq.py
"""

import json
from importlib.metadata import version
from pathlib import Path

import numpy as np
from confseq import boundaries

CASES = [
    {"time": time, "alpha": alpha, "one_sided": one_sided}
    for time in (0.01, 0.5, 8.0, 200.0)
    for alpha in (0.01, 0.05, 0.2)
    for one_sided in (False, True)
]


def tuning(alpha: float, one_sided: bool) -> float:
    """rho * v_opt of confseq's closed form, so that ``time`` is v / rho."""
    a = 2 * alpha if one_sided else alpha
    return float(2 * np.log(1 / a) + np.log(1 + 2 * np.log(1 / a)))


def main() -> None:
    rows = []
    for case in CASES:
        alpha, one_sided = float(case["alpha"]), bool(case["one_sided"])
        v_opt = tuning(0.05, one_sided) / case["time"]
        bound = boundaries.normal_mixture_bound(1.0, alpha, v_opt, 0.05, one_sided)
        log_mixture = boundaries.normal_log_mixture(2.5, 1.0, v_opt, 0.05, one_sided)
        rows.append({**case, "bound": float(bound), "log_mixture_at_2.5": float(log_mixture)})
    text = json.dumps({"confseq": version("confseq"), "rows": rows}, indent=1)
    Path(__file__).with_name("confseq.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
