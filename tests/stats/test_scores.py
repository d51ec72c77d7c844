import csv
import gzip
import math
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from scipy import optimize, stats

from upshot.core.errors import InvalidInput
from upshot.stats.moments import PairMoments
from upshot.stats.result import NoEstimate, Reason
from upshot.stats.scores import csat, net_promoter, net_promoter_of, net_score, score_gap, top_box, top_box_of
from upshot.stats.scores_design import AnswerDesign, design_variance


def likeliest_error(up: int, down: int, n: int, delta: float) -> float:
    """Standard error at the constrained maximum of the likelihood, found numerically."""

    def loss(share: float) -> float:
        cells = (share + delta, share, 1 - 2 * share - delta)
        counts = (up, down, n - up - down)
        return -sum(c * math.log(max(p, 1e-300)) for c, p in zip(counts, cells, strict=True))

    bounds = (max(0.0, -delta), (1 - delta) / 2)
    share = float(optimize.minimize_scalar(loss, bounds=bounds, method="bounded", options={"xatol": 1e-13}).x)
    return math.sqrt(max(2 * share + delta - delta * delta, 1e-300) / n)


@pytest.mark.parametrize("counts", [(30, 10, 60), (3, 2, 9), (12, 1, 14), (1, 7, 200)])
def test_score_interval_inverts_the_score_test(counts: tuple[int, int, int]) -> None:
    result = net_score(*counts)
    value = (counts[0] - counts[1]) / counts[2]
    for end, z in ((float(result.low), 1.959964), (float(result.high), -1.959964)):
        # The numeric maximum is good to about 1e-8.
        assert (value - end) / likeliest_error(*counts, end) == pytest.approx(z, abs=1e-5)


def test_net_promoter_of_all_promoters_has_an_interval() -> None:
    result = net_promoter([10, 0, 0], [0, 10, 0], [0, 0, 10])
    assert result.value.tolist() == [100.0, 0.0, -100.0]
    assert result.high[0] == 100.0
    assert result.low[0] < 60.0
    assert result.low[2] == -100.0
    assert result.low[1] == pytest.approx(-float(result.high[1]))
    assert result.low[1] < -20.0


@pytest.mark.parametrize(
    ("counts", "reason"),
    [
        ((0, 0, 0), Reason.EMPTY),
        ((-1, 5, 5), Reason.INVALID_STATISTICS),
        ((math.nan, 5, 5), Reason.NOT_FINITE),
    ],
)
def test_net_promoter_names_why_there_is_none(counts: tuple[float, float, float], reason: Reason) -> None:
    assert net_promoter(*counts).at() == NoEstimate(reason, "net_promoter")


@pytest.mark.parametrize(
    "shares", [(0.5, 0.3, 0.2), (0.9, 0.08, 0.02), (0.05, 0.9, 0.05), (0.98, 0.02, 0.0)], ids=lambda s: str(s)
)
@pytest.mark.parametrize("n", [10, 30])
def test_score_interval_covers_small_samples(shares: tuple[float, float, float], n: int) -> None:
    up, down = np.meshgrid(np.arange(n + 1), np.arange(n + 1))
    possible = up + down <= n
    u, d = up[possible], down[possible]
    chances = np.asarray(stats.multinomial.pmf(np.stack([u, n - u - d, d], axis=-1), n, shares))
    result = net_score(u, d, n)
    truth = shares[0] - shares[2]
    covered = float(chances[(result.low <= truth + 1e-9) & (truth - 1e-9 <= result.high)].sum())
    # Exact coverage; score intervals waver around their level (Rocks 2016), ± 1.96 errors falls to 0.18 in the last.
    assert covered > 0.925


def test_plain_answers_give_what_their_counts_give() -> None:
    answers = [10] * 12 + [8] * 7 + [3] * 5
    counted, raw = net_promoter(12, 7, 5).at(), net_promoter_of(answers).at()
    assert not isinstance(counted, NoEstimate)
    assert not isinstance(raw, NoEstimate)
    assert (raw.value, raw.low, raw.high) == pytest.approx((counted.value, counted.low, counted.high), rel=1e-9)


def test_design_variance_is_the_linearised_one() -> None:
    rng = np.random.default_rng(1)
    values, weights, clusters = (
        rng.integers(0, 2, 300).astype(float),
        rng.gamma(2.0, 1.0, 300),
        rng.integers(0, 40, 300),
    )
    choices = (None, clusters)
    for labels in choices:
        expected = PairMoments.of(values, np.ones(300), weights=weights, clusters=labels).linearised()
        variance, freedom = design_variance(values, AnswerDesign(weights=weights, clusters=labels).of(300))
        assert variance == pytest.approx(float(expected.variance / expected.n), rel=1e-9)
        assert freedom == float(expected.n) - 1.0


def test_strata_take_out_what_differs_between_them() -> None:
    values = np.repeat([1.0, 0.0], 50)
    values[[3, 77]] = 0.5
    apart, freedom = design_variance(values, AnswerDesign(strata=np.repeat([0, 1], 50)).of(100))
    together, _ = design_variance(values, AnswerDesign().of(100))
    assert apart < 0.05 * together
    assert freedom == 98.0


