"""`cxmetrics diff --data`: which numbers move under the new definitions, and by how much.

Two weeks of answers of two branches.  Week of 2 March: a 9, 8; b 9, 9.  Week of 9 March: a 9, 8; b 9, 9, 1.
Of at least 9 are then, in total, 3/4 and 3/5; a 1/2, b 1 and 2/3.  Of at least 8: 4/4 and 4/5; a 1, b 1 and 2/3.
"""

import json
import subprocess
from pathlib import Path

import polars as pl
import pytest
from casefile import dimensions, read_case
from polars.testing import assert_frame_equal
from shop import put
from surroundings import called

from cxmetrics.backends.engines import engine_named
from cxmetrics.compile import compile_project
from cxmetrics.moves import Moved, Rank, Verdict, moves
from cxmetrics.moves.measure import measured
from cxmetrics.revisions import Revision
from cxmetrics.run import RunOptions, run
from cxmetrics.store import Store

CASES = Path(__file__).parent / "cases"
MEASURED = ("value", "n", "low", "high", "score", "gap", "peer_gap", "status")

PROJECT = """\
project: shop
grains: [day, week]
cuts: [[branch]]
dimensions:
  branch: {title: Branch}
sources:
  answers:
    read: data/answers*.csv
    time: day
    columns:
      score: {type: integer, scale: 0..10}
  visits:
    read: data/visits.csv
    time: day
indicators:
  index:
    children: {pleased: 50%, loyal: 50%}
  pleased:
    formula: share(answers.score >= 9)
    score: {0: 0%, 100: 100%}
    target: 70%
  loyal:
    formula: share(answers.score = 10)
    score: {0: 0%, 100: 100%}
  visited:
    formula: count(visits)
"""
NEW = PROJECT.replace(">= 9", ">= 8")
ENGINES = pytest.mark.parametrize("engine", ["duckdb", "polars"])


@pytest.fixture
def shop(tmp_path):
    root = tmp_path / "shop"
    (root / "data").mkdir(parents=True)
    (root / "cxmetrics.yaml").write_text(PROJECT, "utf-8")
    put(root, "answers-1", "day,branch,score", *(f"2026-03-0{day},{branch},{score}" for day, branch, score in (
        (2, "a", 9), (2, "a", 8), (3, "b", 9), (4, "b", 9))))
    put(root, "answers-2", "day,branch,score", *(f"2026-03-{day},{branch},{score}" for day, branch, score in (
        (10, "a", 9), (10, "a", 8), (11, "b", 9), (12, "b", 9), (15, "b", 1))))
    put(root, "visits", "day", "2026-03-02", "2026-03-15")
    return root


def revision(text, tmp_path):
    folder = tmp_path / f"r{len(list(tmp_path.iterdir()))}"
    folder.mkdir()
    (folder / "cxmetrics.yaml").write_text(text, "utf-8")
    result = compile_project(folder)
    assert result.plan is not None, result.diagnostics
    return Revision(result.pyramid, result.plan)


def found(shop, tmp_path, new=NEW, **asked):
    return moves(shop, revision(PROJECT, tmp_path), revision(new, tmp_path), **asked)


def told(one: Moved):
    return (one.indicator, dict(one.place), one.period.day, one.before, one.after, one.periods, one.of)


@ENGINES
def test_values_the_biggest_first(shop, tmp_path, engine):
    them = found(shop, tmp_path, engine=engine)
    assert them.compared == ("pleased", "index")  # what is not touched is not computed
    assert [told(one) for one in them.totals] == [
        ("pleased", {}, 9, 0.6, 0.8, 2, 2), ("index", {}, 9, 30.0, 40.0, 2, 2)]  # of the score 10 of 100
    assert [round(one.size, 9) for one in them.totals] == [0.2, 0.1]
    assert [told(one) for one in them.slices] == [
        ("pleased", {"branch": "a"}, 9, 0.5, 1.0, 2, 2), ("index", {"branch": "a"}, 9, 25.0, 50.0, 2, 2)]
    assert them.slices_of == 4


