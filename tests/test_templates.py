"""Templates, `for` and imported libraries: what they come to, and what is said where they are used wrongly."""

import sys
from pathlib import Path

import pytest

from cxmetrics.cli.places import seen_from
from cxmetrics.compile import Compiled, compile_project
from cxmetrics.ir import Aggregate, Apply, Column, Constant, Ref
from cxmetrics.render import render
from cxmetrics.score_rules import Anchors

HEAD = """\
project: bank
grains: [day]
sources:
  rum: {read: rum.csv, time: at, columns: {page: text, lcp: {type: number, unit: ms}, cls: number}}
  raw:
    read: raw.csv
    time: at
    columns: {qual1: {type: integer, scale: 0..10}, qual2: {type: integer, scale: 0..10}, page: text}
templates:
  page_speed(page, good = 2.5 s, poor = 4 s):
    title: {zh: "{page}的速度", en: "Speed of {page}"}
    owner: "{page}"
    formula: p75(rum.lcp where rum.page = $page)
    score: {0: 2 * $poor, 60: $poor, 100: $good}
    target: $good
  average(column): {formula: mean($column)}
  of_source(source): {formula: count($source where $source.page = 'x')}
  among(pages): {formula: share(rum.page in $pages)}
  half(indicator): {formula: $indicator / 2}
  weighed(unit, weight): {formula: mean(rum.cls), unit: $unit, weight: $weight}
  both(page):
    children:
      "{page}_speed": {use: "page_speed(page = $page, poor = 5 s)", weight: 70%}
      "{page}_half": {formula: "mean(rum.lcp where rum.page = $page)", score: {0: 8 s, 100: 1 s}, weight: 30%}
indicators:
"""


def compiled(tmp_path: Path, indicators: str) -> Compiled:
    (tmp_path / "cxmetrics.yaml").write_text(HEAD + indicators, encoding="utf-8")
    return compile_project(tmp_path)


def right(tmp_path, indicators):
    result = compiled(tmp_path, indicators)
    assert not [(d.code.id, dict(d.facts)) for d in result.diagnostics]
    return result.pyramid.indicators


def page_of(indicator):
    match indicator.formula:
        case Aggregate(where=Apply("=", (Column(), Constant(value)))):
            return value


def test_parameters_become_constants_with_their_units(tmp_path):
    one = right(tmp_path, "  a:\n    use: page_speed(page = 'balance', good = 1500 ms)\n")["a"]
    assert page_of(one) == "balance"
    assert one.score == Anchors(((1500, 100), (4000, 60), (8000, 0)))
    assert one.target == 1500
    assert one.title == {"zh": "balance的速度", "en": "Speed of balance"}
    assert one.owner == "balance"


def test_positions_stand_for_names(tmp_path):
    assert right(tmp_path, "  a:\n    use: page_speed('x', 1 s, 2 s)\n")["a"].target == 1000


def test_what_the_indicator_writes_stands_over_the_template(tmp_path):
    one = right(tmp_path, "  a: {use: page_speed('x'), target: 3 s, title: Own, score: {0: 9 s, 100: 1 s}}\n")["a"]
    assert (one.target, one.title) == (3000, {"": "Own"})
    assert one.score == Anchors(((1000, 100), (9000, 0)))


def test_columns_sources_indicators_and_lists_are_arguments(tmp_path):
    found = right(tmp_path, """\
  a: {use: average(rum.lcp)}
  b: {use: of_source(raw)}
  c: {use: "among(['x', 'y'])"}
  d: {use: half(a)}
  e: {use: "weighed(unit = number, weight = 3)"}
  all: {children: {f: {use: "weighed(number, 3)"}, e: 1}}
""")
    assert found["a"].formula.args[0].name == "lcp"
    assert found["b"].formula.source == "raw"
    assert found["c"].formula.args[0].args[1].value == ("x", "y")
    assert found["d"].formula.args[0] == Ref("a")
    assert [edge.weight for edge in found["all"].children] == [0.75, 0.25]


