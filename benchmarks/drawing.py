"""What was measured as a drawing: a bar a contender, seconds of execution on a scale of powers of ten."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape
from math import ceil, floor, log10

from benchmarks.outcomes import OURS, Outcome
from benchmarks.texts import number

WIDTH, LEFT, BAR, GAP = 900, 300, 18, 34  # in pixels
_STYLE = ("text{font:12px sans-serif;fill:#222}.case{font-weight:bold}.axis{stroke:#ddd}.ours{fill:#1f6feb}"
          ".other{fill:#9aa4b2}.wrong{fill:#c0392b}")


def drawn(outcomes: Iterable[Outcome]) -> str:
    """An SVG that stands alone."""
    shown = [outcome for outcome in outcomes if any(line.execute for line in outcome.lines.values())]
    seconds = [found for outcome in shown for name in outcome.lines if (found := outcome.seconds(name))]
    low, high = (floor(log10(min(seconds))), ceil(log10(max(seconds)))) if seconds else (0, 1)
    scale = _Scale(low, max(high, low + 1))
    parts, top = list[str](), 30
    for outcome in shown:
        parts += _case(outcome, scale, top)
        top += len(outcome.lines) * BAR + GAP
    lines = (f'<line class="axis" x1="{scale.at(10.0**power):.0f}" x2="{scale.at(10.0**power):.0f}" y1="20" '
             f'y2="{top}"/><text x="{scale.at(10.0**power):.0f}" y="14">{10.0**power:g} s</text>'
             for power in range(scale.low, scale.high + 1))
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{top}" viewBox="0 0 {WIDTH} {top}">'
            f"<style>{_STYLE}</style>{''.join(lines)}{''.join(parts)}</svg>\n")


class _Scale:
    """Seconds from 10^low to 10^high across the drawing."""

    def __init__(self, low: int, high: int) -> None:
        self.low, self.high = low, high

    def at(self, seconds: float) -> float:
        """Where it is, in pixels."""
        return LEFT + (log10(seconds) - self.low) / (self.high - self.low) * (WIDTH - LEFT - 80)


def _case(outcome: Outcome, scale: _Scale, top: int) -> Iterator[str]:
    yield f'<text class="case" x="8" y="{top + 12}">{escape(f"{outcome.workload}: {outcome.case}")}</text>'
    for row, (name, line) in enumerate(outcome.lines.items(), 1):
        y, took = top + row * BAR, outcome.seconds(name)
        told = f"{number(took)} s" if took else f"failed: {line.failed[:60]}"
        kind = "wrong" if line.differs else "ours" if name.startswith(OURS) else "other"
        end = scale.at(took) if took else LEFT
        yield f'<text x="16" y="{y + 12}">{escape(name)}</text>'
        yield (f'<rect class="{kind}" x="{LEFT}" y="{y + 2}" width="{max(end - LEFT, 1):.0f}" height="{BAR - 4}"/>'
               f'<text x="{end + 4:.0f}" y="{y + 12}">{escape(told)}</text>')
