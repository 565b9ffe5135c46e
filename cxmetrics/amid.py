"""Things by name amid others that are known: all can be looked up, and only one's own are gone through.

So what is asked of each indicator of a file can be asked of these alone, while the rest of the project stands around.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

T = TypeVar("T")


class Amid(dict[str, T]):
    """A map of one's own things, which finds the others too."""

    __slots__ = ("others",)

    def __init__(self, others: Mapping[str, T], own: Mapping[str, T] | None = None) -> None:
        super().__init__(own or {})
        self.others = others

    def __missing__(self, name: str) -> T:
        return self.others[name]

    def __contains__(self, name: object) -> bool:
        return super().__contains__(name) or name in self.others

    def get(self, name: str, default: Any = None) -> Any:  # noqa: ANN401 - as that of a dict
        """The thing of that name."""
        return super().get(name) if super().__contains__(name) else self.others.get(name, default)
