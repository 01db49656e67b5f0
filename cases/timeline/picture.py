"""What the picture of a case's course is made of, as its template draws it: see `swimlanes`."""

from dataclasses import dataclass
from uuid import UUID

from .spans import Lane

TOP, ROW, MIDDLE = 30, 46, 17  # of the axis, of a lane, and of the bars in it


class _Placed:
    """Something with a place along the axis: `x` in per cent."""

    x: float

    @property
    def left(self) -> str:
        return _share(self.x)


@dataclass(frozen=True)
class Bar(_Placed):
    """A bar of the picture. `x` and `width` are in per cent. `broken`: it is longer than drawn; `lasts`: it goes on
    now; `label` is set only where it fits.
    """

    phase: str
    lane: int
    x: float
    width: float
    y: int
    height: int
    title: str
    label: str = ""
    run_id: UUID | None = None
    broken: bool = False
    lasts: bool = False

    @property
    def across(self) -> str:
        return _share(self.width)

    @property
    def centre(self) -> str:
        return _share(self.x + self.width / 2)

    @property
    def label_y(self) -> int:
        return TOP + ROW * self.lane + MIDDLE + 22

    @property
    def middle(self) -> int:
        return self.y + self.height // 2


@dataclass(frozen=True)
class Arrow(_Placed):
    """An arrow from the middle of a bar's end to the edge of the next one's beginning. `kind`: handover, asks,
    answers, sent.
    """

    kind: str
    x: float
    start: int
    end: int
    title: str

    @property
    def line(self) -> str:
        """Return the line in pixels, from the place where the bars meet."""
        turn, before = (3, -5) if self.end > self.start else (-3, 5)
        return f"M0 {self.start} h2 q3 0 3 {turn} V{self.end + before}"

    @property
    def head(self) -> str:
        back = -6 if self.end > self.start else 6
        return f"M5 {self.end} l-3.5 {back} h7 z"


@dataclass(frozen=True)
class Cross(_Placed):
    """A handover that was not done: a line from the bar towards the lane of its target, with a cross at its end."""

    x: float
    start: int
    end: int
    title: str


@dataclass(frozen=True)
class Tick(_Placed):
    x: float
    label: str
    spare: bool = False  # may be left out where there is less room, as on paper


@dataclass(frozen=True)
class End(_Placed):
    """How the case ended: `completed` or `failed`."""

    state: str
    x: float
    y: int
    title: str


@dataclass(frozen=True)
class Picture:
    width: int
    lanes: list[Lane]
    bars: list[Bar]
    arrows: list[Arrow]
    crosses: list[Cross]
    ticks: list[Tick]
    end: End | None
    title: str

    @property
    def height(self) -> int:
        return TOP + ROW * len(self.lanes)

    @property
    def rows(self) -> list[int]:
        """Return where each lane begins, in pixels."""
        return [TOP + ROW * index for index in range(len(self.lanes))]

    @property
    def is_wide(self) -> bool:
        """Return whether the picture needs more than the width of a sheet of paper."""
        return self.width > 900

    @property
    def has_breaks(self) -> bool:
        return any(bar.broken for bar in self.bars)

    @property
    def phases(self) -> set[str]:
        return {bar.phase for bar in self.bars}


def _share(value: float) -> str:
    return f"{value:.3f}%"
