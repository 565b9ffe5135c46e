"""Whatever happens to files and definitions, and in whatever order runs meet it: incremental = full, to the last bit.

`CXMETRICS_HISTORIES` sets how many histories are tried (a few by default); with `CXMETRICS_SHRINK` a failing one is
made as short as possible.
"""

import datetime as dt
import os
import random
import shutil
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

import polars as pl
from histories import CUTS, DAYS, MONTH, TOGGLES, World
from hypothesis import HealthCheck, Phase, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from polars.testing import assert_frame_equal
from shop import freeze

from cxmetrics.diagnostics import Fault
from cxmetrics.query import query
from cxmetrics.run import RunOptions, run
from cxmetrics.store import Store

HISTORIES = int(os.environ.get("CXMETRICS_HISTORIES", "6"))
SHRINK = bool(os.environ.get("CXMETRICS_SHRINK"))  # takes minutes
PHASES = tuple(phase for phase in Phase if SHRINK or phase not in (Phase.shrink, Phase.explain))
SHOWN = ["indicator", "period", "value", "n", "score", "low", "high", "coverage", "change", "status"]

seeds = st.integers(0, 999)
engines = st.sampled_from(["duckdb", "polars"])
memories = st.sampled_from([None, "200MB"])
FEW = {"cxmetrics.budgets._STATE": 10**6, "cxmetrics.states.spreading.CELLS_AT_ONCE": 20,
       **dict.fromkeys((f"cxmetrics.{stage}.ROWS_AT_ONCE" for stage in (
           "evaluate.daily", "store.packing", "store.in_parts", "store.rewrite")), 30)}


def values_of(root: Path) -> pl.DataFrame:
    """The table `values` in a fixed order, without the run."""
    with Store.open(root / "store", writable=False) as store:
        values = store.values().drop("run")
    return values.sort(values.columns[:values.columns.index("value")])


def compute(root: Path, engine: str = "duckdb", memory: str | None = None, **options: object) -> bool:
    """One run, which holds few rows at a time where it has little `memory`; whether it came to its end."""
    try:
        with ExitStack() as stack:
            for name, most in FEW.items() if memory else ():
                stack.enter_context(patch(name, most))
            run(root, RunOptions(engine=engine, memory=memory, **options))
    except Fault as fault:
        note(f"refused: {[one.code.id for one in fault.diagnostics]}")
        return False
    return True


