"""Formulas over figures, each a value and the n of the rows it rests on, in plain Python."""

from plain_numbers import UNBOUND, calculate

from cxmetrics.ir import Apply, Constant, Ref


def over_children(expr, fed):
    """The value and the n of a formula over children; `fed`: child → (what it gives, its n)."""
    match expr:
        case Constant(value):
            return float(value), UNBOUND
        case Ref(name):
            return fed[name]
        case Apply("in", (first, Constant(tuple() as listed))):
            value, n = over_children(first, fed)
            return None if value is None else float(value in listed), n
        case Apply(function, args):
            return applied(function, [over_children(arg, fed) for arg in args])


def applied(function, figures):
    """A function of figures (value, n); n is that of the rows the result rests on."""
    values, counts = [value for value, _ in figures], [n for _, n in figures]
    if function in ("/", "ratio"):
        bounded = [n for n in counts if n < UNBOUND]
        n = max(bounded, default=UNBOUND)
        return None if None in values else calculate("/", values), n
    there = [UNBOUND if value is None else n for value, n in figures]
    match function:
        case "if":
            if values[0] is None:
                return None, counts[0]
            chosen = 1 if values[0] == 1 else 2
            return values[chosen], min(there[0], counts[chosen])
        case "coalesce":
            return next((one for one in figures if one[0] is not None), figures[-1])
        case "is missing" | "is not missing":
            return float((values[0] is None) == (function == "is missing")), there[0]
        case "and":
            return 0.0 if 0 in values else None if None in values else 1.0, min(there)
        case "or":
            return 1.0 if 1 in values else None if None in values else 0.0, min(there)
        case _:
            return None if None in values else calculate(function, values), min(counts)
