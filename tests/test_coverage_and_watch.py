"""`cxmetrics test --coverage`: which indicators tests reach; and `--watch`: a real process that is written at."""

import json
import re
import signal
import subprocess
import sys
import threading
import time

import pytest
from surroundings import ROOT, called

from cxmetrics.compile import compile_project
from cxmetrics.testing.coverage import coverage

PROJECT = """\
project: shop
sources:
  answers: {read: answers.csv, time: day, columns: {score: {type: integer, scale: 0..10}}}
  visits: {read: visits.csv, time: day}
indicators:
  index: {children: {pleased: 50%, visited_score: 50%}}
  pleased: {title: Pleased, formula: share(answers.score >= 9), score: {0: 0%, 100: 100%}}
  visited_score: {formula: count(visits), score: {0: 0, 100: 100}}
  alone: {formula: mean(answers.score)}
  ratio: {formula: pleased / share(answers.score >= 5)}
tests:
  of the whole:
    given: {answers: [{score: 9}, {score: 3}]}
    expect: {index: 50}
"""


@pytest.fixture
def shop(tmp_path):
    (tmp_path / "cxmetrics.yaml").write_text(PROJECT, "utf-8")
    return tmp_path


def reached(root):
    result = compile_project(root)
    assert result.plan is not None, result.diagnostics
    return coverage(result.plan, result.tests)


def test_what_is_above_reaches_as_far_as_rows_are_given(shop):
    found = reached(shop)
    assert (found.expected, found.through) == (("index",), ("pleased",))
    assert set(found.unreached) == {"visited_score", "alone", "ratio"}
    assert found.share == 2 / 5


def test_without_tests_nothing_is_reached(shop):
    (shop / "cxmetrics.yaml").write_text(PROJECT.partition("tests:")[0], "utf-8")
    assert reached(shop).share == 0


def test_the_command_lists_what_no_test_reaches(shop):
    done = called("test", "--coverage", cwd=shop)
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert lines[0] == ("tests reach 2 of 5 indicators, 40%: 1 are expected, 1 more are what these are made of")
    assert {line.split()[0] for line in lines[4:]} == {"visited_score", "alone", "ratio"}
    assert "cxmetrics.yaml:9:3" in done.stdout


@pytest.mark.parametrize(("least", "status"), [("40", 0), ("41", 1), ("101", 2)])
def test_a_least_coverage(shop, least, status):
    done = called("test", "--fail-under", least, cwd=shop)
    assert done.returncode == status


def test_coverage_for_programs(shop):
    record = json.loads(called("test", "--coverage", "--format", "json", cwd=shop).stdout)["coverage"]
    assert (record["share"], record["expected"], record["through"]) == (0.4, ["index"], ["pleased"])
    done = called("test", "--coverage", "--format", "junit", "--lang", "zh", cwd=shop)
    assert done.stdout.startswith("<?xml")
    assert "测试覆盖 5 个指标中的 2 个（40%）" in done.stderr


# --- watch ---------------------------------------------------------------------------------------------------------


CALL = """if True:
    import signal
    signal.signal(signal.SIGINT, signal.default_int_handler)  # which the shell of a test may have turned off
    from cxmetrics.cli import main
    main()
"""


class Watched:
    """A process that watches a project, and what it has told so far."""

    def __init__(self, root, *args):
        self.process = subprocess.Popen(
            [sys.executable, "-c", CALL, "test", "--watch", *args], cwd=root, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, env={"PYTHONPATH": str(ROOT), "PATH": "", "LANG": "C.UTF-8"})
        self.told, self.seen = "", 0
        self.listener = threading.Thread(target=self._listen, daemon=True)
        self.listener.start()

    def _listen(self):
        for line in self.process.stdout:
            self.told += line

    def close(self):
        self.process.kill()
        self.process.wait()
        self.listener.join(10)
        self.process.stdout.close()

    def round(self):
        """What it tells until it waits again."""
        end = time.monotonic() + 60
        while time.monotonic() < end:
            found = re.search(r"waiting for changes.*\n", self.told[self.seen:])
            if found:
                new = self.told[self.seen:self.seen + found.end()]
                self.seen += found.end()
                return new
            time.sleep(0.05)
        raise AssertionError(self.told)

    def end(self, how=signal.SIGINT):
        self.process.send_signal(how)
        return self.process.wait(20)


@pytest.fixture
def watched(shop):
    one = Watched(shop)
    yield one
    one.close()


def write(shop, text):
    (shop / "cxmetrics.yaml").write_text(text, "utf-8")


def test_each_change_is_a_round(shop, watched):
    assert "1 passed, 0 failed" in watched.round()
    write(shop, PROJECT.replace("{index: 50}", "{index: 51}"))
    again = watched.round()
    assert "cxmetrics.yaml" in again.splitlines()[1]
    assert "0 passed, 1 failed" in again
    write(shop, PROJECT.replace("answers.score >= 9", "answers.scroe >= 9"))
    assert "error[CX203]" in watched.round()  # told, and waited on
    (shop / "more.yaml").write_text("tests:\n  one more:\n    given: {visits: [{}]}\n    expect: {visited_score: 1}\n")
    write(shop, PROJECT)
    assert "2 passed, 0 failed" in watched.round()
    assert watched.end() == 0
    assert "Traceback" not in watched.told


def test_it_ends_with_the_status_of_the_last_round(shop, watched):
    watched.round()
    write(shop, PROJECT.replace("{index: 50}", "{index: 51}"))
    watched.round()
    assert watched.end() == 1


def test_who_is_told_to_stop_says_so(watched):
    watched.round()
    assert watched.end(signal.SIGTERM) == 128 + signal.SIGTERM


def test_nothing_to_watch(tmp_path):
    done = called("test", "--watch", cwd=tmp_path)
    assert done.returncode == 1
    assert "CX0" in done.stderr
    done = called("test", "--watch", "--format", "json", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
