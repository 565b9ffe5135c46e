"""The shape of the YAML documents: which keys there are, and what may stand under each.  Every scalar stays text.

These models are the drafts that `resolve` reads, and the source of the JSON Schema.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, PlainValidator, Tag, WithJsonSchema

from cxmetrics.source import Key, Located


def _shape(value: Any) -> str:  # noqa: ANN401 - pydantic hands over whatever was written
    if isinstance(value, Located):  # first, as it is what most are
        return "text"
    if isinstance(value, list):
        return "list"
    return "map" if isinstance(value, Mapping | BaseModel) else "text"


@dataclass(frozen=True, slots=True)
class _Only:
    """Takes things of a class as they are.  `InstanceOf` would also draw up how to make them, for each use of it."""

    cls: type

    def __get_pydantic_core_schema__(self, _source: object, _handler: object) -> dict[str, object]:
        return {"type": "is-instance", "cls": self.cls}


_TEXT_SCHEMA = {"type": ["string", "number", "boolean", "null"]}  # nothing, where a cell or a weight is left out
Scalar = Annotated[Located, _Only(Located), WithJsonSchema(_TEXT_SCHEMA)]
Name = Annotated[Key, _Only(Key), WithJsonSchema({"type": "string"})]


def _language(key: Any) -> Key:  # noqa: ANN401 - pydantic hands over whatever was written
    if not isinstance(key, Key) or not _LANGUAGE.fullmatch(key):
        raise ValueError(key)
    return key


_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")  # the shape of BCP 47
NO_LANGUAGE = "value_error"  # what pydantic calls a key that names none
Titles = Annotated[
    Annotated[Scalar, Tag("text")]
    | Annotated[dict[Annotated[Key, PlainValidator(_language), WithJsonSchema({"type": "string"})], Scalar],
                Tag("map")], Discriminator(_shape)]
Scalars = Annotated[Annotated[Scalar, Tag("text")] | Annotated[list[Scalar], Tag("list")], Discriminator(_shape)]


class Draft(BaseModel):
    """A map of the YAML with a closed set of keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class GivenColumnDraft(Draft):
    """A column of a table and its contract."""

    type: Scalar | None = None
    unit: Scalar | None = None
    column: Scalar | None = None
    scale: Scalar | None = None
    values: list[Scalar] | None = None
    missing: Scalars | None = None
    not_asked: Scalars | None = None
    skipped: Scalars | None = None
    empty: Scalar | None = None
    format: Scalar | None = None
    time_zone: Scalar | None = None
    privacy: Scalar | None = Field(default=None, alias="class")
    description: Titles | None = None


class ScaleVersionDraft(Draft):
    """An answer scale that was in use up to and with a day; `10..0` is flipped."""

    until: Scalar
    scale: Scalar


class ColumnDraft(GivenColumnDraft):
    """A column of a source, which may also be derived from others, or whose answer scale changed."""

    scales: list[ScaleVersionDraft] | None = None
    formula: Scalar | None = None


class UniqueDraft(Draft):
    """Which rows are the same row."""

    by: Scalars
    keep: Scalar | None = None


class TimedDraft(Draft):
    """A table whose rows may hold for a time only."""

    read: Scalar
    table: Scalar | None = None
    valid_from: Scalar | None = None
    valid_to: Scalar | None = None
    valid_until: Scalar | None = None
    as_of: Scalar | None = None


class DimensionLookupDraft(TimedDraft):
    """A table that gives dimensions by the values of another."""

    key: Scalar
    columns: list[Scalar] | None = None


_GivenColumn = Annotated[
    Annotated[Scalar, Tag("text")] | Annotated[GivenColumnDraft, Tag("map")], Discriminator(_shape)]


class LookupDraft(TimedDraft):
    """A table that gives columns to the rows of a source: by a key, by their time, or by both."""

    key: Scalar | None = None
    on: Scalar | None = None
    columns: dict[Name, _GivenColumn]


class DimensionDraft(Draft):
    """A way to slice."""

    title: Titles | None = None
    description: Titles | None = None
    within: Scalar | None = None
    values: list[Scalar] | None = None
    lookup: DimensionLookupDraft | None = None
    min_n: Scalar | None = None


_Column = Annotated[
    Annotated[Scalar, Tag("text")] | Annotated[ColumnDraft, Tag("map")], Discriminator(_shape)]


