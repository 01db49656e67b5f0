"""The bridge between how people write and how procedures speak, learned once from invented companies.

"The cheque bounced" and "payments" are further apart for an encoder than for a reader. A map for each encoder moves the
vector of a request towards those of the topics that such requests belong to. And a direction among the vectors of USE
tells courtesies from the matter. `benchmarks.bridging` learns both and writes the file; they serve other companies too.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("bridge.npz")


@dataclass(frozen=True)
class Bridge:
    """`maps` has two matrices for each encoder, as a map has few directions in which it moves anything."""

    maps: Mapping[str, tuple[Any, Any]]
    courtesy: Any  # a vector
    courtesy_from: float


# Set by what learns other bridges, to see how they do.
_tried: list[Bridge] = []


def across(encoder: str, vector: Any) -> Any:
    """The vector of a request, moved to where the topics are."""
    narrow, wide = _bridge().maps[encoder]
    return vector + (vector @ narrow) @ wide


def is_courteous(vector: Any) -> bool:
    """Whether the vector by USE is that of a greeting, thanks, small talk, or a signature."""
    return float(vector @ _bridge().courtesy) > _bridge().courtesy_from


def use(bridge: Bridge | None) -> None:
    """Take this bridge in place of the file's, or with None the file's again."""
    _tried[:] = [bridge] if bridge else []


def _bridge() -> Bridge:
    return _tried[0] if _tried else _learned()


@lru_cache(maxsize=1)
def _learned() -> Bridge:
    import numpy  # comes with the extra

    with numpy.load(FILE) as stored:
        parts = {name: stored[name].astype(numpy.float32) for name in stored.files}
    encoders = {name.removesuffix("_narrow") for name in parts if name.endswith("_narrow")}
    maps = {encoder: (parts[f"{encoder}_narrow"], parts[f"{encoder}_wide"]) for encoder in encoders}
    return Bridge(maps, parts["courtesy"], float(parts["courtesy_from"]))


def write(bridge: Bridge) -> None:
    import numpy

    parts = {f"{name}_{part}": maps[at] for name, maps in bridge.maps.items() for at, part in enumerate(_PARTS)}
    parts |= {"courtesy": bridge.courtesy, "courtesy_from": numpy.array(bridge.courtesy_from)}
    with FILE.open("wb") as file:
        numpy.savez(file, **{name: part.astype(numpy.float16) for name, part in parts.items()})


_PARTS = ("narrow", "wide")
