"""What a `read` names besides files: a table of a database, in a file or on a server."""

from __future__ import annotations

from cxmetrics.addresses import OPTIONS, Address, has_password, is_address, password_of, read_address
from cxmetrics.codes import data as codes
from cxmetrics.diagnostics import report
from cxmetrics.load.scalars import Found
from cxmetrics.source import Located
from cxmetrics.tables import TableName

EXPECTED = {
    "scheme": "an address that begins with postgresql:// or mysql://",
    "host": "a host after ://",
    "database": "the name of a database after the host",
    "option": f"no option but sslmode={'|'.join(OPTIONS['sslmode'])}",
    "form": "an address such as postgresql://user@host:5432/database",
}


def resolve_table(read: Located, table: Located | None, found: Found) -> TableName | None:
    """The table that `table` names; an address is proved, and has to come with a table."""
    if has_password(read.value):
        found.append(report(codes.PASSWORD_WRITTEN, read.span, variable=password_of(read.value)))
    elif is_address(read.value):
        _prove(read, table, found)
    if table is not None and not table.value.strip():
        found.append(report(codes.TABLE_NOT_SAID, table.span, database=read.value))
    return None if table is None else TableName(table.value.strip(), table.span)


def _prove(read: Located, table: Located | None, found: Found) -> None:
    address = read_address(read.value)
    if not isinstance(address, Address):
        found.append(report(codes.ADDRESS_UNREADABLE, read.span, expected=EXPECTED[address]))
    elif table is None:
        found.append(report(codes.TABLE_NOT_SAID, read.span, database=address))
