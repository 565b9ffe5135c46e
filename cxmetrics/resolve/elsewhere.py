"""What SQL, spreadsheets and other metric languages call what is called otherwise here."""

from __future__ import annotations

from collections.abc import Mapping

# Functions that differ in their name alone.
RENAMED: Mapping[str, str] = {
    **dict.fromkeys(("avg", "average"), "mean"),
    **dict.fromkeys(("count_distinct", "distinct_count", "countd", "nunique", "approx_count_distinct"), "distinct"),
    **dict.fromkeys(("std", "stddev", "stddev_samp", "sd"), "stdev"),
    **dict.fromkeys(("ifnull", "nvl", "zn"), "coalesce"),
    **dict.fromkeys(("iff", "iif"), "if"), **dict.fromkeys(("corr", "pearson"), "correlation"),
    **dict.fromkeys(("lag", "previous", "offset"), "prior"),
    **dict.fromkeys(("moving", "trailing"), "rolling"),
    **dict.fromkeys(("cumulative", "running_total", "cumsum", "running_sum", "itd"), "inception_to_date"),
    "ytd": "year_to_date", "qtd": "quarter_to_date", "mtd": "month_to_date", "wtd": "week_to_date",
    "greatest": "max", "least": "min", "cronbach": "alpha", "dayofweek": "weekday", "funnel": "conversion",
}

# What is said in other words: an example of it.
SAID: Mapping[str, str] = {
    **dict.fromkeys(("count_if", "countif", "countifs", "sum_boolean"), "count(answers where answers.score > 5)"),
    **dict.fromkeys(("sumif", "sumifs", "sum_if"), "sum(txn.amount where txn.result = 'success')"),
    **dict.fromkeys(("avg_if", "averageif", "mean_if"), "mean(answers.score where answers.touchpoint = 'login')"),
    **dict.fromkeys(("percentile", "percentile_cont", "perc"), "p95(txn.latency)"),
    "percentile_disc": "quantile(txn.latency, 0.95, rule = hf1)",
    **dict.fromkeys(("safe_divide", "divide", "div0"), "x / y"), **dict.fromkeys(("power", "pow"), "x ^ 2"),
    **dict.fromkeys(("var", "variance", "var_samp"), "stdev(x) ^ 2"), "log": "ln(x)", "log10": "ln(x) / ln(10)",
    **dict.fromkeys(("moving_average", "rolling_mean", "rolling_avg"), "rolling(mean(x), 28 d)"),
    **dict.fromkeys(("mom", "month_over_month"), "x / prior(x, 1 month) - 1"),
    **dict.fromkeys(("yoy", "year_over_year"), "x / same_period_last_year(x) - 1"),
    "period_over_period": "x / prior(x) - 1",
    **dict.fromkeys(("isnull", "is_null"), "x is missing"),
    **dict.fromkeys(("top2box", "t2b"), "csat(answers.score, top = 2)"),
    **dict.fromkeys(("now", "today", "current_date", "getdate"), "count(complaints over 28 d)"),
    "quarter": "bands(month(t), 4, 7, 10)",
    "case": "if(score >= 9, 'high', 'low')",
}

# A division by what may be 0 needs nothing around it.
AGAINST_ZERO = frozenset(("nullif", "nullifzero"))
