"""A table of one figure by lane, with what the fence costs beside the others."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from rich.table import Table

from tests.bench.fence.lanes import LANES


@dataclass(frozen=True)
class Row:
    """One figure; `aim` of the ratio to mitmdump, for a figure of which less is better."""

    name: str
    unit: str
    direct: float | None
    mitmdump: float | None
    fence: float
    aim: float | None = None
    less_is_better: bool = True


def percentile(values: Sequence[float], percent: int) -> float:
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]


def table(title: str, rows: Sequence[Row]) -> Table:
    shown = Table("", *LANES, "fence : mitmdump", "fence : direct", "aim", title=title)
    for row in rows:
        missed = row.aim is not None and row.mitmdump is not None and row.fence > row.aim * row.mitmdump
        shown.add_row(
            f"{row.name}, {row.unit}",
            *("-" if value is None else f"{value:.2f}" for value in (row.direct, row.mitmdump, row.fence)),
            _ratio(row.fence, row.mitmdump),
            _ratio(row.fence, row.direct),
            "" if row.aim is None else f"≤ {row.aim:.1f} × mitmdump",
            style="bold red" if missed else "bold" if row.aim else "",
        )
    return shown


def _ratio(value: float, to: float | None) -> str:
    return f"× {value / to:.2f}" if to else ""
