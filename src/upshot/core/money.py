"""Money: an exact amount in one currency.

Codes and their minor units follow ISO 4217 (list one: active codes of states and unions).
"""

from decimal import ROUND_HALF_EVEN, Decimal

import msgspec

from upshot.core.errors import InvalidInput, NotFound

__all__ = ["Currency", "Money", "currency", "format_amount"]

_TWO_DIGITS = (
    "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP CRC CUP "
    "CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES "
    "KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK "
    "NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB "
    "TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD YER ZAR ZMW ZWG"
)
_NO_DIGITS = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF"
_THREE_DIGITS = "BHD IQD JOD KWD LYD OMR TND"
_DIGITS = {
    code: digits for codes, digits in ((_TWO_DIGITS, 2), (_NO_DIGITS, 0), (_THREE_DIGITS, 3)) for code in codes.split()
}
_SYMBOLS = {"EUR": "€", "GBP": "£", "INR": "₹", "JPY": "¥", "KRW": "₩", "USD": "$"}


class Currency(msgspec.Struct, frozen=True):
    """A currency: its ISO 4217 code, how many decimal places it counts in, and the sign before an amount."""

    code: str
    digits: int
    sign: str


class Money(msgspec.Struct, frozen=True):
    """An amount of ``currency`` (an ISO 4217 code); sums of different currencies are refused."""

    amount: Decimal
    currency: str

    def __add__(self, other: "Money") -> "Money":
        if self.currency != other.currency:
            raise InvalidInput(
                f"{self.currency} and {other.currency} cannot be added.", hint="Convert one of them first."
            )
        return Money(self.amount + other.amount, self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.amount, self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return self + -other

    def __str__(self) -> str:
        return format_amount(self.amount, self.currency)


def currency(code: str) -> Currency:
    """The currency of that ISO 4217 code.

    >>> currency("JPY").digits
    0

    Raises:
        NotFound: No active code is written so.
    """
    if code not in _DIGITS:
        raise NotFound("currency", code, _DIGITS, hint="Use an ISO 4217 code such as EUR, GBP or USD.")
    return Currency(code, _DIGITS[code], _SYMBOLS.get(code, f"{code}\u00a0"))


def format_amount(amount: Decimal | float, code: str) -> str:
    """An amount as people read it, rounded half to even at the currency's minor unit.

    >>> format_amount(Decimal("-9747747.934"), "GBP")
    '−£9,747,747.93'
    """
    unit = currency(code)
    rounded = Decimal(amount).quantize(Decimal(1).scaleb(-unit.digits), ROUND_HALF_EVEN)
    return f"{'−' if rounded < 0 else ''}{unit.sign}{abs(rounded):,f}"
