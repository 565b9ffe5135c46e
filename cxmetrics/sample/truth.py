"""`truth.yaml`: what was planted, so that analyses can be held against it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from cxmetrics.assets import definitions
from cxmetrics.compile import compile_project
from cxmetrics.sample.cases import PRODUCTS, REQUESTS
from cxmetrics.sample.digital import AB_GROUPS, NEW_PAGE
from cxmetrics.sample.ledgers import GROWTH, NPS_MIDDLE, NPS_TO_AUM
from cxmetrics.sample.making import Order, found
from cxmetrics.sample.people import (
    BRANCHES,
    REGION_MOOD,
    REGION_OF_BRANCH,
    REGIONS,
    REORGANISED,
    SEGMENT_MOOD,
    SEGMENTS,
)
from cxmetrics.sample.questionnaires import DRIVERS, LUCK, RECOMMEND, REPUTE, RESPONSE
from cxmetrics.sample.rhythm import Calendar
from cxmetrics.sample.systems import CODES, SCRIPTS, SLOW_LINE
from cxmetrics.sample.true_scores import true_scores
from cxmetrics.sample.true_values import true_values
from cxmetrics.sample.world import World

Tree = Mapping[str, "Tree"] | Sequence["Tree"] | str | int | float


def planted(world: World, seed: int, rows: dict[str, int], dirt: dict[str, dict[str, int]],
            true: Tree) -> dict[str, Tree]:
    """The truth as a tree: size, incidents, effects, base rates, dirt by folder and kind, and what is true."""
    calendar = world.calendar
    return {
        "seed": seed,
        "first_day": calendar.first_day.isoformat(),
        "days": calendar.days,
        "rows": rows,
        "incidents": [
            {
                "name": incident.name,
                "first_day": calendar.date(incident.first).isoformat(),
                "last_day": calendar.date(incident.last).isoformat(),
                "where": incident.where,
                "effects": incident.effects,
                "opinion_lost": incident.journeys,
            }
            for incident in world.incidents.values()
        ],
        "reorganisations": _reorganisations(calendar),
        "recommendation": {"middle": RECOMMEND, "luck": LUCK, "drivers": DRIVERS},
        "opinion": {
            "journey": REPUTE,
            "region": dict(zip(REGIONS, REGION_MOOD, strict=True)),
            "segment": dict(zip(SEGMENTS, SEGMENT_MOOD, strict=True)),
        },
        "aum_growth": {"at_middle": GROWTH, "middle": NPS_MIDDLE, "for_one_point": NPS_TO_AUM},
        "slow_line": dict(zip(("region", "isp", "total_ms_times"), SLOW_LINE, strict=True)),
        "experiment": {"ab_group": AB_GROUPS[1], **dict(zip(("event_name", "screens_fewer"), NEW_PAGE, strict=True))},
        "rates": _rates(),
        "dirt": dirt,
        "true_values": true,
    }


def _reorganisations(calendar: Calendar) -> list[Tree]:
    if calendar.reorganised == calendar.days:
        return []
    branch, region = REORGANISED
    return [{"branch": BRANCHES[branch], "from": REGIONS[REGION_OF_BRANCH[branch]], "to": REGIONS[region],
             "first_day": calendar.date(calendar.reorganised).isoformat()}]


def true_of(order: Order) -> dict[str, Tree]:
    """Of factors what the distributions give, of composites what the retail bank's library makes of that."""
    of_factors = true_values(found(order))
    library = compile_project(definitions() / "retail_bank").pyramid
    return dict(sorted({**of_factors, **true_scores(library, of_factors)}.items()))


def _rates() -> dict[str, Tree]:
    """Base rates outside incidents."""
    return {
        "survey_response": RESPONSE,
        "api_tech_fail": {name: row[3] for name, row in CODES.items()},
        "api_timeout": {name: row[4] for name, row in CODES.items()},
        "probe_fail": SCRIPTS,
        "application_declined": {name: row[2] for name, row in PRODUCTS.items()},
        "request_median_minutes": {name: row[1] for name, row in REQUESTS.items()},
    }


def _lines(tree: Mapping[str, Tree], depth: int) -> Iterator[str]:
    for key, value in tree.items():
        head = f"{'  ' * depth}{key}:"
        if isinstance(value, Mapping):
            if depth > 1 and not any(isinstance(item, Mapping) for item in value.values()):
                yield f"{head} {json.dumps(value)}"
                continue
            yield head if value else f"{head} {{}}"
            yield from _lines(value, depth + 1)
        elif isinstance(value, Sequence) and not isinstance(value, str):
            yield head
            yield from (f"{'  ' * depth}- {json.dumps(item)}" for item in value)
        else:
            yield f"{head} {json.dumps(value)}"


def write_truth(path: Path, tree: Mapping[str, Tree]) -> None:
    """Write the tree as YAML: blocks of keys, with JSON (which is YAML) for scalars and the items of lists."""
    path.write_text("\n".join(["# What this sample bank was made with.", *_lines(tree, 0), ""]), encoding="utf-8")
