"""Every page, at addresses that show its states; a test sees that no page is missing here.

Whoever adds a page adds its addresses: they are then opened at three widths and in both themes, checked with axe-core,
for what overlaps or runs over, and photographed.
"""

WINDOW = "from=2024-03-04&to=2024-03-05"

PAGES: dict[str, tuple[str, ...]] = {
    "home": ("/",),
    "metrics": ("/metrics",),
    "metric": (
        "/metrics/revenue",
        "/metrics/revenue?breakdown=country&where=country+%3D+DE",
        "/metrics/events_per_active_person",
    ),
    "explore": (
        "/explore",
        f"/explore?{WINDOW}&show=metric:revenue&show=events:purchase&show=persons:purchase",
        f"/explore?{WINDOW}&show=mean:purchase:amount&breakdown=country&where=amount+%3E+5&where=country+in+(DE,+FR)",
        "/explore?show=events:nothing+of+that+name&show=sum:purchase:amuont",
    ),
    "explore-breakdown": (
        "/explore?tab=breakdown&show=metric:revenue",
        f"/explore?tab=breakdown&show=metric:revenue&show=persons:purchase&breakdown=country&{WINDOW}",
    ),
    "explore-distribution": (
        "/explore?tab=distribution&show=sum:purchase:amount",
        "/explore?tab=distribution&show=persons:purchase",
    ),
    "explore-retention": ("/explore?tab=retention&by=week", "/explore?tab=retention&range=all&by=year"),
    "retention": ("/retention?by=week",),
    "segments": (
        "/segments",
        "/segments/edit",
        "/segments/edit?draft=1&where=first.country+%3D+FR",
        "/segments/edit?draft=1&where=country+%3D+FR",
    ),
    "events": ("/events", "/events?event=none"),
    "dashboards": ("/dashboards", "/dashboards/new"),
    "loop": ("/objectives", "/ledger", "/experiments", "/feedback"),
    "collect": ("/data/collect",),
    "data": ("/data", "/data?event=purchase"),
    "design": ("/design",),
    "error": ("/metrics/revnue", "/no-such-page", "/explore?tab=trend"),
}
