"""The bridge between how people write and how procedures speak: a map for each encoder, learned once.

"The cheque bounced" and "payments" are further apart for an encoder than for a reader. The map moves the vector of a
request towards those of the topics that such requests belong to. It was learned from the invented companies of
`benchmarks/companies`, and serves others: see `benchmarks.bridging`, which writes the file.
"""

from functools import lru_cache
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("bridge.npz")

# By encoder: two matrices, as the map has few directions in which it moves anything.
type Maps = dict[str, tuple[Any, Any]]

# Set by what learns other maps, to see how they do.
_tried: Maps = {}


def across(encoder: str, vector: Any) -> Any:
    """The vector of a request, moved to where the topics are."""
    narrow, wide = (_tried or _learned())[encoder]
    return vector + (vector @ narrow) @ wide


def use(maps: Maps) -> None:
    """Take these maps in place of the file's, or the file's again if there are none."""
    _tried.clear()
    _tried.update(maps)


@lru_cache(maxsize=1)
def _learned() -> Maps:
    import numpy  # comes with the extra

    with numpy.load(FILE) as stored:
        encoders = {name.partition("_")[0] for name in stored.files}
        return {
            encoder: tuple(stored[f"{encoder}_{part}"].astype(numpy.float32) for part in ("narrow", "wide"))
            for encoder in encoders
        }
