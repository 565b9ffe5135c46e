"""`cxmetrics test`: the tests written in the YAML."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from cxmetrics.cli.options import engine_option, language_option, project_argument
from cxmetrics.cli.session import Refusal, Session
from cxmetrics.cli.terminal import coloured, emit, tell
from cxmetrics.cli.usage import Verb

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cxmetrics.check.declared_tests import MetricTest
    from cxmetrics.cli.verdicts import Teller
    from cxmetrics.ir import Pyramid
    from cxmetrics.testing import Verdict
    from cxmetrics.testing.coverage import Coverage

FORMATS = ("text", "json", "junit")
Form = Literal["text", "json", "junit"]


@dataclass(frozen=True, slots=True)
class _Asked:
    """What one call asks for."""

    session: Session
    project: Path
    pattern: str | None
    engine: str
    form: Form
    coverage: bool
    least: int | None


@click.command("test", cls=Verb)
@project_argument
@click.option("-k", "pattern", metavar="PATTERN")
@engine_option
@click.option("--format", "form", type=click.Choice(FORMATS), default="text", show_default=True)
@click.option("--coverage", is_flag=True)
@click.option("--fail-under", "least", type=click.IntRange(0, 100), metavar="PERCENT")
@click.option("--watch", is_flag=True)
@language_option
@click.pass_obj
def test(session: Session, project: Path, pattern: str | None, engine: str, form: Form, coverage: bool,
         least: int | None, watch: bool) -> int:
    """Carry out tests and print what they came to."""
    asked = _Asked(session, project, pattern, engine, form, coverage or least is not None, least)
    if not watch:
        return _carried_out(asked)[0]
    if form != "text":
        raise Refusal("test.watch_text", form=form)
    return _watched(asked)


def _watched(asked: _Asked) -> int:
    """Carry the tests out whenever a definition was written; what cannot be compiled is told, and waited for."""
    from cxmetrics.cli.compiled import places_of
    from cxmetrics.cli.faults import faulty, refused
    from cxmetrics.cli.watching import watch
    from cxmetrics.diagnostics import Fault

    beside: list[Path] = []

    def once(changed: tuple[Path, ...]) -> int:
        if changed:
            names = asked.session.say("comma").join(path.name for path in changed)
            tell(asked.session.say("test.changed", time=time.strftime("%H:%M:%S"), names=names))
        try:
            status, tables = _carried_out(asked)
            beside[:] = tables
        except Fault as fault:
            status = faulty(fault, asked.session)
        except Refusal as refusal:
            status = refused(refusal, asked.session)
        tell(asked.session.say("test.watching"))
        return status

    with places_of(asked.project):  # where there is no project there is nothing to wait for
        return watch(asked.project, once, lambda: beside)


def _carried_out(asked: _Asked) -> tuple[int, list[Path]]:
    """The exit status, and the files that the definitions name beside their own."""
    from cxmetrics.cli.compiled import compiled, places_of
    from cxmetrics.cli.places import folder_from
    from cxmetrics.cli.verdicts import Teller
    from cxmetrics.scratch import scratch_folder
    from cxmetrics.testing import run_tests
    from cxmetrics.testing.coverage import coverage

    session, project, began = asked.session, asked.project, time.perf_counter()
    result, plan = compiled(project)
    chosen = _chosen(result.tests, asked.pattern)
    with scratch_folder() as scratch, places_of(project):
        verdicts = run_tests(plan, chosen, asked.engine, scratch)
    seconds = time.perf_counter() - began
    reached = coverage(plan, chosen) if asked.coverage else None
    _print(verdicts, reached, result.pyramid, Teller(session, folder_from(Path.cwd(), project)), asked, seconds)
    failed = sum(not verdict.passed for verdict in verdicts)
    if result.tests:
        tell(session.say("test.summary", passed=len(verdicts) - failed, failed=failed, seconds=f"{seconds:.1f}",
                         engine=asked.engine))
    else:
        tell(session.say("test.nothing"))
    lacking = reached is not None and asked.least is not None and _under(reached, asked.least, session)
    tables = [project / table.path for table in result.texts.tables.values() if not table.shipped]
    return int(failed > 0 or lacking), tables


def _under(reached: Coverage, least: int, session: Session) -> bool:
    """Whether tests reach too few indicators, which is told."""
    if reached.share * 100 >= least:
        return False
    tell(session.say("test.under", least=f"{least}%"))
    return True


def _print(verdicts: Sequence[Verdict], reached: Coverage | None, pyramid: Pyramid, teller: Teller, asked: _Asked,
           seconds: float) -> None:
    import json

    from cxmetrics.cli import verdicts as said

    match asked.form:
        case "text":
            if lines := list(said.told(verdicts, teller, colour=coloured(sys.stdout))):
                emit("\n".join(lines))
            if reached is not None:
                emit("\n".join(said.covered(reached, pyramid, teller)))
        case "json":
            record = said.as_record(verdicts, teller, asked.engine, seconds)
            if reached is not None:
                record |= {"coverage": said.coverage_record(reached)}
            emit(json.dumps(record, ensure_ascii=False, indent=2))
        case "junit":
            emit(said.as_junit(verdicts, teller, seconds))
            if reached is not None:
                tell(said.reach(reached, teller))


def _chosen(tests: Sequence[MetricTest], pattern: str | None) -> Sequence[MetricTest]:
    """The tests whose name holds the pattern, or fits it; capitals make no difference.  Refuses where none does."""
    from fnmatch import fnmatchcase

    if pattern is None:
        return tests
    wanted = pattern.casefold()
    chosen = [test for test in tests
              if wanted in test.name.casefold() or fnmatchcase(test.name.casefold(), wanted)]
    if not chosen:
        raise Refusal("test.none", pattern=pattern)
    return chosen
