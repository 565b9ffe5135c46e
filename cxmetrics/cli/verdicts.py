"""What tests came to, for people, for programs, and as JUnit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree as ET

from cxmetrics.cli.figures import NONE, share, unit_named
from cxmetrics.cli.session import Session
from cxmetrics.cli.tables import Column, as_table
from cxmetrics.cli.terminal import ink
from cxmetrics.diagnostics import Diagnostic
from cxmetrics.ir import Pyramid
from cxmetrics.render import render
from cxmetrics.render.places import place
from cxmetrics.render.wording import visible, words
from cxmetrics.source import Span
from cxmetrics.testing import Check, Evidence, Failure, Part, Verdict
from cxmetrics.testing.coverage import Coverage

_SHARES = ("coverage", "peer_percentile")
_IN_UNIT = ("value", "low", "high", "target", "gap", "peer", "peer_gap", "peer_low", "peer_high", "change",
            "change_low", "change_high")


@dataclass(frozen=True, slots=True)
class Teller:
    """Who tells: in the language of the session, of files as seen from where one stands (in `folder` below)."""

    session: Session
    folder: str

    def placed(self, span: Span) -> dict[str, object]:
        """Where a place is, for programs."""
        at = place(span)
        path = at.path if self.folder == "." else f"{self.folder}/{at.path}"
        return {"file": visible(path), "line": at.start.line, "column": at.start.column}

    def address(self, span: Span) -> str:
        """Where a place is, for people."""
        return "{file}:{line}:{column}".format(**self.placed(span))


# --- for people ------------------------------------------------------------------------------------------------


def told(verdicts: Sequence[Verdict], teller: Teller, *, colour: bool) -> Iterator[str]:
    """The lines about the tests that failed."""
    for verdict in verdicts:
        if verdict.passed:
            continue
        head = ink(teller.session.say("test.failed"), "error", colour=colour)
        yield f"{head} {ink(visible(verdict.test.name), 'strong', colour=colour)}"
        yield f"  --> {teller.address(verdict.test.span)}"
        for failure in verdict.failures:
            yield from (f"  {line}" if line else "" for line in _about(failure, teller))
        if verdict.found:
            yield render(verdict.found, format="text", language=teller.session.language, colour=colour)
        yield ""


def _about(failure: Failure, teller: Teller) -> Iterator[str]:
    check = failure.check
    yield said(failure, teller)
    yield f"  {teller.address(check.expected.span)}"
    if failure.span is not None:
        text = " ".join((failure.formula or "").split())
        yield f"  {teller.address(failure.span)}  {visible(text)}".rstrip()
    for evidence in failure.evidence:
        yield from _rows(evidence, teller)
    if failure.parts:
        yield f"  {teller.session.say('test.parts')}"
        yield from (f"    {line}" for line in _parts(failure.parts, teller))


def _rows(evidence: Evidence, teller: Teller) -> Iterator[str]:
    yield "  " + teller.session.say("test.rows", counted=evidence.counted, given=evidence.given, source=evidence.source)
    if evidence.rows and evidence.columns:
        cells = [[NONE if cell is None else cell for cell in row] for row in evidence.rows]
        yield from (f"    {line}" for line in as_table([Column(name) for name in evidence.columns], cells))
    if evidence.counted > len(evidence.rows):
        yield "    " + teller.session.say("test.more", count=evidence.counted - len(evidence.rows))


def _parts(parts: Sequence[Part], teller: Teller) -> Iterator[str]:
    columns = [Column(teller.session.term("column", name), right=name != "indicator")
               for name in ("indicator", "weight", "value", "score")]
    yield from as_table(columns, [
        [part.indicator, share(part.weight), _number(part.value, part.unit), _number(part.score, "score")]
        for part in parts])


def said(failure: Failure, teller: Teller) -> str:
    """What was expected and what came out, in one line."""
    expected, check = failure.check.expected, failure.check
    unit = unit_of(expected.measure, failure.unit)
    wanted = _figure(expected.wanted, unit, teller)
    if expected.tolerance:
        wanted = teller.session.say("test.within", wanted=wanted, tolerance=_figure(expected.tolerance, unit, teller))
    what = expected.indicator if expected.measure == "value" else f"{expected.indicator} {expected.measure}"
    where = ", ".join(f"{name} {visible(value)}" for name, value in expected.slice)
    if where:
        what = teller.session.say("test.place", what=what, period=check.period, slice=where)
    elif expected.at is not None:
        what = teller.session.say("test.place_all", what=what, period=check.period)
    got = _figure(check.got, unit, teller) if check.there else teller.session.say("test.no_row")
    return teller.session.say("test.expected", what=what, wanted=wanted, got=got)


def unit_of(measure: str, unit: str) -> str:
    """The unit of a measure of an indicator in `unit`."""
    return unit if measure in _IN_UNIT else "score" if measure == "score" else "share" if measure in _SHARES else ""


def _figure(value: float | str | None, unit: str, teller: Teller) -> str:
    if isinstance(value, str):
        return value
    return teller.session.say("test.missing") if value is None else _number(value, unit)


def _number(value: float | None, unit: str) -> str:
    """The number with all digits that tell it from another, and its unit."""
    if value is None:
        return NONE
    known = unit_named(unit)
    if known is not None and known.kind == "share":
        return f"{float(f'{value * 100:.12g}'):.12g}%"
    named = known is not None and known.kind == "quantity" and not known.is_count
    return f"{value:.12g}" + (f" {unit}" if named else "")


# --- what tests reach ------------------------------------------------------------------------------------------


def reach(reached: Coverage, teller: Teller) -> str:
    """How many indicators the tests reach, in a sentence."""
    expected, through = len(reached.expected), len(reached.through)
    return teller.session.say("test.coverage", share=share(reached.share), reached=expected + through,
                              of=expected + through + len(reached.unreached), expected=expected, through=through)


def covered(reached: Coverage, pyramid: Pyramid, teller: Teller) -> Iterator[str]:
    """The sentence, then the indicators that no test reaches, each with its place."""
    yield reach(reached, teller)
    if reached.unreached:
        yield teller.session.say("test.unreached")
        indicators = [pyramid.indicators[name] for name in reached.unreached]
        yield from (f"  {line}" for line in as_table(
            [Column(teller.session.term("column", name)) for name in ("indicator", "title", "file")],
            [[one.id, teller.session.title(one.title, one.id), NONE if one.span is None else teller.address(one.span)]
             for one in indicators]))


def coverage_record(reached: Coverage) -> dict[str, object]:
    """What tests reach as JSON has it."""
    return {"share": reached.share, "expected": list(reached.expected), "through": list(reached.through),
            "unreached": list(reached.unreached)}


# --- for programs ----------------------------------------------------------------------------------------------


def as_record(verdicts: Sequence[Verdict], teller: Teller, engine: str, seconds: float) -> dict[str, object]:
    """The results as JSON has them."""
    return {"passed": sum(verdict.passed for verdict in verdicts),
            "failed": sum(not verdict.passed for verdict in verdicts), "engine": engine,
            "seconds": round(seconds, 3), "tests": [_record(verdict, teller) for verdict in verdicts]}


def _record(verdict: Verdict, teller: Teller) -> dict[str, object]:
    failures = {id(failure.check): failure for failure in verdict.failures}
    return {"name": verdict.test.name, **teller.placed(verdict.test.span), "passed": verdict.passed,
            "checks": [_checked(check, failures.get(id(check)), teller) for check in verdict.checks],
            "errors": [_error(found, teller) for found in verdict.found]}


def _checked(check: Check, failure: Failure | None, teller: Teller) -> dict[str, object]:
    expected = check.expected
    record: dict[str, Any] = {
        "indicator": expected.indicator, "measure": expected.measure, "slice": dict(expected.slice),
        "period": check.period.isoformat(), "expected": expected.wanted, "tolerance": expected.tolerance,
        "got": check.got, "row": check.there, "passed": check.passed, **teller.placed(expected.span)}
    if failure is not None:
        record |= {"unit": unit_of(expected.measure, failure.unit),
                   "formula": failure.span and {"text": failure.formula, **teller.placed(failure.span)},
                   "rows": [{"source": each.source, "given": each.given, "counted": each.counted,
                             "rows": [dict(zip(each.columns, row, strict=True)) for row in each.rows]}
                            for each in failure.evidence],
                   "parts": [{"indicator": part.indicator, "weight": part.weight, "value": part.value,
                              "score": part.score} for part in failure.parts]}
    return record


def _error(found: Diagnostic, teller: Teller) -> dict[str, object]:
    return {"code": found.code.id, "message": words(found, teller.session.language).message}


def as_junit(verdicts: Sequence[Verdict], teller: Teller, seconds: float) -> str:
    """A test suite with a case a test; a test that could not be carried out is an error, not a failure."""
    errors = sum(bool(verdict.found) for verdict in verdicts)
    counts = {"tests": str(len(verdicts)), "failures": str(sum(bool(verdict.failures) for verdict in verdicts)),
              "errors": str(errors), "time": f"{seconds:.3f}"}
    suites = ET.Element("testsuites", counts)
    suite = ET.SubElement(suites, "testsuite", {"name": "cxmetrics test", **counts, "skipped": "0"})
    for verdict in verdicts:
        at = teller.placed(verdict.test.span)
        case = ET.SubElement(suite, "testcase", {
            "name": visible(verdict.test.name), "classname": str(at["file"]), "file": str(at["file"]),
            "line": str(at["line"])})
        if verdict.failures:
            head = said(verdict.failures[0], teller)
            text = "\n".join(line for failure in verdict.failures for line in _about(failure, teller))
            ET.SubElement(case, "failure", {"message": visible(head), "type": "expected"}).text = text
        if verdict.found:
            first = verdict.found[0]
            error = ET.SubElement(case, "error", {"message": words(first, teller.session.language).message,
                                                  "type": first.code.id})
            error.text = render(verdict.found, format="concise", language=teller.session.language)
    ET.indent(suites)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(suites, encoding="unicode")

