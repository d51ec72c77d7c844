"""What of an address is kept, however its name is written."""

import msgspec
import pytest

from upshot.collect.policy import Addresses, Policy

V4, V6 = "203.0.113.77", "2001:db8:1:2:3:4:5:6"


def kept(text: bytes, addresses: Addresses) -> object:
    """What is left of properties, by the way of a request: what does not concern the policy is not looked at."""
    policy = Policy((), addresses=addresses, salt=b"salt").of("web")
    return msgspec.json.decode(policy.cleaned(text) if policy.concerns(text) else text)


@pytest.mark.parametrize(
    "name", ["ip", "$ip", r"\u0069p", r"i\u0070", r"\u0024ip", r"$\u0069\u0070", r"\u0024\u0069\u0070"]
)
@pytest.mark.parametrize(("address", "cut"), [(V4, "203.0.113.0"), (f" {V4} ", "203.0.113.0"), (V6, "2001:db8:1::")])
@pytest.mark.parametrize("text", ['{"%s": "%s"}', '{"é": 1, "a": [{"b": {"%s":"%s"}}]}'])
def test_address_is_cut_or_left_out_wherever_it_stands(name: str, address: str, cut: str, text: str) -> None:
    properties = (text % (name, address)).encode()
    assert V4.encode() in properties or V6.encode() in properties
    truncated, dropped = kept(properties, "truncate"), kept(properties, "drop")
    assert cut in msgspec.json.encode(truncated).decode()
    for left in (truncated, dropped):
        assert address.strip() not in msgspec.json.encode(left).decode()
    assert cut not in msgspec.json.encode(dropped).decode()
    assert kept(properties, "keep") == msgspec.json.decode(properties)


@pytest.mark.parametrize("text", ['{"ip": "home"}', '{"zip": "203.0.113.77"}', '{"ip": 7}', r'{"\u0069p": null}', "{}"])
def test_what_is_no_address_stays(text: str) -> None:
    assert kept(text.encode(), "truncate") == msgspec.json.decode(text)
