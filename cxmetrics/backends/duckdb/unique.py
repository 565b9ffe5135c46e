"""Which of the rows with equal keys stays, told without sorting all rows.

Only keys that occur twice are looked at; among their rows the moment decides, and only where it is the same
are the source's other columns read: so what stays depends neither on the order of rows nor on what else is asked.
"""

from __future__ import annotations

from collections.abc import Iterator

from cxmetrics.backends.cells import Request
from cxmetrics.backends.duckdb.expressions import Term
from cxmetrics.backends.duckdb.rows import PLACE, Found, Rows, rows_of
from cxmetrics.backends.duckdb.times import micros
from cxmetrics.backends.fates import FINE
from cxmetrics.backends.needs import needs_of
from cxmetrics.backends.sql import (
    Infix,
    Join,
    Literal,
    Name,
    Node,
    Order,
    Query,
    Select,
    Window,
    call,
    when,
)
from cxmetrics.backends.statements import create_table

Item = tuple[Node, str | None]
_COUNTS = Infix("=", (Name("fate"), Literal(FINE)))
_TWICE = Infix(">", (call("count", Literal(1)), Literal(1)))
_ROWS = "rows"  # the table of narrow rows
MARK = ('UPDATE "rows" SET "fate" = 2 FROM "losers" '
        'WHERE "rows"."file_index" = "losers"."file_index" AND "rows"."file_row_number" = "losers"."file_row_number"')


def unique_items(rows: Rows) -> list[Item]:
    """What narrow rows need for telling: their place, the keys `g…` and the moment `r`."""
    source = rows.request.scan.source
    assert source.unique is not None
    by = source.received or source.time
    keys: list[Item] = [(when(_COUNTS, rows.writer.columns[name].node), f"g{i}")
                        for i, name in enumerate(source.unique.by)]
    moment = _moment(rows.writer.columns[by], rows.zone.name) if isinstance(by, str) else Literal(0)
    return [*((Name(place), None) for place in PLACE), *keys, (moment, "r")]


def _moment(x: Term, zone: str) -> Node:
    """What orders times."""
    if x.type != "time" or x.instant is None:
        return x.node
    return call("coalesce", micros(x.instant), micros(call("timezone", Literal(zone), x.node)))


def rivals(request: Request) -> Iterator[str]:
    """Statements that find the rows of keys that occur twice, and their rank by the moment.

    They make the tables `twice` (keys), `rivals` (rows) and `tied` (rows that share the first rank).
    """
    unique = request.scan.source.unique
    assert unique is not None
    keys = [f"g{i}" for i in range(len(unique.by))]
    names = tuple(Name(key) for key in keys)
    items: tuple[Item, ...] = tuple((name, None) for name in names)
    groups = tuple(range(1, len(keys) + 1))
    yield create_table("twice", Query((), Select(items, _ROWS, where=_COUNTS, group=groups, having=_TWICE)))
    latest = unique.keep == "latest"
    rank = Window(call("rank"), names, (Order(Name("r"), descending=latest, nulls_first=not latest),))
    same = Join("SEMI", "twice", tuple((key, key) for key in keys))
    counting: tuple[Item, ...] = (*((Name(place), None) for place in PLACE), *items, (Name("r"), None))
    steps = (("counting", Select(counting, _ROWS, where=_COUNTS)),
             ("same", Select(counting, "counting", (same,))))
    ranked = (*((Name(place), None) for place in PLACE), *items, (rank, "rank"))
    yield create_table("rivals", Query(steps, Select(ranked, "same")))
    first = Infix("=", (Name("rank"), Literal(1)))
    many = Window(call("count", Literal(1)), names, ())
    firsts = ("firsts", Select((*((Name(place), None) for place in PLACE), (many, "many")), "rivals", where=first))
    places: tuple[Item, ...] = tuple((Name(place), None) for place in PLACE)
    shared = Infix(">", (Name("many"), Literal(1)))
    yield create_table("tied", Query((firsts,), Select(places, "firsts", where=shared)))


def losers(rows: Rows, *, ties: bool) -> Iterator[str]:
    """Statements that make the table `losers`: where the rows stand that give way; then mark them in the rows."""
    places: tuple[Item, ...] = tuple((Name(place), None) for place in PLACE)
    behind = Select(places, "rivals", where=Infix(">", (Name("rank"), Literal(1))))
    yield create_table("losers", Query((), behind))
    if ties:
        yield create_table("behind", _behind(rows.request, rows.found))
        yield 'INSERT INTO "losers" SELECT * FROM "behind"'
    yield MARK


def _behind(request: Request, found: Found) -> Query:
    """Of the tied rows of each key, all but the least by its columns in the order of their names, nulls last."""
    rows = rows_of(request, needs_of(request, everything=True), found, placed=True)
    unique, declared = request.scan.source.unique, request.scan.source.columns
    assert unique is not None
    reads = sorted(rows.reads, key=lambda read: (read.spec.name not in declared, read.spec.name))
    columns: list[Node] = [read.term.node for read in reads]
    keys = tuple(rows.writer.columns[name].node for name in unique.by)
    order = (*map(Order, columns), *(Order(Name(place)) for place in PLACE))
    places: tuple[Item, ...] = tuple((Name(place), None) for place in PLACE)
    mentioned = tuple((node, None) for node in dict.fromkeys((*keys, *columns)))
    same = Join("SEMI", "tied", tuple((place, place) for place in PLACE))
    steps = (*rows.steps.chain(rows.first),
             ("contest", Select((*places, *mentioned), rows.steps.last, (same,))),
             ("ranked", Select((*places, (Window(call("row_number"), keys, order), "rank")), "contest")))
    return Query(steps, Select(places, "ranked", where=Infix(">", (Name("rank"), Literal(1)))))
