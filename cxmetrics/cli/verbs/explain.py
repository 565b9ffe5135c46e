"""`cxmetrics explain`: what a code, a function or a key means."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from cxmetrics.cli.completing import code_names
from cxmetrics.cli.options import language_option
from cxmetrics.cli.session import Refusal, Session
from cxmetrics.cli.terminal import coloured, emit, tell
from cxmetrics.cli.usage import Verb


@click.command("explain", cls=Verb)
@click.argument("code", required=False, shell_complete=code_names)
@click.option("--html", "as_html", is_flag=True)
@click.option("--site", type=click.Path(path_type=Path), metavar="DIR")
@language_option
@click.pass_obj
def explain(session: Session, code: str | None, as_html: bool, site: Path | None) -> int:
    """Print the page of a code, the help of a function or a key, or the list of all codes; or write them as HTML."""
    from cxmetrics.cli.pages import catalogue, function_help, key_help, key_names, page_text
    from cxmetrics.codes import CODES, page
    from cxmetrics.diagnostics import closest
    from cxmetrics.functions import all_names

    if site is not None:
        return _write(site, session)
    if code is None:
        emit(catalogue(session) if not as_html else _html(None))
        return 0
    named = code.upper() if code.upper().startswith("CX") else f"CX{code}" if code.isdigit() else code
    by_name = {row.name: row.id for row in CODES.values()}
    text = page(by_name.get(code, named))
    if text is not None and as_html:
        emit(_html(by_name.get(code, named)))
        return 0
    if text is not None:
        emit(page_text(text, session, colour=coloured(sys.stdout)))
        return 0
    if as_html and (code in all_names() or code in key_names()):
        raise Refusal("explain.no_page", name=code)
    told = ([function_help(code, session)] if code in all_names() else []) + (
        [key_help(code, session)] if code in key_names() else [])
    if told:
        emit("\n".join(told))
        return 0
    near = closest(named, (*CODES, *by_name, *all_names(), *key_names()))
    raise Refusal("explain.unknown", name=code, guess=session.say("usage.guess", guess=near) if near else "")


def _html(code: str | None) -> str:
    """The page of a code that stands alone; without a code, the list."""
    from cxmetrics.cli.site import code_page, index_page
    from cxmetrics.codes import CODES

    return (index_page() if code is None else code_page(CODES[code], alone=True)).rstrip("\n")


def _write(folder: Path, session: Session) -> int:
    """Write the site of all codes.  Raises `Refusal` where that cannot be, or the folder holds a site of others."""
    from cxmetrics.cli.site import GENERATOR, INDEX, pages

    try:
        index = folder / INDEX
        if index.exists() and GENERATOR not in index.read_text("utf-8", "replace")[:2000]:
            raise Refusal("explain.not_ours", path=index)
        folder.mkdir(parents=True, exist_ok=True)
        count = 0
        for name, text in pages():
            (folder / name).write_text(text, encoding="utf-8", newline="\n")
            count += 1
    except OSError as error:
        raise Refusal("explain.unwritten", path=error.filename or folder, problem=error.strerror or error) from None
    tell(session.say("explain.written", path=folder / INDEX, count=f"{count:,}"))
    return 0
