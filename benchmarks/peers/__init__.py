"""Other semantic layers, each in an environment of its own, asked for the same numbers in one query.

They are made once, under `benchmarks/.data/peers`, by the package managers pip and npm.  What a peer is asked for are
the totals; cxmetrics computes and stores days, too.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.definitions import indicators
from benchmarks.measure import Measure, command
from benchmarks.trees import ANCHORS, composites

HERE = Path(__file__).parent
READY = "ready"
PATIENCE = 900.0  # seconds for an environment to be made
TIMEOUT = 300.0  # seconds for an answer


@dataclass(frozen=True, slots=True)
class Peer:
    """A system, the packages that make it, and the script that asks it: of Python, or of Node.js (`.mjs`)."""

    name: str
    packages: tuple[str, ...]
    script: str

    @property
    def of_node(self) -> bool:
        """Whether it runs in Node.js."""
        return self.script.endswith(".mjs")


PEERS = (
    Peer("Sidemantic", ("sidemantic==0.13.0", "duckdb==2.0.0"), "ask_sidemantic.py"),
    Peer("Boring Semantic Layer", ("boring-semantic-layer==0.3.18", "ibis-framework[duckdb]==11.0.0"),
         "ask_boring.py"),
    Peer("Malloy", ("@malloydata/malloy@0.0.431", "@malloydata/db-duckdb@0.0.431", "antlr4ts@0.5.0-alpha.4"),
         "ask_malloy.mjs"),
    Peer("MetricFlow", ("metricflow==0.213.0", "duckdb==2.0.0"), "ask_metricflow.py"),
)


def install(peer: Peer, folder: Path) -> str:
    """Make the environment of a peer, unless it is there; why that cannot be done, or nothing."""
    home = home_of(peer, folder)
    if (home / READY).exists():
        return ""
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    steps = [["npm", "install", "--silent", "--prefix", str(home), *peer.packages]] if peer.of_node else [
        [sys.executable, "-m", "venv", str(home)],
        [str(home / "bin" / "python"), "-m", "pip", "install", "--quiet", *peer.packages]]
    for words in steps:
        try:
            subprocess.run(words, check=True, capture_output=True, text=True, timeout=PATIENCE)
        except FileNotFoundError:
            return f"there is no {words[0]}"
        except subprocess.TimeoutExpired:
            return f"not installed in {PATIENCE:.0f} s"
        except subprocess.CalledProcessError as error:
            said = [line.strip() for line in error.stderr.splitlines() if line.strip()]
            return f"cannot be installed: {said[-1][:200] if said else f'exit {error.returncode}'}"
    (home / READY).touch()
    return ""


def home_of(peer: Peer, folder: Path) -> Path:
    """The environment of a peer."""
    return folder / Path(peer.script).stem


def write_task(path: Path, events: Path, answer: Path, count: int, *, tree: bool) -> None:
    """What peers are asked: so many uniform indicators over the events, and the tree over them."""
    own = indicators(count, "uniform")
    path.write_text(json.dumps({
        "files": [str(file) for file in sorted(events.glob("*.parquet"))],
        "factors": [{"id": one.id, "kind": one.kind, "touchpoint": one.touchpoint, "event": one.event,
                     "results": one.results, "where": one.where, "anchors": ANCHORS[one.kind]} for one in own],
        "composites": [{"id": node.id, "children": node.children} for node in composites([one.id for one in own])]
        if tree else [],
        "answer": str(answer)}), encoding="utf-8")


def ask(peer: Peer, folder: Path, task: Path) -> Measure:
    """The answer of a peer, which goes to the file that the task names; CPU seconds are those of its whole process."""
    problem = install(peer, folder)
    if problem:
        return Measure(0, 0, 0, failed=problem)
    home = home_of(peer, folder)
    words: Sequence[str] = ["node" if peer.of_node else str(home / "bin" / "python"), str(HERE / peer.script),
                            str(task), str(home)]
    whole = command(words, TIMEOUT)
    if whole.failed:
        return whole
    took = json.loads(str(whole.said["out"]).strip().splitlines()[-1])
    return Measure(took["compile"] + took["execute"], whole.cpu, whole.peak, {"compile": took["compile"]})