@ENGINES
def test_places_and_verdicts(shop, tmp_path, engine):
    them = found(shop, tmp_path, engine=engine)
    a, b = (("branch", "a"),), (("branch", "b"),)
    assert set(them.ranks) == {Rank(name, place, before, after, 2) for name in ("pleased", "index")
                               for place, before, after in ((a, 2, 1), (b, 1, 2))}
    assert [(one.indicator, one.place, one.period.day, one.kind, one.before, one.after) for one in them.verdicts] == [
        ("pleased", (), 9, "target", "missed", "met"), ("pleased", a, 9, "target", "missed", "met")]
    assert all(isinstance(one, Verdict) for one in them.verdicts)


def test_weights_move_the_whole_alone(shop, tmp_path):
    """60 % and 0 % by half are 30; by 80 % and 20 % they are 48.  The first week: 37.5 and 60."""
    them = found(shop, tmp_path, PROJECT.replace("pleased: 50%, loyal: 50%", "pleased: 80%, loyal: 20%"))
    assert them.compared == ("index",)
    [one] = them.totals
    assert (one.before, pytest.approx(one.after)) == (30.0, 48.0)


def test_a_target_moves_no_value_but_a_verdict(shop, tmp_path):
    them = found(shop, tmp_path, PROJECT.replace("target: 70%", "target: 55%"))
    assert (them.compared, them.totals, them.slices) == (("pleased",), (), ())
    assert [(one.place, one.after) for one in them.verdicts] == [
        ((), "met"), ((("branch", "b"),), "met")]  # of 60 % and 67 %


def test_what_is_new_has_a_value_and_none_before(shop, tmp_path):
    them = found(shop, tmp_path, PROJECT + "  answered:\n    formula: count(answers)\n")
    assert (them.compared, them.added) == ((), ("answered",))
    assert [told(one) for one in them.totals] == [("answered", {}, 9, None, 5.0, 2, 2)]
    assert (them.slices, them.verdicts) == ((), ())


def test_a_name_alone_moves_nothing(shop, tmp_path):
    them = found(shop, tmp_path, PROJECT.replace("visited:", "seen:"))
    assert (them.compared, them.added, them.stretch) == ((), (), None)


def test_only_the_weeks_asked_for(shop, tmp_path):
    them = found(shop, tmp_path, weeks=1)
    assert [period.day for period in them.stretch.periods] == [9]
    assert {one.of for one in them.totals} == {1}


def test_the_values_are_those_of_a_run(shop, tmp_path):
    done = called("query", "pleased", "index", "--by", "branch", "--grain", "week", "--format", "json", cwd=shop)
    values = {(row["indicator"], row["branch"], row["period"]): row["value"] for row in json.loads(done.stdout)}
    run(shop, RunOptions())
    for one in found(shop, tmp_path).slices:
        assert values[one.indicator, dict(one.place)["branch"], str(one.period)] == one.before


# --- the command ---------------------------------------------------------------------------------------------------


@pytest.fixture
def repository(shop):
    def git(*args):
        subprocess.run(["git", "-C", shop, "-c", "user.name=a", "-c", "user.email=a@example.com", *args], check=True,
                       capture_output=True)

    git("init", "-q")
    git("add", "cxmetrics.yaml")
    git("commit", "-qm", "as it was")
    (shop / "cxmetrics.yaml").write_text(NEW, "utf-8")
    return shop


def test_against_the_last_commit(repository):
    done = called("diff", "--data", cwd=repository)
    assert done.returncode == 0
    assert "\n\n".join(done.stdout.split("\n\n")[1:]) == """\
numbers that move
indicator  period         was      is     change  n  periods
---------  ----------  ------  ------  ---------  -  -------
pleased    2026-03-09  60.00%  80.00%  +20.00 pp  5      2/2
index      2026-03-09    30.0    40.0      +10.0  5      2/2

what is said otherwise of them
indicator  slice     period      about      was   is  by
---------  --------  ----------  ------  ------  ---  ---------------------
pleased    (all)     2026-03-09  target  missed  met  -10.00 pp → +10.00 pp
pleased    branch a  2026-03-09  target  missed  met  -20.00 pp → +30.00 pp

slices that move
indicator  slice     period         was       is     change  n  periods
---------  --------  ----------  ------  -------  ---------  -  -------
pleased    branch a  2026-03-09  50.00%  100.00%  +50.00 pp  2      2/2
index      branch a  2026-03-09    25.0     50.0      +25.0  2      2/2

places among slices that move, in the last whole period
indicator  slice     was  is  of
---------  --------  ---  --  --
index      branch a    2   1   2
index      branch b    1   2   2
pleased    branch a    2   1   2
pleased    branch b    1   2   2

2 indicators compared week by week, 2025-12-15 to 2026-03-09; what moves: totals 2, slices 2 of 4, \
places 4, verdicts 2
"""


