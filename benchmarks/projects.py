"""Projects of cxmetrics over the events: indicators alone, in journeys, or as a tree."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Literal

from benchmarks.definitions import Indicator, Kind
from benchmarks.trees import ANCHORS, composites

_SOURCE = """sources:
  events:
    read: data/*.parquet
    time: event_time
{entity}    columns:
      touchpoint: text
      event: text
      result: text
      channel: text
      latency_ms: integer
{amount}      customer: integer
      score: {score}
"""
Shape = Literal["flat", "journeys", "tree"]


def write_project(folder: Path, chosen: Sequence[Indicator], *, cuts: Iterable[Sequence[str]] = (), files: int = 1,
                  shape: Shape = "flat", evidence: bool = False, amounts: bool = True) -> None:
    """A project over `data/*.parquet`, its indicators in so many files.

    `shape`: indicators alone, each file a journey under one index, or the tree of `benchmarks.trees`.  `evidence`: with
    intervals, by groups of customers; else without, as no query by hand has any.  `amounts`: as for `write_head`.
    """
    write_head(folder, cuts=cuts, evidence=evidence, amounts=amounts)
    for name, text in _parts(chosen, files, shape):
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")


def write_head(folder: Path, *, cuts: Iterable[Sequence[str]], evidence: bool, amounts: bool = True) -> None:
    """The folder of such a project without its indicators; what was there is removed.

    `amounts`: whether these are declared.  A number that is declared is read, and seen to be finite, whoever uses it;
    a query by hand reads the columns it uses.
    """
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "data").mkdir(parents=True)
    listed = ", ".join(f"[{', '.join(cut)}]" for cut in cuts)
    head = f"project: benchmark\ntime_zone: Asia/Shanghai\ngrains: [day, year]\ncuts: [{listed}]\n"
    head += "" if evidence else "replicates: 0\n"
    dimensions = "".join(f"  {name}: {{}}\n" for name in ("segment", "branch"))
    # Answers on a scale, given by somebody, are a survey, of which every unit is kept: no work for a log of events.
    source = _SOURCE.format(entity="    entity: customer\n" if evidence else "",
                            amount="      amount: number\n" if amounts else "",
                            score="integer" if evidence else "{type: integer, scale: 0..10}")
    (folder / "cxmetrics.yaml").write_text(f"{head}dimensions:\n{dimensions}{source}", encoding="utf-8")


def _parts(chosen: Sequence[Indicator], files: int, shape: Shape) -> Iterator[tuple[str, str]]:
    """The files of indicators: names and texts."""
    if shape == "tree":
        yield "tree", _tree(chosen)
        return
    each = -(-len(chosen) // files)
    for number in range(files):
        own = chosen[number * each:(number + 1) * each]
        yield f"part_{number:03d}", _journey(number, own) if shape == "journeys" else "indicators:\n" + "".join(
            f'  {one.id}: {{formula: "{one.formula}"}}\n' for one in own)
    if shape == "journeys":
        children = "".join(f"      journey_{number:03d}: 1\n" for number in range(files))
        yield "north_star", f"indicators:\n  index:\n    level: north_star\n    children:\n{children}"


_SCORES: dict[Kind, str] = {  # `at` is another for each indicator, as goals are
    "count": "{{0: 0, 100: {at}}}", "mean": "{{0: {at}, 60: 1000, 100: 200}}", "amount": "{{0: 0, 100: {at}}}",
    "share": "{{0: 0%, 60: 0.{at}, 100: 100%}}", "p95": "{{0: {at}, 100: 500}}", "nps": "{{0: -100, 100: 100}}",
    "distinct": "{{0: 0, 100: {at}}}"}


def _journey(number: int, own: Sequence[Indicator]) -> str:
    first = 10_000 + number * len(own)
    children = "".join(
        f"      {one.id}:\n        title: {{zh: 指标 {one.id}, en: Indicator {one.id}}}\n        weight: {i % 5 + 1}\n"
        f"        formula: {one.formula}\n        score: {_SCORES[one.kind].format(at=first + i)}\n"
        for i, one in enumerate(own))
    return f"indicators:\n  journey_{number:03d}:\n    level: journey\n    children:\n{children}"


def _tree(own: Sequence[Indicator]) -> str:
    lines = ["indicators:"]
    for one in own:
        worst, best = ANCHORS[one.kind]
        lines.append(f'  {one.id}: {{formula: "{one.formula}", score: {{0: {worst}, 100: {best}}}}}')
    for node in composites([one.id for one in own]):
        children = ", ".join(f"{child}: {weight}" for child, weight in node.children)
        lines.append(f"  {node.id}: {{children: {{{children}}}}}")
    return "\n".join(lines) + "\n"
