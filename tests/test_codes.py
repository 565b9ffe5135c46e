"""The catalogue of findings: its laws, its pages, and the examples on them, which are compiled."""

import ast
import datetime as dt
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from cxmetrics.codes import CODES, MODULES, page, rows
from cxmetrics.codes.terms import TERMS
from cxmetrics.diagnostics import Code, Phrase

PACKAGE = Path(__file__).resolve().parents[1] / "cxmetrics"
FOLDER = PACKAGE / "codes"
ROOT = Path(__file__).parent.parent
ALL = [(module.__name__.rpartition(".")[2], name, code) for module in MODULES for name, code in rows(module).items()]
RANGES = {"yaml_files": "0", "syntax": "1", "names": "2", "days": "2", "unused": "2", "quotes": "2", "units": "3",
          "surveys": "3", "pyramid": "4", "benchmarks": "2", "bindings": "3", "backends": "6", "data": "7",
          "stores": "8", "faults": "9"}
FIELD = re.compile(r"\{([a-z_][a-z0-9_]*)\}")
HAN = re.compile(r"[\u4e00-\u9fff]")
BLOCK = re.compile(r"^```(?:yaml|csv) (\S+)\n(.*?)^```$", re.M | re.S)

TODAY = dt.date(2026, 11, 1)  # benchmarks grow stale

# Pages below CX500 without an example, and why.
WITHOUT_EXAMPLE = {
    "CX006": "a page is UTF-8 itself", "CX008": "the fault is a file that is not there",
    "CX010": "would fill pages", "CX122": "would fill pages", "CX123": "would fill pages",
    "CX014": "the fault is of the disk", "CX018": "the fault is of cxmetrics",
    "CX368": "would fill pages",
    "CX411": "depends on what is asked, not on definitions",
    **dict.fromkeys(("CX352", "CX353", "CX354", "CX355", "CX358", "CX359"), "the data show it"),
}


def phrases(code: Code) -> list[Phrase]:
    return [phrase for phrase in (code.headline, code.label, code.note, code.help) if phrase]


def test_an_id_is_given_once():
    ids = [code.id for _, _, code in ALL]
    assert sorted(ids) == sorted(set(ids))
    assert len(CODES) == len(ids)


def test_a_name_is_given_once():
    names = [code.name for _, _, code in ALL]
    assert sorted(names) == sorted(set(names))


@pytest.mark.parametrize(("module", "constant", "code"), ALL, ids=lambda value: getattr(value, "id", None))
def test_a_row_stands_in_the_module_of_its_range(module, constant, code):
    assert re.fullmatch(r"CX\d{3}", code.id)
    assert code.id[2] == RANGES[module]
    assert constant == constant.upper()
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", code.name)


@pytest.mark.parametrize("code", CODES.values(), ids=CODES)
def test_both_languages_say_the_same_facts(code):
    for phrase in phrases(code):
        assert phrase.en
        assert not HAN.search(phrase.en)
        assert HAN.search(phrase.zh), phrase.zh
        assert set(FIELD.findall(phrase.en)) == set(FIELD.findall(phrase.zh)), phrase


@pytest.mark.parametrize("code", CODES.values(), ids=CODES)
def test_sentences_keep_the_laws(code):
    for phrase in phrases(code):
        assert not re.search(r"\b(you|your|invalid|illegal)\b", phrase.en, re.I), phrase.en
        assert not re.search("非法|无效|您|你", phrase.zh), phrase.zh
        assert not phrase.en.endswith((".", "!")), phrase.en
        assert not phrase.zh.endswith(("。", "！", ".")), phrase.zh
        assert re.match(r"[a-z0-9`{(]|[A-Z0-9]{2,}\b|YAML|`", phrase.en), phrase.en
        assert phrase.en.count("`") % 2 == phrase.zh.count("`") % 2 == 0, phrase
        assert "\n" not in phrase.en + phrase.zh