def test_a_for_makes_an_indicator_for_each_value(tmp_path):
    found = right(tmp_path, """\
  speed_{page}:
    for: {page: [transfer, "wealth", 转账]}
    use: page_speed(page = $page)
    description: about {page}
  item_{item}: {for: {item: [qual1, "qual2"]}, formula: mean(raw.$item)}
""")
    assert {name: page_of(one) for name, one in found.items() if name.startswith("speed")} == {
        "speed_transfer": "transfer", "speed_wealth": "wealth", "speed_转账": "转账"}
    assert found["speed_wealth"].description == {"": "about wealth"}
    assert found["item_qual1"].formula.args[0].name == "qual1"
    assert found["item_qual2"].formula.args[0].name == "qual2"


def test_several_variables_make_the_product(tmp_path):
    found = right(tmp_path, """\
  s_{page}_{n}: {for: {page: [a, b], n: [1, 2, 3]}, formula: share(rum.page = $page and rum.cls > $n)}
""")
    assert list(found) == [f"s_{page}_{n}" for page in "ab" for n in (1, 2, 3)]


def test_children_are_expanded_where_they_stand(tmp_path):
    found = right(tmp_path, """\
  all:
    children:
      "speed_{page}": {for: {page: [a, b]}, use: page_speed($page), weight: 25%}
      c: {use: both('c'), weight: 50%}
""")
    assert [(edge.child, edge.weight) for edge in found["all"].children] == [
        ("speed_a", 0.25), ("speed_b", 0.25), ("c", 0.5)]
    assert [edge.child for edge in found["c"].children] == ["c_speed", "c_half"]
    assert page_of(found["c_speed"]) == page_of(found["c_half"]) == "c"
    assert found["c_speed"].score == Anchors(((2500, 100), (5000, 60), (10000, 0)))


def test_a_word_beside_a_number_stays_a_name(tmp_path):
    (tmp_path / "t.yaml").write_text("templates:\n  low(x): {formula: 'if($x = 5, 1, 2)'}\n")
    found = right(tmp_path, "  a: {formula: mean(rum.cls)}\n  b: {use: low(a)}\n")
    assert found["b"].formula.args[0].args[0] == Ref("a")


def test_text_cannot_change_how_a_formula_is_read(tmp_path):
    found = right(tmp_path, "  a:\n    use: page_speed(page = 'x'' or 1 = 1 or ''')\n")
    assert page_of(found["a"]) == "x' or 1 = 1 or '"


def test_show_tells_the_formula_with_its_values(tmp_path):
    assert right(tmp_path, "  a: {use: page_speed('x')}\n")["a"].formula_text == "p75(rum.lcp where rum.page = 'x')"


