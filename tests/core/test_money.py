from decimal import Decimal

import pytest

from upshot.core.errors import InvalidInput, NotFound
from upshot.core.money import Money, currency, format_amount


@pytest.mark.parametrize(
    ("amount", "code", "shown"),
    [
        ("1234.565", "EUR", "€1,234.56"),
        ("-0.5", "JPY", "¥0"),
        ("1500", "KWD", "KWD\u00a01,500.000"),
        ("-12", "USD", "−$12.00"),
    ],
)
def test_amount_is_rounded_at_the_minor_unit(amount: str, code: str, shown: str) -> None:
    assert format_amount(Decimal(amount), code) == shown


def test_money_of_two_currencies_does_not_add() -> None:
    assert Money(Decimal(1), "EUR") - Money(Decimal(3), "EUR") == Money(Decimal(-2), "EUR")
    with pytest.raises(InvalidInput, match="EUR and USD"):
        Money(Decimal(1), "EUR") + Money(Decimal(1), "USD")


def test_currency_mistyped_gets_the_nearest() -> None:
    with pytest.raises(NotFound) as caught:
        currency("EURO")
    assert "'EUR'" in caught.value.hint
