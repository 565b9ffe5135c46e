"""Peers as hidden nodes: a published one is a series of dated numbers, a computed one the same formula on its rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from cxmetrics.benchmarks import Computed
from cxmetrics.composite_rules import Required
from cxmetrics.ir import Aggregate, Apply, Constant, Expr, Indicator, Pyramid, Ref, is_value
from cxmetrics.lower.planned import Planned
from cxmetrics.lower.through import through
from cxmetrics.plan import Operation, Series, Value
from cxmetrics.score_rules import AmongPeers
from cxmetrics.walks import with_aggregates
from cxmetrics.windows import Window, tag


def with_peers(original: Indicator, window: Window, pyramid: Pyramid) -> Iterator[Planned]:
    """The hidden nodes of the peers of an indicator seen through a window, and then its own."""
    indicator, peers = through(original, window), original.peers
    if peers is None:
        yield Planned(indicator, indicator.formula, window, bool(window))
        return
    for peer in peers.comparable:
        hidden = _hidden(indicator, peer)
        if peers.computed is not None and peer in peers.computed.names:
            yield Planned(hidden, _of(indicator.formula, peers.computed, peer, pyramid), window, hidden=True)
        else:
            dated = Series(tuple((one.first, one.value, one.n) for one in peers.series(peer)), window)
            yield Planned(replace(hidden, rounding=None), dated, window, hidden=True)
    # What nobody is shown stands among its peers only to be scored there.
    compared = peers.comparable if not window or isinstance(indicator.score, AmongPeers) else ()
    served = tuple((peer, _id(indicator.id, peer)) for peer in compared)
    yield Planned(indicator, indicator.formula, window, bool(window), served)


def _id(indicator: str, peer: str) -> str:
    return f"{indicator}~peer:{peer}"


def _hidden(indicator: Indicator, peer: str) -> Indicator:
    """The indicator of a peer: computed alike, but neither scored nor shown."""
    return replace(indicator, id=_id(indicator.id, peer), level=None, score=None, target=None, peers=None, children=(),
                   over=(), require=Required(), combine="weighted_mean")


def _of(formula: Expr | None, computed: Computed, peer: str, pyramid: Pyramid) -> Expr | None:
    """A formula over our own rows, over those of a peer instead."""
    spec = pyramid.sources[computed.source].columns[computed.column]
    ours, theirs = (is_value(computed.source, spec, name) for name in (computed.us, peer))

    def moved(aggregate: Aggregate) -> Aggregate:
        match aggregate.where:
            case Apply("and", (first, last)) if last == ours:
                return replace(aggregate, where=Apply("and", (first, theirs)))
            case where if where == ours:
                return replace(aggregate, where=theirs)
            case _:
                message = "rows of ours that were chosen when the peers were proved"
                raise AssertionError(message)

    return None if formula is None else with_aggregates(formula, moved)


def peer_value(expr: Apply, pyramid: Pyramid, window: Window) -> Value:
    """What `peer(x, 'bank_a')` and `peers.median(x)` refer to."""
    indicator, *rest = expr.args
    if not isinstance(indicator, Ref):
        message = "an indicator that was proved"
        raise TypeError(message)
    seen = indicator.indicator + tag(window)
    if rest and isinstance(rest[0], Constant):
        return Ref(_id(seen, str(rest[0].value)))
    peers = pyramid.indicators[indicator.indicator].peers
    names = peers.comparable if peers is not None else ()
    return Operation(expr.function, tuple(Ref(_id(seen, peer)) for peer in names))
