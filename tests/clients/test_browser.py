"""The browser clients of Segment and PostHog as they are, on pages of another site, in a real Chromium."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from tests.clients.browsing import Site, Visitors, once, site, visitors
from tests.clients.conftest import BUSY, KEY, LOST, Collecting

__all__ = ["site", "visitors"]

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("packages")]

MANY = 40

SEGMENT = """<!doctype html><title>Shop</title><script src="/npm/@segment/analytics-next/dist/umd/index.js"></script>
<script>
const analytics = AnalyticsNext.AnalyticsBrowser.load({ writeKey: "%(key)s", cdnURL: "%(upshot)s" });
analytics.page("docs", "start");
analytics.track("opened").then(() => {
  analytics.identify("ann", { plan: "pro" });
  analytics.group("acme", { size: "large" });
  analytics.track("bought", { price: 3.5, title: "Ünïcode ☃" });
  for (let song = 0; song < %(many)s; song++) analytics.track("played", { song });
});
</script>"""


def test_segment_s_browser_client_arrives_once(collecting: Collecting, site: Site, visitors: Visitors) -> None:
    collecting.weather.coming = [BUSY, LOST]
    site.pages["/start"] = SEGMENT % {"key": KEY, "upshot": collecting.url, "many": MANY}
    visit = visitors()
    visit.page().goto(f"{site.url}/start?ref=1")
    held = visit.wait_for(collecting, lambda found: len(found) >= MANY + 5 and not collecting.weather.coming)
    expected = {"$pageview": 1, "opened": 1, "$identify": 1, "$groupidentify": 1, "bought": 1, "played": MANY}
    assert once(held) == expected
    assert collecting.weather.met >= Counter({BUSY: 1, LOST: 1})
    assert collecting.weather.origins == {site.url}
    assert len({one.person for one in held}) == 1
    by_name = {one.event: one for one in held}
    assert by_name["opened"].distinct_id != "ann" == by_name["bought"].distinct_id
    assert by_name["bought"].properties["price"] == 3.5
    assert by_name["bought"].properties["title"] == "Ünïcode ☃"
    assert by_name["$pageview"].properties["path"] == "/start"
    assert by_name["$groupidentify"].groups == {"group": "acme"}
    assert sorted(one.properties["song"] for one in held if one.event == "played") == list(range(MANY))
    assert all(abs(one.occurred_at - datetime.now(UTC)) < timedelta(minutes=2) for one in held)
    assert collecting.trait("ann", "plan") == "pro"
    assert visit.failures == []


POSTHOG = """<!doctype html><title>Shop</title><h1>Shop</h1><button id="buy">Buy</button>
<script type="module">
import posthog from "/npm/posthog-js/dist/module.js";
posthog.init("%(key)s", { api_host: "%(upshot)s", defaults: "2025-05-24", person_profiles: "always",
  opt_out_useragent_filter: true });  // as its documentation says for tests
posthog.capture("opened");
posthog.identify("ann", { plan: "pro" }, { came_from: "ads" });
posthog.group("account", "acme", { size: "large" });
posthog.capture("bought", { price: 3.5, title: "Ünïcode ☃" });
for (let song = 0; song < %(many)s; song++) posthog.capture("played", { song });
window.posthog = posthog;
</script>"""


def test_posthog_s_browser_client_arrives_once(collecting: Collecting, site: Site, visitors: Visitors) -> None:
    collecting.weather.coming = [BUSY, LOST]
    site.pages["/start"] = POSTHOG % {"key": KEY, "upshot": collecting.url, "many": MANY}
    visit = visitors()
    page = visit.page()
    page.goto(f"{site.url}/start?utm_source=news")
    page.get_by_role("button", name="Buy").click()
    wanted = {"$pageview": 1, "opened": 1, "$identify": 1, "$groupidentify": 1, "bought": 1, "played": MANY}
    held = visit.wait_for(collecting, lambda found: once(found) >= Counter(wanted) and "$autocapture" in once(found))
    assert once(held) >= Counter(wanted)
    assert {name: once(held)[name] for name in wanted} == wanted
    assert once(held)["$autocapture"] == 1
    assert collecting.weather.met >= Counter({BUSY: 1, LOST: 1})
    assert len({one.person for one in held}) == 1
    assert len({one.session for one in held}) == 1
    assert None not in {one.session for one in held}
    by_name = {one.event: one for one in held}
    assert by_name["opened"].distinct_id != "ann" == by_name["bought"].distinct_id
    assert by_name["bought"].properties["title"] == "Ünïcode ☃"
    assert by_name["$pageview"].properties["utm_source"] == "news"
    assert by_name["bought"].groups == {"account": "acme"}
    assert sorted(one.properties["song"] for one in held if one.event == "played") == list(range(MANY))
    assert all(abs(one.occurred_at - datetime.now(UTC)) < timedelta(minutes=2) for one in held)
    assert collecting.trait("ann", "plan") == "pro"
    assert collecting.trait("ann", "came_from") == "ads"
    assert collecting.unit_trait("account", "acme", "size") == "large"
    page.goto("about:blank")
    left = visit.wait_for(collecting, lambda found: "$pageleave" in once(found))
    assert once(left)["$pageleave"] == 1
    assert visit.failures == []
