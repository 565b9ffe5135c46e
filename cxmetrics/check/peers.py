"""Peers proved: published values in the unit of the indicator, computed ones over one source, all of them known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from cxmetrics.benchmarks import NOBODY, Benchmark, Computed, Evidence, Peers
from cxmetrics.check.matching import Proof, Proved
from cxmetrics.check.reach import EVERYTHING, Reach, within
from cxmetrics.check.rules import constant_of
from cxmetrics.codes import benchmarks as codes
from cxmetrics.codes import names as name_codes
from cxmetrics.codes import units as unit_codes
from cxmetrics.diagnostics import DID_YOU_MEAN, Fix, Label, closest, listed, report
from cxmetrics.ir import (
    Aggregate,
    Apply,
    ColumnSpec,
    Constant,
    Expr,
    Indicator,
    Invalid,
    Origin,
    Ref,
    columns_in,
    is_value,
)
from cxmetrics.load.scalars import Found
from cxmetrics.resolve import Outline, Resolved
from cxmetrics.resolve.benchmarks import Record
from cxmetrics.schema import BenchmarkDraft, PeersDraft
from cxmetrics.score_rules import AmongPeers
from cxmetrics.source import Located, Span
from cxmetrics.units import NUMBER, UNKNOWN, Unit, read_unit
from cxmetrics.units import scale as make_scale
from cxmetrics.walks import aggregates_in, references_in, with_aggregates

NO_BENCHMARK = "none"  # of `benchmark`: it was looked for, and nobody publishes one


def read_peers(outline: Outline, unit: Unit, formula: Expr | None, resolved: Resolved, proof: Proof) -> Peers | None:
    """The peers of an indicator; None, and a finding, where something is wrong with them."""
    found = proof.found
    before = len(found)
    recorded = resolved.benchmarks.records.get(outline.id, ())
    reach = proof.reaches.get(outline.id, EVERYTHING)
    records = [_benchmark(record, outline, unit, formula, reach, found) for record in recorded
               if unit.kind != "unknown"]
    if not recorded and outline.draft.peers is None and outline.draft.benchmark is None:  # as most
        return None if unit.kind == "unknown" or not resolved.benchmarks.is_whole(outline.id) else NOBODY
    computed = None
    if outline.draft.peers is not None:
        computed = _computed(outline, outline.draft.peers, formula, resolved.sources, proof)
        found += _twice(recorded, computed)
    peers = Peers(tuple(record for record in records if record is not None), computed)
    if len(found) > before or not resolved.benchmarks.is_whole(outline.id) or unit.kind == "unknown":
        return None
    written = outline.draft.benchmark
    if written is None:
        return peers
    if written.value == NO_BENCHMARK:
        if peers.known:
            found.append(report(codes.BENCHMARK_AFTER_ALL, written.span, indicator=outline.id,
                                peer=min(peers.known)))
        return peers
    if not is_peer(written.value, written.span, outline.id, peers, found):
        return None
    return replace(peers, named=written.value)


def check_score(indicator: Indicator, peers: Peers | None, found: Found) -> None:
    """A score among peers that nobody has recorded would always be missing."""
    if isinstance(indicator.score, AmongPeers) and peers is not None and not peers.comparable:
        found.append(report(codes.NO_PEERS, indicator.span, indicator=indicator.id))


def is_peer(peer: str, span: Span | None, indicator: str, peers: Peers, found: Found) -> bool:
    """Whether an indicator can be compared with a peer; reports otherwise."""
    if peer in peers.comparable:
        return True
    if peer in peers.known:
        found.append(report(codes.REFERENCE_ONLY, span, peer=peer, indicator=indicator))
    elif not peers.comparable:
        found.append(report(codes.NO_PEERS, span, indicator=indicator))
    else:
        guess = closest(peer, peers.comparable)
        found.append(report(codes.UNKNOWN_PEER, span, help=DID_YOU_MEAN if guess else None, indicator=indicator,
                            peer=peer, known=", ".join(peers.comparable), guess=guess or ""))
    return False


def peer_function(expr: Apply, proof: Proof) -> Proved:
    """`peer(x, 'bank_a')` and `peers.median(x)`: in the unit of x; the peers have to be there."""
    indicator, *rest = expr.args
    if not isinstance(indicator, Ref):
        return Invalid(expr.span), UNKNOWN
    unit = proof.units.get(indicator.indicator, UNKNOWN)
    peers = proof.peers.get(indicator.indicator)
    if peers is None:  # reported, of a circle too
        return Invalid(expr.span), UNKNOWN
    if rest:
        (peer,) = rest
        known = isinstance(peer, Constant) and is_peer(str(peer.value), peer.span, indicator.indicator, peers,
                                                       proof.found)
    else:
        known = bool(peers.comparable)
        if not known:
            proof.say(codes.NO_PEERS, expr.span, indicator=indicator.indicator)
    return (expr, unit) if known else (Invalid(expr.span), UNKNOWN)


# --- published peers ---------------------------------------------------------------------------------------------


def _benchmark(record: Record, outline: Outline, unit: Unit, formula: Expr | None, reach: Reach,
               found: Found) -> Benchmark | None:
    """A record with its value in the indicator's unit; None where that has been reported."""
    draft = record.draft
    measured = _measured_in(record, outline, unit, formula, found)
    value = None if measured is None else _value(
        draft, measured, outline, reach if measured == unit else EVERYTHING, found)
    if measured is None or value is None:
        return None
    said = {key: text.value for key in type(draft.method).model_fields if (text := getattr(draft.method, key))}
    source = draft.source
    evidence = Evidence(source.publisher.value, source.date.value, draft.licence.value, _text(source.url),
                        _text(source.note))
    return Benchmark(draft.peer.value, value, measured, record.first, record.last, draft.period.value, record.n,
                     record.comparable, tuple(said.items()), evidence, draft.value.span)


