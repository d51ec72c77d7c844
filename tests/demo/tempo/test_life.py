import msgspec
import numpy as np
import pytest

from upshot.demo.tempo.draws import Draws, Purpose
from upshot.demo.tempo.launches import EXPERIMENTS
from upshot.demo.tempo.life import Day, History, simulate
from upshot.demo.tempo.world import Effects, Trouble, World

FIELDS = [f for f in Day.__dataclass_fields__ if f != "plans"]


def counts(history: History, what: str) -> np.ndarray:
    return np.array([len(getattr(day, what)) for day in history.days])


def same(a: History, b: History, what: str) -> bool:
    return all(np.array_equal(getattr(x, what), getattr(y, what)) for x, y in zip(a.days, b.days, strict=True))


def test_draws_give_each_person_the_same_number_whatever_the_company_s_size() -> None:
    draws = Draws(5)
    few, many = draws.uniform(Purpose.ACTIVE, 3, 10), draws.uniform(Purpose.ACTIVE, 3, 1000)
    assert np.array_equal(few, many[:10])
    assert not np.array_equal(few, draws.uniform(Purpose.ACTIVE, 4, 10))
    assert not np.array_equal(few, draws.uniform(Purpose.CHURN, 3, 10))


def test_simulate_is_deterministic_by_seed(small: World, real: History) -> None:
    again = simulate(small)
    assert all(same(real, again, what) for what in [*FIELDS, "plans"])
    another = simulate(msgspec.structs.replace(small, seed=12))
    assert not same(real, another, "active")


def test_launch_changes_nothing_before_it_happens(small: World, real: History, other: History) -> None:
    for what in FIELDS:
        for day in range(small.launch):
            assert np.array_equal(getattr(real.days[day], what), getattr(other.days[day], what))


@pytest.mark.parametrize("untouched", ["arrived", "active", "podcasts", "searched", "playlists", "crashed"])
def test_launch_leaves_alone_what_it_does_not_touch(real: History, other: History, untouched: str) -> None:
    assert same(real, other, untouched)


def test_launch_without_effects_is_no_change_at_all(small: World) -> None:
    none = msgspec.structs.replace(small, effects=Effects(saved_songs=0.0, subscriptions=0.0))
    with_launch, without = simulate(none), simulate(none, launch=False)
    assert all(same(with_launch, without, what) for what in FIELDS)


def test_launch_raises_saving_and_subscriptions(small: World, real: History, other: History) -> None:
    settled = slice(small.launch + 61, small.launch + 91)
    saved = counts(real, "saved")[settled].sum() / counts(other, "saved")[settled].sum() - 1
    assert saved == pytest.approx(0.15, abs=0.04)
    assert counts(real, "subscribed")[settled].sum() > counts(other, "subscribed")[settled].sum()


def test_people_act_only_where_they_can(real: History) -> None:
    for day in real.days:
        assert np.isin(day.saved, day.active).all()
        assert np.isin(day.searched, day.active).all()
        assert np.isin(day.trials, day.active).all()
        assert np.isin(day.refunded, day.paid).all()
        assert np.isin(day.arrived, np.union1d(day.active, day.crashed)).all()
        assert not np.isin(day.crashed, day.active).any()


def test_company_grows_and_rests_on_mondays(small: World, real: History) -> None:
    active = counts(real, "active")
    assert active[-60:].mean() > 1.5 * active[100:160].mean()
    weekday = np.array([small.day(i).weekday() for i in range(small.days)])
    recent = np.arange(small.days) > 200
    assert active[recent & (weekday == 4)].mean() > active[recent & (weekday == 0)].mean()


def test_broken_deploy_costs_android_three_days(small: World, real: History) -> None:
    crashed = np.flatnonzero(counts(real, "crashed"))
    assert list(crashed) == [small.launch - 200, small.launch - 199, small.launch - 198]
    people = np.concatenate([real.days[i].crashed for i in crashed])
    assert not real.people.ios[people].any()


