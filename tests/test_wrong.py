"""Wrong projects, as analysts write them, and all that is said of each, to the character, in both languages.

`wrong/*.md`: what stands before the first `##` is the project that the sections of a file start from; the blocks of a
section replace its files or add to them.  `en` is what `cxmetrics check` prints, `zh` the same in one line a finding.
Both are refilled by `--accept`, and read before they are committed.
"""

import datetime as dt
import json
import re
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from sarif_shape import unlike

from cxmetrics.compile import compile_project
from cxmetrics.render import render

FOLDER = Path(__file__).parent / "wrong"
TODAY = dt.date(2026, 11, 1)
BLOCK = re.compile(r"^```(\S+)(?: (\S+))?\n(.*?)^```$", re.M | re.S)
TOLD = ("en", "zh")
ANNOTATION = re.compile(r"::(error|warning) file=[^,]+,line=\d+,.*title=CX\d{3} [a-z0-9-]+::.")


@dataclass(frozen=True)
class Project:
    """A wrong project: its files by path, and what is said of it in each language."""

    page: Path
    title: str
    files: dict[str, str]
    told: dict[str, str]


def projects(page: Path) -> list[Project]:
    start, *sections = re.split(r"^## ", page.read_text("utf-8"), flags=re.M)
    common = {path: text for _, path, text in BLOCK.findall(start)}
    found = []
    for section in sections:
        blocks = BLOCK.findall(section)
        own = {path: text for _, path, text in blocks if path}
        told = {kind: text for kind, path, text in blocks if not path}
        assert own, section
        assert set(told) <= set(TOLD)
        found.append(Project(page, section.partition("\n")[0], common | own, told))
    return found


PROJECTS = [project for page in sorted(FOLDER.glob("*.md")) for project in projects(page)]
EACH = pytest.mark.parametrize("project", PROJECTS, ids=lambda project: f"{project.page.stem}-{project.title}")


def findings(project: Project, root: Path):
    for path, text in project.files.items():
        place = root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, "utf-8")
    return compile_project(root).reviewed(TODAY)


@EACH
def test_what_is_said_of_it(project, tmp_path, accept):
    found = findings(project, tmp_path)
    assert found, "nothing is wrong"
    told = {"en": render(found, format="text", language="en") + "\n",
            "zh": render(found, format="concise", language="zh") + "\n"}
    if accept:
        refill(project, told)
    else:
        assert project.told == told


def refill(project: Project, told: dict[str, str]) -> None:
    start, section, rest = _around(project.page.read_text("utf-8"), project.title)
    for kind in TOLD:
        block = f"```{kind}\n{told[kind]}```\n"
        written = re.compile(rf"^```{kind}\n.*?^```\n", re.M | re.S)
        section = written.sub(lambda _, new=block: new, section) if written.search(section) \
            else f"{section.rstrip()}\n{block}\n"
    project.page.write_text(start + section + rest, "utf-8")


def _around(text: str, title: str) -> tuple[str, str, str]:
    head = f"## {title}\n"
    begin = text.index(head)
    end = text.find("\n## ", begin)
    end = len(text) if end < 0 else end + 1
    return text[:begin], text[begin:end], text[end:]


@EACH
def test_each_finding_keeps_the_laws(project, tmp_path):
    for one in findings(project, tmp_path):
        assert one.span is not None, one.code.id
        assert one.code.label, f"{one.code.id} says nothing at its place"
        assert one.help or one.code.help, f"{one.code.id} shows no way out"


@EACH
def test_machines_can_read_it(project, tmp_path):
    found = findings(project, tmp_path)
    ids = sorted(one.code.id for one in found)
    errors = sum(one.code.severity == "error" for one in found)
    for language in ("en", "zh"):
        log = json.loads(render(found, format="sarif", language=language))
        assert unlike(log) == []
        assert sorted(one["ruleId"] for one in log["runs"][0]["results"]) == ids
        told = json.loads(render(found, format="json", language=language))
        assert sorted(one["code"] for one in told) == ids
        quality = json.loads(render(found, format="gitlab", language=language))
        assert sorted(one["check_name"] for one in quality) == ids
        assert len({one["fingerprint"] for one in quality}) == len(ids)
        assert all(set(one) == {"description", "check_name", "fingerprint", "severity", "location"} for one in quality)
        suites = ET.fromstring(render(found, format="junit", language=language).encode())
        failures = [case.find("failure") for case in suites.iter("testcase")]
        assert sum(len(one.text.splitlines()) for one in failures if one is not None) == errors
        lines = render(found, format="github", language=language).splitlines()
        assert len(lines) == len(ids)
        assert all(ANNOTATION.match(line) for line in lines)


def test_there_are_enough_of_them():
    assert len(PROJECTS) >= 150
    assert len({(project.page, project.title) for project in PROJECTS}) == len(PROJECTS)
