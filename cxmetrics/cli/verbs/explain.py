"""`cxmetrics explain`: what a code or a function means."""

from __future__ import annotations

import sys

import click

from cxmetrics.cli.completing import code_names
from cxmetrics.cli.options import language_option
from cxmetrics.cli.session import Refusal, Session
from cxmetrics.cli.terminal import coloured, emit
from cxmetrics.cli.usage import Verb


@click.command("explain", cls=Verb)
@click.argument("code", required=False, shell_complete=code_names)
@language_option
@click.pass_obj
def explain(session: Session, code: str | None) -> int:
    """Print the page of a code, the help of a function, or the list of all codes."""
    from cxmetrics.cli.pages import catalogue, function_help, page_text
    from cxmetrics.codes import CODES, page
    from cxmetrics.diagnostics import closest
    from cxmetrics.functions import all_names

    if code is None:
        emit(catalogue(session))
        return 0
    named = code.upper() if code.upper().startswith("CX") else f"CX{code}" if code.isdigit() else code
    by_name = {row.name: row.id for row in CODES.values()}
    text = page(by_name.get(code, named))
    if text is not None:
        emit(page_text(text, session, colour=coloured(sys.stdout)))
        return 0
    if code in all_names():
        emit(function_help(code, session))
        return 0
    near = closest(named, (*CODES, *by_name, *all_names()))
    raise Refusal("explain.unknown", name=code, guess=session.say("usage.guess", guess=near) if near else "")