@pytest.mark.parametrize("code", CODES.values(), ids=CODES)
def test_a_message_shows_the_way_out(code):
    assert code.help, code.headline.en


def test_every_code_has_a_page_and_every_page_a_code():
    assert {path.stem for path in FOLDER.glob("*.md")} == set(CODES)


@pytest.mark.parametrize("code", CODES.values(), ids=CODES)
def test_a_page_says_what_why_and_speaks_chinese(code):
    text = page(code.id)
    assert text.startswith(f"# {code.id} {code.name}\n\n")
    headings = re.findall(r"^## (.*)$", text, re.M)
    example = ["Wrong", "Mended"] if "## Wrong" in text else []
    assert headings == ["Why", *example, "中文"]
    assert HAN.search(text.split("## 中文")[1])
    assert ("## Wrong" in text) == (code.id < "CX500" and code.id not in WITHOUT_EXAMPLE)


def test_a_code_that_does_not_exist_has_no_page():
    assert page("CX999") is None
    assert page("../codes/CX001") is None


def test_terms_are_said_in_chinese():
    assert all(HAN.search(chinese) or chinese.isdigit() for chinese in TERMS.values())


def reports() -> Iterator[tuple[str, Code, set[str]]]:
    """Where the package reports which code with which facts, as far as can be read from the code."""
    by_constant = {name: code for _, name, code in ALL}
    for path in sorted(PACKAGE.rglob("*.py")):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "report"):
                continue
            name = getattr(call.args[0], "attr", getattr(call.args[0], "id", "")) if call.args else ""
            given = {keyword.arg for keyword in call.keywords}
            if name in by_constant and None not in given:
                yield f"{path.relative_to(PACKAGE)}:{call.lineno}", by_constant[name], given


def test_a_finding_brings_the_facts_its_sentences_need():
    short = []
    for where, code, given in reports():
        told = [phrase for phrase in phrases(code) if not ("help" in given and phrase is code.help)]
        needed = {field for phrase in told for field in FIELD.findall(phrase.en)}
        if needed - given:
            short.append(f"{where}: {code.id} lacks {', '.join(sorted(needed - given))}")
    assert not short, "\n".join(short)


def example(code_id: str, heading: str, root: Path) -> Path:
    """The project under a heading of a page, written to a folder."""
    section = page(code_id).split(f"## {heading}\n")[1].split("\n## ")[0]
    blocks = BLOCK.findall(section)
    assert "cxmetrics.yaml" in dict(blocks)
    for name, text in blocks:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


WITH_EXAMPLE = sorted(code for code in CODES if "## Wrong" in (page(code) or ""))


@pytest.mark.parametrize("code", WITH_EXAMPLE)
def test_the_wrong_example_is_found_wrong(code, tmp_path):
    from cxmetrics.compile import compile_project

    found = compile_project(example(code, "Wrong", tmp_path)).reviewed(TODAY)
    assert code in {d.code.id for d in found}, [d.code.id for d in found]
    others = {d.code.id for d in found if d.code.severity == "error"} - {code}
    assert not others, "one cause, one error"


@pytest.mark.parametrize("code", WITH_EXAMPLE)
def test_the_mended_example_is_clean(code, tmp_path):
    from cxmetrics.compile import compile_project

    found = compile_project(example(code, "Mended", tmp_path)).reviewed(TODAY)
    assert code not in {d.code.id for d in found}
    assert not [(d.code.id, dict(d.facts)) for d in found if d.code.severity == "error"]


def test_every_code_can_be_met():
    package = (ROOT / "cxmetrics").rglob("*.py")
    source = "\n".join(path.read_text("utf-8") for path in package if path.parent.name != "codes")
    unmet = [name for module in MODULES for name in rows(module) if not re.search(rf"\b{name}\b", source)]
    assert unmet == [], "a code that nothing reports is not in the catalogue"
