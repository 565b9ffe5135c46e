"""The command's own help and its complaints about misuse, in the language of the session."""

from __future__ import annotations

import re
from collections.abc import Sequence

import click

from cxmetrics.cli.session import Session
from cxmetrics.cli.words import CLICK, WORDS
from cxmetrics.diagnostics import closest

_EXTRA = re.compile(r"Got unexpected extra arguments? \((.*)\)")


class Verb(click.Command):
    """A verb of the command, whose help is in the language of the session."""

    def get_help(self, ctx: click.Context) -> str:
        """The help, with click's own headings translated."""
        return _translated(super().get_help(ctx), ctx.find_object(Session))


class Verbs(click.Group):
    """The command, whose help is in the language of the session."""

    def get_help(self, ctx: click.Context) -> str:
        """The help, with click's own headings translated."""
        return _translated(super().get_help(ctx), ctx.find_object(Session))

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - as click calls it
        """The verbs in the order in which they are met."""
        return list(self.commands)


def _translated(text: str, session: Session | None) -> str:
    if session is not None and session.language == "zh":
        for english, chinese in CLICK.items():
            text = text.replace(english, chinese)
    return text


def dress(command: click.Command, session: Session) -> None:
    """Give a command, its options and the commands in it their help."""
    name = command.name or ""
    command.help = session.term("help", name)
    command.short_help = session.term("help", name).partition("\n")[0]
    for param in command.params:
        if isinstance(param, click.Option) and param.name:
            key = f"{name}.{param.name}"
            param.help = session.term("option", key if f"option.{key}" in WORDS else param.name)
    if isinstance(command, click.Group):
        for verb in command.commands.values():
            dress(verb, session)


def complaint(error: click.ClickException, session: Session) -> str:
    """What is wrong with the way the command was called, and how to see the way it is called."""
    context = error.ctx if isinstance(error, click.UsageError) else None
    path = context.command_path if context is not None else "cxmetrics"
    return "\n".join((_what(error, session), session.say("usage.more", command=path)))


def _what(error: click.ClickException, session: Session) -> str:
    match error:
        case click.NoSuchOption():
            return session.say("usage.option", name=error.option_name) + guess(error.possibilities or (), session)
        case click.NoSuchCommand():
            known = error.possibilities or ()
            return session.say("usage.verb", name=error.command_name) + guess(known, session)
        case click.MissingParameter() if error.param is not None:
            return session.say("usage.missing", name=error.param.human_readable_name.upper())
        case click.BadParameter() if error.param is not None and isinstance(error.param.type, click.Choice):
            choices = ", ".join(map(str, error.param.type.choices))
            return session.say("usage.choice", name=error.param.opts[0], choices=choices)
        case click.BadParameter() if error.param is not None and isinstance(error.param.type, click.IntRange):
            low, high = error.param.type.min, error.param.type.max
            return session.say("usage.range", name=error.param.opts[0], low=low, high="…" if high is None else high)
        case click.BadOptionUsage():
            return session.say("usage.argument", name=error.option_name)
        case _ if extra := _EXTRA.fullmatch(error.message):
            return session.say("usage.extra", name=extra[1])
        case _:
            return session.say("usage.other", problem=error.format_message())


def guess(known: Sequence[str], session: Session, name: str = "") -> str:
    """A suggestion to end a complaint with, if there is one."""
    near = closest(name, known) if name else next(iter(known), None)
    return session.say("usage.guess", guess=near) if near else ""
