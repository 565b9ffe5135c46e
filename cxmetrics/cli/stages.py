"""What each stage of the compiler made of one indicator, as text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal, assert_never

from cxmetrics.cli.lineage import expression_text
from cxmetrics.cli.session import Session
from cxmetrics.compile import Compiled
from cxmetrics.fuse import fuse
from cxmetrics.fuse.together import Codes
from cxmetrics.ir import Blend, Indicator
from cxmetrics.parse import parse
from cxmetrics.parse.write import write
from cxmetrics.plan import (
    Cell,
    Condition,
    Cube,
    Leaf,
    LeafValue,
    Logic,
    Operation,
    Partial,
    Plan,
    Series,
    Value,
    leaves_of,
)
from cxmetrics.source import Located, Source
from cxmetrics.syntax import Broken, Call, Items, Node, Range

Stage = Literal["documents", "syntax", "ir", "plan", "fused", "sql", "polars"]


def staged(compiled: Compiled, plan: Plan, root: Path, name: str, stage: Stage, session: Session) -> str:
    """The indicator after a stage.  Raises `Fault` where the text of an engine needs data that are not there."""
    indicator = compiled.pyramid.indicators[name]
    match stage:
        case "documents":
            return "\n".join(_document(indicator))
        case "syntax":
            return _syntax(indicator)
        case "ir":
            return _ir(indicator)
        case "plan":
            return "\n".join(_plan(plan, name))
        case "fused":
            return "\n".join(_fused(plan, name, session))
        case "sql" | "polars":
            return "\n\n".join(_engine_texts(plan, root, name, "duckdb" if stage == "sql" else "polars"))
        case _:
            assert_never(stage)


def _document(indicator: Indicator) -> Iterator[str]:
    """The lines of the YAML that define the indicator: its key, and all that is indented below it."""
    if indicator.span is None:
        return
    span = indicator.span.in_file()
    first, column = span.source.position(span.start)
    lines = [span.source.line(first)]
    last = span.source.position(len(span.source.text)).line
    for number in range(first + 1, last + 1):
        line = span.source.line(number)
        if line.strip() and len(line) - len(line.lstrip()) < column:
            break
        lines.append(line)
    while not lines[-1].strip():
        lines.pop()
    yield f"# {span.source.path}:{first}"
    yield from lines


def _syntax(indicator: Indicator) -> str:
    text = indicator.combine.text if isinstance(indicator.combine, Blend) else indicator.formula_text
    if text is None:
        return f"({indicator.combine} {' '.join(f'({edge.weight:.6g} {edge.child})' for edge in indicator.children)})"
    node, _ = parse(Located(text, Source("formula", text), 0, len(text)))
    return _tree(node)


def _tree(node: Node) -> str:
    match node:
        case Call():
            clauses = [f":where {_tree(node.where)}"] if node.where else []
            clauses += [f":over {_tree(node.over)}"] if node.over else []
            clauses += [f":at_{node.at}"] if node.at else []
            return f"({' '.join((node.function.replace(' ', '_'), *map(_tree, node.args), *clauses))})"
        case Items():
            return f"[{' '.join(map(_tree, node.items))}]"
        case Range():
            return f"(.. {_tree(node.low)} {_tree(node.high)})"
        case Broken():
            return "?"
        case _:
            return write(node)


def _ir(indicator: Indicator) -> str:
    facts: list[tuple[str, object]] = [("unit", indicator.unit), ("direction", indicator.direction)]
    if indicator.formula is not None:
        facts.append(("formula", expression_text(indicator.formula)))
    else:
        facts += [("combine", indicator.combine), ("missing", indicator.missing),
                  ("require", str(indicator.require) or None)]
        facts += [("child", f"{edge.child} {edge.weight:.6g}") for edge in indicator.children]
        facts += [("leaf", f"{edge.child} {edge.weight:.6g}") for edge in indicator.over]
    facts += [("score", indicator.score), ("target", indicator.target), ("rounding", indicator.rounding),
              ("display", indicator.display)]
    return "\n".join(f"{label:9}  {fact}" for label, fact in facts if fact is not None)


def _plan(plan: Plan, name: str) -> Iterator[str]:
    node = plan.nodes[name]
    yield f"fingerprint  {node.fingerprint}"
    if node.formula is None:
        yield from (f"child        {edge.child} {edge.weight:.6g}" for edge in node.indicator.combined)
        return
    yield f"value        {_value(node.formula)}"
    parts: set[int] = set()
    for index in leaves_of(node.formula):
        leaf = plan.leaves[index]
        yield f"leaf {index:<7} {_leaf(leaf)}"
        parts.update(part for total in leaf.inputs for part, _ in total.parts)
    yield from (f"partial {index:<4} {_partial(plan.partials[index])}" for index in sorted(parts))


def _value(value: Value) -> str:
    match value:
        case LeafValue():
            return f"leaf {value.leaf}"
        case Series():
            return f"({' '.join(('series', *(f'{day}:{number:.6g}' for day, number, _ in value.steps)))})"
        case Operation():
            return f"({' '.join((value.function, *map(_value, value.args)))})"
        case _:
            return expression_text(value)


def _leaf(leaf: Leaf) -> str:
    totals = ["+".join(f"{part}" if factor == 1 else f"{part}*{factor:g}" for part, factor in total.parts)
              for total in leaf.inputs]
    options = [f":{name} {option}" for name, option in leaf.options]
    options += [f":{step}" for step in leaf.window]
    return f"({' '.join((leaf.function, leaf.source, *totals, *options))})"


def _partial(partial: Partial) -> str:
    parts = [partial.op, partial.source]
    parts += [expression_text(partial.arg)] if partial.arg is not None else []
    parts += [f":where {expression_text(partial.where)}"] if partial.where is not None else []
    parts += [f":by {expression_text(partial.by)}"] if partial.by is not None else []
    parts += [f":per {expression_text(partial.per)}"] if partial.per is not None else []
    return f"({' '.join(parts)})"


def _fused(plan: Plan, name: str, session: Session) -> Iterator[str]:
    """How the whole plan is fused, and in which cubes the indicator lives."""
    dimensions = {key: frozenset(b.dimension for b in origin.bindings) for key, origin in plan.sources.items()}
    sampled = list[str]()
    scans = fuse(plan, dimensions, look=lambda source: lambda _: _unseen(sampled, source)).scans
    yield session.say("show.fused", indicators=f"{len(plan.shown):,}", partials=f"{len(plan.partials):,}",
                      scans=len(scans), cubes=sum(len(scan.cubes) for scan in scans))
    yield from (session.say("show.unsampled", source=source) for source in dict.fromkeys(sampled))
    own = _partials_below(plan, name)
    for scan in scans:
        for number, cube in enumerate(scan.cubes):
            members = [member for member in cube.members if member.partial in own]
            if not members:
                continue
            yield ""
            yield f"scan {scan.source.id}, cube {number}"
            yield f"  dimensions  {', '.join(cube.dimensions) or '-'}"
            yield from _keys(cube)
            yield from () if cube.value is None else (f"  value       {expression_text(cube.value)}",)
            yield from () if cube.by is None else (f"  by          {expression_text(cube.by)}",)
            for member in members:
                slot = cube.slots[member.slot]
                asked = member.where or slot.where
                where = "" if asked is None else f" :where {_condition(asked)}"
                arg = "" if slot.arg is None else f" {expression_text(slot.arg)}"
                yield f"  partial {member.partial:<4}({slot.op}{arg}{where})"


def _unseen(sampled: list[str], source: str) -> Mapping[Codes, int]:
    """No look into a sample, of a source where a run takes one."""
    sampled.append(source)
    return {}


def _keys(cube: Cube) -> Iterator[str]:
    for number, key in enumerate(cube.keys or cube.asked):
        told = ", ".join("|".join(texts) for texts in key.literals or ()) or ", ".join(map(str, key.breaks or ()))
        yield f"  key k{number:<7} {expression_text(key.expr)}: {key.classes} {told}".rstrip()


def _condition(condition: Condition) -> str:
    match condition:
        case Cell():
            return f"k{condition.key} in {{{', '.join(map(str, sorted(condition.true)))}}}"
        case Logic():
            return f"({' '.join((condition.function, *map(_condition, condition.args)))})"
        case _:
            assert_never(condition)


def _partials_below(plan: Plan, name: str) -> frozenset[int]:
    from cxmetrics.query import partials_of, pruned

    return partials_of(pruned(plan, (name,), plan.project.grains[0], ()))


def _engine_texts(plan: Plan, root: Path, name: str, engine: str) -> Iterator[str]:
    """What an engine would run for the indicator in total, a text a source."""
    from cxmetrics.backends.cells import Request
    from cxmetrics.backends.engines import engine_named
    from cxmetrics.backends.text_files import seen_from_project
    from cxmetrics.plan import Scan
    from cxmetrics.query import partials_of, pruned
    from cxmetrics.run.bind import bind
    from cxmetrics.scratch import scratch_folder

    part = pruned(plan, (name,), plan.project.grains[0], ())
    wanted = partials_of(part)
    with scratch_folder() as scratch, seen_from_project(root):
        bound = bind(plan, root.resolve(), scratch, frozenset(plan.partials[index].source for index in wanted))
        backend = engine_named(engine, scratch)
        for scan in fuse(part, {key: one.dimensions for key, one in bound.items()}, wanted).scans:
            one = bound[scan.source.id]
            request = Request(Scan(one.origin, scan.cubes), one.table, one.lookups, plan.project.time_zone)
            yield backend.source_text(request).replace(str(scratch), "(scratch)").replace(str(root.resolve()), ".")
