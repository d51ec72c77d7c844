"""Routes and places of the overview."""

from upshot.web.area import Area, Place
from upshot.web.home.arranging import arrange_home, home_arrange_page, restore_home
from upshot.web.home.routes import home_page

__all__ = ["AREA"]

AREA = Area(
    routes=(
        arrange_home,
        home_arrange_page,
        restore_home,
        home_page,
    ),
    places=(Place("home", "/", "Home", "The overview"),),
)