class WeightDraft(Draft):
    """Weights raked to margins: of each, by its dimensions, the share or the number of people of each value."""

    base: Scalar | None = None
    rake: Annotated[dict[Name, dict[Name, Scalar]], WithJsonSchema({
        "type": "object", "properties": {"read": {"type": ["string", "array"]}},  # of CSV files
        "additionalProperties": {"type": "object"}})]
    per: Scalar | None = None
    trim: Scalar | None = None


_Weight = Annotated[
    Annotated[Scalar, Tag("text")] | Annotated[WeightDraft, Tag("map")], Discriminator(_shape)]


class SourceDraft(Draft):
    """Where rows come from and what they promise."""

    read: Scalar
    table: Scalar | None = None
    title: Titles | None = None
    description: Titles | None = None
    time: Scalar
    received: Scalar | None = None
    late: Scalar | None = None
    skew: Scalar | None = None
    fresh: Scalar | None = None
    volume: Scalar | None = None
    time_zone: Scalar | None = None
    entity: Scalar | None = None
    strata: Scalar | None = None
    population: Scalar | None = None
    weight: _Weight | None = None
    columns: dict[Name, _Column] = {}
    lookups: dict[Name, LookupDraft] = {}
    keep: Scalar | None = None
    unique: UniqueDraft | None = None
    flags: dict[Name, Scalar] = {}
    dimensions: dict[Name, Scalar] = {}
    on_bad: Scalar | None = None
    max_bad: Scalar | None = None


_Child = Annotated[
    Annotated[Scalar, Tag("text")] | Annotated["IndicatorDraft", Tag("map")], Discriminator(_shape)]


def _by_name(written: Any) -> Any:  # noqa: ANN401 - pydantic hands over whatever was written
    """A list of names as a map without weights; where one comes twice the list stays, and is refused."""
    if not isinstance(written, list) or not all(isinstance(item, Located) for item in written):
        return written
    found: dict[Key, Located] = {}
    for item in written:
        key = Key(item.value)
        key.written = item
        found[key] = Located("", item.source, item.end, item.end)
    return found if len(found) == len(written) else written


_Children = Annotated[dict[Name, _Child], BeforeValidator(
    _by_name, json_schema_input_type=dict[Name, _Child] | list[Scalar])]


_Score = Annotated[
    Annotated[Scalar, Tag("text")] | Annotated[dict[Name, Scalar], Tag("map")], Discriminator(_shape)]


class VersionDraft(Draft):
    """What an indicator is from a day on; keys that are left out stay as they were."""

    valid_from: Scalar
    formula: Scalar | None = None
    score: _Score | None = None
    target: Scalar | None = None
    children: Annotated[dict[Name, Scalar], BeforeValidator(
        _by_name, json_schema_input_type=dict[Name, Scalar] | list[Scalar])] | None = None
    combine: Scalar | None = None
    missing: Scalar | None = None
    require: Scalars | None = None
    rounding: Scalar | None = None


class IndicatorDraft(Draft):
    """A node of the pyramid, or what a template says of one."""

    use: Scalar | None = None
    each: dict[Name, Scalars] | None = Field(default=None, alias="for")
    level: Scalar | None = None
    title: Titles | None = None
    description: Titles | None = None
    owner: Scalar | None = None
    criticality: Scalar | None = None
    tags: Scalars | None = None
    formula: Scalar | None = None
    unit: Scalar | None = None
    direction: Scalar | None = None
    score: _Score | None = None
    target: Scalar | None = None
    benchmark: Scalar | None = None
    peers: PeersDraft | None = None
    triangulate: Scalar | None = None
    weight: Scalar | None = None
    children: _Children | None = None
    combine: Scalar | None = None
    aggregate: Scalar | None = None
    missing: Scalar | None = None
    when_not_split: Scalar | None = None
    require: Scalars | None = None
    rounding: Scalar | None = None
    display: Scalar | None = None
    min_n: Scalar | None = None
    cuts: list[list[Scalar]] | None = None
    grains: list[Scalar] | None = None
    valid_from: Scalar | None = None
    valid_to: Scalar | None = None
    versions: list[VersionDraft] | None = None  # an empty list would be copied for each indicator


class HolidayDraft(Draft):
    """A day of the calendar, or several on end; a `holiday`, or a weekend day that is a `workday`."""

    date: Scalar
    kind: Scalar | None = None
    name: Titles | None = None


class MethodDraft(Draft):
    """How a benchmark was measured: of whom, per what, by which means, on which scale."""

    population: Scalar | None = None
    denominator: Scalar | None = None
    mode: Scalar | None = None
    instrument: Scalar | None = None
    question: Scalar | None = None
    scale: Scalar | None = None
    rounding: Scalar | None = None
    note: Scalar | None = None


