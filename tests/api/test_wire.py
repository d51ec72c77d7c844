import msgspec
import pytest

from upshot.api.metrics import MetricQuery
from upshot.api.wire import Fault, error_of, fault_of, from_json, status_of, to_json
from upshot.core.errors import (
    Busy,
    CorruptStore,
    InvalidInput,
    NotAllowed,
    NotFound,
    SchemaTooNew,
    StoreFull,
    UserError,
    WorkspaceLocked,
)

ERRORS: list[UserError] = [
    InvalidInput("A.", hint="B."),
    NotAllowed("A.", hint="B."),
    NotFound("metric", "revnue", ["revenue"]),
    WorkspaceLocked("A."),
    SchemaTooNew("A.", hint="B."),
    CorruptStore("A.", hint="B."),
    StoreFull("A.", hint="B."),
    Busy("A.", retry_after_seconds=7, hint="B."),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda e: type(e).__name__)
def test_error_arrives_as_it_left(error: UserError) -> None:
    sent = msgspec.json.decode(to_json(fault_of(error)), type=Fault)
    arrived = error_of(sent)
    assert type(arrived) is type(error)
    assert (arrived.message, arrived.hint, str(arrived)) == (error.message, error.hint, str(error))
    assert vars(arrived) == vars(error)


def test_every_user_error_has_a_status_of_its_kind() -> None:
    assert {cls for cls in UserError.__subclasses__() if cls.__module__ == "upshot.core.errors"} == {
        type(e) for e in ERRORS
    }
    assert [status_of(e) for e in ERRORS] == [400, 403, 404, 409, 409, 500, 507, 503]


def test_error_of_an_unknown_code_is_still_a_user_error() -> None:
    assert str(error_of(Fault("of_the_future", "A.", "B."))) == "A. B."


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"name": 1}', b'{"name": "a"}', b"\xff"])
def test_request_of_another_shape_is_refused_in_words(body: bytes) -> None:
    with pytest.raises(InvalidInput, match="The request is not a MetricQuery"):
        from_json(body, MetricQuery)
