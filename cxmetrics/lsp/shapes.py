"""What may stand under the keys at a place of a file."""

from __future__ import annotations

from collections.abc import Sequence

from cxmetrics.folders import PROJECT_FILE
from cxmetrics.load.shapes import draft_at, known_keys
from cxmetrics.schema import BenchmarkDraft, Document, Draft, ProjectDocument


def model_of(path: str) -> type[Document]:
    """The shape of a file."""
    return ProjectDocument if path.rpartition("/")[2] == PROJECT_FILE else Document


def draft_in(path: str, keys: Sequence[str]) -> type[Draft] | None:
    """What stands under some keys of a file, itself or as an item of a list, where that has a closed set of keys."""
    if tuple(keys) == ("benchmarks",):
        return BenchmarkDraft
    model = model_of(path)
    return draft_at(model, keys) or draft_at(model, [*keys, 0])


def keys_in(path: str, keys: Sequence[str]) -> list[str]:
    """The keys that may stand under some keys of a file."""
    if tuple(keys) == ("benchmarks",):
        return ["read", *(field.alias or name for name, field in BenchmarkDraft.model_fields.items())]
    model = model_of(path)
    return known_keys(model, keys) or known_keys(model, [*keys, 0])