class EvidenceDraft(Draft):
    """Who published a benchmark, and when."""

    publisher: Scalar
    date: Scalar
    url: Scalar | None = None
    note: Scalar | None = None


class BenchmarkDraft(Draft):
    """A number somebody else published, with what one has to know before comparing with it."""

    indicator: Scalar
    peer: Scalar
    value: Scalar
    period: Scalar
    method: MethodDraft
    n: Scalar
    source: EvidenceDraft
    comparable: Scalar
    licence: Scalar


class BenchmarkFilesDraft(Draft):
    """Benchmarks written as tables: CSV files whose columns are named like the keys (`source.publisher`)."""

    read: Scalars


class PeersDraft(Draft):
    """Peers whose rows are in a source: each value of a column is one, and `us` is ourselves."""

    source: Scalar
    column: Scalar
    us: Scalar


class PrivacyDraft(Draft):
    """When a cell is too small to be shown."""

    min_n: Scalar | None = None


class TableDraft(Draft):
    """Rows of a test as a table: the names once, then the values of each row."""

    columns: list[Scalar]
    rows: list[list[Scalar]] = []


_Expected = Annotated[
    Annotated[Scalar, Tag("text")] | Annotated[dict[Name, Scalar], Tag("map")]
    | Annotated[list[dict[Name, Scalar]], Tag("list")], Discriminator(_shape)]


class MetricTestDraft(Draft):
    """A test of indicators: rows of sources, and what has to come out of them.

    Columns not given are null; times not given are the first day of the period of the test (`at`, by default the
    period of the last time given, else that of 2026-01-01), whose length is `grain` (the project's coarsest).
    Of `keep`, the parts (joined by `and`) that read only columns that no row of the test gives do not apply; nor does
    `unique` unless all its columns are given, nor `received`.  A dimension with a lookup may be given its table, by its
    id, and so may a lookup of a source, as `source.lookup`: without it nothing is found there.  A source not given has
    delivered nothing, one given an empty list no rows.  What is hidden for too few rows elsewhere is shown here.
    `expect` holds a value in the indicator's unit (`99.5%`, `500 ms`, `2 / 3`), `missing`, a map or a list of maps:
    dimensions that say the slice, measures (`value`, `n`, `score`, `status` and other columns of `values`), `at` and
    `tolerance` (absolute).
    """

    description: Titles | None = None
    given: dict[Name, Annotated[
        Annotated[TableDraft, Tag("map")] | Annotated[list[dict[Name, Scalar]], Tag("list")]
        | Annotated[Scalar, Tag("text")], Discriminator(_shape)]] = {}
    at: Scalar | None = None
    grain: Scalar | None = None
    expect: dict[Name, _Expected]
    tolerance: Scalar | None = None


class Document(Draft):
    """What any YAML file of a project may hold."""

    sources: dict[Name, SourceDraft] = {}
    bind: Annotated[Any, WithJsonSchema({"type": "object"})] = None  # `load` makes overrides of sources of it
    dimensions: dict[Name, Annotated[
        Annotated[Scalar, Tag("text")] | Annotated[DimensionDraft, Tag("map")], Discriminator(_shape)]] = {}
    templates: dict[Name, IndicatorDraft] = {}
    indicators: dict[Name, IndicatorDraft] = {}
    benchmarks: Annotated[
        Annotated[BenchmarkFilesDraft, Tag("map")] | Annotated[list[BenchmarkDraft], Tag("list")],
        Discriminator(_shape)] = []
    tests: dict[Name, MetricTestDraft] = {}
    calendar: list[HolidayDraft] = []


class ProjectDocument(Document):
    """`cxmetrics.yaml`: the sections, and what holds for the whole project."""

    project: Scalar
    imports: Scalars | None = Field(default=None, alias="import")
    title: Titles | None = None
    description: Titles | None = None
    time_zone: Scalar | None = None
    week_start: Scalar | None = None
    year_start: Scalar | None = None
    grains: list[Scalar] | None = None
    cuts: list[list[Scalar]] | None = None
    store: Scalar | None = None
    confidence: Scalar | None = None
    replicates: Scalar | None = None
    privacy: PrivacyDraft | None = None
    must_have: Scalars | None = None
    allow: dict[Name, Scalar] = {}


IndicatorDraft.model_rebuild()