def _text(written: Located | None) -> str | None:
    return None if written is None else written.value


def _measured_in(record: Record, outline: Outline, unit: Unit, formula: Expr | None, found: Found) -> Unit | None:
    """The unit of a record's value: the indicator's, or the scale of its method, which has to be the same."""
    written = record.draft.method.scale
    if written is None:
        return unit
    scale = read_unit(written.value)
    if scale is None or scale.kind != "scale":
        found.append(report(unit_codes.UNIT_UNKNOWN, written.span, unit=written.value))
        return None
    own = _scales(unit, formula)
    if record.comparable == "reference_only":
        return scale if unit.kind in ("scale", "score") else unit
    if not own or (scale.low, scale.high) in [(one.low, one.high) for one in own]:
        return unit
    related = (Label(outline.span, codes.THE_INDICATOR),)
    found.append(report(unit_codes.BENCHMARK_SCALE, written.span, related=related, found=scale, expected=own[0]))
    return None


def _scales(unit: Unit, formula: Expr | None) -> list[Unit]:
    """The scales that answers to an indicator are given on: its own, or those of the columns its formula looks at."""
    if unit.kind == "scale":
        return [unit]
    if unit.kind == "score":
        return [make_scale(0, 100)]
    looked = (column.unit for one in aggregates_in(formula) for arg in one.args for column in columns_in(arg))
    return [one for one in looked if one.kind == "scale"]


def _value(draft: BenchmarkDraft, unit: Unit, outline: Outline, reach: Reach, found: Found) -> float | None:
    """The value as a number in `unit`, inside what the unit allows and the indicator can come to."""
    problems: Found = []
    read = constant_of(draft.value, unit, problems, unit_codes.BENCHMARK_UNIT)
    related = (Label(outline.span, codes.THE_INDICATOR),)
    found += [replace(problem, related=(*problem.related, *related),
                      facts={**problem.facts, "expected": str(unit)}) for problem in problems]
    if read is None:
        return None
    value, own = read
    low, high = _bounds(unit)
    bare = own == NUMBER and unit.kind == "share" and abs(value) > 1
    if bare or (low is not None and high is not None and not low <= value <= high) or not within(value, reach):
        found.append(report(unit_codes.BENCHMARK_RANGE, draft.value.span, related=related, value=draft.value.value,
                            expected=unit))
        return None
    return value


