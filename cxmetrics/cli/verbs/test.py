"""`cxmetrics test`: the tests written in the YAML."""

from __future__ import annotations

import sys
import time
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
    from cxmetrics.testing import Verdict

FORMATS = ("text", "json", "junit")


@click.command("test", cls=Verb)
@project_argument
@click.option("-k", "pattern", metavar="PATTERN")
@engine_option
@click.option("--format", "form", type=click.Choice(FORMATS), default="text", show_default=True)
@language_option
@click.pass_obj
def test(session: Session, project: Path, pattern: str | None, engine: str,
         form: Literal["text", "json", "junit"]) -> int:
    """Carry out tests and print what they came to."""
    import tempfile

    from cxmetrics.cli.compiled import compiled, places_of
    from cxmetrics.cli.places import folder_from
    from cxmetrics.cli.verdicts import Teller
    from cxmetrics.testing import run_tests

    began = time.perf_counter()
    result, plan = compiled(project)
    chosen = _chosen(result.tests, pattern)
    with tempfile.TemporaryDirectory(prefix="cxmetrics-") as scratch, places_of(project):
        verdicts = run_tests(plan, chosen, engine, Path(scratch))
    seconds = time.perf_counter() - began
    _print(verdicts, Teller(session, folder_from(Path.cwd(), project)), form, engine, seconds)
    failed = sum(not verdict.passed for verdict in verdicts)
    if result.tests:
        tell(session.say("test.summary", passed=len(verdicts) - failed, failed=failed, seconds=f"{seconds:.1f}",
                         engine=engine))
    else:
        tell(session.say("test.nothing"))
    return int(failed > 0)


def _print(verdicts: Sequence[Verdict], teller: Teller, form: Literal["text", "json", "junit"], engine: str,
           seconds: float) -> None:
    import json

    from cxmetrics.cli.verdicts import as_junit, as_record, told

    match form:
        case "text":
            if lines := list(told(verdicts, teller, colour=coloured(sys.stdout))):
                emit("\n".join(lines))
        case "json":
            emit(json.dumps(as_record(verdicts, teller, engine, seconds), ensure_ascii=False, indent=2))
        case "junit":
            emit(as_junit(verdicts, teller, seconds))


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
