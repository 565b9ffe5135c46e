"""Benchmarks by indicator: periods, n and comparability read; twice the same refused."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import cast

from cxmetrics.benchmarks import CENSUS, COMPARABLE, EVER, NOT_TOLD, UNTOLD, Comparable
from cxmetrics.codes import benchmarks as codes
from cxmetrics.codes import names as name_codes
from cxmetrics.codes import yaml_files as yaml_codes
from cxmetrics.diagnostics import DID_YOU_MEAN, Fix, Label, closest, report
from cxmetrics.load import Drafts
from cxmetrics.load.scalars import Found, period, word
from cxmetrics.schema import BenchmarkDraft
from cxmetrics.source import Located

_COUNT = re.compile(r"[1-9]\d{0,14}\Z")


@dataclass(frozen=True, slots=True)
class Record:
    """A benchmark whose value is still text."""

    draft: BenchmarkDraft
    first: dt.date
    last: dt.date
    n: float
    comparable: Comparable


@dataclass(frozen=True, slots=True)
class Recorded:
    """The records of each indicator.  `faulty`: those of which some were reported and left out; all, where None."""

    records: Mapping[str, tuple[Record, ...]]
    faulty: frozenset[str] | None

    def is_whole(self, indicator: str) -> bool:
        """Whether nothing is lacking of what was written of an indicator."""
        return self.faulty is not None and indicator not in self.faulty


def resolve_benchmarks(drafts: Drafts, indicators: Mapping[str, object], found: Found) -> Recorded:
    """The benchmarks of all documents; those of a project stand in place of equal ones of its libraries."""
    kept: dict[tuple[str, str, dt.date, dt.date], tuple[int, Record]] = {}
    faulty: set[str] = set()
    for number, draft in _drafts(drafts):
        if draft.indicator.value not in indicators:
            if not indicators or number < drafts.own:  # a shelf to take from: what nobody takes is held all the same
                _record(draft, found)
            elif draft.indicator.value not in drafts.cut:
                _unknown(draft.indicator, indicators, found)
            continue
        record = _record(draft, found)
        if record is None:
            faulty.add(draft.indicator.value)
            continue
        key = (draft.indicator.value, draft.peer.value, record.first, record.last)
        first = kept.get(key)
        if first is None or drafts.beneath and first[0] in drafts.beneath[number]:
            kept[key] = number, record
            continue
        related = (Label(first[1].draft.period.span, codes.FIRST_RECORD),)
        found.append(report(codes.TWO_RECORDS, draft.period.span, related=related, peer=draft.peer.value,
                            indicator=draft.indicator.value))
    records: dict[str, list[Record]] = {}
    for (indicator, *_), (_, record) in kept.items():
        records.setdefault(indicator, []).append(record)
    unread = "benchmarks" in drafts.cut
    return Recorded({name: tuple(listed) for name, listed in records.items()}, None if unread else frozenset(faulty))


def _drafts(drafts: Drafts) -> Iterator[tuple[int, BenchmarkDraft]]:
    for number, document in enumerate(drafts.documents):
        for draft in document.benchmarks if isinstance(document.benchmarks, list) else ():
            yield number, draft


def _unknown(written: Located, indicators: Mapping[str, object], found: Found) -> None:
    guess = closest(written.value, indicators)
    found.append(report(name_codes.UNKNOWN_INDICATOR, written.span, help=DID_YOU_MEAN if guess else None,
                        fix=Fix(written.span, guess) if guess else None, name=written.value, guess=guess or ""))


def _record(draft: BenchmarkDraft, found: Found) -> Record | None:
    """A record whose value is still text; None where something of it has been reported."""
    before = len(found)
    comparable = word(draft.comparable, "comparable", COMPARABLE, "reference_only", found)
    days = EVER if draft.period.value == UNTOLD and comparable == "reference_only" else _period(draft.period, found)
    if draft.source.date.value != UNTOLD:
        _period(draft.source.date, found)
    n = _answers(draft.n, comparable, found)
    if not any(said.value.strip() for said in _method(draft)):
        found.append(report(codes.NO_METHOD, draft.value.span))
    for key in ("peer", "licence"):
        if not getattr(draft, key).value.strip():
            found.append(report(yaml_codes.WRONG_VALUE, getattr(draft, key).span, key=key, expected="a text", found=""))
    if days is None or n is None or len(found) > before:
        return None
    return Record(draft, *days, n, cast("Comparable", comparable))


def _answers(written: Located, comparable: str, found: Found) -> float | None:
    """How many answers a number rests on; of one that is compared with it has to be known."""
    text = written.value.strip()
    if text == "census":
        return CENSUS
    if text == UNTOLD and comparable == "reference_only":
        return NOT_TOLD
    if _COUNT.match(text):
        return float(text)
    found.append(report(yaml_codes.WRONG_VALUE, written.span, key="n", found=written.value,
                        expected="a number of answers, or census"))
    return None


def _method(draft: BenchmarkDraft) -> Iterator[Located]:
    method = draft.method
    yield from (said for said in (method.population, method.denominator, method.mode, method.instrument,
                                  method.question) if said is not None)


def _period(written: Located, found: Found) -> tuple[dt.date, dt.date] | None:
    days = period(written.value.strip())
    if days is None:
        found.append(report(codes.BENCHMARK_PERIOD, written.span, found=written.value))
    return days
