"""Definitions made to take the machine: each gets its finding, or is compiled, in bounded time and memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

import pytest
from limits import limited_memory, limited_time

from cxmetrics.compile import compile_sources
from cxmetrics.render import render
from cxmetrics.source import Source

HEAD = "project: p\nsources: {s: {read: data/x.csv, time: t, columns: {x: number, c: text}}}\n"
PLAIN = "indicators: {a: {formula: count(s)}}\n"


class Hostile(NamedTuple):
    """What is written, and the codes that are reported, the most frequent first."""

    name: str
    text: Callable[[], str]
    codes: tuple[str, ...] = ()


def listed(template: str, count: int, between: str = "") -> str:
    """A template for each number: `{i}`, `{before}` and `{after}` (the last leads to the first)."""
    return between.join(template.replace("{i}", str(i)).replace("{before}", str(i - 1)).replace(
        "{after}", str((i + 1) % count)) for i in range(count))


def section(name: str, template: str, count: int) -> str:
    """A section of a file, an entry for each number."""
    return f"{name}:\n" + listed(f"  {template}\n", count)


def forest(first: str, template: str, levels: int) -> str:
    """Anchors, each of nine of the one before."""
    rows = [f"a0: &a0 {first}"]
    rows += [f"a{i}: &a{i} " + template.replace("{nine}", ", ".join([f"k{j}: *a{i - 1}" for j in range(9)]))
             for i in range(1, levels)]
    return "\n".join(rows)


def nested_templates() -> str:
    first = f"{HEAD}templates:\n  t0: {{formula: count(s)}}\n"
    nine = "".join(f"  t{i}: {{children: {{{', '.join(f'c{j}: {{use: t{i - 1}}}' for j in range(9))}}}}}\n"
                   for i in range(1, 9))
    return f"{first}{nine}indicators: {{x: {{use: t8}}}}\n"


def columns(written: str) -> str:
    return f"project: p\nsources: {{s: {{read: data/x.csv, time: t, columns: {{x: number, {written}}}}}}}\n{PLAIN}"


def formula(text: str) -> str:
    return f'{HEAD}indicators: {{a: {{formula: "{text}"}}}}\n'


LARGE = (
    Hostile("lists of aliases", lambda: "\n".join(["a0: &a0 [x]", *(
        f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 30))]), ("CX010",)),
    Hostile("maps of aliases", lambda: forest("{k: x}", "{{nine}}", 30), ("CX010",)),
    Hostile("children of aliases",
            lambda: (HEAD + "indicators:\n" + forest(
        "{formula: count(s)}", "{children: {{nine}}}", 30)).replace("\na", "\n  a"),
            ("CX010",)),
    Hostile("templates of templates", nested_templates, ("CX010",)),
    Hostile("a for of a hundred thousand", lambda: HEAD + "indicators:\n  x_{a}_{b}_{c}_{d}_{e}:\n    for: {"
            + ", ".join(f"{v}: [{', '.join(map(str, range(10)))}]" for v in "abcde") + "}\n    formula: count(s)\n",
            ("CX010",)),
    Hostile("a parameter that doubles", lambda: HEAD + "templates:\n  t0(a): {formula: $a + $a}\n" + "".join(
        f"  t{i}(a): {{use: 't{i - 1}($a + $a)'}}\n" for i in range(1, 40)) + "indicators: {x: {use: t39(1)}}\n",
        ("CX243",)),
    Hostile("derived columns that double", lambda: columns("c0: number, " + ", ".join(
        f"c{i}: {{formula: c{i - 1} + c{i - 1}}}" for i in range(1, 39))), ("CX010",)),
    Hostile("derived columns on top of each other", lambda: columns(
        listed("c{i}: {formula: c{before} + x}", 3000, ", ").replace("c-1", "x")), ("CX010",)),
    Hostile("derived columns in a circle", lambda: columns(listed("c{i}: {formula: c{after} + x}", 3000, ", ")),
            ("CX010", "CX224")),
    Hostile("dimensions in a circle", lambda: HEAD + section("dimensions", "d{i}: {within: d{after}}", 5000) + PLAIN,
            ("CX231",)),
    Hostile("indicators in a circle", lambda: HEAD + section("indicators", "k{i}: {formula: k{after}}", 5000),
            ("CX209",)),
    Hostile("indicators on top of each other", lambda: HEAD + section(
        "indicators", "k{i}: {formula: k{before} + 1}", 5000).replace("k-1 + 1", "count(s)")),
    Hostile("ten million characters", lambda: formula("x" * 10_000_000), ("CX010",)),
    Hostile("a key of ten million characters", lambda: "x" * 10_000_000 + ": 1\n", ("CX010",)),
    Hostile("a plain scalar of ten million characters", lambda: f"{HEAD}title: {'x + ' * 2_500_000}x\n", ("CX010",)),
    Hostile("ten million blanks", lambda: " " * 10_000_000, ("CX007",)),
    Hostile("ten million lines", lambda: "\n" * 10_000_000, ("CX007",)),
    Hostile("a long formula", lambda: formula("x" * 900_000), ("CX122",)),
    Hostile("a long title", lambda: f"{HEAD}title: {'客' * 900_000}\n{PLAIN}"),
    Hostile("keys that nobody knows", lambda: HEAD + listed("k{i}: 1\n", 100_000), ("CX002", "CX010")),
    Hostile("one key a hundred thousand times",
            lambda: f"{HEAD}indicators: {{{listed('a: {formula: count(s)}', 100_000, ', ')}}}",
            ("CX003",)),
    Hostile("shapes that are wrong", lambda: HEAD + section("indicators", "k{i}: [1]", 20_000), ("CX004", "CX010")),
    Hostile("names that nobody knows", lambda: HEAD + section("indicators", "k{i}: {formula: m{i} + 1}", 10_000),
            ("CX201",)),
    Hostile("formulas that end early",
            lambda: HEAD + section("indicators", "k{i}: {formula: 1 + }", 10_000), ("CX102",)),
    Hostile("children by the thousand", lambda: HEAD + section("indicators", "k{i}: {formula: count(s)}", 5000)
            + f"  top: {{children: {{{listed('k{i}: 1', 5000, ', ')}}}}}\n"),
    Hostile("tests by the thousand", lambda: HEAD + PLAIN + section(
        "tests", "t{i}: {given: {s: [{x: 1}]}, expect: {b: 1}}", 5000), ("CX201",)),
    Hostile("brackets without end", lambda: "[" * 200_000, ("CX010",)),
    Hostile("braces without end", lambda: "{a: " * 100_000, ("CX010",)),
    Hostile("dashes without end", lambda: "- " * 100_000, ("CX010",)),
    Hostile("documents without end", lambda: "---\n" * 100_000, ("CX013", "CX004")),
    Hostile("NUL", lambda: "\0" * 1_000_000, ("CX001",)),
    Hostile("a scale of thousands of digits", lambda: HEAD.replace(
        "x: number", "x: {type: number, scale: " + "9" * 5000 + ".." + "9" * 5001 + "}") + PLAIN, ("CX009",)),
    Hostile("a whole number of thousands of digits",
            lambda: f"{HEAD}privacy: {{min_n: {'9' * 100_000}}}\n{PLAIN}", ("CX009",)),
    Hostile("a weight of thousands of digits", lambda: f"{HEAD}indicators: {{a: {{children: {{b: {'9' * 9_000}}}}}, "
            "b: {formula: count(s)}}\n", ("CX016",)),
    Hostile("numbers beyond all bounds", lambda: formula("1e999999 + 1e-999999 + " + "9" * 10_000), ("CX121",)),
    Hostile("powers of powers", lambda: formula("10^10^10^10^10")),
    Hostile("a pattern that repeats repetitions",
            lambda: formula("count(s where s.c matches '" + "(a*)*" * 3000 + "')"),
            ("CX317",)),
    Hostile("a pattern that multiplies",
            lambda: formula("count(s where s.c matches '" + "(" * 50 + "a" + "){99}" * 50 + "')"),
            ("CX317",)),
    Hostile("a closed set that is large", lambda: HEAD.replace(
        "c: text", "c: {type: text, values: [" + listed("v{i}", 100_000, ", ") + "]}")
        + "indicators: {a: {formula: \"count(s where s.c = 'x')\"}}\n", ("CX305",)),
)

SMALL = (  # each made the compiler fall, or point beside the place, once
    Hostile("a list that is wrong at two of its items", lambda: HEAD.replace(
        "c: text", "c: {type: text, values: [[b], [c], d]}") + PLAIN, ("CX004",)),
    Hostile("a list that is wrong at two places of one alias", lambda: HEAD.replace(
        "c: text", "c: {type: text, values: [&b [c], *b]}, d: {type: text, values: [*b]}") + PLAIN, ("CX004",)),
    Hostile("a window that looks at itself",
            lambda: HEAD + 'indicators: {a: {formula: "rolling(a, 1 d)"}, b: {formula: count(s)}}\n', ("CX209",)),
    Hostile("windows that look at each other", lambda: HEAD + "indicators:\n  a: {formula: prior(b)}\n"
            '  b: {formula: "rolling(a + count(s), 1 d)"}\n', ("CX209",)),
    Hostile("columns without a name in a circle", lambda: columns(
        "'': {formula: x + 1}, y: {formula: z + 1}, z: {formula: y + 1}"), ("CX224",)),
    Hostile("what YAML forbids behind characters of many bytes", lambda: f"title: {'𝟘' * 9}\n\x14", ("CX001",)),
)


@pytest.mark.parametrize("hostile", LARGE + SMALL, ids=[one.name for one in LARGE + SMALL])
def test_what_is_made_to_take_the_machine_is_answered(hostile: Hostile) -> None:
    with limited_memory(), limited_time():
        compiled = compile_sources([Source("cxmetrics.yaml", hostile.text())])
        assert compiled.failed or compiled.plan is not None
        text = render(compiled.diagnostics, format="text", language="zh")
    for finding in compiled.diagnostics:
        assert finding.span is not None
        place = finding.span.in_file()
        assert 0 <= place.start <= place.end <= len(place.source.text)
    counted = Counter(finding.code.id for finding in compiled.diagnostics)
    assert tuple(code for code, _ in counted.most_common()) == hostile.codes
    assert bool(text) == bool(hostile.codes)
