"""A past run computed again: from the definitions kept with it, and the files it had read.

What it had published is compared to the last bit.  Where a file is no longer what it was, it is named, and what is
compared can differ for that alone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from cxmetrics import __version__
from cxmetrics.backends.engines import engine_named
from cxmetrics.backends.text_files import seen_from_project
from cxmetrics.backends.waiting import whole
from cxmetrics.calendars import DAY, end
from cxmetrics.codes import data as codes
from cxmetrics.compile import compile_texts
from cxmetrics.diagnostics import Diagnostic, Fault, report
from cxmetrics.evaluate import evaluate
from cxmetrics.fuse import all_cuts, families
from cxmetrics.ir import GRAINS
from cxmetrics.load.texts import texts_from
from cxmetrics.plan import Plan
from cxmetrics.run import Engine
from cxmetrics.run.against import against, beside_frozen
from cxmetrics.run.bind import Bound, bind
from cxmetrics.run.extents import content_of
from cxmetrics.run.memory import covered_by
from cxmetrics.run.scanning import scan
from cxmetrics.run.seen import Seen
from cxmetrics.run.stale import Task, days_between, delivered, gaps
from cxmetrics.run.today import settled, today
from cxmetrics.run.troubles import left_by, marked
from cxmetrics.scratch import scratch_folder
from cxmetrics.store import InputFile, Store
from cxmetrics.store.buckets import damaged
from cxmetrics.store.folder import LEDGER
from cxmetrics.store.frames import RUN
from cxmetrics.store.rewrite import EVIDENCE, is_dimension

Inputs = Mapping[str, Mapping[str, InputFile]]
_KEY = ("indicator", "grain", "period")


@dataclass(frozen=True, slots=True)
class Replay:
    """What came of it.

    `drift`: one finding for each file that is not what it was.  `differences`: a row for each number that is another
    now: place, slice, `column`, `published` and `replayed`, as texts that tell bits apart; None where nothing could be
    computed.  `compared`: rows of `values`; `frozen`: those left out, because they were frozen when the run was made.
    `releases`: the release of cxmetrics then, and now.
    """

    run: str
    engine: Engine
    drift: tuple[Diagnostic, ...]
    compared: int = 0
    frozen: int = 0
    differences: pl.DataFrame | None = None
    releases: tuple[str, str] = ("", __version__)

    @property
    def same(self) -> bool:
        """Whether nothing has drifted and every number came out as it was."""
        return not self.drift and self.differences is not None and self.differences.is_empty()


def replay(root: Path, store: Path, run: str, engine: Engine | None = None) -> Replay:
    """Compute a run of the store anew, over the files of the project folder `root`; nothing is written.

    On the engine of then, unless another is named.  Raises `Fault` CX752, CX753 (not in the store), CX803, what the
    definitions of then are refused for by now, and CX70x for files that cannot be read.
    """
    root = root.resolve()
    with Store.open(store, as_of=run) as then:
        last = then.runs().row(-1, named=True)
        chosen: Engine = engine or last["engine"]
        releases = str(_read(last["versions"], store).get("cxmetrics")), __version__
        plan = _plan_of(then, run)
        inputs = {source: then.inputs(source) for source in plan.sources}
        drift = _drift(inputs, root)
        if any(code.code is codes.INPUT_GONE for code in drift):
            return Replay(run, chosen, tuple(drift), releases=releases)
        left = _read(last["report"], store)
        with scratch_folder() as scratch, seen_from_project(root):
            again, taken = _again(plan, root, scratch, inputs, chosen, left)
        drift += taken
        return _compared(Replay(run, chosen, tuple(drift), releases=releases), then, _against(then, again, plan))


def _read(text: str, store: Path) -> dict[str, Any]:
    """What a run left as JSON.  Raises `Fault` CX803."""
    try:
        found = json.loads(text)
    except ValueError as error:
        raise damaged(store / LEDGER, "a cell holds something else than it should") from error
    return found if isinstance(found, dict) else {}


def _plan_of(then: Store, run: str) -> Plan:
    texts = then.texts()
    if not texts:
        raise Fault(report(codes.NOT_KNOWN_THEN, None, then=run))
    compiled = compile_texts(texts_from(texts))
    if compiled.plan is None:
        raise Fault(*compiled.diagnostics)
    return compiled.plan


# --- the inputs --------------------------------------------------------------------------------------------------


def _drift(inputs: Inputs, root: Path) -> list[Diagnostic]:
    """The files that are gone or other than they were; tables of databases are asked when they are read."""
    found = []
    for path, file in sorted({path: file for files in inputs.values() for path, file in files.items()}.items()):
        now = root / path
        if "//" in path or not file.digest:
            continue
        if not now.is_file():
            found.append(report(codes.INPUT_GONE, None, path=path))
        elif (size := now.stat().st_size) != file.size or content_of(now, Seen(size, -1)) != file.digest:
            found.append(report(codes.INPUT_CHANGED, None, path=path, size=size, then=file.size))
    return found


def _taken(bound: Mapping[str, Bound], inputs: Inputs) -> list[Diagnostic]:
    """The tables of databases whose rows are others than they were."""
    seen = {path: look for one in bound.values() for path, look in (*one.files.items(), *one.beside.items())}
    known = {path: file for files in inputs.values() for path, file in files.items()}
    return [report(codes.INPUT_CHANGED, None, path=path, size=look.size, then=known[path].size)
            for path, look in sorted(seen.items()) if look.digest and look.digest != known[path].digest]


# --- the values --------------------------------------------------------------------------------------------------


def _again(plan: Plan, root: Path, scratch: Path, inputs: Inputs, engine: Engine,
           left: Mapping[str, object]) -> tuple[pl.DataFrame, list[Diagnostic]]:
    """All values, and the tables that have drifted."""
    known = covered_by(left)
    now = today(map(delivered, inputs.values()))
    bound = {name: settled(one, now) for name, one in bind(plan, root, scratch, frozenset(known), inputs).items()}
    backend = engine_named(engine, scratch)
    backend.expect(path for one in bound.values() for path in one.paths)
    states = {}
    for name, one in sorted(bound.items()):
        wanted = frozenset(i for i, partial in enumerate(plan.partials) if partial.source == name)
        span = delivered(inputs[name])
        everything = span is not None and known.get(name, frozenset()) >= days_between(*span)
        task = Task(name, wanted, known.get(name, frozenset()), everything)
        own = families(plan, name, all_cuts(plan), one.dimensions)
        frames = scan(plan, backend, one, own, task, scratch).spread().frames
        states[name] = {family: whole(rows) for family, rows in frames.items()}
    spans = {name: (min(days), max(days)) for name, days in known.items()}
    frame = evaluate(plan, states, spans, None, {name: gaps(days) for name, days in known.items()},
                     scratch=scratch)
    return marked(frame, plan, left_by(left)), _taken(bound, inputs)


def _against(then: Store, again: pl.DataFrame, plan: Plan) -> pl.DataFrame:
    """Values computed again, whose changes from a frozen period are against what had been published of it."""
    before, rows = then.frozen_before(), again.lazy()
    if before is None:
        return again
    for grain in GRAINS:
        last, free = beside_frozen(grain, before, plan.project.calendar)
        if last is not None:
            rows = against(rows, then.values(grain=grain, first=last, last=last + DAY), grain, free)
    return rows.collect()


def _compared(made: Replay, then: Store, again: pl.DataFrame) -> Replay:
    """The published values held against those computed again."""
    before = then.frozen_before()
    published = then.values().drop(RUN)
    fixed = [(grain, period) for grain, period in published.select("grain", "period").unique().iter_rows()
             if before is not None and end(period, grain) <= before]
    left_out = pl.DataFrame(fixed, schema={"grain": pl.String, "period": pl.Date}, orient="row")
    old, new = (side.join(left_out, on=["grain", "period"], how="anti") for side in (published, again))
    return Replay(made.run, made.engine, made.drift, old.height, published.height - old.height,
                  _differences(old, new), made.releases)


def _differences(old: pl.DataFrame, new: pl.DataFrame) -> pl.DataFrame:
    """One row for each number or text that differs, in any bit."""
    dims = sorted({name for side in (old, new) for name in side.columns if is_dimension(name)})
    place = [*_KEY, *dims]
    told = [name for name in EVIDENCE if name in old.columns or name in new.columns]
    sides = [_sided(side, dims, place, told, name) for side, name in ((old, "published"), (new, "replayed"))]
    both = sides[0].join(sides[1], on=place, how="full", coalesce=True, nulls_equal=True)
    parts = [both.filter(pl.col(f"published {name}").ne_missing(pl.col(f"replayed {name}"))).select(
        *place, pl.lit(name).alias("column"), pl.col(f"published {name}").alias("published"),
        pl.col(f"replayed {name}").alias("replayed")) for name in told]
    return pl.concat(parts).sort(*place, "column", nulls_last=False)


def _sided(side: pl.DataFrame, dims: list[str], place: list[str], told: list[str], name: str) -> pl.DataFrame:
    """One side with its values as texts: two numbers have the same shortest text if they have the same bits."""
    lacking = [each for each in (*dims, *told) if each not in side.columns]
    side = side.with_columns(pl.lit(None, pl.String).alias(each) for each in lacking)
    return side.select(*place, *(pl.col(each).cast(pl.String).alias(f"{name} {each}") for each in told))
