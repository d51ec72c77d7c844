"""What each protocol says of itself holds together."""

# ruff: noqa: DTZ001 - instants of the stores are UTC without offset

import json
from datetime import datetime
from itertools import combinations

import pytest

from upshot.collect.delivery import Envelope
from upshot.collect.protocols import PROTOCOLS
from upshot.collect.protocols.protocol import Endpoint, Protocol
from upshot.engines.intake import Taken

NOW = datetime(2024, 5, 1, 12)
EARLIER = datetime(2024, 5, 1, 9)
LIMIT = 1_000_000
MESSAGE = {
    "type": "track",
    "event": "sold",
    "userId": "ann",
    "distinct_id": "ann",
    "previousId": "device",
    "groupId": "acme",
    "properties": {},
}
"""What every protocol can read as one message."""
EVERY = pytest.mark.parametrize("protocol", PROTOCOLS, ids=lambda protocol: protocol.name)
ENDPOINTS = [(protocol, endpoint) for protocol in PROTOCOLS for endpoint in protocol.endpoints]


def test_protocols_share_no_name_no_address_and_no_operation() -> None:
    for one, other in combinations(PROTOCOLS, 2):
        assert one.name != other.name
    paths = [endpoint.path.rstrip("/") for _, endpoint in ENDPOINTS]
    assert len(set(paths)) == len(paths)
    operations = [endpoint.described.operation for _, endpoint in ENDPOINTS if endpoint.described is not None]
    assert len(set(operations)) == len(operations)


@EVERY
def test_message_alone_is_tried_again_as_a_batch_of_its_protocol(protocol: Protocol) -> None:
    body = protocol.batch.of(json.dumps(MESSAGE).encode(), EARLIER)
    delivery = protocol.batch.decode(Envelope(body, NOW), LIMIT)
    assert (delivery.protocol, delivery.sent_at, delivery.refusals) == (protocol.name, EARLIER, [])
    assert [(a.event, a.distinct_id) for a in delivery.arrivals] == [("sold", "ann")]


@EVERY
def test_every_call_that_an_address_tells_can_be_tried_again(protocol: Protocol) -> None:
    told = set()
    for endpoint in protocol.endpoints:
        batch = protocol.batch.of(json.dumps(MESSAGE).encode(), EARLIER)
        told.add(endpoint.decode(Envelope(batch, NOW), LIMIT).call)
    assert told - {""} == set(protocol.calls)
    for call, decode in protocol.calls.items():
        delivery = decode(Envelope(json.dumps(MESSAGE).encode(), NOW), LIMIT)
        assert (delivery.protocol, delivery.call, len(delivery.arrivals)) == (protocol.name, call, 1)


@pytest.mark.parametrize(("protocol", "endpoint"), ENDPOINTS, ids=[endpoint.path for _, endpoint in ENDPOINTS])
def test_endpoint_speaks_its_protocol_and_answers_as_described(protocol: Protocol, endpoint: Endpoint) -> None:
    body = protocol.batch.of(json.dumps(MESSAGE).encode(), None)
    delivery = endpoint.decode(Envelope(body, NOW), LIMIT)
    told = json.loads(endpoint.acknowledge(delivery, Taken(1, 0, 0, 1)))
    assert delivery.protocol == protocol.name
    if endpoint.described is not None:
        assert set(endpoint.described.answer["required"]) <= set(told) <= set(endpoint.described.answer["properties"])
