"""JSON from outside, whatever it holds."""

import pytest

from data.texts.json_text import LEVELS, read_json


def nested(levels: int) -> bytes:
    return b'{"a":' * (levels - 1) + b"[]" + b"}" * (levels - 1)


@pytest.mark.parametrize(
    "text", ["null", "12", '"ä"', '{"a": [1, 2.5, true]}', b'{"a": "\xc3\xa4"}', '"\\ud83d\\ude00"']
)
def test_json_is_read(text: str | bytes) -> None:
    read_json(text)


def test_so_many_levels_may_be_and_no_more() -> None:
    read_json(nested(LEVELS))
    with pytest.raises(ValueError, match="more than 100 levels"):
        read_json(nested(LEVELS + 1))


@pytest.mark.parametrize("text", [b"[" * 1_000_000, nested(5000), b'{"a":' * 100_000, b"[" * 500 + b"]" * 500])
def test_depth_breaks_nothing(text: bytes) -> None:
    with pytest.raises(ValueError, match="more than 100 levels"):
        read_json(text)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "EOF"),
        ("{", "EOF"),
        ("[1,]", "trailing comma"),
        ("NaN", "expected"),
        ('{"a": Infinity}', "expected|number"),
        ("[-1e999]", "too large"),
        ("1" * 5000, "out of range"),
        ('{"a": 1, "b": {"c": 1, "c": 2}}', 'duplicate key "c" at line 1'),
        ('"\\ud800"', "escape"),
        ('"\ud800"', "line 1"),
        (b'"\xff"', "unicode|line 1"),
        ('"\x00"', "control"),
    ],
)
def test_what_cannot_be_kept_is_refused_with_its_reason(text: str | bytes, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        read_json(text)