@pytest.mark.parametrize(("indicators", "codes"), [
    ("  a: {use: page_sped('x')}\n  b: {children: {a: 1}}\n  c: {formula: a / 2}\n", ["CX216"]),
    ("  a: {use: page_speed}\n", ["CX240"]),
    ("  a:\n    use: page_speed('x', gud = 1 s)\n", ["CX217"]),
    ("  a:\n    use: page_speed('x', 1 s, 2 s, 3 s)\n", ["CX210"]),
    ("  a:\n    use: page_speed('x', page = 'y')\n", ["CX241"]),
    ("  a:\n    use: page_speed('x' where 1 = 1)\n", ["CX009"]),
    ("  a: {use: 1 + 2}\n", ["CX009"]),
    ("  a: {use: half(2 * 3)}\n", ["CX243"]),
    ("  a: {use: half(raw)}\n", ["CX220"]),
    ("  a: {use: half('x')}\n", ["CX303"]),
    ("  a: {use: page_speed($page)}\n", ["CX217"]),
    ("  a_{p}: {for: {p: [x, x]}, use: page_speed($p)}\n", ["CX206"]),
    ("  a_{p}: {for: {p: ['x y']}, use: page_speed($p)}\n", ["CX012"]),
    ("  a_{p}: {for: {p: []}, use: page_speed($p)}\n", ["CX009"]),
    ("  a_{p}: {for: {p q: [x]}, use: page_speed('x')}\n", ["CX012"]),
    ("  a: {for: {p: [x, y]}, use: page_speed($p)}\n", ["CX246"]),
    ("  a_{p}: {formula: mean(rum.cls)}\n", ["CX012"]),
])
def test_wrong_uses(tmp_path, indicators, codes):
    result = compiled(tmp_path, indicators)
    assert [d.code.id for d in result.diagnostics] == codes, render(result.diagnostics, format="text", language="en")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_findings_in_a_template_name_the_use_and_its_values(tmp_path, language):
    (tmp_path / "speed.yaml").write_text("templates:\n  late(page): {formula: p75(rum.lpc where rum.page = $page)}\n")
    found = compiled(tmp_path, "  late_{p}:\n    for: {p: [x, y]}\n    use: late(page = $p)\n").diagnostics
    assert [d.code.id for d in found] == ["CX203"], "one cause, told once"
    place = found[0].span.in_file()
    assert (place.source.path, place.source.text[place.start:place.end]) == ("speed.yaml", "rum.lpc")
    text = render(found, format="text", language=language)
    assert "::: cxmetrics.yaml:" in text
    assert ("used here with `page = x`" if language == "en" else "在此使用：`page = x`") in text
    assert ("used here with `p = x`" if language == "en" else "在此使用：`p = x`") in text


def test_a_fix_never_replaces_a_parameter(tmp_path):
    found = compiled(tmp_path, "  a: {use: average(rum.lcpp)}\n").diagnostics
    assert [(d.code.id, d.fix) for d in found] == [("CX203", None)]


def test_a_title_with_a_slip_is_found(tmp_path):
    (tmp_path / "t.yaml").write_text('templates:\n  t(page): {title: "of {pgae}", formula: mean(rum.cls)}\n')
    found = compiled(tmp_path, "  a: {use: t('x')}\n  b: {use: t('y')}\n").diagnostics
    assert [(d.code.id, d.facts["guess"]) for d in found] == [("CX217", "{page}")]


@pytest.mark.parametrize("templates", [
    "  a(x): {children: {'c_{x}': {use: a(x = $x)}}}\n",
    "  a(x): {use: b(x = $x)}\n  b(x): {children: {'c_{x}': {use: a(x = $x)}}}\n",
])
def test_templates_in_a_circle_are_refused(tmp_path, templates):
    (tmp_path / "t.yaml").write_text("templates:\n" + templates)
    assert [d.code.id for d in compiled(tmp_path, "  i: {use: a('x')}\n").diagnostics] == ["CX245"]


def test_a_template_may_be_used_below_its_own_use(tmp_path):
    found = right(tmp_path, "  a:\n    use: both('x')\n    children: {b: {use: both('y')}}\n")
    assert set(found) == {"a", "b", "y_speed", "y_half"}


def test_a_for_has_a_bound(tmp_path):
    numbers = ", ".join(map(str, range(101)))
    text = f"  a_{{x}}_{{y}}: {{for: {{x: [{numbers}], y: [{numbers}]}}, formula: mean(rum.cls)}}\n"
    assert [d.code.id for d in compiled(tmp_path, text).diagnostics] == ["CX010"]


def test_templates_that_explode_are_stopped(tmp_path, monkeypatch):
    monkeypatch.setattr(sys.modules["cxmetrics.resolve.expand"], "MAX_SCALARS", 10_000)
    levels = "".join(f"  t{i}(x): {{children: {{" + ", ".join(
        f"'{{x}}_{j}': {{for: {{y: ['{{x}}_{j}']}}, use: t{i + 1}(x = $y)}}" for j in range(10)) + "}}\n"
        for i in range(9))
    (tmp_path / "t.yaml").write_text("templates:\n" + levels + "  t9(x): {formula: mean(rum.cls)}\n")
    assert "CX010" in {d.code.id for d in compiled(tmp_path, "  a: {use: t0('x')}\n").diagnostics}


