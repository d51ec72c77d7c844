"""Upshot's own tracker on pages of another site, in a real Chromium, before a real server."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page

from tests.clients.browsing import Site, Visitors, once, site, visitors
from tests.clients.conftest import BUSY, KEY, LOST, Collecting, Held
from upshot.api.metrics import METRIC_QUERY, MetricQuery
from upshot.api.operation import LOCAL_OWNER
from upshot.metrics.library_web import web_library

__all__ = ["site", "visitors"]

pytestmark = pytest.mark.browser

DEAD_MS = 2000
SHOP = """
<h1>Shop</h1><p id="words">Some words that can be selected.</p>
<button id="dead" class="big red">Dead</button>
<button id="live" onclick="document.title = 'Shop ' + performance.now()">Live</button>
<button id="slow" onclick="const end = performance.now() + 260; while (performance.now() < end);
  document.querySelector('#late').hidden = false">Slow</button>
<button id="late" hidden>Late</button>
<button id="boom" onclick="undefinedFunction()">Boom</button>
<button id="promise" onclick="Promise.reject(new RangeError('too far'))">Promise</button>
<button id="cart" onclick="history.pushState({}, '', '/cart?token=secret'); document.title = 'Cart'">Cart</button>
<span id="counter" data-upshot-ignore style="cursor: pointer">+1</span>
<a id="out" href="http://127.0.0.1:9/elsewhere?secret=1" onclick="event.preventDefault()">Elsewhere</a>
<a id="mail" href="mailto:a@shop.example" onclick="event.preventDefault()">Mail</a>
<input id="field">
"""


def page_with(collecting: Collecting, body: str = SHOP, **options: str) -> str:
    attributes = "".join(f' data-{name}="{value}"' for name, value in {"key": KEY, **options}.items())
    script = f'<script async src="{collecting.url}/upshot.js"{attributes}></script>'
    return f"<!doctype html><title>Shop</title>{script}{body}"


def named(held: list[Held], event: str) -> list[Held]:
    return [one for one in held if one.event == event]


def ready(page: Page) -> None:
    page.wait_for_function("window.upshot && !Array.isArray(upshot)")


def check_pages(held: list[Held], site: Site) -> None:
    first, second = named(held, "$pageview")
    assert (first.properties["path"], first.properties["title"]) == ("/start", "Shop")
    assert first.properties["utm_source"] == "news"
    assert (second.properties["path"], second.properties["title"]) == ("/cart", "Cart")
    assert second.properties["referrer"] == f"{site.url}/start"
    assert "secret" not in str([one.properties for one in held])
    assert [one.properties["path"] for one in named(held, "$engagement")] == ["/start", "/cart"]
    assert 2 < named(held, "$engagement")[0].properties["engaged_seconds"] < 60


def check_clicks_and_errors(held: list[Held]) -> None:
    wrong = [one.properties["message"] for one in named(held, "$exception")]
    assert wrong == ["Uncaught ReferenceError: undefinedFunction is not defined", "too far"]
    assert "/start:" in named(held, "$exception")[0].properties["stack"]
    assert named(held, "$rageclick")[0].properties["element"] == "button#dead.big.red"
    assert named(held, "$dead_click")[0].properties["element"] == "button#dead.big.red"
    assert named(held, "$outbound_click")[0].properties["target"] == "http://127.0.0.1:9/elsewhere"


def check_vitals(held: list[Held]) -> None:
    vitals = {one.properties["vital"]: one.properties for one in named(held, "$web_vital")}
    assert set(vitals) == {"LCP", "INP", "CLS"}
    assert 0 < vitals["LCP"]["value"] < 10_000
    assert 240 < vitals["INP"]["value"] < 2000
    assert vitals["INP"]["rating"] != "good"
    assert vitals["CLS"]["rating"] == "good"


def check_person(held: list[Held]) -> None:
    bought = named(held, "bought")[0]
    assert (bought.distinct_id, bought.groups) == ("ann", {"account": "acme"})
    assert bought.properties["title"] == "Ünïcode ☃"
    assert all(abs(one.occurred_at - datetime.now(UTC)) < timedelta(minutes=2) for one in held)


def check_metrics(collecting: Collecting, held: list[Held]) -> None:
    owner = collecting.served.workspace.acting_as(LOCAL_OWNER)
    zone = collecting.served.workspace.resources.zone
    today = datetime.now(zone).date()
    values = {}
    for metric in web_library():
        answer = owner.call(METRIC_QUERY, MetricQuery(metric.name, today - timedelta(days=1), today))
        assert answer.total is not None
        values[metric.name] = answer.total.value
    counts = ("page_views", "visitors", "visits", "rage_clicks", "dead_clicks", "uncaught_errors", "outbound_clicks")
    assert [values[name] for name in counts] == [2, 1, 1, 1, 1, 2, 1]
    assert (values["good_inp"], values["good_cls"]) == (0, 1)
    assert values["engaged_time"] == pytest.approx(
        sum(one.properties["engaged_seconds"] for one in named(held, "$engagement"))
    )


def test_tracker_sees_what_happens_once_each(collecting: Collecting, site: Site, visitors: Visitors) -> None:
    collecting.weather.coming = [BUSY, LOST]
    early = "<script>window.upshot = [['track', 'early', { n: 1 }]]</script>"
    site.pages["/start"] = page_with(collecting, early + SHOP)
    visit = visitors()
    page = visit.page()
    page.goto(f"{site.url}/start?utm_source=news&token=secret")
    ready(page)
    page.click("#slow")
    page.click("#boom")
    page.click("#promise")
    for _ in range(5):
        page.click("#dead", delay=20)
    page.wait_for_timeout(DEAD_MS + 300)
    page.evaluate("upshot.identify('ann', { plan: 'pro' }); upshot.group('account', 'acme')")
    page.click("#cart")
    page.evaluate("upshot.track('bought', { price: 3.5, title: 'Ünïcode ☃' })")
    page.click("#out")
    page.wait_for_timeout(50)
    page.goto("about:blank")
    wanted = {
        "early": 1,
        "$pageview": 2,
        "$exception": 2,
        "$rageclick": 1,
        "$dead_click": 1,
        "$identify": 1,
        "bought": 1,
        "$outbound_click": 1,
        "$web_vital": 3,
        "$engagement": 2,
    }
    held = visit.wait_for(collecting, lambda found: once(found) >= Counter(wanted))
    assert once(held) == wanted
    assert collecting.weather.met >= Counter({BUSY: 1, LOST: 1})
    assert {one.person for one in held} == {held[0].person}
    assert len({one.session for one in held}) == 1
    assert None not in {one.session for one in held}
    check_pages(held, site)
    check_clicks_and_errors(held)
    check_vitals(held)
    check_person(held)
    assert collecting.trait("ann", "plan") == "pro"
    check_metrics(collecting, held)


def test_what_answers_or_is_spared_is_neither_dead_nor_in_rage(
    collecting: Collecting, site: Site, visitors: Visitors
) -> None:
    site.pages["/start"] = page_with(collecting)
    visit = visitors()
    page = visit.page()
    page.goto(f"{site.url}/start")
    ready(page)
    page.click("#words", click_count=3)
    page.evaluate("getSelection().empty()")
    for _ in range(4):
        page.click("#counter")
    for calm in ("#mail", "#field", "#live"):
        page.click(calm)
    page.evaluate("document.querySelector('#dead').click()")
    page.wait_for_timeout(DEAD_MS + 300)
    page.evaluate("upshot.track('done')")
    held = visit.wait_for(collecting, lambda found: "done" in once(found))
    assert once(held) == {"$pageview": 1, "done": 1}


def test_layout_that_shifts_is_told(collecting: Collecting, site: Site, visitors: Visitors) -> None:
    jump = """<div id="top"></div><p style="height: 300px; background: teal">Below</p>
    <script>setTimeout(() => document.querySelector('#top').style.height = '300px', 200)</script>"""
    site.pages["/jumpy"] = page_with(collecting, jump)
    visit = visitors()
    page = visit.page()
    page.goto(f"{site.url}/jumpy")
    page.wait_for_timeout(600)
    page.goto("about:blank")
    held = visit.wait_for(collecting, lambda found: "$web_vital" in once(found))
    vitals = {one.properties["vital"]: one.properties for one in named(held, "$web_vital")}
    assert vitals["CLS"]["value"] > 0.1
    assert vitals["CLS"]["rating"] != "good"


@pytest.mark.parametrize("signal", ["doNotTrack", "globalPrivacyControl"])
def test_browser_s_no_is_heeded(collecting: Collecting, site: Site, visitors: Visitors, signal: str) -> None:
    site.pages["/start"] = page_with(collecting)
    site.pages["/ignoring"] = page_with(collecting, signals="ignore")
    visit = visitors()
    value = "'1'" if signal == "doNotTrack" else "true"
    visit.context.add_init_script(f"Object.defineProperty(navigator, '{signal}', {{ get: () => {value} }})")
    page = visit.page()
    page.goto(f"{site.url}/start")
    ready(page)
    page.evaluate("upshot.track('bought'); upshot.consent(true); upshot.identify('ann')")
    page.wait_for_timeout(1300)
    assert page.evaluate("[document.cookie, localStorage.length, sessionStorage.length]") == ["", 0, 0]
    page.goto(f"{site.url}/ignoring")
    held = visit.wait_for(collecting, lambda found: bool(found))
    assert [(one.event, one.properties["path"]) for one in held] == [("$pageview", "/ignoring")]


def test_nothing_is_kept_or_sent_before_the_visitor_agrees(
    collecting: Collecting, site: Site, visitors: Visitors
) -> None:
    site.pages["/start"] = page_with(collecting, consent="required", persistence="device")
    visit = visitors()
    page = visit.page()
    kept = "[document.cookie, localStorage.length, sessionStorage.length]"
    page.goto(f"{site.url}/start")
    ready(page)
    page.evaluate("upshot.track('before')")
    page.wait_for_timeout(1300)
    assert page.evaluate(kept) == ["", 0, 0]
    assert collecting.weather.met == {}
    page.evaluate("upshot.consent(true)")
    held = visit.wait_for(collecting, lambda found: "before" in once(found))
    assert once(held) == {"$pageview": 1, "before": 1}
    assert page.evaluate(kept) == ["", 1, 0]
    page.evaluate("upshot.track('unsent'); upshot.consent(false); upshot.track('after')")
    assert page.evaluate(kept) == ["", 0, 0]
    page.goto("about:blank")
    page.wait_for_timeout(300)
    assert once(collecting.held()) == {"$pageview": 1, "before": 1}


@pytest.mark.parametrize(("persistence", "persons"), [("memory", 3), ("", 2), ("device", 1)])
def test_visitor_is_known_for_as_long_as_the_page_says(
    collecting: Collecting, site: Site, visitors: Visitors, persistence: str, persons: int
) -> None:
    """Two loads in one tab, one in another."""
    site.pages["/start"] = page_with(collecting, **({"persistence": persistence} if persistence else {}))
    visit = visitors()
    for page, loads in ((visit.page(), 2), (visit.page(), 1)):
        for _ in range(loads):
            page.goto(f"{site.url}/start")
            ready(page)
    held = visit.wait_for(collecting, lambda found: once(found)["$pageview"] == 3)
    assert len({one.person for one in held}) == persons
    assert len({one.session for one in held}) == persons
    assert page.evaluate("document.cookie") == ""


def test_session_ends_with_half_an_hour_of_silence(collecting: Collecting, site: Site, visitors: Visitors) -> None:
    site.pages["/start"] = page_with(collecting, off="$engagement,$web_vital")
    visit = visitors()
    page = visit.page()
    page.clock.install()
    page.goto(f"{site.url}/start")
    ready(page)
    for minutes in ("20:00", "20:00", "31:00"):
        page.evaluate("upshot.track('looked')")
        page.clock.fast_forward(minutes)
    page.evaluate("upshot.track('looked')")
    page.clock.run_for(2000)
    held = visit.wait_for(collecting, lambda found: once(found)["looked"] == 4)
    sessions = [one.session for one in named(held, "looked")]
    assert len(sessions) == 4
    assert sessions[0] == sessions[1] == sessions[2] != sessions[3]
    assert len({one.person for one in held}) == 1


@pytest.mark.parametrize("first", ["mouse", "key", "program"])
def test_session_ends_with_half_an_hour_of_silence_whatever_comes_first(
    collecting: Collecting, site: Site, visitors: Visitors, first: str
) -> None:
    site.pages["/start"] = page_with(collecting, persistence="device", off="$engagement,$web_vital")
    visit = visitors()
    page = visit.page()
    page.clock.install()
    page.goto(f"{site.url}/start")
    ready(page)
    page.mouse.move(50, 50)
    page.evaluate("upshot.track('before')")
    for minutes in ("20:00", "20:00"):
        page.clock.fast_forward(minutes)
        page.mouse.move(50, 60)
        page.mouse.move(50, 50)
    page.evaluate("upshot.track('still there')")
    page.clock.fast_forward("45:00")
    if first == "mouse":
        page.mouse.move(80, 80)
    elif first == "key":
        page.keyboard.press("Shift")
    page.evaluate("upshot.track('after')")
    page.clock.run_for(1000)
    page.mouse.move(90, 90)
    page.evaluate("upshot.track('goes on')")
    page.clock.run_for(2000)
    held = visit.wait_for(collecting, lambda found: once(found)["goes on"] == 1)
    session = {one.event: one.session for one in held}
    assert session["before"] == session["still there"] != session["after"] == session["goes on"]
    assert len({one.person for one in held}) == 1


def test_redirect_within_one_tick_is_one_view(collecting: Collecting, site: Site, visitors: Visitors) -> None:
    site.pages["/start"] = page_with(collecting)
    visit = visitors()
    page = visit.page()
    page.goto(f"{site.url}/start")
    ready(page)
    page.evaluate("history.pushState({}, '', '/inner'); history.replaceState({}, '', '/inner/list')")
    page.evaluate("new Promise((done) => setTimeout(done))")
    page.evaluate("upshot.track('there')")
    held = visit.wait_for(collecting, lambda found: once(found)["there"] == 1)
    assert [one.properties["path"] for one in named(held, "$pageview")] == ["/start", "/inner/list"]


PRERENDERED = """
Object.defineProperty(document, "prerendering", { value: true, configurable: true });
window.upshot = [["track", "queued"]];
window.show = () => {
  delete document.prerendering;
  document.dispatchEvent(new Event("prerenderingchange"));
};
"""


@pytest.mark.parametrize("consent", ["", "required"])
def test_page_that_is_loaded_ahead_tells_nothing_until_it_is_shown(
    collecting: Collecting, site: Site, visitors: Visitors, consent: str
) -> None:
    site.pages["/start"] = page_with(collecting, persistence="device", **({"consent": consent} if consent else {}))
    visit = visitors()
    page = visit.page()
    page.add_init_script(PRERENDERED)
    page.clock.install()
    page.goto(f"{site.url}/start")
    ready(page)
    page.evaluate("upshot.track('ahead'); upshot.identify('ann'); upshot.consent(true)")
    page.clock.run_for(5000)
    assert page.evaluate("localStorage.length") == 0
    assert collecting.held() == []
    page.evaluate("show()")
    page.evaluate("upshot.track('seen')")
    page.clock.run_for(2000)
    held = visit.wait_for(collecting, lambda found: once(found)["seen"] == 1)
    assert once(held) == {"$pageview": 1, "queued": 1, "ahead": 1, "$identify": 1, "seen": 1}


def test_one_known_person_is_never_joined_to_another(collecting: Collecting, site: Site, visitors: Visitors) -> None:
    site.pages["/start"] = page_with(collecting, persistence="device")
    visit = visitors()
    page = visit.page()
    page.goto(f"{site.url}/start")
    ready(page)
    page.evaluate(
        """upshot.identify('ann'); upshot.track('a'); upshot.identify('bob'); upshot.track('b');
           upshot.reset(); upshot.track('nobody'); upshot.identify('eve'); upshot.track('e')"""
    )
    held = visit.wait_for(collecting, lambda found: "e" in once(found))
    person = {one.event: one.person for one in held}
    assert person["$pageview"] == person["a"]
    assert person["nobody"] == person["e"]
    assert len({person["a"], person["b"], person["e"]}) == 3
