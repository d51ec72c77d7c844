"""Amounts as people write them: ``1,250.00``, ``1.234,50``, ``$5``, ``($45.00)``, ``1 250,00 €``, ``12 %``.

One pattern says which texts are amounts of a form, for Python and for engines alike (RE2 reads it too).
"""

from __future__ import annotations

import re
from typing import Literal, TypeAlias

import msgspec

__all__ = ["PERCENT", "AmountForm", "form_of", "unit_of"]

Decimal: TypeAlias = Literal[".", ","]
PERCENT = "%"
_SIGNS = "$€£¥₹₩₽₺₴₪₫₱฿₦₡₲₵₸₮"
_NAMED = ("US$", "A$", "C$", "NZ$", "HK$", "S$", "R$", "kr", "zł", "Kč", "Ft", "lei")
_CODES = (
    "USD EUR GBP JPY CHF CAD AUD NZD SEK NOK DKK ISK PLN CZK HUF RON BGN TRY RUB UAH CNY HKD SGD INR IDR KRW THB MYR "
    "PHP VND BRL MXN ARS CLP COP PEN ZAR NGN KES EGP MAD ILS AED SAR QAR PKR TWD"
)
_UNITS = (*_NAMED, *_CODES.split(), *_SIGNS, PERCENT)
_GAP = "[ \u00a0\u202f]"
_GROUP_GAP = "[ \u00a0\u202f'’]"
_MINUS = "[-−+]"
_NO_UNIT = re.compile(r"[\d.,()+−\-'’ \u00a0\u202f]*")
_EXAMPLES: dict[Decimal, str] = {".": "1,234.56", ",": "1.234,56"}
_WHOLE = rf"0|[1-9]\d*|[1-9]\d{{0,2}}(?:{_GROUP_GAP}\d{{3}})+"
_BODY: dict[Decimal, str] = {
    ".": rf"(?:(?:{_WHOLE}|[1-9]\d{{0,2}}(?:,\d{{2,3}})*,\d{{3}})(?:\.\d+)?|\.\d+)",
    ",": rf"(?:(?:{_WHOLE}|[1-9]\d{{0,2}}(?:\.\d{{3}})+)(?:,\d+)?)",
}


class AmountForm(msgspec.Struct, frozen=True):
    """How a column writes amounts: what stands before decimals, and the one sign or code that may stand beside them.

    >>> AmountForm(".").read("(1,250.00)"), AmountForm(",", "€").read("1 250,50 €"), AmountForm(".").read("1.234,50")
    (-1250.0, 1250.5, None)
    """

    decimal: Decimal
    unit: str = ""

    @property
    def pattern(self) -> str:
        """Which texts are amounts, as a whole; numbers with leading zeros are none."""
        body, unit = _BODY[self.decimal], re.escape(self.unit)
        if self.unit == PERCENT:
            before, after = "", f"{_GAP}*%"
        else:
            before, after = (f"(?:{unit}{_GAP}*)?", f"(?:{_GAP}*{unit})?") if unit else ("", "")
        return rf"{_GAP}*(?:{_MINUS}?{_GAP}*{before}{_MINUS}?{body}{after}-?|\({before}{body}{after}\)){_GAP}*"

    @property
    def example(self) -> str:
        """How people say it: ``1,234.56``, with the unit before it (a percent sign behind)."""
        plain = _EXAMPLES[self.decimal]
        return f"{plain}{PERCENT}" if self.unit == PERCENT else f"{self.unit}{plain}"

    def read(self, text: str) -> float | None:
        """The number, without its unit: 12 of ``12 %``; None where the text is no amount of this form."""
        if re.fullmatch(self.pattern, text) is None:
            return None
        digits = re.sub(rf"[^\d{self.decimal}]", "", text).replace(",", ".")
        negative = any(sign in text for sign in "(-−")
        return -float(digits) if negative else float(digits)


def unit_of(text: str) -> str | None:
    """The unit that a text bears beside digits: empty for none, None where what stands there is none.

    >>> unit_of("US$ 5"), unit_of("1 250,00 €"), unit_of("7"), unit_of("room 7")
    ('US$', '€', '', None)
    """
    units: tuple[str, ...] = ("", *_UNITS)
    for unit in units:
        rest = text.replace(unit, "", 1) if unit else text
        if (not unit or unit in text) and _NO_UNIT.fullmatch(rest):
            return unit
    return None


def form_of(example: str) -> AmountForm | None:
    """The form of which a text is an example: ``1,234.56``, ``1.234,56 €``, ``1 234,56``; None when it does not say.

    >>> form_of("$1,234.56"), form_of("1234")
    (AmountForm(decimal='.', unit='$'), None)
    """
    unit = unit_of(example.strip())
    if unit is None:
        return None
    forms = [form for decimal in _EXAMPLES if (form := AmountForm(decimal, unit)).read(example) is not None]
    return forms[0] if len(forms) == 1 else None
