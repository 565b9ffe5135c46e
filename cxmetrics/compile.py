"""The compiler: the path of a project in, a plan and everything wrong with it out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cxmetrics.check import check
from cxmetrics.codes import yaml_files as codes
from cxmetrics.declared_tests import MetricTest, resolve_tests
from cxmetrics.diagnostics import Diagnostic, report
from cxmetrics.ir import Pyramid
from cxmetrics.load import Drafts, load, read_files
from cxmetrics.lower import lower
from cxmetrics.plan import Plan
from cxmetrics.resolve import resolve
from cxmetrics.source import Source


@dataclass(frozen=True, slots=True)
class Compiled:
    """What the definitions of a project came to; `plan` is None where there are errors."""

    sources: tuple[Source, ...]
    drafts: Drafts
    pyramid: Pyramid
    plan: Plan | None
    diagnostics: tuple[Diagnostic, ...]
    tests: tuple[MetricTest, ...] = ()

    @property
    def failed(self) -> bool:
        """Whether there are errors."""
        return any(finding.code.severity == "error" for finding in self.diagnostics)


def compile_project(root: Path) -> Compiled:
    """Compile the project in the folder `root`."""
    sources, unread = read_files(root)
    return compile_sources(sources, unread)


def compile_sources(sources: Sequence[Source], found: Sequence[Diagnostic] = ()) -> Compiled:
    """Compile the given files; `found` is what was wrong with reading them."""
    drafts, misshapen = load(sources)
    resolved, unresolved = resolve(drafts)
    pyramid, unproved = check(resolved)
    tests, untestable = resolve_tests(drafts, pyramid)
    diagnostics = (*found, *misshapen, *unresolved, *unproved, *untestable)
    if not diagnostics and not pyramid.indicators and sources:
        diagnostics = (report(codes.EMPTY_PROJECT, sources[0].whole, path=sources[0].path),)
    failed = any(finding.code.severity == "error" for finding in diagnostics)
    return Compiled(tuple(sources), drafts, pyramid, None if failed else lower(pyramid), diagnostics, tests)
