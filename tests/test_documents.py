"""The reference of the YAML compiles as it stands."""

import re
from pathlib import Path

from cxmetrics.compile import compile_project

PAGE = Path(__file__).parent.parent / "grammar" / "documents.md"
BLOCK = re.compile(r"^```(?:yaml|csv) (\S+)\n(.*?)^```$", re.M | re.S)


def test_the_examples_of_the_reference_are_one_project_without_faults(tmp_path):
    blocks = BLOCK.findall(PAGE.read_text("utf-8"))
    assert len(blocks) > 3
    for name, text in blocks:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, "utf-8")
    for name in (name for name, _ in blocks if name.endswith("/cxmetrics.yaml")):
        assert not compile_project(tmp_path / name.partition("/")[0]).diagnostics, name
    compiled = compile_project(tmp_path)
    assert [finding.code.id for finding in compiled.diagnostics] == []
    assert {"transfer", "effort_login", "effort_branch"} <= set(compiled.pyramid.indicators)
