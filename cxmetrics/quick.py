"""A faster constructor for frozen dataclasses of which a project makes hundreds of thousands: nodes of formulas."""

from __future__ import annotations

from dataclasses import MISSING, fields
from typing import Any, TypeVar

T = TypeVar("T")


def quick(cls: type[T]) -> type[T]:
    """Give a frozen dataclass with slots a constructor that fills the slots themselves.  Raises `TypeError` for others.

    The constructor of the library sets each field by its name, past the lock that keeps the fields of others from being
    set; that takes twice as long, and was a sixth of the time of a check.  What is made is as frozen as before.
    """
    made: Any = cls
    slots: dict[str, Any] = {}
    given: list[str] = []
    by_name: list[str] = []
    for each in fields(made):
        if each.default_factory is not MISSING:
            raise TypeError(f"{cls.__name__}.{each.name} is made anew for each")
        slots[f"set_{each.name}"] = vars(cls)[each.name].__set__
        slots[f"else_{each.name}"] = each.default
        (by_name if each.kw_only else given).append(
            each.name if each.default is MISSING else f"{each.name}=else_{each.name}")
    taken = ", ".join(["self", *given, *(["*", *by_name] if by_name else [])])
    lines = [f"def __init__({taken}):", *(f"    set_{each.name}(self, {each.name})" for each in fields(made))]
    exec("\n".join(lines), slots)  # noqa: S102 - the names of our own fields, as the library does it
    made.__init__ = slots["__init__"]
    return cls
