"""Figures in a table: what was measured, beside a plain RQ worker where that can do it, and how far it may be off."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Figure:
    """One row. `ratio` is checked against `most` or `least`."""

    what: str
    value: str
    plain: str = ""
    ratio: float | None = None
    most: float | None = None
    least: float | None = None

    @property
    def is_far_off(self) -> bool:
        if self.ratio is None:
            return False
        return (self.most is not None and self.ratio > self.most) or (self.least is not None and self.ratio < self.least)

    def cells(self) -> tuple[str, ...]:
        limit = f"<= {self.most:g}" if self.most is not None else f">= {self.least:g}" if self.least is not None else ""
        ratio = "" if self.ratio is None else f"x {_short(self.ratio)}"
        return self.what, self.value, self.plain, ratio, limit + (" FAR OFF" if self.is_far_off else "")


@dataclass
class Table:
    """All of them. Each is shown as it is measured."""

    figures: list[Figure] = field(default_factory=list)

    def title(self, text: str) -> None:
        print(f"\n{text}", flush=True)

    def add(self, figure: Figure) -> None:
        self.figures.append(figure)
        what, value, plain, ratio, limit = figure.cells()
        print(f"  {what:62} {value:24} {plain:24} {ratio:9} {limit}".rstrip(), flush=True)

    @property
    def far_off(self) -> list[str]:
        return [figure.what for figure in self.figures if figure.is_far_off]


@dataclass(frozen=True)
class Spread:
    """Times in seconds, from the shortest to the longest."""

    values: Sequence[float]

    @property
    def p50(self) -> float:
        return statistics.median(self.values)

    @property
    def p99(self) -> float:
        ordered = sorted(self.values)
        return ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]

    def __str__(self) -> str:
        return f"{time_of(self.p50)} / {time_of(self.p99)}"


def time_of(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"


def megabytes(count: float) -> str:
    return f"{count / 1e6:.0f} MB"


def _short(ratio: float) -> str:
    return f"{ratio:.0f}" if ratio >= 10 else f"{ratio:.2g}"