def test_a_long_chain_of_templates_is_stopped(tmp_path):
    levels = "".join(f"  t{i}(x): {{use: t{i + 1}(x = $x)}}\n" for i in range(500))
    (tmp_path / "t.yaml").write_text("templates:\n" + levels + "  t500(x): {formula: mean(rum.cls)}\n")
    assert [d.code.id for d in compiled(tmp_path, "  a: {use: t0('x')}\n").diagnostics] == ["CX010"]


# Libraries

LIBRARY = {
    "cards/cxmetrics.yaml": """\
project: cards
time_zone: Asia/Shanghai
grains: [month]
sources:
  calls: {read: calls.csv, time: at, columns: {wait: {type: number, unit: s}, kind: text}}
dimensions:
  region: {title: Region, values: [north, south]}
templates:
  waits(kind): {formula: mean(calls.wait where calls.kind = $kind)}
indicators:
  service:
    children:
      waiting: {formula: mean(calls.wait), score: {0: 60 s, 100: 5 s}, target: 20 s, weight: 60%}
      "wait_{kind}": {for: {kind: [lost, new]}, use: waits($kind), score: {0: 60 s, 100: 5 s}, weight: 20%}
""",
}


def project(root: Path, text: str, files: dict[str, str] = LIBRARY) -> Compiled:
    for name, content in {**files, "cxmetrics.yaml": "project: bank\n" + text}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content, encoding="utf-8")
    return compile_project(root)


def clean(compiled: Compiled) -> Compiled:
    assert not [(d.code.id, dict(d.facts)) for d in compiled.diagnostics]
    return compiled


def test_a_library_brings_its_sections_and_not_its_project_keys(tmp_path):
    pyramid = clean(project(tmp_path, "import: [cards]\n")).pyramid
    assert set(pyramid.indicators) == {"service", "waiting", "wait_lost", "wait_new"}
    assert (pyramid.project.id, pyramid.project.time_zone, pyramid.project.grains) == ("bank", "UTC", ("day", "month"))


def test_what_is_imported_is_overridden_key_by_key(tmp_path):
    pyramid = clean(project(tmp_path, """\
import: [cards]
sources:
  calls: {read: own/*.csv, columns: {staff: text}}
dimensions:
  region: {values: [east]}
indicators:
  waiting: {target: 10 s, weight: 30%}
  wait_new: {weight: 50%, title: New}
  mine: {use: waits('mine')}
""")).pyramid
    calls = pyramid.sources["calls"]
    assert calls.read == "own/*.csv"
    assert {"wait", "kind", "staff"} <= set(calls.columns)
    assert pyramid.dimensions["region"].title == {"": "Region"}
    assert pyramid.dimensions["region"].values == ("east",)
    assert pyramid.indicators["waiting"].target == 10
    assert pyramid.indicators["waiting"].score == Anchors(((5, 100), (60, 0)))
    assert [edge.weight for edge in pyramid.indicators["service"].children] == [0.3, 0.2, 0.5]
    assert pyramid.indicators["mine"].formula.source == "calls"


def test_children_are_overridden_as_a_whole_and_a_formula_replaces_them(tmp_path):
    pyramid = clean(project(tmp_path, "import: [cards]\nindicators:\n  service: {children: {waiting: 1}}\n")).pyramid
    assert [edge.child for edge in pyramid.indicators["service"].children] == ["waiting"]
    assert "wait_lost" in pyramid.indicators
    pyramid = clean(project(tmp_path, "import: [cards]\nindicators:\n  service: {formula: waiting / 2}\n")).pyramid
    assert not pyramid.indicators["service"].children


def test_a_template_is_overridden_by_its_name(tmp_path):
    pyramid = clean(project(tmp_path, """\
import: [cards]
templates:
  waits(kind, least = 1 s): {formula: mean(calls.wait where calls.kind = $kind and calls.wait > $least)}
""")).pyramid
    assert pyramid.indicators["wait_new"].formula.where.function == "and"


