"""`cxmetrics show --lineage`: what an indicator is made of, down to columns, and what uses it, up to the top."""

import json
from xml.etree import ElementTree as ET

import pytest
from surroundings import called

PROJECT = """\
project: shop
sources:
  answers:
    read: data/answers.csv
    time: day
    keep: not test
    weight: factor
    columns:
      score: {type: integer, scale: 0..10, class: C1}
      test: boolean
      factor: number
      asked: time
      told: time
      took: {formula: told - asked}
      branch: text
    lookups:
      branches: {read: branches.csv, key: branch, on: branch, columns: {zone: text}}
  visits: {read: data/visits.csv, time: day}
indicators:
  top: {title: {en: "Top <&>", zh: 顶}, children: {index: 100%}}
  index: {title: {en: Index, zh: 指数}, children: {pleased: 75%, quick: 25%}}
  pleased: {title: {en: Pleased, zh: 满意}, formula: share(answers.score >= 9), score: {0: 0%, 100: 100%}}
  quick: {formula: "share(answers.took < 1 h where answers.zone = 'a')", score: {0: 0%, 100: 100%}}
  ratio: {formula: pleased / count(visits)}
"""


@pytest.fixture
def shop(tmp_path):
    (tmp_path / "cxmetrics.yaml").write_text(PROJECT, "utf-8")
    return tmp_path


def graph(shop, name):
    done = called("show", name, "--lineage", "json", cwd=shop)
    assert done.returncode == 0, done.stderr
    record = json.loads(done.stdout)
    return ({node["id"]: node for node in record["nodes"]},
            {(edge["from"], edge["to"]): (edge["kind"], edge["weight"]) for edge in record["edges"]})


def test_down_to_the_files(shop):
    nodes, edges = graph(shop, "quick")
    assert edges["quick", "answers.took"] == ("reads", None)
    assert edges["answers.took", "answers.told"] == ("derives", None)
    assert edges["quick", "answers.zone"] == ("reads", None)
    assert edges["answers.zone", "branches.csv"] == ("in", None)
    assert edges["answers.zone", "answers.branch"] == ("looks_up", None)
    assert edges["answers.branch", "data/answers.csv"] == ("in", None)
    assert edges["quick", "answers.test"] == ("keeps", None)
    assert edges["quick", "answers.factor"] == ("weighs", None)
    assert nodes["answers.took"]["formula"] == "told - asked"
    assert "answers.score" not in nodes  # its sister looks at that


def test_up_to_the_top_with_weights(shop):
    nodes, edges = graph(shop, "pleased")
    assert (edges["index", "pleased"], edges["top", "index"]) == (("child", 0.75), ("child", 1.0))
    assert edges["ratio", "pleased"] == ("formula", None)
    assert {name: node["side"] for name, node in nodes.items() if node["kind"] == "indicator"} == {
        "top": "above", "index": "above", "ratio": "above", "pleased": "self"}
    assert nodes["answers.score"]["class"] == "C1"


def test_as_text(shop):
    done = called("show", "pleased", "--lineage", "text", cwd=shop)
    assert done.stdout == """\
Pleased  pleased

used by
├─ Index  index  75%
│  └─ Top <&>  top  100%
└─ ratio  ratio  in its formula

made of
├─ answers.score  integer, C1
├─ answers.factor  number, weighs rows
└─ answers.test  boolean, chooses rows

rows from
answers: data/answers.csv
  time day
  weighted by factor
  keeps rows where not test
"""


def test_rows_that_are_only_counted_lead_to_their_file(shop):
    _, edges = graph(shop, "ratio")
    assert edges["ratio", "data/visits.csv"] == ("in", None)


@pytest.mark.parametrize(("language", "title"), [("en", "Top <&>"), ("zh", "顶")])
def test_the_drawing_is_whole_and_nothing_lies_over_another(shop, language, title):
    drawing = called("show", "index", "--lineage", "svg", "--lang", language, cwd=shop).stdout
    assert "href" not in drawing
    assert "<script" not in drawing
    root = ET.fromstring(drawing)
    name = "{http://www.w3.org/2000/svg}"
    assert title in [text.text for text in root.iter(f"{name}text")]
    boxes = [group.find(f"{name}rect").attrib for group in root.iter(f"{name}g")]
    nodes, edges = graph(shop, "index")
    assert len(boxes) == len(nodes)
    assert len(root.findall(f"{name}path")) == len(edges)
    places = [tuple(float(box[side]) for side in ("x", "y", "width", "height")) for box in boxes]
    for i, (x, y, width, height) in enumerate(places):
        assert x + width <= float(root.get("width"))
        assert y + height <= float(root.get("height"))
        assert all(x + width <= u or u + w <= x or y + height <= v or v + h <= y for u, v, w, h in places[:i])


@pytest.mark.parametrize("args", [("--stage", "ir"), ("--format", "json"), ("--grain", "day")])
def test_it_stands_alone(shop, args):
    done = called("show", "index", "--lineage", "svg", *args, cwd=shop)
    assert (done.returncode, done.stdout) == (2, "")
    assert args[0] in done.stderr
