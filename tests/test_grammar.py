"""Formulas: what they are read as, how they are written, and that no text at all makes the parser fall.

`grammar/*.txt` holds the cases, apart by lines of `---`: a formula, `===`, and its tree as `(function part ...)`.
For what cannot be read: the code, the text at its place between backticks, after `see` the text at a related place,
and on a line of its own the text after the fix.
"""

from __future__ import annotations

import random
import re
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from time import process_time
from typing import NamedTuple

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from cxmetrics import parse as parse_module
from cxmetrics.assets import grammar
from cxmetrics.diagnostics import Diagnostic
from cxmetrics.parse import MAX_DEPTH, MAX_LENGTH, parse
from cxmetrics.parse.write import write
from cxmetrics.source import BLANK, Located, Source, Span
from cxmetrics.syntax import Broken, Call, Date, Items, Name, Node, Number, Range, Text, Truth

FOLDER = Path(__file__).parent / "grammar"
NOWHERE = Span(Source("", ""), 0, 0)


class Case(NamedTuple):
    """A formula and what is said of it, as lines."""

    where: str
    formula: str
    expected: list[str]


def cases() -> list[Case]:
    found = []
    for path in sorted(FOLDER.glob("*.txt")):
        for i, block in enumerate(re.split(r"^---\n", path.read_text(encoding="utf-8"), flags=re.M)):
            formula, _, expected = block.partition("\n===\n")
            found.append(Case(f"{path.stem} {i + 1}: {formula[:40]}", formula, expected.rstrip("\n").split("\n")))
    return found


CASES = cases()
READ = [case for case in CASES if not any(line.startswith("CX") for line in case.expected)]


def located(text: str) -> Located:
    """A formula that is the whole of its file."""
    return Located(text, Source("formula.yaml", text), 0, len(text))


def tree(node: Node) -> str:
    """A tree in one line, as the case files have it."""
    match node:
        case Call():
            clauses = [f":where {tree(node.where)}"] if node.where else []
            clauses += [f":over {tree(node.over)}"] if node.over else []
            clauses += [f":at_{node.at}"] if node.at else []
            parts = [node.function.replace(" ", "_"), *map(tree, node.args), *clauses]
            return f"({' '.join(parts)})"
        case Items():
            return f"[{' '.join(map(tree, node.items))}]"
        case Range():
            return f"(.. {tree(node.low)} {tree(node.high)})"
        case Broken():
            return "?"
        case _:
            return write(node)


def mended(text: str, found: Diagnostic) -> list[str]:
    """The text after the fix, as a line; no line where there is no fix."""
    if found.fix is None:
        return []
    return [text[:found.fix.span.start] + found.fix.replacement + text[found.fix.span.end:]]


def told(text: str, found: Diagnostic) -> list[str]:
    """A diagnostic in the lines the case files have."""
    assert found.span is not None
    related = "".join(f" see `{text[label.span.start:label.span.end]}`" for label in found.related)
    line = f"{found.code.id} `{text[found.span.start:found.span.end]}`"
    return [line + (related if found.code.id != "CX116" else ""), *mended(text, found)]


@pytest.mark.parametrize("case", CASES, ids=[case.where for case in CASES])
def test_a_formula_is_read_as_its_tree(case: Case) -> None:
    node, found = parse(located(case.formula))
    lines = [] if isinstance(node, Broken) else [tree(node)]
    assert [*lines, *(line for one in found for line in told(case.formula, one))] == case.expected


@pytest.mark.parametrize("case", READ, ids=[case.where for case in READ])
def test_a_formula_is_written_as_it_is_read(case: Case) -> None:
    node, _ = parse(located(case.formula))
    text = write(node)
    again, found = parse(located(text))
    assert (again, found) == (node, ())
    assert write(again) == text


def read_by_both(text: str) -> list[Node]:
    """The trees our loop and Lark's make of the last text parsed."""
    ours = parse_module._tables().read(text)
    assert ours is not None
    return [ours.made, parse_module._lark().parse(text)]