def test_as_markdown_in_chinese(repository):
    done = called("diff", "--data", "--format", "markdown", "--lang", "zh", cwd=repository)
    assert "| pleased | 2026-03-09 | 60.00% | 80.00% | +20.00 pp | 5 | 2/2 |" in done.stdout
    assert "**变动的数值**" in done.stdout


def test_what_is_said_first_is_the_latest_of_each_thing(shop, tmp_path):
    """Of what is said of many periods the latest stands first, targets before statuses; 4 weeks of 5 answers."""
    them = found(shop, tmp_path, f"{PROJECT.replace('target: 70%', 'target: 55%')}privacy: {{min_n: 100}}\n")
    totals = [one for one in them.verdicts if not one.place]
    assert [one.kind for one in totals[:2]] == ["target", "status"]
    assert totals[0].period == max(one.period for one in totals)
    assert (totals[1].before, totals[1].after, totals[1].sizes) == ("ok", "low_n", (5, None))


def test_for_programs(repository):
    record = json.loads(called("diff", "--data", "--format", "json", cwd=repository).stdout)
    assert [change["id"] for change in record["changes"]] == ["pleased"]
    assert [(one["indicator"], one["before"], one["after"]) for one in record["moves"]["totals"]] == [
        ("pleased", 0.6, 0.8), ("index", 30.0, 40.0)]


@pytest.mark.parametrize(("args", "status", "said"), [
    (("--weeks", "3"), 2, "--weeks goes with --data"), (("--data", "--weeks", "0"), 2, "--weeks"),
    (("nosuch", "--data"), 2, "nosuch"), (("--data", "--fail-on", "restating"), 1, "1 restating")])
def test_exit_statuses(repository, args, status, said):
    done = called("diff", *args, cwd=repository)
    assert done.returncode == status
    assert said in done.stderr


def test_data_that_the_old_definitions_cannot_read(repository):
    for path in (repository / "data").glob("answers*"):
        path.unlink()
    done = called("diff", "--data", cwd=repository)
    assert done.returncode == 1
    assert "CX701" in done.stderr


@pytest.mark.parametrize("stem", ["lookup_as_of_now", "conversion", "raked", "carried"])
def test_what_is_compared_are_the_values_of_a_run(stem, tmp_path):
    case = next((read_case(path) for path in sorted(CASES.glob("*.md")) if path.stem.startswith(stem)), None)
    assert case is not None
    root, scratch = tmp_path / "project", tmp_path / "scratch"
    case.write(root, later=True)
    run(root, RunOptions())
    plan = compile_project(root).plan
    with Store.open(root / "store", writable=False) as store:
        values = store.values()
    for grain in plan.project.grains:
        names = [name for name, node in plan.shown.items() if grain in (node.indicator.grains or plan.project.grains)]
        found, stretch = measured(root, plan, names, grain, 500, engine_named("duckdb", scratch), scratch, {})
        key = ["indicator", "period", *dimensions(found)]
        ours = found.filter(pl.col("indicator").is_in(names)).select(*key, *MEASURED).sort(key)
        theirs = values.filter(pl.col("grain") == grain, pl.col("period").is_in(list(stretch.periods)))
        assert_frame_equal(ours, theirs.select(*key, *MEASURED).sort(key))


def test_a_source_without_a_table_moves_nothing(shop, tmp_path):
    text = PROJECT.replace("data/visits.csv", "none") + "  both:\n    formula: count(answers) + count(visits)\n"
    them = moves(shop, revision(text, tmp_path), revision(text.replace("+ count(visits)", "- count(visits)"), tmp_path))
    assert (them.compared, them.totals) == (("both",), ())