def test_equal_weights_change_little_and_doubled_answers_nothing() -> None:
    rng = np.random.default_rng(2)
    yes = rng.random(200) < 0.3
    plain = top_box_of(yes)
    weighted = top_box_of(yes, design=AnswerDesign(weights=np.full(200, 7.0)))
    assert float(weighted.value) == pytest.approx(float(plain.value))
    assert float(weighted.high - weighted.low) == pytest.approx(float(plain.high - plain.low), rel=0.02)
    doubled = top_box_of(np.repeat(yes, 2), design=AnswerDesign(clusters=np.repeat(np.arange(200), 2)))
    assert float(doubled.high - doubled.low) == pytest.approx(float(weighted.high - weighted.low), rel=1e-6)


def test_alike_answers_keep_an_interval_as_wide_as_their_effective_number() -> None:
    weights = np.asarray([1.0] * 20 + [10.0] * 2)
    result = top_box_of(np.ones(22), design=AnswerDesign(weights=weights)).at()
    plain = top_box(22, 22).at()
    assert not isinstance(result, NoEstimate)
    assert not isinstance(plain, NoEstimate)
    assert result.high == pytest.approx(1.0)
    assert result.low < plain.low


def test_survey_scores_name_why_there_is_none_and_refuse_what_does_not_fit() -> None:
    assert net_promoter_of([]).at() == NoEstimate(Reason.EMPTY, "net_promoter_of")
    assert csat([5, 4], design=AnswerDesign(weights=[0.0, 0.0])).at() == NoEstimate(Reason.EMPTY, "csat")
    one = top_box_of([True, False], design=AnswerDesign(clusters=["a", "a"]))
    assert one.at() == NoEstimate(Reason.TOO_FEW_UNITS, "top_box_of")
    with pytest.raises(InvalidInput):
        net_promoter_of([11.0])
    with pytest.raises(InvalidInput):
        net_promoter_of([math.nan])
    with pytest.raises(InvalidInput):
        top_box_of([True], design=AnswerDesign(weights=[1.0, 2.0]))
    with pytest.raises(InvalidInput):
        score_gap(top_box(1, 2), top_box(1, 2, level=0.9))


def test_gap_of_large_scores_is_the_normal_one() -> None:
    a, b = top_box(5000, 10_000), top_box(5200, 10_000)
    gap = score_gap(a, b)
    reach = 1.959964 * math.hypot(float(a.standard_error), float(b.standard_error))
    assert float(gap.low) == pytest.approx(0.02 - reach, abs=2e-5)
    assert float(gap.high) == pytest.approx(0.02 + reach, abs=2e-5)


def test_weighted_interval_covers_a_small_weighted_clustered_sample() -> None:
    rng = np.random.default_rng(4)
    hits, simulations, truth = 0, 1500, 0.9
    for _ in range(simulations):
        shares = rng.beta(18.0, 2.0, 30)
        clusters = np.repeat(np.arange(30), 4)
        yes = rng.random(120) < shares[clusters]
        design = AnswerDesign(weights=rng.gamma(4.0, 0.25, 120), clusters=clusters)
        result = top_box_of(yes, design=design)
        hits += bool(result.low <= truth <= result.high)
    # Weights have the effective size 96, clusters a design effect: asymptotic, so a little is allowed.
    assert stats.binomtest(hits, simulations).proportion_ci(0.999).high >= 0.94


@pytest.mark.real_data
def test_airport_survey_has_its_published_scores(data_dir: Path) -> None:
    with gzip.open(data_dir / "sfo_survey_2017" / "fact_survey.csv.gz", "rt", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["NETPRO"] and float(row["NETPRO"]) <= 10]
    answers = [float(row["NETPRO"]) for row in rows]
    weights = [float(row["WEIGHT"]) for row in rows]
    assert len(answers) == 2746
    plain = net_promoter_of(answers)
    assert round(float(plain.value), 2) == 39.84
    flights = [f"{row['INTDATE']} {row['AIRLINE']} {row['DESTINATION']} {row['GATE']}" for row in rows]
    strata = [row["STRATA"] + row["PEAK"] for row in rows]
    weighted = net_promoter_of(answers, design=AnswerDesign(weights=weights))
    designed = net_promoter_of(answers, design=AnswerDesign(weights=weights, strata=strata, clusters=flights))
    assert round(float(weighted.value), 2) == round(float(designed.value), 2) == 40.40
    widths = [float(score.high - score.low) for score in (plain, weighted, designed)]
    # Weights cost precision, and so do passengers of one flight who answer alike.
    assert widths[0] < widths[1] < widths[2]


@pytest.mark.real_data
def test_clothing_ratings_have_their_top_box(data_dir: Path) -> None:
    path = data_dir / "womens_clothing_reviews" / "WomensClothingE-CommerceReviews.parquet"
    ratings = pq.read_table(path, columns=["Rating"])["Rating"].to_numpy().astype(float)
    result = csat(ratings).at()
    assert not isinstance(result, NoEstimate)
    assert result.n == 23_486
    assert result.value == pytest.approx(float((ratings >= 4).mean()))
    assert result.high - result.low == pytest.approx(2 * 1.96 * result.standard_error, rel=0.01)
