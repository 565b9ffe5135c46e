"""Statistics: numbers in, numbers out.

Every function takes anything NumPy can broadcast and returns float64 arrays. NaN going in means missing, NaN coming
out means missing or undefined; no function warns. Rules and sources of the formulas stand with each function.

- `arrays`: the array types of the package and the one guard against floating-point warnings
- `grouping`: whole numbers put in order, found and summed at
- `distributions`: quantiles and tails of the normal, t, gamma and binomial distributions (the door to SciPy)
- `intervals`: confidence intervals of leaves from their sums and counts
- `comparisons`: differences, tests, many tests at once, the verdict `moved`
- `quantiles`: quantiles of many groups from distinct values and counts
- `weighted`: the same of rows with weights, and how sure the share of weight up to a quantile is
- `rounding`: decimal rounding of binary numbers
- `means`: weighted means over the children that are present
- `scores`: from a value to a score, alone or within a pool of peers
- `jackknife`: the uncertainty of anything, from estimates with one group of entities left out
- `survey`: weighted and clustered estimates, effective size, reliability of a scale
- `raking`: factors of weights that meet the margins of a population
- `decompose`: the parts of a change, which sum to the change
- `precise`: variances from sums that cancel
"""