@pytest.mark.parametrize("case", READ, ids=[case.where for case in READ])
def test_our_loop_and_lark_s_read_the_same(case: Case) -> None:
    node, _ = parse(located(case.formula))
    assert read_by_both(case.formula) == [node, node]


def test_the_tables_that_are_kept_are_those_of_the_grammar() -> None:
    assert grammar("formula.tables.json") == parse_module.drawn_anew().to_json()  # else: make reference


def test_tables_of_another_grammar_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = grammar("formula.tables.json").replace('"digest": "', '"digest": "0').replace("NUMBER", "NOTHING")
    monkeypatch.setattr(parse_module, "grammar", lambda name: kept if name.endswith(".json") else grammar(name))
    drawn = parse_module._tables.__wrapped__().read("1 + 2 * x")
    assert drawn is not None
    assert drawn.made == parse(located("1 + 2 * x"))[0]


def test_lark_is_imported_only_where_a_formula_cannot_be_read() -> None:
    script = ("import sys; from cxmetrics.parse import parse; from cxmetrics.source import Located, Source\n"
              "for text, wanted in (('mean(a.b where a.c = 1)', False), ('mean(a.b', True)):\n"
              "    parse(Located(text, Source('', text), 0, 8)); assert ('lark' in sys.modules) is wanted, text")
    subprocess.run([sys.executable, "-c", script], check=True)


@pytest.mark.parametrize("case", CASES, ids=[case.where for case in CASES])
def test_every_message_finds_its_facts_in_both_languages(case: Case) -> None:
    for found in parse(located(case.formula))[1]:
        for phrase in (found.code.headline, found.code.label, found.code.note, found.help or found.code.help):
            if phrase is not None:
                assert phrase.en.format_map(found.facts)
                assert phrase.zh.format_map(found.facts)


@pytest.mark.parametrize("case", CASES, ids=[case.where for case in CASES])
def test_a_fix_mends(case: Case) -> None:
    for found in parse(located(case.formula))[1]:
        for text in mended(case.formula, found):
            after = parse(located(text))[1]
            assert all(one.span and found.span and one.span.start > found.span.start for one in after), (text, after)


# The manual


def examples() -> list[str]:
    return re.findall(r"^//     (.+)$", grammar("formula.lark"), flags=re.M)


@pytest.mark.parametrize("formula", examples())
def test_every_example_of_the_manual_can_be_read_and_stands_unquoted_in_yaml(formula: str) -> None:
    assert yaml.safe_load(f"formula: {formula}\n") == {"formula": formula}
    assert parse(located(formula))[1] == ()


def test_every_reserved_word_is_in_the_grammar() -> None:
    words = set(re.findall(r'^[A-Z_]+: "([a-z_]+)"$', grammar("formula.lark"), flags=re.M))
    assert {word.upper() for word in words} == set(parse_module.RESERVED)
    for word in words - {"true", "false"}:
        assert isinstance(parse(located(word))[0], Broken)
        assert parse(located(f"calls.{word}"))[0] == Name(f"calls.{word}", NOWHERE)


# Random trees

RESERVED = {word.lower() for word in parse_module.RESERVED}
names = st.from_regex(r"(\$|)[a-z_客][a-z0-9_户]{0,5}(\.\$?[a-z0-9_]{1,4}){0,2}", fullmatch=True).filter(
    lambda name: name not in RESERVED)
units = st.sampled_from(["", "%", "ms", "s", "d", "month", "CNY", "元"])
decimals = st.one_of(st.integers(0, 10**12).map(Decimal),
                     st.decimals(0, 10**6, places=3),
                     st.builds(lambda digits, power: Decimal(f"{digits}e{power}"), st.integers(1, 99),
                               st.integers(-99, 99)))


def number(value: Decimal, multiplier: str, unit: str) -> Number:
    return Number(value, "" if unit == "%" else multiplier, unit, NOWHERE)


numbers = st.builds(number, decimals, st.sampled_from(["", "", "万", "亿"]), units)
spans = st.builds(lambda value, unit: Number(Decimal(value), "", unit, NOWHERE), st.integers(1, 90),
                  st.sampled_from(["d", "week", "min"]))
