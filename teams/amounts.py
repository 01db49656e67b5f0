"""Amounts in words."""

from decimal import Decimal

# Prices beyond this say nothing to anybody.
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
