"""The examples for GitHub Actions and GitLab CI, carried out on a repository with a change to be reviewed.

Nine of ten answers are 9, one is 8: of at least 9 there are 90 %, of at least 8 100 %.
"""

import json
import subprocess
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from pipeline import carry_out, commands

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
GITHUB, GITLAB = ((EXAMPLES / name).read_text("utf-8") for name in ("github-actions.yml", "gitlab-ci.yml"))
PROJECT = """\
project: shop
title: Shop
grains: [day, week]

sources:
  answers:
    read: data/answers.csv
    time: day
    columns:
      score: {type: integer, scale: 0..10}

indicators:
  pleased:
    title: Pleased
    owner: care
    formula: share(answers.score >= 9)
    target: 95%

tests:
  at least nine:
    given:
      answers:
        - {score: 9}
        - {score: 3}
    expect:
      pleased: 50%
"""


@pytest.fixture
def repository(tmp_path):
    """A clone whose branch changes `pleased`, with the data in a folder beside it."""
    data = tmp_path / "share"
    data.mkdir()
    (data / "answers.csv").write_text("day,score\n" + "2026-03-02,9\n" * 9 + "2026-03-08,8\n", "utf-8")
    upstream, clone = tmp_path / "upstream", tmp_path / "clone"
    upstream.mkdir()
    git(upstream, "init", "-qb", "main")
    commit(upstream, PROJECT)
    subprocess.run(["git", "clone", "-q", str(upstream), str(clone)], check=True)
    git(clone, "switch", "-qc", "change")
    commit(clone, PROJECT.replace(">= 9", ">= 8"))
    return clone


def git(folder, *args):
    done = subprocess.run(["git", "-C", folder, "-c", "user.name=a", "-c", "user.email=a@example.com", *args],
                          check=True, capture_output=True, text=True)
    return done.stdout.strip()


def commit(folder, text):
    (folder / "cxmetrics.yaml").write_text(text, "utf-8")
    git(folder, "add", "cxmetrics.yaml")
    git(folder, "commit", "-qm", "definitions")


def carried_out(text, repository, tmp_path, share=None):
    return carry_out(text, repository, tmp_path / "runner", GITHUB_BASE_REF="main",
                     CXMETRICS_DATA=str((share or tmp_path) / "share"),
                     CI_MERGE_REQUEST_DIFF_BASE_SHA=git(repository, "merge-base", "origin/main", "HEAD"))


def failed(jobs):
    return {name: (steps[-1].name, steps[-1].err) for name, steps in jobs.items() if steps[-1].status}


@pytest.mark.parametrize("text", [GITHUB, GITLAB], ids=["github", "gitlab"])
def test_a_change_that_restates_passes(text, repository, tmp_path):
    assert failed(carried_out(text, repository, tmp_path)) == {}


@pytest.mark.parametrize(("text", "path"), [(GITHUB, "runner/{job}/GITHUB_STEP_SUMMARY"), (GITLAB, "clone/{file}")],
                         ids=["github", "gitlab"])
def test_what_the_reviewer_reads(text, path, repository, tmp_path):
    carried_out(text, repository, tmp_path)
    meaning, numbers = ((tmp_path / path.format(job=job, file=file)).read_text("utf-8")
                        for job, file in (("definitions", "diff.md"), ("numbers", "numbers.md")))
    assert "| **restating** | indicator pleased | formula: share(answers.score >= 9) → " in meaning
    assert "| pleased | 2026-03-02 | 90.00% | 100.00% | +10.00 pp | 10 | 1/1 |" in numbers
    assert "| pleased | (all) | 2026-03-02 | target | missed | met |" in numbers


def test_what_gitlab_shows(repository, tmp_path):
    carried_out(GITLAB, repository, tmp_path)
    assert isinstance(json.loads((repository / "findings.json").read_text("utf-8")), list)
    assert ET.parse(repository / "tests.xml").getroot().get("failures") == "0"


@pytest.mark.parametrize(("text", "job"), [(GITHUB, "definitions"), (GITLAB, "meaning")], ids=["github", "gitlab"])
def test_what_breaks_stops_the_merge(text, job, repository, tmp_path):
    counted = PROJECT.replace("share(answers.score >= 9)", "count(answers)")  # of another unit
    commit(repository, counted.replace("95%", "10").replace("50%", "2"))
    assert job in failed(carried_out(text, repository, tmp_path))


@pytest.mark.parametrize(("wrong", "step"), [
    (PROJECT.replace("answers.score", "answers.scroe"), "Check"),
    (PROJECT.replace("title: Shop", "title:   Shop"), "Layout"),
    (PROJECT.replace("50%", "51%"), "Tests of metrics")])
def test_what_is_wrong_stops_the_merge(wrong, step, repository, tmp_path):
    commit(repository, wrong)
    assert failed(carried_out(GITHUB, repository, tmp_path))["definitions"][0] == step
    assert "definitions" in failed(carried_out(GITLAB, repository, tmp_path / "other", tmp_path))


def test_every_step_is_carried_out():
    assert [name for name, _ in commands(GITHUB)["definitions"]] == [
        "Install", "Check", "Layout", "Tests of metrics", "What the change means",
        "What breaks is agreed on beforehand"]
    assert set(commands(GITLAB)) == {"definitions", "meaning", "numbers"}
