"""What is told of the thing under the cursor: an indicator as `show` has it, a column's contract, what a key is for."""

from __future__ import annotations

from cxmetrics.compile import Stages
from cxmetrics.keys import help_of
from cxmetrics.lsp import vocabulary as known
from cxmetrics.lsp.asked import Asked, Here
from cxmetrics.lsp.contexts import context_at
from cxmetrics.lsp.describing import Facts
from cxmetrics.lsp.mentions import Mention, mention_at
from cxmetrics.lsp.places import position_of, range_of
from cxmetrics.lsp.shapes import draft_in
from cxmetrics.lsp.wire import Json
from cxmetrics.render.wording import visible


def hover(asked: Asked) -> Json | None:
    """The words on what is under the cursor, as Markdown; None where there is nothing to say."""
    here = asked.here
    if here is None or here.project.stages is None:
        return None
    offset = asked.offset(here)
    mention = mention_at(here.source, offset)
    told = None if mention is None else _of(mention, here, here.project.stages, asked)
    if mention is not None and told is not None:
        return {"contents": {"kind": "markdown", "value": told},
                "range": range_of(here.source.text, mention.start, mention.end)}
    return _of_key(asked, here, offset)


def _of(mention: Mention, here: Here, stages: Stages, asked: Asked) -> str | None:
    pyramid, language = stages.compiled.pyramid, asked.language
    match mention.kind:
        case "indicator" if mention.name in pyramid.indicators:
            title = known.titled(pyramid.indicators[mention.name].title, language)
            facts = asked.describe(stages.compiled, here.project.root, mention.name, language)
            return _facts(title, mention.name, facts)
        case "source" if mention.name in pyramid.sources:
            return f"**{mention.name}**  \n{known.origin_in_words(pyramid.sources[mention.name])}"
        case "column":
            return _column(mention, stages, asked)
        case "dimension" if mention.name in pyramid.dimensions:
            one = pyramid.dimensions[mention.name]
            lines = [f"**{known.titled(one.title, language) or mention.name}** `{mention.name}`"]
            lines += [asked.said(f"within `{one.within}`", f"属于 `{one.within}`")] if one.within else []
            return "  \n".join([*lines, *([", ".join(f"`{value}`" for value in one.values)] if one.values else [])])
        case "function":
            entry = known.function(mention.name, language)
            return None if entry is None else f"**{entry.name}**  \n{entry.detail}\n\n{entry.about}".rstrip()
        case "template":
            head = next((one for one in known.templates(stages) if one.name.partition("(")[0] == mention.name), None)
            return None if head is None else f"**{head.name}**\n\n{head.about}".rstrip()
        case _:
            return None


def _facts(title: str, name: str, facts: Facts) -> str:
    lines = [f"**{_plain(title or name)}** `{name}`", ""]
    for label, (head, *rest) in facts:
        lines.append(f"- **{label}** {_plain(head)}")
        lines += [f"  - {_plain(line.strip())}" for line in rest]
    return "\n".join(lines)


def _plain(text: str) -> str:
    """A text that stands as it is in Markdown."""
    return "".join(f"\\{char}" if char in "\\`*_{}[]<>#|" else char for char in visible(text))


def _column(mention: Mention, stages: Stages, asked: Asked) -> str | None:
    origin = stages.compiled.pyramid.sources.get(mention.owner)
    spec = origin.columns.get(mention.name) if origin else None
    if spec is None:
        return None
    lines = [f"**{mention.owner}.{mention.name}** {known.column_kind(spec)}"]
    if spec.low is not None and spec.high is not None:
        lines.append(asked.said(f"scale {spec.low:g}..{spec.high:g}", f"量表 {spec.low:g}..{spec.high:g}"))
    if spec.physical != mention.name and spec.own:
        lines.append(asked.said(f"in the files: `{spec.physical}`", f"文件中的列名：`{spec.physical}`"))
    if spec.values:
        lines.append(", ".join(f"`{value}`" for value in spec.values[:30]))
    return "  \n".join(lines)


def _of_key(asked: Asked, here: Here, offset: int) -> Json | None:
    """What the key under the cursor is for."""
    text = here.source.text
    end = offset
    while end < len(text) and (text[end].isalnum() or text[end] == "_"):
        end += 1
    if text[end:end + 1] != ":":
        return None
    context = context_at(text, end)
    if context.value is not None or not context.word:
        return None
    draft = draft_in(here.path, context.path)
    told = None if draft is None else help_of(draft, context.word)
    if told is None:
        return None
    lines = [told.help.zh if asked.language == "zh" else told.help.en]
    if told.values or told.examples:
        lines.append(", ".join(f"`{one}`" for one in told.values or told.examples))
    return {"contents": {"kind": "markdown", "value": "  \n".join(lines)},
            "range": {"start": position_of(text, end - len(context.word)), "end": position_of(text, end)}}
