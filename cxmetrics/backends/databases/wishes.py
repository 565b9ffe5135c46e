"""What is wished of a table of a database, held against what the database says it has."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cxmetrics.addresses import PASSWORDS, Address, Scheme
from cxmetrics.codes import data
from cxmetrics.diagnostics import DID_YOU_MEAN, Fault, Fix, closest, report
from cxmetrics.source import Span
from cxmetrics.tables import TableName

Listed = Sequence[tuple[str, str]]
"""Tables and views: schema, name."""
LONGEST = 1 << 24  # bytes of a value, or of a row of text
ROWS = "~rows"  # the column of a table of which no column is wanted: its rows are still counted
_TOLD = 8


@dataclass(frozen=True, slots=True)
class Wish:
    """The columns wanted of a table: `must` be there, or `may` be there; all that can be read where `may` is None.

    `time` is the column that rows are sorted by first.
    """

    table: TableName
    must: tuple[str, ...] = ()
    may: tuple[str, ...] | None = None
    time: str | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """The columns to take, in the order of the table.  `bare`: one that must be there is not, so rows are of no use."""

    columns: tuple[str, ...]
    bare: bool

    def order(self, time: str | None) -> tuple[int, ...]:
        """The places of the columns, from 1, as rows are sorted by them: the time first."""
        places = range(1, len(self.columns) + 1)
        return tuple(sorted(places, key=lambda place: self.columns[place - 1] != time))


def choose_table(listed: Listed, usual: str, wish: Wish, database: str) -> tuple[str, str]:
    """The schema and the name of the table wished for; one of the schema `usual` is meant where none is named.

    What was written is only compared, never taken apart.  Raises `Fault` CX742, CX749.
    """
    written, span = wish.table.name, wish.table.span
    whole = [pair for pair in listed if ".".join(pair) == written]
    alone = [pair for pair in listed if pair[1] == written]
    named = [*whole, *([pair for pair in alone if pair[0] == usual] or alone)]
    if len(named) == 1:
        return named[0]
    if named:
        raise Fault(report(data.TABLE_AMBIGUOUS, span, database=database, table=written, tables=told(named)))
    guess = closest(written, [name for pair in listed for name in (pair[1], ".".join(pair))])
    help_ = DID_YOU_MEAN if guess else None if listed else data.NO_TABLES
    raise Fault(report(data.TABLE_UNKNOWN, span, help=help_, fix=Fix(span, guess) if guess and span else None,
                       database=database, table=written, guess=guess or "", tables=told(listed)))


def told(listed: Listed) -> str:
    """Some tables, as they can be written: with their schema where a name is not the only one."""
    names = [name for _, name in listed]
    texts = [f"`{name if names.count(name) == 1 else f'{schema}.{name}'}`" for schema, name in listed[:_TOLD]]
    return ", ".join(texts) + (", …" if len(listed) > _TOLD else "")


def choose_columns(there: Sequence[str], wish: Wish) -> Choice:
    """The columns to take of those that are there.  Raises `Fault` CX746 for names that differ only in capitals."""
    if not set(wish.must) <= set(there):
        return Choice(_unlike(there), bare=True)
    wanted = set(there) if wish.may is None else {*wish.must, *wish.may}
    chosen = tuple(name for name in there if name in wanted)
    folded: dict[str, str] = {}
    for name in chosen:
        other = folded.setdefault(name.lower(), name)
        if other != name:
            raise unread_column(wish, name, f"`{other}` differs from it only in capitals")
    return Choice(chosen, bare=False)


def _unlike(names: Iterable[str]) -> tuple[str, ...]:
    """The names, of those that differ only in capitals the first."""
    folded: dict[str, str] = {}
    for name in names:
        folded.setdefault(name.lower(), name)
    return tuple(folded.values())


def unread_column(wish: Wish, column: str, problem: str) -> Fault:
    """CX746 for a column."""
    return Fault(report(data.TABLE_COLUMN, wish.table.span, column=column, table=wish.table.name, problem=problem))


def unread_table(wish: Wish, database: str, problem: str) -> Fault:
    """CX745 for the table."""
    return Fault(report(data.TABLE_UNREADABLE, wish.table.span, database=database, table=wish.table.name,
                        problem=problem))


def unreachable(address: Address, span: Span | None, problem: str) -> Fault:
    """CX747 for a server."""
    return Fault(report(data.SERVER_UNREACHABLE, span, database=address, problem=problem,
                        variable=PASSWORDS[address.scheme]))


def without_password(said: str, scheme: Scheme) -> str:
    """What a server or its driver says, with the password of the environment blotted out."""
    secret = os.environ.get(PASSWORDS[scheme])
    return said.replace(secret, "•••") if secret else said
