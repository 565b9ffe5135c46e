"""What a compilation does to the program around it, and what has no better place."""

import gc

import pytest

import cxmetrics.compile
from cxmetrics.compile import compile_project, compile_sources
from cxmetrics.source import Source


@pytest.fixture
def collecting():
    """The collector of cycles, put back as it was."""
    was = gc.isenabled()
    yield
    (gc.enable if was else gc.disable)()


@pytest.mark.usefixtures("collecting")
@pytest.mark.parametrize("wanted", [True, False])
def test_the_collector_of_cycles_rests_meanwhile_and_is_left_as_it_was(monkeypatch, wanted):
    seen = []

    def load(*_):
        seen.append(gc.isenabled())
        raise OSError("no")

    monkeypatch.setattr(cxmetrics.compile, "load", load)
    (gc.enable if wanted else gc.disable)()
    with pytest.raises(OSError, match="no"):
        compile_sources([])
    assert seen == [False]
    assert gc.isenabled() == wanted


PROJECT = """\
project: p
sources: {{t: {{read: t.csv, time: day, columns: {{x: number}}}}}}
indicators: {{a: {{formula: mean(t.x), score: {{0: 1, {points}: 2}}}}}}
"""


@pytest.mark.parametrize(("points", "codes"), [
    ("100", []), ("1e2", []), ("99.5", []), ("inf", ["CX419"]), ("nan", ["CX419"]), ("1e999", ["CX419"])])
def test_points_have_an_end(points, codes):
    compiled = compile_sources([Source("cxmetrics.yaml", PROJECT.format(points=points))])
    assert [found.code.id for found in compiled.diagnostics] == codes


def test_a_definition_file_that_leads_outside_is_not_read(tmp_path):
    (tmp_path / "secret").write_text("password: hunter2: [")
    project, other = tmp_path / "project", tmp_path / "other"
    project.mkdir()
    (project / "..data").mkdir()
    (project / "..data/more.yaml").write_text("indicators: {two: {formula: 1 + 1}}")
    (project / "cxmetrics.yaml").write_text("project: p\nindicators: {one: {formula: 1}}")
    (project / "more.yaml").symlink_to("..data/more.yaml")  # as files are mounted in a container
    other.symlink_to(project)
    assert not compile_project(other).failed
    (project / "link.yaml").symlink_to(tmp_path / "secret")
    [found] = compile_project(project).diagnostics
    assert (found.code.id, found.facts["path"]) == ("CX015", "link.yaml")
