"""What each operation does, one module for each kind of thing."""

from collections.abc import Callable, Mapping
from typing import Any

from upshot.workspace.handlers import (
    access,
    dashboards,
    data,
    declarations,
    events,
    explore,
    feedback,
    imports,
    metrics,
    questions,
    state,
)
from upshot.workspace.operation import Principal
from upshot.workspace.resources import Resources

__all__ = ["HANDLERS"]

# each handler takes the request of its operation and gives that operation's response, as a test checks
HANDLERS: Mapping[str, Callable[[Resources, Principal, Any], Any]] = {
    "workspace.info": state.info,
    "workspace.doctor": state.doctor,
    "metric.list": metrics.list_metrics,
    "metric.show": metrics.show,
    "metric.apply": metrics.apply,
    "metric.query": questions.series,
    "metric.retention": questions.retention,
    "dashboard.list": dashboards.list_dashboards,
    "dashboard.show": dashboards.show,
    "dashboard.save": dashboards.save,
    "dashboard.apply": dashboards.apply,
    "dashboard.delete": dashboards.delete,
    "dashboard.restore": dashboards.restore,
    "dashboard.offered": dashboards.offered,
    "home.show": dashboards.home,
    "home.save": dashboards.save_home,
    "home.restore": dashboards.restore_home,
    "events.append": events.append,
    "events.recent": events.recent,
    "identity.merge": events.merge,
    "unit_properties.set": events.set_traits,
    "observations.append": events.observe,
    "facts.refresh": data.refresh,
    "data.events": data.event_names,
    "data.properties": data.properties,
    "data.rejects": data.rejects,
    "data.values": explore.values,
    "explore.series": explore.series,
    "explore.retention": explore.retention,
    "explore.distribution": explore.distribution,
    "import.preview": imports.preview,
    "import.start": imports.start,
    "import.status": imports.status,
    "import.list": imports.list_imports,
    "access.add": access.add,
    "access.list": access.list_access,
    "access.revoke": access.revoke,
    "survey.list": feedback.list_surveys,
    "answers.add": feedback.add,
    "answers.import": feedback.import_answers,
    "feedback.score": feedback.score,
    "feedback.comments": feedback.comments,
    "declarations.apply": declarations.apply,
    "declarations.export": declarations.export,
    "declaration.list": declarations.list_declarations,
    "declaration.history": declarations.history,
    "declaration.put": declarations.put,
    "declaration.remove": declarations.remove,
    "declaration.restore": declarations.restore,
}
