"""What the bank's questionnaires ask, of whom, on which scales, and what experience does to the answers."""

from __future__ import annotations

import datetime as dt

# Points of recommendation (0..10) for one standard deviation of opinion of each journey.
DRIVERS = {
    "mobile_login": 0.25,
    "transfers": 0.35,
    "wealth_purchase": 0.20,
    "wealth_care": 0.45,
    "card_use": 0.30,
    "branch_visit": 0.40,
    "phone_bank": 0.15,
    "complaint_handling": 0.10,
}
# How people think of a journey on the whole, in standard deviations from the middle.
REPUTE = {
    "complaint_handling": -0.8,
    "personal_loan": -0.3,
    "phone_bank": -0.2,
    "enquiries": 0.1,
    "wealth_care": 0.15,
    "mobile_login": -0.15,
    "account_care": -0.4,
}
RECOMMEND = 8.35
LUCK = 1.2
# What is asked: scale low and high, mean and spread of the answers.
QUESTIONS = {
    "nps": (0, 10, 8.3, 1.8),
    "overall": (0, 10, 7.9, 1.3),
    "csat": (1, 5, 4.2, 0.75),
    "ces": (1, 7, 5.8, 1.0),
    "expected": (1, 5, 4.1, 0.6),
    "perceived": (1, 5, 4.15, 0.75),
    "solved": (0, 1, 0.72, 0.0),
}
SCALES = {name: f"{low}-{high}" for name, (low, high, _, _) in QUESTIONS.items()}
JOURNEY = "journey."  # begins the touchpoint of what the relationship survey asks of a journey
INSTRUMENTS = {"expected": "gap", "perceived": "gap"}  # which questionnaire, where it is not named as its question
# Touchpoint asked after: its question, the journey that makes the opinion, share of invitations, channel.
ASKED: dict[str, tuple[str, str, float, str]] = {
    "onboarding": ("ces", "account_opening", 0.05, "app"),
    "newcomer": ("nps", "account_opening", 0.06, "app"),
    "app_speed": ("csat", "mobile_login", 0.10, "app"),
    "transfer": ("ces", "transfers", 0.10, "app"),
    "statement": ("csat", "enquiries", 0.05, "app"),
    "wealth_buy": ("csat", "wealth_purchase", 0.05, "app"),
    "wealth_terms": ("perceived", "wealth_purchase", 0.06, "app"),
    "manager": ("csat", "wealth_care", 0.06, "app"),
    "loan_apply": ("ces", "personal_loan", 0.05, "app"),
    "loan_status": ("csat", "personal_loan", 0.05, "app"),
    "card_apply": ("csat", "card_application", 0.05, "app"),
    "card": ("nps", "card_use", 0.06, "app"),
    "card_product": ("csat", "card_use", 0.05, "web"),
    "card_service": ("csat", "card_use", 0.05, "web"),
    "card_price": ("csat", "card_use", 0.05, "web"),
    "instalment": ("perceived", "card_use", 0.05, "app"),
    "branch": ("csat", "branch_visit", 0.26, "branch"),
    "phone": ("solved", "phone_bank", 0.06, "phone"),
    "bot": ("solved", "smart_service", 0.04, "app"),
    "complaint": ("csat", "complaint_handling", 0.05, "phone"),
    "close_account": ("ces", "account_care", 0.05, "branch"),
}
# The product that a touchpoint is about, by its place among the products, from 1 on.
BOUGHT = {"onboarding": 1, "newcomer": 1, "loan_apply": 2, "loan_status": 2, "card_apply": 3, "card": 3,
          "card_product": 3, "card_service": 3, "card_price": 3, "instalment": 3}
RELATIONSHIP_SHARE = 0.17
STANDING_PART, MOMENT_SPREAD = 0.6, 0.8  # how much of an opinion lasts, and how much is of the moment
LEAST_DRAWN = 0.02  # the chance to be drawn in a month of a segment whose answers weigh 1
IPS = 5_000  # addresses, of which many customers share one
RESPONSE = 0.34
HASTY, HASTY_SECONDS = 0.02, 10.0  # the part of respondents who click through, and how long they take at most
MODE_OF = {"app": "app", "web": "web", "branch": "sms", "phone": "ivr"}  # how answers come, by channel
PAD = "pad"  # the tablet in the branch, which staff hand over
STRAIGHT = 0.06  # the part who give the grid of journeys one answer throughout
FIRST_SCALE_UNTIL = dt.date(2026, 8, 15)  # effort was asked upside down up to that day: 1 was best
# Touchpoints that are asked by keypad: which key stands for each mark, and the scale that this leaves.
KEYS = {"complaint": ((1, 1, 3, 5, 5), "1-3-5")}
MIGRATED = 50  # one customer in so many had another key before the middle of the window
MODES = {"app": 0.6, "sms": 0.25, "wechat": 0.15}
