"""Amounts in words."""

from decimal import Decimal

# Prices beyond this say nothing to anyone.
_CENT_PARTS = Decimal("0.0001")


def money(dollars: Decimal | float | None) -> str:
    """`$1.23`, `$0.0042`; empty for models without a known price."""
    if dollars is None:
        return ""
    if 0 < dollars < _CENT_PARTS:
        return "under $0.0001"
    return f"${dollars:,.2f}" if dollars >= 1 or dollars == 0 else f"${_short(f'{dollars:.4f}')}"


def _short(digits: str) -> str:
    """Cents are always two: `0.50`, `0.0042`."""
    return digits.removesuffix("00") if digits.endswith("00") else digits


def short_number(number: int) -> str:
    """`950`, `12.3 k`, `4.5 M`"""
    for size, name in ((10**9, "G"), (10**6, "M"), (10**3, "k")):
        if number >= size * 0.9995:
            return f"{number / size:.3g} {name}" if number < 999.5 * size else f"{number / size:,.0f} {name}"
    return str(number)
