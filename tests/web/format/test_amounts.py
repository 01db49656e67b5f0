from decimal import Decimal

import pytest

from web.format.amounts import money, short_number


@pytest.mark.parametrize(
    ("dollars", "words"),
    [
        (None, ""),
        ("0", "$0.00"),
        ("0.00001", "under $0.0001"),
        ("0.00423", "$0.0042"),
        ("0.5", "$0.50"),
        ("12.346", "$12.35"),
        ("12345", "$12,345.00"),
    ],
)
def test_money_has_as_many_digits_as_it_needs(dollars: str | None, words: str) -> None:
    assert money(None if dollars is None else Decimal(dollars)) == words


@pytest.mark.parametrize(
    ("number", "words"),
    [(0, "0"), (999, "999"), (1000, "1 k"), (12_345, "12.3 k"), (999_999, "1 M"), (4_500_000, "4.5 M")],
)
def test_large_numbers_are_short(number: int, words: str) -> None:
    assert short_number(number) == words
