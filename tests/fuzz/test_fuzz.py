"""Whatever is written, the answer is a diagnostic: never a traceback, never a hang, never memory without bound.

CXMETRICS_FUZZ=100000 tries so many inputs (2,000 by default), CXMETRICS_FUZZ_FROM says the number of the first.
`spoiled.drawn(number)` is the input of a number, of which a failure tells.
"""

from __future__ import annotations

import datetime as dt
import os
import shutil
from collections import Counter
from pathlib import Path
from typing import get_args

import pytest
from limits import limited_memory, limited_time
from spoiled import Input, drawn, located, random_pyramids

from cxmetrics.compile import compile_project, compile_sources
from cxmetrics.diagnostics import Diagnostic
from cxmetrics.layout import laid_out
from cxmetrics.load import load
from cxmetrics.parse import parse
from cxmetrics.parse.write import write
from cxmetrics.render import Format, render
from cxmetrics.source import Source

COUNT = int(os.environ.get("CXMETRICS_FUZZ", "2000"))
FIRST = int(os.environ.get("CXMETRICS_FUZZ_FROM", "0"))
FORMATS = get_args(Format)
CHUNKS = 20


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_whatever_is_written_gets_a_diagnostic(chunk: int, tmp_path: Path, record_property) -> None:
    outcomes: Counter[str] = Counter()
    with limited_memory():
        for number in range(FIRST + chunk, FIRST + COUNT, CHUNKS):
            one = drawn(number)
            try:
                with limited_time():
                    found = answer(one, tmp_path)
            except BaseException as error:
                raise AssertionError(f"{type(error).__name__}: {error}\n{one}") from error
            shutil.rmtree(tmp_path / str(number), ignore_errors=True)
            outcomes[f"{one.kind} {'refused' if found else 'taken'}"] += 1
    assert sum(outcomes.values()) == len(range(chunk, COUNT, CHUNKS))
    record_property("inputs", outcomes.total())
    if outcomes.total() >= 1000:
        assert min(outcomes[f"{kind} {end}"] for kind in ("formula", "file", "project")
                   for end in ("taken", "refused")) > 0, f"both ends of all kinds are to be met: {outcomes}"


def answer(one: Input, folder: Path) -> tuple[Diagnostic, ...]:
    """What is found wrong with an input, all of which can be told to a person."""
    match one.kind:
        case "formula":
            found = of_formula(str(one.files[""]))
        case "file":
            (path, text), = one.files.items()
            found = load([Source(path, str(text))])[1]
            of_layout(str(text))
        case _:
            found = of_project(one, folder / str(one.number))
    form = FORMATS[one.number // 10 % len(FORMATS)]
    render(found, format=form, language="zh" if one.number // 100 % 2 else "en", colour=True)
    for finding in found:
        if finding.span is not None:
            place = finding.span.in_file()
            assert 0 <= place.start <= place.end <= len(place.source.text)
    return found


def of_formula(text: str) -> tuple[Diagnostic, ...]:
    node, found = parse(located(text))
    if not found:
        assert parse(located(write(node))) == (node, ())
    return found


def of_layout(text: str) -> None:
    """Laid out, or left alone because it cannot be read; and what is laid out is."""
    laid, problems = laid_out(Source("some.yaml", text))
    assert "CX018" not in {problem.code.id for problem in problems}
    if laid is not None:
        assert laid_out(Source("some.yaml", laid)) == (laid, ())


def of_project(one: Input, folder: Path) -> tuple[Diagnostic, ...]:
    for path, content in one.files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        raw = content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass")
        (folder / path).write_bytes(raw)
    compiled = compile_project(folder)
    if not compiled.failed:
        assert compiled.plan is not None
    return compiled.reviewed(dt.date(2026, 11, 1))


def test_random_pyramids_compile_before_they_are_spoiled() -> None:
    for files in random_pyramids():
        compiled = compile_sources([Source(path, text) for path, text in files.items()])
        assert [finding.code.id for finding in compiled.diagnostics if finding.code.severity == "error"] == []
        assert compiled.plan is not None