def test_libraries_that_meet_must_not_define_the_same(tmp_path):
    other = {"loans/cxmetrics.yaml": "project: loans\nindicators:\n  service: {formula: 1 + 1}\n"}
    found = project(tmp_path, "import: [cards, loans]\n", LIBRARY | other).diagnostics
    assert [d.code.id for d in found] == ["CX206"]


SOURCE = """\
project: {name}
dimensions: {{region: {{title: {title}, values: [north, south]}}}}
sources: {{visits: {{read: data/visits.csv, time: day, columns: {{{columns}}}}}}}
indicators: {{{name}_visits: {{formula: count(visits)}}}}
"""


def test_libraries_that_meet_may_say_the_same_of_dimensions_and_sources(tmp_path):
    columns = "minutes: {type: number, unit: min}, kind: text"
    turned = "kind: text, minutes: {type: number, unit: min}"
    same = {"one/cxmetrics.yaml": SOURCE.format(name="one", title="Region", columns=columns),
            "two/cxmetrics.yaml": SOURCE.format(name="two", title="{zh: 区}", columns=turned)}
    pyramid = clean(project(tmp_path / "same", "import: [one, two]\n", same)).pyramid
    assert [*pyramid.indicators] == ["one_visits", "two_visits"]
    other = {**same, "two/cxmetrics.yaml": SOURCE.format(name="two", title="Region", columns="kind: text")}
    found = project(tmp_path / "other", "import: [one, two]\n", other).diagnostics
    assert [(d.code.id, d.facts["kind"]) for d in found] == [("CX206", "source")]


def test_a_library_overrides_what_it_imports(tmp_path):
    other = {"loans/cxmetrics.yaml": "project: loans\nimport: [cards]\nindicators:\n  waiting: {target: 9 s}\n"}
    for imports in ("[loans]", "[cards, loans]", "[loans, cards]"):
        pyramid = clean(project(tmp_path, f"import: {imports}\n", LIBRARY | other)).pyramid
        assert pyramid.indicators["waiting"].target == 9


@pytest.mark.parametrize(("imports", "code"), [
    ("[crads]", "CX030"), ("[cxmetrics/retail_bnak]", "CX030"), ("[cxmetrics/../retail_bank]", "CX030"),
    ("['']", "CX031"),
    ("[.]", "CX031"), ("[..]", "CX015"), ("[../x]", "CX015"), ("[/]", "CX015"), ('["a\\0b"]', "CX030"),
    ("{a: b}", "CX004"), ("[[cards]]", "CX004"),
])
def test_wrong_imports(tmp_path, imports, code):
    found = project(tmp_path, f"import: {imports}\nindicators:\n  a: {{formula: 1 + 1}}\n").diagnostics
    assert [d.code.id for d in found if d.code.severity == "error"] == [code]


def test_a_link_does_not_lead_out(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out/cxmetrics.yaml").write_text("project: out\nindicators:\n  a: {formula: 1 + 1}\n")
    (tmp_path / "in").mkdir()
    (tmp_path / "in/link").symlink_to(tmp_path / "out")
    assert [d.code.id for d in project(tmp_path / "in", "import: [link]\n").diagnostics] == ["CX015"]


def test_the_shipped_library_compiles_in_another_project(tmp_path):
    pyramid = clean(project(tmp_path, """\
import: [cxmetrics/retail_bank]
indicators:
  open_time_p90: {target: 7 min}
""", {})).pyramid
    assert len(pyramid.indicators) > 200
    assert pyramid.indicators["open_time_p90"].target == 7 * 60_000


def test_findings_in_a_shipped_library_name_its_file(tmp_path):
    found = project(tmp_path / "p", """\
import: [cxmetrics/retail_bank]
sources:
  event: {columns: {duration_ms: text}}
""", {}).diagnostics
    paths = {d.span.in_file().source.path for d in seen_from(tmp_path, Path("p"), found)}
    assert "cxmetrics/retail_bank/journeys/j01_account_opening.yaml" in paths