leaves = st.one_of(
    names.map(lambda name: Name(name, NOWHERE)), numbers,
    st.text(max_size=8).map(lambda text: Text(text, NOWHERE)),
    st.booleans().map(lambda value: Truth(value, NOWHERE)), st.dates().map(lambda day: Date(day, NOWHERE)))
ONE = ["negate", "not", "is missing", "is not missing"]
TWO = ["+", "-", "*", "/", "^", "=", "!=", "<", "<=", ">", ">=", "and", "or", "in", "contains", "starts_with",
       "matches"]


def operation(function: str, *args: Node) -> Call:
    return Call(function, args, NOWHERE, NOWHERE)


def grown(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    return st.one_of(
        st.builds(operation, st.sampled_from(ONE), inner),
        st.builds(operation, st.sampled_from(TWO), inner, inner),
        st.builds(operation, st.just("between"), inner, inner, inner),
        st.builds(lambda low, high: Range(low, high, NOWHERE), inner, inner),
        st.lists(inner, min_size=1, max_size=3).map(lambda items: Items(tuple(items), NOWHERE)),
        st.builds(lambda name, args, where, over, at: Call(name, tuple(args), NOWHERE, NOWHERE, where, over, at),
                  names, st.lists(inner, max_size=3), st.none() | inner,
                  st.none() | spans | st.just(Name("$window", NOWHERE)),
                  st.sampled_from([None, "start", "end"])))


trees = st.recursive(leaves, grown, max_leaves=14)


@settings(max_examples=400, deadline=None)
@given(trees)
def test_what_is_written_is_read_as_the_same_tree(node: Node) -> None:
    text = write(node)
    again, found = parse(located(text))
    assert found == ()
    assert again == node
    assert write(again) == text


# Places

MAY_BE_NEGATED = {"in", "contains", "starts_with", "matches", "between"}  # `x not in y` is one place of two nodes


def in_yaml(text: str, style: str | None, width: int, *, crlf: bool) -> Located:
    class Styled(str):
        __slots__ = ()

    class Dumper(yaml.SafeDumper):
        pass

    Dumper.add_representer(Styled, lambda d, s: d.represent_scalar("tag:yaml.org,2002:str", str(s), style=style))
    document = yaml.dump({"m": {"formula": Styled(text), "after": 1}}, Dumper=Dumper, allow_unicode=True, width=width)
    document = document.replace("\n", "\r\n") if crlf else document
    for key, value in yaml.compose(document, yaml.CSafeLoader).value[0][1].value:
        if key.value == "formula":
            source = Source("m.yaml", document)
            return Located(value.value, source, value.start_mark.index, value.end_mark.index, value.style)
    raise AssertionError(document)


def nodes(node: Node) -> list[Node]:
    match node:
        case Call():
            inner = [*node.args, *(clause for clause in (node.where, node.over) if clause)]
        case Items():
            inner = list(node.items)
        case Range():
            inner = [node.low, node.high]
        case _:
            inner = []
    return [node, *(below for part in inner for below in nodes(part))]


def as_written(text: str, style: str | None) -> str:
    """What stands between two places of a file, without the quoting of its YAML style."""
    if style == "'":
        return text.replace("''", "'")
    return str(yaml.safe_load(f'"{text}"')) if style == '"' else text


def cut_through_brackets(part: str) -> bool:
    """Whether a part begins inside brackets that it does not begin with, as `a) + (b` of `(a) + (b)` does."""
    depth = 0
    for sign in part:
        depth += (sign == "(") - (sign == ")")
        if depth < 0:
            return True
    return depth > 0


@settings(max_examples=150, deadline=None)
@given(st.sampled_from([case.formula for case in READ if case.formula]) | trees.map(write),
       st.sampled_from([None, "'", '"', "|", ">"]), st.sampled_from([20, 60, 1000]), st.booleans())
def test_every_part_is_found_where_it_was_written(text: str, style: str | None, width: int, crlf: bool) -> None:
    formula = in_yaml(text, style, width, crlf=crlf)
    node, found = parse(formula)
    assert not found
    for one in nodes(node):
        span = one.name_span if isinstance(one, Call) else one.span
        inner = formula.value[span.start:span.end]
        place = span.in_file()
        if isinstance(one, Name):
            assert inner == one.value
        if isinstance(one, Call) and one.function not in ("negate", "is missing", "is not missing"):
            assert inner == one.function
        part = formula.value[one.span.start:one.span.end]
        if not (isinstance(one, Call) and one.function in MAY_BE_NEGATED) and not cut_through_brackets(part):
            assert parse(located(part)) == (one, ())
        if not set(inner) & set(BLANK):
            assert as_written(place.source.text[place.start:place.end], formula.style) == inner


# Bad text

PIECES = ["'", '"', "(", ")", "[", "]", ",", "..", ".", "=", "==", "!", "&&", "$", "%", "万", " ", "\n", "（", "，", "１",
          "where", "over", "at", "end", "not", "in", "is", "missing", "between", "and", "1e9", "2026-1-1", "#", ":",
          "\0",
          "\ud7ff", "😀", "`", "^", "-", "/", "*", "<", ">", "|", "\\", "{", "}", "a", "9"]


def mutated(text: str, chance: random.Random) -> str:
    for _ in range(chance.randint(1, 4)):
        at, upto = sorted((chance.randint(0, len(text)), chance.randint(0, len(text))))
        match chance.randrange(4):
            case 0:
                text = text[:at] + text[at + 1:]
            case 1:
                text = text[:at] + chance.choice(PIECES) + text[at:]
            case 2:
                text = text[:at] + text[upto:]
            case _:
                text = text[:upto] + text[at:upto] + text[upto:]
    return text


def sound(text: str) -> bool:
    """Whether `parse` kept its word: a tree that can be written and read, or findings with a place in the text."""
    node, found = parse(located(text))
    for one in found:
        assert one.span is not None
        assert 0 <= one.span.start <= one.span.end <= len(text)
        one.code.headline.en.format_map(one.facts)
    if not found:
        assert read_by_both(text) == [node, node]
        assert parse(located(write(node))) == (node, ())
    return not found


def test_no_mutation_makes_the_parser_fall() -> None:
    chance = random.Random(3)
    good = [case.formula for case in READ]
    outcomes = [sound(mutated(chance.choice(good), chance)) for _ in range(2000)]
    assert 100 < sum(outcomes) < 1900  # both kinds were met


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=40) | st.lists(st.sampled_from(PIECES), max_size=14).map("".join))
def test_no_text_makes_the_parser_fall(text: str) -> None:
    sound(text)


