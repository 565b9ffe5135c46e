"""The id of a run: of what it rests on, and of nothing else.

The same definitions, inputs and interval, on top of the same runs, give the same id, whoever computes it, when, where
and on which engine.  A scheduler that repeats a run that was killed gets the id it had, and two stores that went
through the same have runs of the same ids.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256

from cxmetrics.run.memory import Memory, covered
from cxmetrics.run.need import Need
from cxmetrics.run.reports import RunOptions
from cxmetrics.run.troubles import Troubles, as_left
from cxmetrics.store import InputFile, Store

_LENGTH = 12  # hexadecimal digits: runs of one number are few, however many stores there are


def run_id(store: Store, rules: Memory, needs: Mapping[str, Need], troubles: Troubles, options: RunOptions) -> str:
    """The id of a run upon what a store holds; it begins with the run's number among the commits.

    `rules`: what values follow from besides states; `needs`: the inputs of each source, and the days that hold.
    """
    before = store.frozen_before()
    facts = {
        "after": store.last_run(),
        "rules": rules,
        "inputs": {name: {path: _fact(file) for path, file in one.files.items()} for name, one in needs.items()},
        "days": covered({name: one.known for name, one in needs.items()}),
        "troubles": as_left(troubles),
        "asked": [str(options.first), str(options.last), options.full],
        "frozen": str(before),
    }
    digest = sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()
    return f"{store.run_count() + 1:05d}-{digest[:_LENGTH]}"


def _fact(file: InputFile) -> list[object]:
    """What is in a file and how it is read, but not when it was written."""
    return [file.digest or [file.size, file.mtime_ns], file.reading, str(file.first), str(file.last), file.rows]
