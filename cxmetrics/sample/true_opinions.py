"""What all customers would have answered in a month: the values that the surveys are samples of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from cxmetrics.sample.drawing import Bools, Floats, Ints
from cxmetrics.sample.expectation import along, answer, at_least, held_between
from cxmetrics.sample.incidents import QUEUEING, spread_of_bad_release
from cxmetrics.sample.people import OS, SEGMENTS
from cxmetrics.sample.population import Cell
from cxmetrics.sample.questionnaires import (
    ASKED,
    DRIVERS,
    HASTY,
    LUCK,
    MOMENT_SPREAD,
    QUESTIONS,
    RECOMMEND,
    RELATIONSHIP_SHARE,
    REPUTE,
    STANDING_PART,
)
from cxmetrics.sample.world import World

# Indicator: the touchpoint whose answers it is made of.
SATISFACTION = {
    "app_speed_csat": "app_speed",
    "statement_csat": "statement",
    "wealth_csat": "wealth_buy",
    "manager_csat": "manager",
    "loan_status_csat": "loan_status",
    "card_apply_csat": "card_apply",
    "card_product_csat": "card_product",
    "card_service_csat": "card_service",
    "card_price_csat": "card_price",
    "branch_csat": "branch",
    "complaint_csat": "complaint",
}
EASE = {
    "onboarding_ease": "onboarding",
    "transfer_ease": "transfer",
    "loan_ease": "loan_apply",
    "close_ease": "close_account",
}
SOLVED = {"solved_survey": "phone", "bot_solved_survey": "bot"}
GAPS = {"terms_gap": "wealth_terms", "instalment_gap": "instalment"}
PROMOTED = {"newcomer_nps": "newcomer", "card_nps": "card"}
SENIOR = 60


@dataclass(frozen=True, slots=True)
class Opinions:
    """What each customer of the panel answers on the whole in a month, by touchpoint: a share, or points."""

    said: Mapping[str, Floats]
    overall: Floats


def opinions(world: World, days: Ints, weights: Floats) -> Opinions:
    """The answers of these days, which have this part of the traffic each."""
    month = _Month(world, days, weights, world.people.standing(np.arange(len(world.people))))
    said = {name: month.expected({row[1]: 1.0}, _asked(name)) for name, row in ASKED.items()}
    spread = np.sqrt(sum((size * MOMENT_SPREAD) ** 2 for size in DRIVERS.values()))
    recommend, overall = np.hypot(spread, LUCK), np.hypot(0.8 * spread, 0.8)
    said["relationship"] = month.expected(DRIVERS, lambda felt: _net(RECOMMEND + felt, recommend))
    return Opinions(said, month.expected(DRIVERS, lambda felt: answer(0, 10, 7.8 + 0.8 * felt, overall)))


def opinion_values(cell: Cell, held: Opinions) -> dict[str, float]:
    """The true values of the indicators of surveys, by indicator."""
    who, people = cell.who, cell.world.people
    said = held.said if len(who) == len(people) else {name: values[who] for name, values in held.said.items()}
    weight = people.answer_weights(who)
    senior = people.age[who] >= SENIOR
    plain = {**SATISFACTION, **EASE, **SOLVED, **GAPS}
    found = {indicator: float(said[touchpoint].mean()) for indicator, touchpoint in plain.items()}
    for indicator, touchpoint in {**PROMOTED, "rnps": "relationship"}.items():
        found[indicator] = 100 * float(weight @ said[touchpoint] / weight.sum())
    private = people.segment[who] == list(SEGMENTS).index("private")
    shares = {"relationship": RELATIONSHIP_SHARE, "newcomer": ASKED["newcomer"][2], "card": ASKED["card"][2]}
    if private.any():
        net = sum(share * float(said[name][private].mean()) for name, share in shares.items())
        found["private_nps"] = 100 * net / sum(shares.values())
    if senior.any() and not senior.all():
        found["senior_gap"] = float(said["branch"][senior].mean() - said["branch"][~senior].mean())
    return {**found, "answered_in_haste": HASTY, "csi": 10 * float(held.overall[who].mean())}


@dataclass(frozen=True, slots=True)
class _Month:
    world: World
    days: Ints
    weights: Floats
    standing: Floats  # by customer

    def expected(self, journeys: Mapping[str, float], said: Callable[[Floats], Floats]) -> Floats:
        """By customer, what is said of the weighed sum of opinions of these journeys, over the days of the month.

        `said` tells it of the means of such sums.
        """
        total = np.zeros(len(self.standing))
        for struck, weight in self._struck(set(journeys)).items():
            felt = sum((size * self._mean(journey, struck) for journey, size in journeys.items()), np.zeros(1))
            total += weight * along(said, felt)
        return total

    def _struck(self, journeys: set[str]) -> dict[frozenset[str], float]:
        """Which of the incidents that these journeys suffer from come together, and how much traffic does so."""
        parts: dict[frozenset[str], float] = {frozenset(): 1.0}
        found: dict[frozenset[str], float] = {}
        for day, weight in zip(self.days, self.weights, strict=True):
            parts = {frozenset(): 1.0}
            for name, incident in self.world.incidents.items():
                chance = self._chance(name, day) if journeys & set(incident.journeys) else 0.0
                if chance:
                    parts = {key: part for old, had in parts.items()
                             for key, part in ((old, had * (1 - chance)), (old | {name}, had * chance)) if part}
            for key, part in parts.items():
                found[key] = found.get(key, 0.0) + float(weight) * part
        return found

    def _chance(self, name: str, day: int) -> float:
        incident, at = self.world.incidents[name], np.array([day])
        if name == "bad_release":
            return float(spread_of_bad_release(at, incident)[0])
        return float(incident.strikes(at)[0])

    def _mean(self, journey: str, struck: frozenset[str]) -> Floats:
        people = self.world.people
        felt: Floats = REPUTE.get(journey, 0.0) + STANDING_PART * self.standing
        if not struck and journey != "branch_visit":
            return felt
        hit: dict[str, Bools] = {
            "bad_release": people.os == list(OS).index("android"),
            "queueing_branch": people.branch == QUEUEING,
        }
        lost = np.zeros(len(people))
        for name in struck:
            size = self.world.incidents[name].journeys.get(journey, 0.0)
            lost += size * hit.get(name, np.ones(len(people), dtype=np.bool_))
        if journey == "branch_visit":
            lost -= people.branch_mood[people.branch]
        return felt - lost


def _net(mean: Floats, spread: float) -> Floats:
    """Promoters less detractors, as a share."""
    return at_least(9, mean, spread) - 1 + at_least(7, mean, spread)


def _asked(touchpoint: str) -> Callable[[Floats], Floats]:
    """What the answers after a touchpoint come to, by the mean opinion: of its own question, less what was expected."""
    question, _, _, _ = ASKED[touchpoint]
    low, high, middle, size = QUESTIONS[question]
    spread = size * MOMENT_SPREAD

    def said(felt: Floats) -> Floats:
        match question:
            case "nps":
                return _net(middle + size * felt, spread)
            case "csat":
                return at_least(high - 1, middle + size * felt, spread)
            case "solved":
                return held_between(0.02, 0.98, middle + 0.12 * felt, 0.12 * MOMENT_SPREAD)
            case "perceived":
                low_hope, high_hope, hope, hopes = QUESTIONS["expected"]
                hoped = answer(low_hope, high_hope, np.array([hope]), 0.5 * hopes)
                return answer(low, high, middle + size * felt, spread) - hoped
            case _:
                return answer(low, high, middle + size * felt, spread)

    return said
