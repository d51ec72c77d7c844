"""The addresses of experiments."""

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from upshot.api.operation import Permission
from upshot.web.area import Area, Place
from upshot.web.experiments.view import read_experiment, read_experiments
from upshot.web.page import Page

__all__ = ["AREA", "experiment_page", "experiments_page"]


@get("/experiments", permission=Permission.READ, sync_to_thread=True)
def experiments_page(page: NamedDependency[Page]) -> Response[str]:
    """All experiments."""
    return page.show("experiments/list.html", area="experiments", rows=read_experiments(page))


@get("/experiments/{name:str}", permission=Permission.READ, sync_to_thread=True)
def experiment_page(page: NamedDependency[Page], name: FromPath[str]) -> Response[str]:
    """The readout of one experiment."""
    return page.show("experiments/experiment.html", area="experiments", content=read_experiment(page, name))


AREA = Area(
    routes=(
        experiment_page,
        experiments_page,
    ),
    places=(Place("experiments", "/experiments", "Experiments", "Launches that chance decided"),),
)