class History(RuleBasedStateMachine):
    """Files arrive, change and go; definitions and lookups change; periods freeze; runs of all kinds come between."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        self.root = Path(self.folder.name) / "project"
        self.fresh = Path(self.folder.name) / "fresh"

    def teardown(self) -> None:
        if hasattr(self, "world"):
            self.everything("duckdb", None)
        self.folder.cleanup()

    @initialize(seed=seeds)
    def begin(self, seed: int) -> None:
        self.world = World(self.root, random.Random(seed))

    # --- what happens ----------------------------------------------------------------------------------------

    @rule(seed=seeds, day=st.integers(0, DAYS - 1), bad=st.booleans())
    def tickets_arrive(self, seed: int, day: int, bad: bool) -> None:
        self.world.tickets(random.Random(seed), day, bad=bad)

    @rule(seed=seeds, day=st.integers(0, DAYS - 1))
    def answers_arrive(self, seed: int, day: int) -> None:
        self.world.answers(random.Random(seed), day)

    @rule(seed=seeds, day=st.integers(0, DAYS - 1))
    def notes_arrive(self, seed: int, day: int) -> None:
        self.world.notes(random.Random(seed), day)

    @rule(seed=seeds)
    def a_file_is_corrected(self, seed: int) -> None:
        self.world.correct(random.Random(seed))

    @rule(seed=seeds)
    def a_file_is_withdrawn(self, seed: int) -> None:
        self.world.withdraw(random.Random(seed))

    @rule(seed=seeds)
    def the_lookup_changes(self, seed: int) -> None:
        self.world.branches(random.Random(seed))

    @rule(name=st.sampled_from(sorted(TOGGLES)))
    def a_definition_changes(self, name: str) -> None:
        self.world.toggle(name)

    # --- runs ------------------------------------------------------------------------------------------------

    @precondition(lambda self: (self.root / "store").exists())
    @rule(day=st.integers(0, DAYS))
    def what_was_published_is_frozen(self, day: int) -> None:
        freeze(self.root, MONTH + dt.timedelta(day))

    def thaw(self) -> None:
        if (self.root / "store").exists():
            freeze(self.root, dt.date(2000, 1, 1), "it is not final")

    @rule(engine=engines, memory=memories)
    def everything(self, engine: str, memory: str | None) -> None:
        self.thaw()
        if self.computed_afresh(engine):
            assert compute(self.root, engine, memory)
            self.compare()

    @rule(engine=engines, memory=memories)
    def all_anew(self, engine: str, memory: str | None) -> None:
        self.thaw()
        if self.computed_afresh(engine):
            assert compute(self.root, engine, memory, full=True)
            self.compare()

    @rule(engine=engines, memory=memories, first=st.integers(0, DAYS), days=st.integers(1, 40), full=st.booleans())
    def some_days(self, engine: str, memory: str | None, first: int, days: int, full: bool) -> None:
        start = MONTH + dt.timedelta(first)
        compute(self.root, engine, memory, first=start, last=start + dt.timedelta(days), full=full)

    @rule(engine=engines)
    def a_dry_run(self, engine: str) -> None:
        before = contents(self.root / "store")
        compute(self.root, engine, dry_run=True)
        assert contents(self.root / "store") == before

    @precondition(lambda self: (self.root / "store").exists())
    @rule(engine=engines, seed=seeds, cut=st.sampled_from(CUTS), grain=st.sampled_from(["day", "week", "month"]))
    def a_question(self, engine: str, seed: int, cut: tuple[str, ...], grain: str) -> None:
        """Asked of the sources, the answer is what a run stores."""
        if not self.computed_afresh(engine):
            return
        values = values_of(self.fresh)
        shutil.rmtree(self.fresh / "store")
        dims = values.columns[values.columns.index("period") + 1:values.columns.index("value")]
        stored = values.filter(pl.col("grain") == grain, *(
            pl.col(name).is_not_null() if name in cut else pl.col(name).is_null() for name in dims))
        drawn = random.Random(seed)
        names = stored["indicator"].unique().sort().to_list()
        if not names or not set(cut) <= set(dims):
            return
        names = drawn.sample(names, min(len(names), 2))
        between = {} if drawn.random() < 0.5 else {
            "first": MONTH + dt.timedelta(drawn.randrange(30)), "last": MONTH + dt.timedelta(drawn.randrange(31, 90))}
        asked = query(self.fresh, names, by=cut, grain=grain, engine=engine, **between)
        if between:
            stored = stored.filter(pl.col("period").is_in(asked["period"].implode()))
        columns = [*SHOWN, *cut]
        assert_frame_equal(asked.select(columns).sort("indicator", "period", *cut),
                           stored.filter(pl.col("indicator").is_in(names)).select(columns).sort(
                               "indicator", "period", *cut), check_exact=True)

    # --- the proof -------------------------------------------------------------------------------------------

    def computed_afresh(self, engine: str) -> bool:
        shutil.rmtree(self.fresh, ignore_errors=True)
        shutil.copytree(self.root, self.fresh, ignore=shutil.ignore_patterns("store"))
        return compute(self.fresh, engine, strict=True)  # a source that fails is held as it is stored, if it is

    def compare(self) -> None:
        assert_frame_equal(values_of(self.root), values_of(self.fresh), check_exact=True)


def contents(folder: Path) -> dict[str, bytes]:
    """The files of a folder, but for what SQLite lays beside its own."""
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()
            and not path.name.endswith(("-wal", "-shm"))}


TestHistories = History.TestCase
TestHistories.settings = settings(max_examples=HISTORIES, stateful_step_count=10, deadline=None,
                                  suppress_health_check=list(HealthCheck), phases=PHASES)
