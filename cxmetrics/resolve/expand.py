"""Drafts without `use` and `for`: templates put in where they are used, one indicator for each value of a `for`.

Keys that an indicator writes itself stand in place of the template's.  The work is bounded: definitions of a few
lines could otherwise ask for more indicators than any machine holds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import product
from math import prod
from typing import Any

from cxmetrics.codes import names as codes
from cxmetrics.codes import yaml_files as yaml_codes
from cxmetrics.diagnostics import Diagnostic, Label, report
from cxmetrics.load import Drafts
from cxmetrics.parse import parse
from cxmetrics.parse.arguments import Argument, Bound, Scope, Use, bind, unknown_parameter
from cxmetrics.parse.write import write
from cxmetrics.resolve.templates import Template, arguments_of, listed, read_templates, read_use, value_of_for
from cxmetrics.schema import Document, Draft, IndicatorDraft
from cxmetrics.source import Key, Located

MAX_PRODUCT = 10_000
MAX_SCALARS = 300_000
MAX_DEPTH = 40
MAX_TEXT = 20_000
_FORMULAS = frozenset(("formula", "score", "target", "combine", "missing", "rounding", "display", "use", "each"))
_FILLED = frozenset(("aggregate", "when_not_split", "title", "description", "owner", "criticality", "tags", "require"))
_IN_BRACES = re.compile(r"\{([^\W\d]\w*)\}")
_ALONE = re.compile(r"\s*\$([^\W\d]\w*)\s*\Z")
_SIMPLE = re.compile(r"[^\W\d]\w*\Z")

Entry = tuple[Key, IndicatorDraft]


def expand(drafts: Drafts) -> tuple[Drafts, tuple[Diagnostic, ...]]:
    """The drafts with all templates and all `for` expanded; what is wrong with them."""
    work = _Expansion(drafts.cut)
    for index, document in enumerate(drafts.documents):
        work.define(document.templates, index, drafts.beneath[index] if drafts.beneath else frozenset())
    documents = tuple(work.document(document) for document in drafts.documents)
    if work.left <= 0:  # what was made until then would be gone through for nothing
        work.cut |= {str(key) for document in drafts.documents for key in document.indicators}
        documents = tuple(document.model_copy(update={"indicators": {}}) for document in documents)
    return replace(drafts, documents=documents, cut=frozenset(work.cut)), tuple(work.found)


def formula_text(formula: Located) -> str:
    """A formula as people read it: as it was written, or with the parameters of its template put in."""
    if not isinstance(formula, Bound):
        return formula.value
    tree, problems = parse(formula)
    return formula.value if problems else write(tree)


@dataclass(frozen=True, slots=True)
class _Nest:
    """Where the expansion is: the templates being put in, and how deep it has gone."""

    templates: tuple[str, ...] = ()
    depth: int = 0

    def inside(self, template: str | None = None) -> _Nest:
        return _Nest(self.templates if template is None else (*self.templates, template), self.depth + 1)


class _Expansion:
    """The templates of a project, and what was found while expanding."""

    def __init__(self, cut: Iterable[str]) -> None:
        self.templates: dict[str, Template] = {}
        self.places: dict[str, int] = {}
        self.cut = set(cut)
        self.unread = {_template_name(name) for name in self.cut}
        self.found: list[Diagnostic] = []
        self.left = MAX_SCALARS

    def define(self, section: Mapping[Key, IndicatorDraft], index: int, beneath: frozenset[int]) -> None:
        """Take in the templates of a document, over those of the documents beneath it."""
        read = list(read_templates(section, self.found))
        self.unread |= {_template_name(key) for key in section} - {template.name for template in read}
        for template in read:
            first = self.templates.get(template.name)
            if first is not None and self.places[template.name] not in beneath:
                related = (Label(first.key.span, codes.FIRST_DEFINED),)
                self.found.append(report(codes.DUPLICATE_ID, template.key.span, related=related, kind="template",
                                         id=template.name))
                continue
            self.templates[template.name] = replace(template, draft=self._without_for(template))
            self.places[template.name] = index

    def _without_for(self, template: Template) -> IndicatorDraft:
        if template.draft.each is None:
            return template.draft
        at = next(iter(template.draft.each)).span if template.draft.each else template.key.span
        self.found.append(report(yaml_codes.UNKNOWN_KEY, at, key="for", place=f"templates.{template.name}",
                                 known="every other key of an indicator"))
        return template.draft.model_copy(update={"each": None})

    def document(self, document: Document) -> Document:
        indicators = self.entries(document.indicators, _Nest())
        return document if indicators is document.indicators else document.model_copy(
            update={"indicators": indicators})

    def entries(self, section: Mapping[Key, Any], nest: _Nest) -> Mapping[Key, Any]:
        """A map of indicators (or of children, weights among them), expanded; itself where there is nothing to do."""
        if not any(_asks(draft) for draft in section.values()):
            return section
        result: dict[Key, Any] = {}
        for key, draft in section.items():
            made = self.entry(key, draft, nest) if isinstance(draft, IndicatorDraft) else ((key, draft),)
            for name, one in made:
                if name in result:
                    first = next(known for known in result if known == name)
                    self.found.append(report(codes.DUPLICATE_ID, name.span, kind="indicator", id=name,
                                             related=(Label(first.span, codes.FIRST_DEFINED),)))
                result.setdefault(name, one)
        return result

    def entry(self, key: Key, draft: IndicatorDraft, nest: _Nest) -> Iterator[Entry]:
        """The indicators one entry stands for."""
        if nest.depth > MAX_DEPTH:
            self.too_large(key, "nesting", MAX_DEPTH)
            return
        for name, one in self.each(key, draft):
            whole, within = self.used(name, one, nest)
            if self.left <= 0:
                return
            if whole.children:
                children = self.entries(whole.children, within.inside())
                if children is whole.children:
                    self.check_titles(*(child for child in children.values() if isinstance(child, IndicatorDraft)))
                else:
                    whole = whole.model_copy(update={"children": children})
            self.check_title(whole)
            yield name, whole

    def too_large(self, key: Key, what: str, limit: int) -> None:
        self.cut.add(str(key))
        self.found.append(report(yaml_codes.TOO_LARGE, key.span, what=what, limit=f"{limit:,}"))

    # `for`

    def each(self, key: Key, draft: IndicatorDraft) -> Iterator[Entry]:
        if draft.each is None:
            yield key, draft
            return
        values = self.values(key, draft.each)
        if values is None:
            return
        bare = draft.model_copy(update={"each": None})
        for combination in product(*values.values()):
            if self.left <= 0:
                return
            arguments = {name: argument for name, (argument, _) in zip(values, combination, strict=True)}
            uses = tuple(Use(at.span, listed({name: argument}, [name]))
                         for name, (argument, at) in zip(values, combination, strict=True))
            scope = Scope(arguments, uses)
            yield self.key(key, scope), self.bound(bare, scope)

    def values(self, key: Key, each: Mapping[Key, Any]) -> dict[str, list[tuple[Argument, Located]]] | None:
        """For each variable its values and their places; None where that has been reported."""
        before = len(self.found)
        result: dict[str, list[tuple[Argument, Located]]] = {}
        for name, written in each.items():
            items = [written] if isinstance(written, Located) else written
            if not _SIMPLE.match(name):
                self.found.append(report(yaml_codes.BAD_ID, name.span, id=name))
            elif not items:
                self.found.append(report(yaml_codes.WRONG_VALUE, name.span, key="for", found="[]",
                                         expected="at least one value"))
            elif f"{{{name}}}" not in key and len(items) > 1:
                self.found.append(report(codes.ID_WITHOUT_VARIABLE, key.span, id=key, variable=name,
                                         related=(Label(name.span, codes.VARIABLE_HERE),)))
            read = [(value_of_for(name, item, self.found), item) for item in items]
            result[name] = [(value, item) for value, item in read if value is not None]
        if len(self.found) == before and prod(map(len, result.values())) > MAX_PRODUCT:
            self.too_large(key, "the number of indicators of one `for`", MAX_PRODUCT)
        if len(self.found) > before:
            self.cut.add(str(key))
            return None
        return result

    # `use`

    def used(self, key: Key, draft: IndicatorDraft, nest: _Nest) -> tuple[IndicatorDraft, _Nest]:
        """A draft with its template put in, and the nest its children are in."""
        if draft.use is None:
            return draft, nest
        use = draft.use
        read = read_use(use, self.templates, self.unread, self.found)
        outer = use.arguments if isinstance(use, Bound) else {}
        template, call = read or (None, None)
        if template is not None and template.name in nest.templates:
            path = [*nest.templates[nest.templates.index(template.name):], template.name]
            self.found.append(report(codes.CIRCLE_OF_TEMPLATES, use.span, path=" → ".join(path)))
            template = None
        if nest.depth > MAX_DEPTH:
            self.too_large(key, "nesting", MAX_DEPTH)
            template = None
        arguments = arguments_of(template, call, outer, self.found) if template and call else None
        if template is None or arguments is None:
            self.cut.add(str(key))
            return draft.model_copy(update={"use": None}), nest
        scope = Scope(arguments, (Use(use.span, listed(arguments, list(template.parameters))),))
        inside = nest.inside(template.name)
        body, within = self.used(key, self.bound(template.draft, scope), inside)
        within = inside if within is nest else within
        own = {name: getattr(draft, name) for name in draft.model_fields_set - {"use", "each"}}
        return body.model_copy(update={**own, "use": None}), nest if "children" in own else within

    # Scalars

    def bound(self, draft: Any, scope: Scope, name: str = "") -> Any:  # noqa: ANN401 - any part of a draft
        """A part of a draft in a scope: every scalar, and the ids of children."""
        if self.left <= 0:
            return draft
        match draft:
            case Located():
                return self.scalar(draft, scope, name)
            case dict():
                return {self.key(key, scope) if name == "children" else key: self.bound(
                    value, scope, "weight" if name == "children" and isinstance(value, Located) else name)
                    for key, value in draft.items()}
            case list():
                return [self.bound(item, scope, name) for item in draft]
            case Draft():
                return draft.model_copy(update={field: self.bound(getattr(draft, field), scope, field)
                                                for field in draft.model_fields_set})
            case _:
                return draft

    def scalar(self, written: Located, scope: Scope, name: str) -> Located:
        self.left -= 1
        if self.left == 0:
            self.found.append(report(yaml_codes.TOO_LARGE, written.span, limit=f"{MAX_SCALARS:,}",
                                     what="the number of values that templates make"))
        if name in _FORMULAS:
            return bind(written, scope)
        alone = _ALONE.match(written.value)
        if alone:
            known = scope.arguments.get(alone[1])
            return bind(written, scope, known.text if known else None)
        return bind(written, scope, _put(written.value, scope) if name in _FILLED else None)

    def key(self, key: Key, scope: Scope) -> Key:
        """An id with its variables filled in, at the place of the id as it was written."""
        result = Key(_put(key, scope))
        result.written = bind(key.located, scope)
        return result

    def check_titles(self, *drafts: IndicatorDraft) -> None:
        """Check the titles of drafts and of all written in place below them."""
        for draft in drafts:
            self.check_title(draft)
            children = (draft.children or {}).values()
            self.check_titles(*(child for child in children if isinstance(child, IndicatorDraft)))

    def check_title(self, draft: IndicatorDraft) -> None:
        """Braces in the titles of templates name parameters."""
        written = (draft.title, draft.description)
        texts = [text for one in written if one is not None
                 for text in ([one] if isinstance(one, Located) else one.values())]
        for text in texts:
            if isinstance(text, Bound):
                original = text.source.text[text.start:text.end]
                self.found += [unknown_parameter(name, text.span, text.arguments, "{}")
                               for name in _IN_BRACES.findall(original) if name not in text.arguments]


def _put(text: str, scope: Scope) -> str:
    """A title or an id with `{page}` filled in; what would grow beyond bounds stays as it is."""
    if "{" not in text or len(text) + sum(len(argument.text) for argument in scope.arguments.values()) > MAX_TEXT:
        return text
    filled = _IN_BRACES.sub(lambda name: scope.arguments[name[1]].text if name[1] in scope.arguments else name[0], text)
    return filled if len(filled) <= MAX_TEXT else text


def _template_name(head: str) -> str:
    return head.partition("(")[0].strip()


def _asks(draft: object) -> bool:
    """Whether there is a `use` or a `for` in a draft or in the children written in place."""
    return isinstance(draft, IndicatorDraft) and (
        draft.use is not None or draft.each is not None or any(map(_asks, (draft.children or {}).values())))