@pytest.mark.parametrize(("text", "code"), [
    ("x" * (MAX_LENGTH + 1), "CX122"),
    ("(" * 9000 + "x" + ")" * 9000, "CX123"),
    ("[" * 20000, "CX123"),
    ("f(" * 6000, "CX123"),
    ("-" * 19999 + "x", "CX123"),
    ("not " * 4000 + "x", "CX123"),
    ("a" + "+a" * 9000, "CX123"),
    ("a" + "^a" * 9000, "CX123"),
    ("-" * 19999, "CX102"),
    ("1" * 20000, "CX121"),
    ("1e" + "9" * 5000, "CX121"),
    ("2026-" + "1" * 9000 + "-1", "CX119"),
    ("'" * 19999, "CX108"),
    ('"' * 19999, "CX109"),
    ("!" * 20000, "CX111"),
    ("a " * 10000, "CX104"),
])
def test_what_is_too_much_is_refused_soon(text: str, code: str) -> None:
    before = process_time()
    assert [one.code.id for one in parse(located(text))[1]] == [code]
    assert process_time() - before < 2


def test_the_deepest_formula_is_read_with_little_stack_left() -> None:
    text = "-" * MAX_DEPTH + "x"
    node, found = parse(located(text))
    assert found == ()
    assert write(node) == text
    assert parse(located("-" + text))[1][0].code.id == "CX123"
    assert parse(located("(" * MAX_DEPTH + "x" + ")" * MAX_DEPTH))[1] == ()


def test_texts_with_a_lone_surrogate_are_read() -> None:
    assert parse(located("'\ud800'"))[0] == Text("\ud800", NOWHERE)
    assert sys.getrecursionlimit() >= 1000
