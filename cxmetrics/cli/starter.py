"""The small project that `init` writes: definitions to read and change, and generated data to run them on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping

from cxmetrics.cli.session import Session

_FIRST = dt.date(2026, 8, 1)
_DAYS = 61
_REGIONS = ("east", "north", "south")
_CUSTOMERS = 400  # of a region

_PROJECT = """\
# {project}
project: my_bank
title: {{zh: 我的银行, en: My bank}}
time_zone: Asia/Shanghai
grains: [day, week, month]
cuts: [[region]]
"""

_SOURCES = """\
# {sources}
sources:
  answers:
    title: {{zh: 问卷, en: Survey answers}}
    read: data/answers.csv
    time: submitted_on
    entity: customer
    columns:
      submitted_on: date
      customer: {{type: text, class: C2}}
      touchpoint: {{type: text, values: [login, transfer]}}
      recommend: {{type: integer, scale: 0..10}}
      effort: {{type: integer, scale: 1..7, missing: [99]}}
  calls:
    title: {{zh: 接口日志, en: API log}}
    read: data/calls.csv
    time: called_on
    entity: customer
    columns:
      called_on: date
      customer: {{type: text, class: C2}}
      touchpoint: {{type: text, values: [login, transfer]}}
      result: {{type: text, values: [success, failure]}}
      latency: {{type: number, unit: ms}}

dimensions:
  region: {{title: {{zh: 分行, en: Region}}}}
"""

_INDICATORS = """\
# {indicators}
indicators:
  cxi:
    level: north_star
    title: {{zh: 客户体验指数, en: CX index}}
    target: 80
    children:
      login: 40%
      transfer: 60%

  login:
    level: journey
    title: {{zh: 登录, en: Login}}
    children:
      login_success:
        title: {{zh: 登录成功率, en: Login success}}
        weight: 60%
        formula: share(calls.result = 'success' where calls.touchpoint = 'login')
        score: {{0: 90%, 60: 96%, 100: 99.5%}}
        target: 99%
      login_speed:
        title: {{zh: 登录耗时 95 分位, en: "Login time, 95th percentile"}}
        weight: 40%
        formula: p95(calls.latency where calls.touchpoint = 'login')
        score: {{0: 3 s, 60: 1.5 s, 100: 0.5 s}}

  transfer:
    level: journey
    title: {{zh: 转账, en: Transfers}}
    children:
      transfer_success:
        title: {{zh: 转账成功率, en: Transfer success}}
        weight: 50%
        formula: share(calls.result = 'success' where calls.touchpoint = 'transfer')
        score: {{0: 90%, 60: 96%, 100: 99.5%}}
        target: 99%
      transfer_effort:
        title: {{zh: 转账省力度, en: Ease of transfers}}
        weight: 20%
        formula: mean(answers.effort where answers.touchpoint = 'transfer')
        score: {{0: 1, 60: 5, 100: 7}}
      transfer_nps:
        title: {{zh: 转账推荐值, en: Transfer NPS}}
        weight: 30%
        formula: nps(answers.recommend where answers.touchpoint = 'transfer')
        score: {{0: -50, 60: 20, 100: 70}}
"""


_TESTS = """\
# {tests}
tests:
  a transfer that fails is no success:
    given:
      calls: [{{touchpoint: transfer, result: success}}, {{touchpoint: transfer, result: failure}}]
    expect: {{transfer_success: {{value: 50%, n: 2}}, login_success: missing}}
  transfers are rated by who made them:
    given:
      answers:
        columns: [region, touchpoint, recommend, effort]
        rows: [[east, transfer, 10, 7], [east, transfer, 9, 99], [north, transfer, 0, 5], [north, login, 0, 1]]
    expect:
      transfer_nps: [{{value: 100 / 3, n: 3}}, {{region: east, value: 100}}, {{region: north, value: -100}}]
      transfer_effort: 6  # of 7 and 5: 99 is no answer
"""


def files(session: Session) -> Mapping[str, str]:
    """Each file of the project, by its path, with its text."""
    notes = {name: session.say(f"init.{name}") for name in ("project", "sources", "indicators", "tests")}
    return {
        "cxmetrics.yaml": _PROJECT.format(**notes),
        "sources.yaml": _SOURCES.format(**notes),
        "indicators.yaml": _INDICATORS.format(**notes),
        "tests.yaml": _TESTS.format(**notes),
        "data/answers.csv": "".join(_answers()),
        "data/calls.csv": "".join(_calls()),
        ".gitignore": "store/\n",
    }


def _answers() -> Iterator[str]:
    yield "submitted_on,customer,region,touchpoint,recommend,effort\n"
    draw, who = _drawn(7), _drawn(17)
    for day, region, touchpoint in _places():
        for _ in range(2):
            happy = 0.55 + 0.1 * _REGIONS.index(region)
            recommend = 10 - int(next(draw) ** happy * 7)
            effort = 99 if next(draw) < 0.05 else 7 - int(next(draw) ** 2 * 6)
            yield f"{day},{_customer(who, region)},{region},{touchpoint},{recommend},{effort}\n"


def _calls() -> Iterator[str]:
    yield "called_on,customer,region,touchpoint,result,latency\n"
    draw, who = _drawn(11), _drawn(19)
    for day, region, touchpoint in _places():
        for _ in range(10):
            result = "success" if next(draw) < 0.985 - 0.01 * _REGIONS.index(region) else "failure"
            latency = 120 + int(1500 * next(draw) ** 4)
            yield f"{day},{_customer(who, region)},{region},{touchpoint},{result},{latency}\n"


def _places() -> Iterator[tuple[dt.date, str, str]]:
    for number in range(_DAYS):
        for region in _REGIONS:
            for touchpoint in ("login", "transfer"):
                yield _FIRST + dt.timedelta(days=number), region, touchpoint


def _customer(who: Iterator[float], region: str) -> str:
    return f"{region[0]}{int(next(who) * _CUSTOMERS):03}"


def _drawn(state: int) -> Iterator[float]:
    """Numbers from 0 to 1, the same on every machine: x ← 48271 x mod 2³¹ - 1 (Park, Miller, Stockmeyer 1993)."""
    while True:
        state = state * 48271 % 0x7FFFFFFF
        yield state / 0x7FFFFFFF
