"""States of their own for each text: what is personal is hashed before anything is kept."""

import polars as pl
import pytest
from casefile import read_case
from test_cases import FOLDER

from cxmetrics.pseudonyms import HEX, HIDDEN
from cxmetrics.run import RunOptions, run
from cxmetrics.store import Store

NAMES = ("Anna", "Ben", "Cem")


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    root = tmp_path_factory.mktemp("texts")
    read_case(FOLDER / "distinct.md").write(root, later=True)
    run(root, RunOptions())
    return root


def texts(root):
    with Store.open(root / "store") as store:
        assert store.values().height
    frames = [pl.read_parquet(path) for path in (root / "store" / "data").glob("states.*")]
    return set(pl.concat([frame["text"].drop_nulls() for frame in frames]))


def hashes(root):
    """Hashes of persons; before them stands the group that each is in, where states are kept by group."""
    return {found for text in texts(root) if len(found := text.rpartition(HIDDEN)[2]) == HEX}


def test_no_personal_text_is_in_the_store(project):
    found = texts(project)
    assert not found & set(NAMES)
    assert len(hashes(project)) == 3  # Anna, Ben and Cem, by their hashes
    assert {"true", "false"} <= found  # what is not personal stays readable
    for path in (project / "store").rglob("*.*"):
        assert not any(name.encode() in path.read_bytes() for name in NAMES), path


def test_another_project_has_other_hashes(project, tmp_path):
    read_case(FOLDER / "distinct.md").write(tmp_path, later=True)
    definition = tmp_path / "cxmetrics.yaml"
    definition.write_text(definition.read_text("utf-8").replace("project: distinct", "project: another"), "utf-8")
    run(tmp_path, RunOptions())
    mine, others = hashes(project), hashes(tmp_path)
    assert len(mine) == len(others) == 3
    assert not mine & others
