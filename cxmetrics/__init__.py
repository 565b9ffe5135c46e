"""A compiler and an engine for customer-experience indicators.

An indicator is a function of *states*; a state is a mergeable aggregate of raw rows.  So everything
above the raw rows can be computed for any period, slice, subset and engine by merging and evaluating.

From text to number:

| stage | module | is |
|---|---|---|
| files | `source` | text, and the place each character was written |
| drafts | `load` | YAML composed, keys and types proved, formulas still text with places |
| syntax | `parse` | formulas as trees |
| pyramid | `resolve` | names are things: sources, columns, indicators; cycles refused, order found |
| proved pyramid | `check` | units, grains, weights, scores proved |
| plan | `lower` | which states each leaf needs; how the tree is evaluated from them |
| fused plan | `fuse` | one scan a source, equal states once |
| states | `backends` | DuckDB or Polars computes the states at the finest cell |
| values | `evaluate` | states merged to each grain and cut, the tree evaluated level by level |
| commit | `store` | states, values and the ledger of runs, all at once |

Only the stage `states` differs between engines, and it only counts and sums: that is how they give
one answer.  `compile` joins the stages from files to fused plan and touches nothing; `run` joins the
rest and is the only place with a clock, a disk and a database.
"""

from os import environ

environ.setdefault("POLARS_IMPORT_INTERVAL_AS_STRUCT", "1")  # without it a file with such a column, used or not, panics

__version__ = "0.1.0"