def test_onboarding_experiment_is_split_by_lot(real: History) -> None:
    arm = real.arms[EXPERIMENTS[0].key]
    assert arm.mean() == pytest.approx(0.5, abs=4 * 0.5 / np.sqrt(len(arm)))


def after_over_before(world: World, history: History, what: str) -> float:
    series = counts(history, what)
    return float(
        series[world.launch + 7 : world.launch + 35].mean() / series[world.launch - 56 : world.launch - 28].mean()
    )


@pytest.mark.parametrize(
    ("trouble", "what", "direction"),
    [
        (Trouble.CAMPAIGN_AT_LAUNCH, "arrived", +1),
        (Trouble.CONTROL_BREAKS, "podcasts", -1),
        (Trouble.PRICE_CHANGE_AT_LAUNCH, "trials", -1),
        (Trouble.CANNIBALISATION, "playlists", -1),
    ],
)
def test_trouble_moves_what_it_says_after_the_launch(
    small: World, real: History, trouble: Trouble, what: str, direction: int
) -> None:
    troubled = msgspec.structs.replace(small, trouble=trouble)
    change = after_over_before(troubled, simulate(troubled), what) / after_over_before(small, real, what) - 1
    assert np.sign(change) == direction
    assert abs(change) > 0.05


def test_dip_before_the_launch_lowers_listening_and_reverts(small: World, real: History) -> None:
    dipped = simulate(msgspec.structs.replace(small, trouble=Trouble.SHIPPED_IN_A_DIP))
    before, after = slice(small.launch - 21, small.launch), slice(small.launch, small.launch + 21)
    with_dip, without = counts(dipped, "active"), counts(real, "active")
    assert with_dip[before].sum() < 0.93 * without[before].sum()
    assert with_dip[after].sum() == pytest.approx(without[after].sum(), rel=0.02)


def test_novelty_fades(small: World) -> None:
    world = msgspec.structs.replace(small, trouble=Trouble.NOVELTY_FADES)
    with_launch, without = counts(simulate(world), "saved"), counts(simulate(world, launch=False), "saved")
    first, last = slice(world.launch + 3, world.launch + 13), slice(world.launch + 75, None)
    assert with_launch[first].sum() > 1.10 * without[first].sum()
    assert with_launch[last].sum() < 1.04 * without[last].sum()


def test_heavy_users_adopt_first(small: World) -> None:
    everyone = simulate(msgspec.structs.replace(small, trouble=Trouble.HEAVY_USERS_FIRST)).people
    assert np.corrcoef(everyone.listening, everyone.adoption_days)[0, 1] < -0.3


def test_country_mix_tips_at_the_launch(small: World) -> None:
    world = msgspec.structs.replace(small, trouble=Trouble.MIX_REVERSAL)
    everyone = simulate(world).people
    late = everyone.arrival >= world.launch
    assert (everyone.country[late] == 3).mean() > 2 * (everyone.country[~late] == 3).mean()


def test_half_rollout_reaches_half_and_their_families_only_with_spillover(small: World) -> None:
    half = msgspec.structs.replace(small, rollout="half")
    clean = simulate(half).launch._strength
    leaky = simulate(msgspec.structs.replace(half, trouble=Trouble.FAMILY_SPILLOVER)).launch._strength
    assert set(np.unique(clean)) == {0.0, 1.0}
    assert ((leaky > 0) & (leaky < 1)).sum() > 10


def test_shocks_follow_the_declared_autocorrelation() -> None:
    from upshot.demo.tempo.calendar import _autoregressive

    for rho in (0.0, 0.5, 0.9):
        shock = _autoregressive(np.random.default_rng(1), 40_000, 0.02, rho)
        assert np.corrcoef(shock[1:], shock[:-1])[0, 1] == pytest.approx(rho, abs=0.03)
        assert shock.std() == pytest.approx(0.02, rel=0.1)
