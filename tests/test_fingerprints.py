"""What an indicator means hangs on its own definition and on what it is made of, and on nothing else."""

import shutil
from dataclasses import replace

import pytest

from cxmetrics.assets import definitions
from cxmetrics.compile import compile_project
from cxmetrics.lower import lower

BANK = definitions() / "retail_bank"


@pytest.fixture(scope="module")
def bank():
    return compile_project(BANK)


def meanings(plan):
    return {name: node.fingerprint for name, node in plan.shown.items()}


def made_of(plan, name):
    """The indicators that one is made of, itself among them."""
    found, todo = set(), [name]
    while todo:
        one = todo.pop()
        if one not in found:
            found.add(one)
            todo += plan.nodes[one].below
    return found


def test_what_stands_beside_an_indicator_means_nothing_to_it(bank):
    whole, known = meanings(bank.plan), bank.pyramid.indicators
    for name in known:
        needed = made_of(bank.plan, name)
        part = lower(replace(bank.pyramid, indicators={one: known[one] for one in known if one in needed}))
        assert meanings(part).items() <= whole.items(), name


def test_the_order_of_files_means_nothing(bank, tmp_path):
    shutil.copytree(BANK, tmp_path / "bank")
    files = sorted((tmp_path / "bank").rglob("*.yaml"), reverse=True)
    for number, path in enumerate(files):
        if path.name != "cxmetrics.yaml":
            path.rename(path.with_name(f"{number:03}_{path.name}"))
    turned = compile_project(tmp_path / "bank")
    assert [*turned.plan.shown] != [*bank.plan.shown]
    assert meanings(turned.plan) == meanings(bank.plan)
    assert {*turned.plan.fingerprints} == {*bank.plan.fingerprints}
