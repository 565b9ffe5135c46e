"""What the server is given to say in words: the description of an indicator, as the command line has it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from cxmetrics.compile import Compiled
from cxmetrics.render.wording import Language

Facts = Sequence[tuple[str, Sequence[str]]]
Describe = Callable[[Compiled, Path, str, Language], Facts]
"""The facts of an indicator of a compiled project in a folder, each with its label; its latest value among them."""
