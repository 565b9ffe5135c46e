"""What changed between two revisions of definitions, in words, in Markdown and for programs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cxmetrics.cli.describe import rounding_in_words, rule_in_words
from cxmetrics.cli.figures import figure, share
from cxmetrics.cli.lineage import written
from cxmetrics.cli.session import Session
from cxmetrics.cli.terminal import ink
from cxmetrics.composite_rules import Rounding
from cxmetrics.ir import Apply, Edge, Indicator
from cxmetrics.render.wording import visible
from cxmetrics.revisions import Aspect, Change, Effect, Revision

_MOST = 8  # names of touched indicators that are printed
_STYLES: Mapping[Effect, str] = {"cosmetic": "dim", "added": "green", "restating": "yellow", "breaking": "red"}


def told(found: Sequence[Change], before: Revision, after: Revision, session: Session, *, colour: bool) -> str:
    """The changes as lines for people."""
    lines: list[str] = []
    for change in found:
        effect = ink(session.term("effect", change.effect), _STYLES[change.effect], colour=colour)
        lines.append(f"{effect}  {ink(_named(change, session), 'strong', colour=colour)}")
        lines += [f"  {line}" for line in (*_aspects(change, before, after, session), *_touched(change, session))]
    return "\n".join(map(visible, lines))


def as_markdown(found: Sequence[Change], before: Revision, after: Revision, session: Session) -> str:
    """The changes as a table for a merge request."""
    heads = [session.say(f"diff.{name}") for name in ("effect", "part", "what", "touches")]
    lines = [f"| {' | '.join(heads)} |", "|---|---|---|---|"]
    for change in found:
        cells = (f"**{session.term('effect', change.effect)}**", _named(change, session),
                 "<br>".join(_aspects(change, before, after, session)), "".join(_touched(change, session)))
        lines.append(f"| {' | '.join(_cell(cell) for cell in cells)} |")
    return "\n".join(lines)


def as_record(found: Sequence[Change], before: Revision, after: Revision, session: Session) -> list[dict[str, object]]:
    """The changes for programs: an object each."""
    return [{
        "kind": change.kind, "id": change.id, "effect": change.effect, "gone": change.gone, "renamed": change.renamed,
        "changed": [{"what": aspect.name, "effect": aspect.effect,
                     **dict(zip(("before", "after"), _ends(change, aspect, before, after, session), strict=True))}
                    for aspect in change.aspects],
        "touches": list(change.touches)} for change in found]


def _named(change: Change, session: Session) -> str:
    name = f"{session.term('part', change.kind)} {change.id}"
    if change.gone:
        return session.say("diff.gone", name=name)
    return session.say("diff.renamed", name=name, before=change.renamed) if change.renamed else name


def _aspects(change: Change, before: Revision, after: Revision, session: Session) -> Iterator[str]:
    for aspect in change.aspects:
        was, now = _ends(change, aspect, before, after, session)
        kind, _, name = aspect.name.partition(" ")
        what = f"{session.term('aspect', kind)} {name}".rstrip()
        if was is None and now is None:
            yield what
        else:
            none = session.say("diff.none")
            yield session.say("diff.from_to", what=what, before=none if was is None else was,
                              after=none if now is None else now)


def _ends(change: Change, aspect: Aspect, before: Revision, after: Revision,
          session: Session) -> tuple[str | None, str | None]:
    """What was said and what is, in words; None for what is not there, and for both where words would not do."""
    was, now = (_said(value, revision, name, session) for value, revision, name in (
        (aspect.before, before, change.renamed or change.id), (aspect.after, after, change.id)))
    return (None, None) if was == now else (was, now)


def _said(value: Any, revision: Revision, name: str, session: Session) -> str | None:  # noqa: ANN401 - any field
    """A field of a part of the definitions, in words as far as there are some."""
    indicator = revision.pyramid.indicators.get(name)
    match value:
        case None | "":
            return None
        case bool():
            return session.term("truth", str(value).lower())
        case Edge():
            weighted = indicator is not None and indicator.weighted
            return share(value.weight) if weighted else session.term("truth", "true")
        case float() if indicator is not None:
            return figure(value, indicator.unit)
        case str() | int() | float() | dt.date():
            return " ".join(str(value).split())
        case Apply():
            return written(value)
        case Rounding():
            return rounding_in_words(value, session)
        case tuple():
            return _listed(value)
        case _ if isinstance(indicator, Indicator):
            return rule_in_words(value, indicator, session)
        case _:
            return None


def _listed(values: tuple[Any, ...]) -> str | None:
    """Names, dates, and cuts, between commas."""
    if all(isinstance(one, str | int | dt.date) for one in values):
        return ", ".join(map(str, values)) or None
    if all(isinstance(one, tuple) and all(isinstance(name, str) for name in one) for one in values):
        return ", ".join(" × ".join(one) for one in values)
    return None


def _touched(change: Change, session: Session) -> list[str]:
    if not change.touches:
        return []
    names = session.say("comma").join(change.touches[:_MOST])
    more = len(change.touches) - _MOST
    return [session.say("diff.touched", names=names) + (session.say("diff.more", count=more) if more > 0 else "")]


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
