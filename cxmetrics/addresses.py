"""Addresses of databases, `postgresql://user@host:5432/database` and `mysql://…`: what they may say, and what not.

The password comes from the environment.  One that was written all the same is refused and never shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal
from urllib.parse import parse_qsl, unquote, urlsplit

Scheme = Literal["postgresql", "mysql"]
SCHEMES: Mapping[str, Scheme] = {
    "postgresql": "postgresql", "postgres": "postgresql", "mysql": "mysql", "mariadb": "mysql"}
PASSWORDS: Mapping[Scheme, str] = {"postgresql": "PGPASSWORD", "mysql": "MYSQL_PWD"}  # the variables they come from
OPTIONS: Mapping[str, tuple[str, ...]] = {"sslmode": ("disable", "prefer", "require", "verify-ca", "verify-full")}
Trouble = Literal["scheme", "host", "database", "option", "form"]
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
_USER = re.compile(r"(?<=://)[^\s/?#:@]*:")
_OPTION = re.compile(r"""(?<=[?&])(?:password|passfile|sslpassword)=([^\s&#'"]*)""", re.I)


@dataclass(frozen=True, slots=True)
class Address:
    """Where a database is.  `user` and `port` are the driver's own defaults where they are None."""

    host: str
    database: str
    port: int | None = None
    user: str | None = None
    options: tuple[tuple[str, str], ...] = ()
    scheme: Scheme = "postgresql"

    @property
    def proves(self) -> bool:
        """Whether only a server is talked to that proves with a certificate to be the one."""
        return dict(self.options).get("sslmode") in ("verify-ca", "verify-full")

    def __str__(self) -> str:
        """The address as it is told in messages."""
        port = "" if self.port is None else f":{self.port}"
        return f"{self.scheme}://{self.host}{port}/{self.database}"


def is_address(read: str) -> bool:
    """Whether a `read` names something by a scheme, and not a file."""
    return _ADDRESS.match(read) is not None


def password_of(read: str) -> str:
    """The environment variable that the password of an address is taken from."""
    return PASSWORDS[SCHEMES.get(read.partition("://")[0].strip().lower(), "postgresql")]


def has_password(read: str) -> bool:
    """Whether an address tells a secret."""
    return next(_secrets(read), None) is not None


def masked(text: str) -> str:
    """The text with every secret of an address starred, as long as it was."""
    for start, end in _secrets(text):
        text = text[:start] + "*" * (end - start) + text[end:]
    return text


def _secrets(text: str) -> Iterator[tuple[int, int]]:
    """Where secrets stand.  A password may hold any character: it ends at the last `@` of all."""
    if "://" in text and (user := _USER.search(text)) and (end := text.rfind("@")) > user.end():
        yield user.end(), end
    yield from (option.span(1) for option in _OPTION.finditer(text))


def read_address(read: str) -> Address | Trouble:
    """The parts of an address without a password, or what is wrong with it."""
    try:
        parts = urlsplit(read)
        port, host = parts.port, parts.hostname
    except ValueError:
        return "form"
    scheme = SCHEMES.get(parts.scheme.lower())
    if scheme is None:
        return "scheme"
    options = parse_qsl(parts.query, keep_blank_values=True)
    if parts.fragment or any(value not in OPTIONS.get(key, ()) for key, value in options):
        return "option"
    database = unquote(parts.path.removeprefix("/"))
    if not host or "," in host or host.startswith("/") or "%" in host:
        return "host"
    if not database or "/" in database or any(ord(char) < 32 for char in unquote(read)):
        return "database"
    user = unquote(parts.username) if parts.username else None
    return Address(host, database, port, user, tuple(options), scheme)
