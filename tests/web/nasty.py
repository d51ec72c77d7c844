"""A workspace of content that layouts break on: long, many, of other scripts, hostile, empty."""

from datetime import date, timedelta
from pathlib import Path

import msgspec

from tests.web.conftest import NOW, made
from upshot.api.declarations import DECLARATIONS_APPLY, DeclarationFile, DeclarationsApply
from upshot.api.events import EVENTS_APPEND, EventsAppend, NewEvent
from upshot.api.feedback import ANSWERS_ADD, AnswersAdd, NewAnswer
from upshot.api.metrics import METRIC_APPLY, MetricApply
from upshot.api.operation import LOCAL_OWNER
from upshot.core.settings import load_settings
from upshot.workspace.local import LocalWorkspace

__all__ = ["LONG", "OUTPUTS", "SCRIPTS", "spoil"]

OUTPUTS = 180
LONG = (
    "Let everybody who has ever put something into a basket see it again on every device that they own, with prices of "
    "today, and tell them once when the last piece is about to be gone for a while"
)
"""A title of more than 180 characters with ordinary words."""
SCRIPTS = {
    "unbroken": "Donaudampfschifffahrtsgesellschaftskapitänswitwenrentenauszahlungsstellenverwaltung" * 2,
    "arabic": "حفظ الأغاني المفضلة ومشاركتها مع الأصدقاء",
    "hebrew": "שמירת שירים (beta) 2.0",
    "japanese": "お気に入りの曲を保存して、あとでどの端末からでも聴けるようにする機能",
    "chinese": "收藏歌曲並在所有裝置上同步播放清單與歌詞顯示設定",
    "thai": "บันทึกเพลงโปรดไว้ฟังภายหลังบนทุกอุปกรณ์ของคุณ",
    "hostile": '<script>alert(1)</script> \' " & {{ 7 * 7 }} =HYPERLINK("x")',
    "bidi": "Refund \u2066\u202eevil\u202c\u2069 flow",
}
_TEAMS = {"shop": "Shop", "long": "A team with a rather long name for its kind", "search": "検索"}
_METRICS = f"""
metrics:
  - name: long
    title: "{LONG}"
    description: "{LONG}. {LONG}."
    type: sum
    event: purchase
    value: amount
    format: money
  - name: arabic
    title: "{SCRIPTS["arabic"]}"
    type: active
    event: purchase
  - name: japanese
    title: "{SCRIPTS["japanese"]}"
    type: count
    event: purchase
  - name: nothing
    title: Never seen
    type: count
    event: "no such event"
"""


def _declared() -> str:
    """Everything that people declare, as JSON, which is YAML."""
    titles = [LONG, *SCRIPTS.values()]
    outputs, launches = [], []
    for number in range(OUTPUTS):
        name = f"o{number}"
        title = titles[number] if number < len(titles) else f"Release {number}.{number % 7}"
        day = NOW.date() - timedelta(days=1 + 2 * number)
        outputs.append(
            {
                "name": name,
                "title": title,
                "team": tuple(_TEAMS)[number % 3],
                "objective": "sell-more",
                "kind": ("bet", "bet", "upkeep", "enabling")[number % 4],
                "cost": {"days": 1 + number % 9},
                "expects": ["revenue +10% (4%..16%) within 20d"],
            }
        )
        launches.append({"name": name, "title": title, "at": f"{day}T09:00:00+01:00", "outputs": [name]})
    span = {"starts": "2024-02-01", "due": "2024-06-30", "owner": "shop"}
    declared = {
        "teams": [{"name": name, "title": title, "cost_a_day": 500} for name, title in _TEAMS.items()],
        "outcomes": [{"name": "revenue", "owner": "shop", "team": "shop", "worth": 1}],
        "objectives": [
            {"name": "sell-more", "title": LONG, "metric": "revenue", "target": "+20%", **span},
            {"name": "arabic", "title": SCRIPTS["arabic"], "metric": "arabic", "target": "+5%", **span},
        ],
        "outputs": outputs,
        "launches": launches,
    }
    return msgspec.json.encode(declared).decode()


def spoil(place: Path) -> Path:
    """Make the workspace and fill it; nothing is read yet, so that each launch stands at what the day allows."""
    made(place)
    with LocalWorkspace.open(place, load_settings(place, {}), clock=lambda: NOW) as workspace:
        owner = workspace.acting_as(LOCAL_OWNER)
        owner.call(EVENTS_APPEND, EventsAppend("web", tuple(_events())))
        declared = owner.call(METRIC_APPLY, MetricApply(_METRICS))
        assert len(declared.changes) == 4, declared.problems
        applied = owner.call(DECLARATIONS_APPLY, DeclarationsApply((DeclarationFile("nasty.yaml", _declared()),)))
        assert not applied.refused, [p for p in applied.problems if p.level == "error"]
        texts = [LONG * 5, *SCRIPTS.values(), "👩‍👩‍👧‍👦" * 40]
        answers = tuple(
            NewAnswer(survey="nps", at=NOW - timedelta(days=day), score=day % 11, comment=text, id=f"{day}")
            for day, text in enumerate(texts, 1)
        )
        owner.call(ANSWERS_ADD, AnswersAdd("app", answers))
    return place


def _events() -> list[NewEvent]:
    """A purchase a day for each script's country, and names and persons that no cell was made for."""
    events = []
    for number in range((NOW.date() - date(2023, 3, 1)).days):
        at = NOW - timedelta(days=number + 1)
        for place, country in enumerate((LONG, *SCRIPTS.values())):
            raw = msgspec.json.encode({"amount": 5.0 + (number * (place + 3)) % 17, "country": country})
            who = f"{country[:40]}-{number % 9}"
            events.append(NewEvent("purchase", at, who, f"n{number}-{place}", properties=msgspec.Raw(raw)))
    for kind in ("unbroken", "hostile"):
        text, nothing = SCRIPTS[kind], msgspec.Raw(b"{}")
        events.append(NewEvent(text, NOW - timedelta(days=1), text, kind, properties=nothing))
    return events
