"""One indicator in plain words: what it is, how it is counted, what it is a part of, where its rows come from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, assert_never

from cxmetrics.check.leaves import leaves_below
from cxmetrics.cli.branches import below, bond, parents, weights_at_roots
from cxmetrics.cli.figures import design_effect, figure, figure_of, period_name, share, unit_named, whole
from cxmetrics.cli.latest import Latest
from cxmetrics.cli.lineage import columns_of, is_over_rows, strictest, written
from cxmetrics.cli.peers import peer_table, peers_of
from cxmetrics.cli.session import Session
from cxmetrics.cli.tables import padded
from cxmetrics.cli.terminal import ink
from cxmetrics.cli.triangulated import pair_of, triangulated
from cxmetrics.composite_rules import (
    AsWritten,
    Carry,
    Neutral,
    NullIfMissing,
    PowerMean,
    Renormalise,
    Required,
    Rounding,
)
from cxmetrics.diagnostics import listed
from cxmetrics.functions import AGGREGATES
from cxmetrics.ir import Aggregate, Blend, Constant, Indicator, Origin, Pyramid
from cxmetrics.nearness import digits_for, error_of
from cxmetrics.plan import Plan
from cxmetrics.render.wording import visible
from cxmetrics.score_rules import (
    AmongPeers,
    Anchors,
    Bands,
    Goalposts,
    Lognormal,
    MinMax,
    Percentile,
    ScoreRule,
    ZScore,
)
from cxmetrics.sketches import kept_for
from cxmetrics.tables import place_of
from cxmetrics.units import Unit
from cxmetrics.walks import aggregates_in

_GAP = 2
Facts = Iterator[tuple[str, Sequence[str]]]


def described(plan: Plan, pyramid: Pyramid, name: str, found: Latest, session: Session, *, colour: bool) -> str:
    """The description of an indicator as lines with a label each."""
    indicator = pyramid.indicators[name]
    facts = [(session.term("fact", label), [visible(line) for line in lines])
             for label, lines in facts_of(pyramid, indicator, found, session, plan) if lines]
    from rich.cells import cell_len

    widest = max(cell_len(label) for label, _ in facts) + _GAP
    title = visible(session.title(indicator.title, name))
    lines = [f"{ink(title, 'strong', colour=colour)}  {ink(name, 'dim', colour=colour)}", ""]
    for label, (head, *rest) in facts:
        lines.append(ink(padded(label, widest), "cyan", colour=colour) + head)
        lines += [" " * widest + line for line in rest]
    return "\n".join(lines)


def recorded(plan: Plan, pyramid: Pyramid, name: str, found: Latest, session: Session) -> Mapping[str, object]:
    """The description of an indicator for programs: its definition, its latest values, its peers."""
    indicator = pyramid.indicators[name]
    row = found.rows.get(name, {})
    return {
        "indicator": name, "title": session.title(indicator.title, name), "level": indicator.level,
        "unit": str(indicator.unit), "direction": indicator.direction, "formula": indicator.formula_text,
        "description": session.title(indicator.description, "") or None,
        "children": [{"indicator": child, "weight": weight} for child, weight in below(indicator)],
        "target": indicator.target, "owner": indicator.owner,
        "criticality": indicator.criticality, "privacy": (strictest(pyramid, name) or (None,))[0],
        "no_public_benchmark": indicator.alone, "tags": list(indicator.tags),
        "sources": sorted(plan.nodes[name].sources), "grain": found.grain, "period": found.period,
        "design_effect": design_effect(indicator, row),
        **{measure: row.get(measure) for measure in _MEASURES}, "peers": list(peers_of(indicator, found)),
        **pair_of(plan, indicator, found)}


_MEASURES = ("value", "n", "n_effective", "low", "high", "score", "coverage", "gap", "peer", "peer_gap", "peer_low",
             "peer_high", "peer_rank", "peer_percentile", "change", "change_low", "change_high", "moved", "status",
             "definition")


def facts_of(pyramid: Pyramid, indicator: Indicator, found: Latest, session: Session, plan: Plan | None) -> Facts:
    """What is told of an indicator, by what it is about; without a plan, all but what its values tell."""
    yield "about", session.title(indicator.description, "").splitlines()
    yield "kind", [_kind(indicator, session)]
    yield "formula", _formula(indicator, session)
    yield "children", _children(pyramid, indicator, session)
    yield "leaves", _leaves(pyramid, indicator, session)
    yield "missing", _missing(indicator, session)
    yield "unit", [session.term("unit", str(indicator.unit))]
    yield "good", [session.say(f"show.{indicator.direction}")]
    yield "score", [_score(indicator.score, indicator.unit, session)] if indicator.score else []
    yield "valid", _valid(indicator, session)
    yield "versions", _versions(indicator, session)
    yield "target", [figure(indicator.target, indicator.unit)] if indicator.target is not None else []
    yield "peers", peer_table(indicator, found, session) or ([session.say("show.alone")] if indicator.alone else [])
    yield "compared", [_compared(indicator, session)] if indicator.peers and indicator.peers.comparable else []
    yield "rounding", [session.say(name, rule=rounding_in_words(rule, session)) for name, rule in
                       (("show.rounded", indicator.rounding), ("show.displayed", indicator.display)) if rule]
    least = pyramid.project.min_n if indicator.min_n is None else indicator.min_n
    yield "shown", [session.say("show.min_n", n=least)] if least > 1 else []
    yield "parents", _parents(pyramid, indicator, session)
    yield "roots", [session.say("show.of", weight=share(part), name=root, title=_title(pyramid, root, session))
                    for root, part in weights_at_roots(pyramid, indicator.id).items()
                    if (root, part) not in parents(pyramid)[indicator.id]]
    yield "rows", list(_origins(pyramid, indicator, session))
    yield "owner", [indicator.owner] if indicator.owner else []
    yield "criticality", [session.term("criticality", indicator.criticality)] if indicator.criticality else []
    yield "privacy", _privacy(pyramid, indicator)
    yield "tags", [", ".join(indicator.tags)] if indicator.tags else []
    if plan is not None:
        yield "latest", value_in_words(indicator, found, session)
        yield "triangulated", triangulated(plan, indicator, found, session)


def rule_in_words(rule: object, indicator: Indicator, session: Session) -> str | None:
    """A rule of an indicator as it is described; None where there are no words for it."""
    match rule:
        case Unit():
            return session.term("unit", str(rule))
        case Required():
            needed = [*rule.names, *([f"at_least({rule.least})"] if rule.least else [])]
            return session.say("comma").join(needed) or None
        case _ if rule == indicator.missing:
            return _absent(indicator, session)
        case _ if rule == indicator.score and indicator.score is not None:
            return _score(indicator.score, indicator.unit, session)
        case _ if rule == indicator.combine:
            return _combination(indicator, session)
        case _:
            return None


def _valid(indicator: Indicator, session: Session) -> list[str]:
    """Between which days its periods have to begin."""
    ends = zip(("show.valid_from", "show.valid_to"), indicator.valid, strict=True)
    return [session.say(name, day=day) for name, day in ends if day is not None]


def _versions(indicator: Indicator, session: Session) -> list[str]:
    """What it is made of under each of its versions; all else that is shown is of the last."""
    lines: list[str] = []
    for day, one in indicator.versions:
        since = session.say("show.at_first") if day is None else str(day)
        children = ", ".join(f"{share(edge.weight)} {edge.child}" if one.weighted else edge.child
                             for edge in one.children)
        kind = _combination(one, session) if one.children else ""
        named = [f"{kind}: {children}"] if children and not isinstance(one.combine, Blend) else []
        score = [_score(one.score, one.unit, session)] if one.score else []
        target = [] if one.target is None else [f"{session.say('fact.target')} {figure(one.target, one.unit)}"]
        rules = [*_formula(one, session)[:1], *named, *score, *target]
        lines.append(f"{since:10}  {'; '.join(rules)}")
    return lines


def _kind(indicator: Indicator, session: Session) -> str:
    level = f"{session.term('level', indicator.level)}: " if indicator.level else ""
    if indicator.formula is None:
        kind = _combination(indicator, session)
        return level + (session.say("show.over_leaves", kind=kind) if indicator.over else kind)
    return level + session.say("show.factor" if is_over_rows(indicator.formula) else "show.formula")


def _combination(indicator: Indicator, session: Session) -> str:
    count = len(indicator.combined)
    match indicator.combine:
        case Blend():
            return session.say("show.blend", count=count)
        case PowerMean(exponent):
            return session.say("show.power", count=count, exponent=f"{exponent:g}")
        case rule:
            return session.say(f"show.{rule}", count=count)


def _formula(indicator: Indicator, session: Session) -> list[str]:
    if isinstance(indicator.combine, Blend):
        return [" ".join(indicator.combine.text.split())]
    if indicator.formula is None or indicator.formula_text is None:
        return []
    names = dict.fromkeys(aggregate.function for aggregate in aggregates_in(indicator.formula))
    text = " ".join(indicator.formula_text.split())
    return [text, *(f"{name}: {getattr(AGGREGATES[name].help, session.language)}" for name in names),
            *dict.fromkeys(_near(aggregate, session) for aggregate in aggregates_in(indicator.formula)
                           if "accuracy" in dict(aggregate.options))]


def _near(aggregate: Aggregate, session: Session) -> str:
    """What is kept of the values of an aggregate that need not be exact."""
    allowed = dict(aggregate.options)["accuracy"]
    assert isinstance(allowed, Constant)
    assert isinstance(allowed.value, int | float)
    if aggregate.function == "distinct":
        return session.say("show.sampled", keep=f"{kept_for(allowed.value):,}", part=f"{100 * allowed.value:g}%")
    digits = digits_for(allowed.value)
    return session.say("show.near", function=aggregate.function, digits=digits, part=f"{100 * error_of(digits):.2g}%")


def _compared(indicator: Indicator, session: Session) -> str:
    named = indicator.peers.named if indicator.peers else None
    return session.say("show.compared.median") if named is None else session.say("show.compared.named", name=named)


def _title(pyramid: Pyramid, name: str, session: Session) -> str:
    return session.title(pyramid.indicators[name].title, name)


def _privacy(pyramid: Pyramid, indicator: Indicator) -> list[str]:
    """The strictest class of what it is made of, with the columns that are about persons."""
    found = strictest(pyramid, indicator.id)
    if found is None:
        return []
    level, columns = found
    return [f"{level}: {listed(columns)}" if level != "C1" else level]


def _children(pyramid: Pyramid, indicator: Indicator, session: Session) -> list[str]:
    return [f"{session.term('tree', bond(indicator)) if weight is None else share(weight):>7}  {name}  "
            f"{_title(pyramid, name, session)}".rstrip() for name, weight in below(indicator)]


def _parents(pyramid: Pyramid, indicator: Indicator, session: Session) -> list[str]:
    return [_part_of(pyramid, name, weight, session) for name, weight in parents(pyramid)[indicator.id]]


def _leaves(pyramid: Pyramid, indicator: Indicator, session: Session) -> list[str]:
    """The leaves below a composite with their effective weights, where they are others than its children."""
    leaves = leaves_below(indicator.children, pyramid.indicators) if indicator.weighted else ()
    if {leaf.child for leaf in leaves} == {edge.child for edge in indicator.children}:
        return []
    return [f"{share(leaf.weight):>7}  {leaf.child}  {_title(pyramid, leaf.child, session)}".rstrip()
            for leaf in leaves]


def _part_of(pyramid: Pyramid, name: str, weight: float | None, session: Session) -> str:
    title = _title(pyramid, name, session)
    if weight is not None:
        return session.say("show.of", weight=share(weight), name=name, title=title)
    pooled = bond(pyramid.indicators[name]) == "pooled"
    return session.say("show.pooled_in" if pooled else "show.named", name=name, title=title)


def _missing(indicator: Indicator, session: Session) -> list[str]:
    if not indicator.children:
        return []
    names, least = session.say("comma").join(indicator.require.names), indicator.require.least
    needed = [session.say("show.require", names=names)] if names else []
    needed += [session.say("show.at_least", count=least)] if least else []
    split = [session.say("show.use_total")] if indicator.use_total else []
    return [_absent(indicator, session), *split, *needed]


def _absent(indicator: Indicator, session: Session) -> str:
    match indicator.missing:
        case Renormalise(least):
            return session.say("show.renormalise" if indicator.weighted else "show.left_out", least=share(least))
        case AsWritten():
            return session.say("show.as_written")
        case Carry(days, least):
            return session.say("show.carry", days=days, least=share(least))
        case NullIfMissing():
            return session.say("show.null")
        case Neutral(value):
            return session.say("show.neutral", value=figure(value, indicator.unit))
        case _:
            assert_never(indicator.missing)


def _score(rule: ScoreRule, unit: Unit, session: Session) -> str:
    match rule:
        case Anchors(points):
            each = [session.say("show.anchor", points=f"{gives:g}", at=figure(at, unit)) for at, gives in points]
            return session.say("show.anchors", points=session.say("comma").join(each))
        case MinMax(across, low, high):
            return session.say("show.minmax", across=across, low=f"{low:g}", high=f"{high:g}")
        case Percentile(across, low, high):
            return session.say("show.percentile", across=across, low=f"{low:g}", high=f"{high:g}")
        case AmongPeers(low, high):
            return session.say("show.among_peers", low=f"{low:g}", high=f"{high:g}")
        case Lognormal(median, p10):
            return session.say("show.lognormal", median=figure(median, unit), p10=figure(p10, unit))
        case ZScore(across):
            return session.say("show.zscore", across=across)
        case Goalposts():
            return _goalposts(rule, unit, session)
        case Bands():
            return session.say("comma").join(_bands(rule, unit, session))
        case _:
            assert_never(rule)


def _goalposts(rule: Goalposts, unit: Unit, session: Session) -> str:
    line = "show.goalposts" if rule.clip else "show.goalposts.through"
    parts = [session.say(line, worst=figure(rule.worst, unit), best=figure(rule.best, unit), low=f"{rule.low:g}",
                         high=f"{rule.high:g}")]
    parts += [session.say("show.goalposts.log")] if rule.log else []
    return session.say("comma").join(parts)


def _bands(rule: Bands, unit: Unit, session: Session) -> Iterator[str]:
    """Each step with the edge that belongs to it, from the best down where less is better."""
    first, *rest = rule.points
    if rule.points[-1] > first:
        yield session.say("show.step.first", points=f"{first:g}")
        yield from (session.say("show.step", points=f"{points:g}", edge=figure(edge, unit))
                    for edge, points in zip(rule.edges, rest, strict=True))
        return
    yield from (session.say("show.band", points=f"{points:g}", edge=figure(edge, unit))
                for edge, points in zip(rule.edges, rule.points, strict=False))
    yield session.say("show.band.last", points=f"{rule.points[-1]:g}")


def rounding_in_words(rule: Rounding, session: Session) -> str:
    """How a number is rounded."""
    return session.say(f"rounding.{rule.rule}", parameter=f"{rule.parameter:g}")


def _origins(pyramid: Pyramid, indicator: Indicator, session: Session) -> Iterator[str]:
    """Sources with their files, and the columns that are looked at."""
    used = columns_of(pyramid, indicator.id)
    for name in sorted(used):
        origin = pyramid.sources[name]
        yield f"{name}: {place_of(origin)}"
        if indicator.formula is not None:
            yield from (f"  {line}" for line in promises(origin, used[name], session))


def promises(origin: Origin, used: frozenset[str], session: Session) -> Iterator[str]:
    """What a source says of its rows: those of its columns that are used, its time, weight, `keep` and `unique`."""
    columns = [f"{spec.name} ({session.term('type', spec.type)})" for spec in origin.columns.values()
               if spec.name in used]
    if columns:
        yield session.say("show.columns", columns=session.say("comma").join(columns))
    yield session.say("show.time", time=origin.time)
    if origin.weight is not None:
        yield session.say("show.weight", weight=origin.weight)
    if origin.rake is not None:
        margins = session.say("comma").join(str(margin).replace(", ", " × ") for margin in origin.rake.margins)
        yield session.say("show.raked", margins=margins, stretch=session.term("stretch", origin.rake.per))
    yield from _drawn(origin, session)
    if origin.keep is not None:
        yield session.say("show.keep", keep=written(origin.keep))
    yield from (session.say("show.flag", name=name, condition=written(asked)) for name, asked in origin.flags)
    if origin.unique is not None:
        yield session.say(f"show.unique.{origin.unique.keep}", by=", ".join(origin.unique.by))


def _drawn(origin: Origin, session: Session) -> Iterator[str]:
    """How the rows of a survey were drawn: in which units, from which strata, out of how many."""
    designed = (origin.weight, origin.rake, origin.strata, origin.population)
    if origin.entity is not None and any(each is not None for each in designed):
        yield session.say("show.unit", entity=origin.entity)
    if origin.strata is not None:
        yield session.say("show.strata", strata=origin.strata)
    if origin.population is not None:
        yield session.say("show.population", population=origin.population)


def _changed(row: Mapping[str, Any], indicator: Indicator, session: Session) -> str:
    """A change, its interval, and whether it can be told from none."""
    change, *ends = (None if row[name] is None else figure(row[name], indicator.unit, difference=True)
                     for name in ("change", "change_low", "change_high"))
    if row["moved"] is None:
        return session.say("show.change", change=change)
    return session.say(f"show.moved.{row['moved']}", change=change, low=ends[0], high=ends[1])


def value_in_words(indicator: Indicator, found: Latest, session: Session) -> list[str]:
    """The value of a period with all that is known of how sure it is, as one line."""
    row = found.rows.get(indicator.id)
    if row is None or found.period is None:
        return [session.say("show.no_values")]
    value = figure_of(indicator, row["value"])
    parts = [value, f"n {whole(row['n'])}"]
    if (effect := design_effect(indicator, row)) is not None:
        parts.append(session.say("show.design_effect", effect=f"{effect:.2f}"))
    if row["low"] is not None:
        ends = (figure(row[end], indicator.unit) for end in ("low", "high"))
        parts.append(session.say("show.interval", low=next(ends), high=next(ends)))
    if row["score"] is not None:
        parts.append(session.say("show.score", points=figure(row["score"], unit_named("score"))))
    if row["change"] is not None:
        parts.append(_changed(row, indicator, session))
    if row["peer_percentile"] is not None and row["peer_rank"] is not None:
        parts.append(session.say("show.among", rank=row["peer_rank"], peers=row["peers"],
                                 part=share(row["peer_percentile"])))
    parts.append(session.term("status", row["status"]))
    period = f"{session.term('grain', found.grain)} {period_name(found.period, found.grain, found.year_start)}"
    return [f"{period}: {session.say('comma').join(parts)}"]
