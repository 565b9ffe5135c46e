"""What of an evaluated tree is shown: the rows of the table `values`, with small groups hidden."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cxmetrics.evaluate.changes import MOVES, Change, Past, changes
from cxmetrics.evaluate.peers import Field, Standing, standing
from cxmetrics.evaluate.points import Grid
from cxmetrics.evaluate.protection import too_few
from cxmetrics.evaluate.tree import in_force
from cxmetrics.ir import Grain
from cxmetrics.plan import Node, Plan
from cxmetrics.statistics.arrays import Array, Flags

STATUSES = ("ok", "low_n", "no_data", "partial")  # and `withheld`: see `withholding`
_OK, _LOW_N, _NO_DATA, _PARTIAL = range(4)


def columns(dimensions: Sequence[str]) -> dict[str, pl.DataType]:
    """The columns of the table `values`; null in a dimension means all."""
    number, text = pl.Float64(), pl.String()
    return {
        "indicator": text, "level": text, "grain": text, "period": pl.Date(), **dict.fromkeys(dimensions, text),
        "value": number, "unit": text, "n": pl.Int64(), "n_effective": number, "low": number, "high": number,
        "score": number, "coverage": number, "target": number, "gap": number, "peer": number,
        "peer_gap": number, "peer_low": number, "peer_high": number, "peer_rank": pl.Int64(),
        "peer_percentile": number, "peers": pl.Int64(),
        "change": number, "change_low": number, "change_high": number, "moved": text,
        "status": text, "definition": text,
    }


@dataclass(frozen=True, slots=True)
class Shown:
    """The nodes shown at the points of a grid; all arrays [nodes, points], NaN where missing or hidden.

    `value` and the rest are what a reader may see; `status` is an index into `STATUSES`.
    """

    grain: Grain
    nodes: Sequence[Node]
    grid: Grid
    value: Array
    score: Array
    n: Array
    effective: Array
    low: Array
    high: Array
    coverage: Array
    change: Change
    status: NDArray[np.int8]
    peers: Standing
    target: Array

    def table(self, dimensions: Sequence[str], since: dt.date | None = None) -> pl.DataFrame:
        """The rows of the table `values`, from the period `since` on.

        Slices without a row and a value are left out.
        """
        keep = np.ones(self.value.shape, np.bool_)
        if self.grid.cut:
            keep = ~(np.isnan(self.value) & (self.n == 0) & (self.status == _NO_DATA))
        if since is not None:
            keep &= np.repeat([period >= since for period in self.grid.periods], len(self.grid.slices))
        node, point = np.nonzero(keep)
        place = point % max(len(self.grid.slices), 1)
        found = {**self._texts(node), **self._place(dimensions, point, place), **self._numbers(node, point)}
        return pl.DataFrame(found).select(pl.col(name).cast(kind) for name, kind in columns(dimensions).items())

    def _texts(self, node: NDArray[np.intp]) -> dict[str, pl.Series]:
        given = [each.indicator for each in self.nodes]
        texts: dict[str, list[str] | list[str | None]] = {
            "indicator": [indicator.id for indicator in given],
            "level": [indicator.level for indicator in given],
            "unit": [str(indicator.unit) for indicator in given],
            "definition": [each.fingerprint for each in self.nodes],
        }
        return {name: pl.Series(name, listed, dtype=pl.String).gather(node) for name, listed in texts.items()}

    def _place(self, dimensions: Sequence[str], point: NDArray[np.intp],
               place: NDArray[np.intp]) -> dict[str, pl.Series]:
        periods = pl.Series("period", self.grid.periods, dtype=pl.Date)
        found = {
            "grain": pl.repeat(self.grain, len(point), eager=True).alias("grain"),
            "period": periods.gather(point // max(len(self.grid.slices), 1)),
        }
        for name in dimensions:
            if name in self.grid.cut:
                i = self.grid.cut.index(name)
                listed = pl.Series(name, [cell[i] for cell in self.grid.slices], dtype=pl.String)
                found[name] = listed.gather(place)
            else:
                found[name] = pl.repeat(None, len(point), dtype=pl.String, eager=True).alias(name)
        return found

    def _numbers(self, node: NDArray[np.intp], point: NDArray[np.intp]) -> dict[str, pl.Series]:
        up = np.array([1.0 if each.indicator.direction == "up" else -1.0 for each in self.nodes])
        gap = (self.value - self.target) * up[:, None]
        hidden = np.isnan(self.value)
        numbers = {
            "value": self.value, "score": self.score, "low": self.low, "high": self.high, "n": self.n,
            "n_effective": np.where(hidden, np.nan, self.effective), "coverage": self.coverage, "target": self.target,
            "gap": gap, "change": self.change.value, "change_low": self.change.low, "change_high": self.change.high,
            "peer": self.peers.value, "peer_gap": self.peers.gap,
            "peer_low": self.peers.low, "peer_high": self.peers.high, "peer_rank": self.peers.rank,
            "peer_percentile": self.peers.percentile,
            "peers": self.peers.count,
        }
        found = {name: _series(name, matrix, node, point) for name, matrix in numbers.items()}
        verdicts = pl.Series("moved", [None, *MOVES], dtype=pl.String)
        found["moved"] = verdicts.gather(self.change.moved[node, point] + 1)
        found["status"] = pl.Series("status", STATUSES).gather(self.status[node, point])
        return found


def _floats(values: Sequence[float | None]) -> Array:
    return np.array([np.nan if value is None else value for value in values], np.float64)


def _series(name: str, matrix: Array, node: NDArray[np.intp], point: NDArray[np.intp]) -> pl.Series:
    if not any(matrix.strides) and np.isnan(matrix.flat[0] if matrix.size else np.nan):  # nobody has any
        return pl.repeat(None, len(node), dtype=pl.Float64, eager=True).alias(name)
    return pl.Series(name, matrix[node, point]).fill_nan(None)


def show(field: Field, rows: Sequence[int], earlier: Past | None) -> Shown:
    """What may be seen of some rows of a tree; `earlier`: what the block of periods before has left."""
    plan, tree, grid, grain = field.plan, field.tree, field.grid, field.grain
    nodes = [field.nodes[row] for row in rows]
    value, n = tree.value[rows], tree.n[rows]
    hidden = too_few(plan, nodes, grid.cut, value, n)
    seen = np.where(hidden, np.nan, value)
    return Shown(
        grain, nodes, grid, seen, np.where(hidden, np.nan, tree.score[rows]), _evidence(nodes, n),
        _evidence(nodes, tree.effective[rows]), np.where(hidden, np.nan, tree.low[rows]),
        np.where(hidden, np.nan, tree.high[rows]), tree.coverage[rows], changes(field, rows, seen, earlier),
        _status(value, hidden, tree.partial[rows]), standing(field, rows, seen), _targets(plan, nodes, grid))


def _targets(plan: Plan, nodes: Sequence[Node], grid: Grid) -> Array:
    """The target of each node at each point, [nodes, points]: that of the version in force."""
    first = np.repeat(np.array([period.toordinal() for period in grid.periods], np.int64), len(grid.slices))
    found = np.full((len(nodes), grid.points), np.nan)
    for row, node in enumerate(nodes):
        if node.versions:
            listed = _floats([plan.nodes[name].indicator.target for _, name in node.versions])
            found[row] = listed[in_force(node, first)]
        elif node.indicator.target is not None:
            found[row] = node.indicator.target
    return found


def _evidence(nodes: Sequence[Node], n: Array) -> Array:
    """The n to show: none for what rests on constants only."""
    constant = np.array([not node.sources for node in nodes], np.bool_)[:, None]
    return np.where(np.isinf(n), np.where(constant, np.nan, 0.0), n)


def _status(value: Array, hidden: Flags, partial: Flags) -> NDArray[np.int8]:
    status = np.where(partial, _PARTIAL, _OK)
    status = np.where(hidden, _LOW_N, status)
    return np.where(np.isnan(value), _NO_DATA, status).astype(np.int8)
