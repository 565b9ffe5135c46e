"""What a shell offers while a command is typed: indicators, dimensions and codes; all from what the project says now.

Nothing here may fail or print: a shell that completes has no place for messages.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from cxmetrics.ir import Pyramid


def indicator_names(ctx: click.Context, param: click.Parameter, begun: str) -> list[CompletionItem]:
    """The indicators of the project that begin so; where a folder may come first, folders too."""
    from click.shell_completion import CompletionItem

    given = ctx.params.get(param.name or "")
    first = param.nargs == -1 and not given
    named = [name for name in _pyramid(_project(ctx, given)).indicators if name.startswith(begun)]
    folders = [CompletionItem(begun, type="dir")] if first and not named else []
    return [*_items(named), *folders]


def dimension_names(ctx: click.Context, param: click.Parameter, begun: str) -> list[CompletionItem]:  # noqa: ARG001
    """The dimensions of the project, behind those before a comma: `region,br` is `region,branch`."""
    before, comma, last = begun.rpartition(",")
    taken = set(before.split(","))
    dimensions = _pyramid(_project(ctx, ctx.params.get("indicators"))).dimensions
    return _items(f"{before}{comma}{name}" for name in dimensions if name.startswith(last) and name not in taken)


def code_names(ctx: click.Context, param: click.Parameter, begun: str) -> list[CompletionItem]:  # noqa: ARG001
    """The codes by id and by name, the functions of the language, and the keys of the YAML."""
    from cxmetrics.cli.pages import key_names
    from cxmetrics.codes import CODES
    from cxmetrics.functions import all_names

    if begun.upper().startswith("CX"):
        return _items(code for code in CODES if code.startswith(begun.upper()))
    names = {*(code.name for code in CODES.values()), *all_names(), *key_names()}
    return _items(name for name in names if name.startswith(begun))


def _items(names: Iterable[str]) -> list[CompletionItem]:
    from click.shell_completion import CompletionItem

    return [CompletionItem(name) for name in sorted(names)]


def _project(ctx: click.Context, words: object) -> Path:
    """The folder that is asked about: the option, the first word if it is one, or where one stands."""
    first = words[0] if isinstance(words, Sequence) and not isinstance(words, str) and words else None
    if isinstance(first, str) and Path(first).is_dir():
        return Path(first)
    asked = ctx.params.get("project")
    return Path(asked) if isinstance(asked, str | Path) else Path()


@cache
def _pyramid(project: Path) -> Pyramid:
    """What the definitions came to, errors or not."""
    from cxmetrics.compile import compile_project

    return compile_project(project).pyramid