def _bounds(unit: Unit) -> tuple[float | None, float | None]:
    """The ends of a unit that has some."""
    match unit.kind:
        case "scale":
            return unit.low, unit.high
        case "score":
            return 0.0, 100.0
        case "nps":
            return -100.0, 100.0
        case _:
            return None, None


# --- computed peers ----------------------------------------------------------------------------------------------


def _computed(outline: Outline, draft: PeersDraft, formula: Expr | None, sources: Mapping[str, Origin],
              proof: Proof) -> Computed | None:
    found = proof.found
    source, column, us = draft.source, draft.column, draft.us
    if source.value not in sources:
        guess = closest(source.value, sources)
        found.append(report(name_codes.UNKNOWN_SOURCE, source.span, help=DID_YOU_MEAN if guess else None,
                            fix=Fix(source.span, guess) if guess else None, name=source.value, guess=guess or ""))
        return None
    columns = proof.columns[source.value]
    spec = columns.get(column.value)
    if spec is None:
        guess = closest(column.value, columns)
        found.append(report(name_codes.UNKNOWN_COLUMN, column.span, help=DID_YOU_MEAN if guess else None,
                            fix=Fix(column.span, guess) if guess else None, name=column.value, source=source.value,
                            guess=guess or ""))
        return None
    if not _names_peers(spec, column, us, source.value, found) or isinstance(formula, Invalid):
        return None
    strangers = [] if formula is None else [one for one in aggregates_in(formula) if one.source != source.value]
    if formula is None or strangers or not list(aggregates_in(formula)) or any(references_in(formula)):
        at = strangers[0].span if strangers else outline.span
        found.append(report(codes.PEERS_OVER_ROWS, at, indicator=outline.id, source=source.value))
        return None
    return Computed(source.value, spec.name, us.value, tuple(name for name in spec.values or () if name != us.value))


def our_rows(formula: Expr | None, peers: Peers | None, columns: Mapping[str, Mapping[str, ColumnSpec]]) -> Expr | None:
    """A formula whose aggregates see only our own rows, where those of peers stand beside them."""
    if formula is None or peers is None or peers.computed is None:
        return formula
    computed = peers.computed
    ours = is_value(computed.source, columns[computed.source][computed.column], computed.us)

    def narrowed(aggregate: Aggregate) -> Aggregate:
        return replace(aggregate, where=ours if aggregate.where is None else Apply("and", (aggregate.where, ours)))

    return with_aggregates(formula, narrowed)


def _names_peers(spec: ColumnSpec, column: Located, us: Located, source: str, found: Found) -> bool:
    """Whether the values of a column are known, and `us` is one of them; reports otherwise."""
    if spec.privacy == "C3":
        found.append(report(name_codes.SECRET_COLUMN, column.span, name=spec.name, source=source))
        return False
    if spec.values is None or len(spec.values) < 2:
        related = (Label(spec.span, codes.THE_COLUMN),) if spec.span else ()
        found.append(report(codes.PEERS_NOT_CLOSED, column.span, related=related, column=f"{source}.{spec.name}"))
        return False
    if us.value not in spec.values:
        guess = closest(us.value, spec.values)
        found.append(report(unit_codes.VALUE_NOT_IN_SET, us.span, help=DID_YOU_MEAN if guess else None,
                            fix=Fix(us.span, guess) if guess else None, value=us.value,
                            column=f"{source}.{spec.name}", guess=guess or "", known=listed(spec.values)))
        return False
    return True


def _twice(recorded: tuple[Record, ...], computed: Computed | None) -> Found:
    names = frozenset((*computed.names, computed.us)) if computed else frozenset()
    return [report(codes.COMPUTED_AND_RECORDED, record.draft.peer.span, peer=record.draft.peer.value)
            for record in recorded if record.draft.peer.value in names]
