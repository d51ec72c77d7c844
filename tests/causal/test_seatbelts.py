"""The British seat belt law of 31 January 1983, monthly, against its published evaluation.

Harvey & Durbin, "The effects of seat belt legislation on British road casualties: a case study in structural time
series modelling", Journal of the Royal Statistical Society A 149 (1986): killed and seriously injured, car drivers
-23 %, front seat passengers -30 %, rear seat passengers +3 % (not directly affected); drivers killed -18 %.
"""

import csv
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from statsmodels.tsa.statespace.structural import UnobservedComponents

from upshot.causal.assessment import Assessment, Reading, assess
from upshot.causal.series import Series, Window
from upshot.stats.result import Estimate

pytestmark = pytest.mark.real_data
LAW = 169


def column(folder: Path, name: str) -> NDArray[np.float64]:
    with (folder / "seatbelts_uk" / "Seatbelts.csv").open(encoding="utf-8") as file:
        return np.array([float(row[name]) for row in csv.DictReader(file)])


def relative(folder: Path, name: str) -> Estimate:
    controls = np.stack([column(folder, "kms"), column(folder, "PetrolPrice")], axis=1)
    series = Series(column(folder, name), LAW, controls=controls, step="month")
    found = assess(series, (Window(0, 22),), rng=1)
    assert isinstance(found, Assessment), found
    assert isinstance(found.readings[0], Reading)
    assert isinstance(found.readings[0].relative, Estimate)
    return found.readings[0].relative


@pytest.mark.parametrize(
    ("name", "published"), [("drivers", -0.23), ("front", -0.30), ("rear", 0.03), ("DriversKilled", -0.18)]
)
def test_interval_holds_the_published_effect(data_dir: Path, name: str, published: float) -> None:
    found = relative(data_dir, name)
    assert found.low < published < found.high
    assert found.high - found.low < 0.35
    assert (found.high < 0) == (name != "rear")


def test_effect_agrees_with_an_intervention_fitted_by_statsmodels(data_dir: Path) -> None:
    """A step in a local level with a monthly season over the whole series, as in the published analysis."""
    y, law = np.log(column(data_dir, "drivers")), column(data_dir, "law")
    covariates = np.stack([law, np.log(column(data_dir, "kms")), np.log(column(data_dir, "PetrolPrice"))], axis=1)
    model = UnobservedComponents(y, level="local level", seasonal=12, stochastic_seasonal=False, exog=covariates)
    step = model.fit(disp=0, maxiter=500).params[model.param_names.index("beta.x1")]
    found = relative(data_dir, "drivers")
    assert found.value == pytest.approx(float(np.expm1(step)), abs=0.08)
