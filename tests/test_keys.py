"""What each key is for is told of every key, and of no other; the JSON Schema takes what the compiler takes."""

import json
import re
from inspect import isclass

import pytest
import yaml

from cxmetrics import keys, schema
from cxmetrics.assets import definitions
from cxmetrics.cli.command import status_of
from cxmetrics.compile import compile_sources
from cxmetrics.source import Source

DRAFTS = [one for one in vars(schema).values()
          if isclass(one) and issubclass(one, schema.Draft) and one is not schema.Draft]
FIELDS = [(draft, field.alias or name) for draft in DRAFTS for name, field in draft.model_fields.items()]


def test_every_key_is_told_of_and_no_other():
    untold = [(draft.__name__, key) for draft, key in FIELDS if keys.help_of(draft, key) is None]
    assert untold == []
    told = [(draft, key) for draft, rows in keys.KEYS.items() for key in rows]
    assert [(draft.__name__, key) for draft, key in told if (draft, key) not in FIELDS] == []


@pytest.mark.parametrize(("draft", "key"), FIELDS, ids=[f"{draft.__name__}.{key}" for draft, key in FIELDS])
def test_what_a_key_is_for_is_a_sentence_in_both_languages(draft, key):
    row = keys.help_of(draft, key)
    assert re.fullmatch(r"[A-Z“`].*\.", row.help.en)
    assert re.search(r"[\u4e00-\u9fff]", row.help.zh)
    assert not row.help.zh.endswith(("。", "."))


def test_the_values_that_are_told_are_those_that_are_taken():
    text = """\
project: p
{top}
sources: {{t: {{read: t.csv, time: day, columns: {{x: {{type: number{column}}}}}{source}}}}}
indicators:
  a: {{formula: mean(t.x), score: {{0: 0, 100: 9}}{indicator}}}
  b: {{children: [a]{composite}}}
"""
    wrong = []
    for place, model, names in (("top", schema.ProjectDocument, ("week_start", "year_start")),
                                ("source", schema.SourceDraft, ("on_bad",)),
                                ("column", schema.GivenColumnDraft, ("class", "empty")),
                                ("composite", schema.IndicatorDraft, ("aggregate", "when_not_split"))):
        for key in names:
            for value in (*keys.help_of(model, key).values, "elsewise"):
                parts = dict.fromkeys(("top", "column", "source", "indicator", "composite"), "")
                parts[place] = f"{key}: {value}" if place == "top" else f", {key}: {value}"
                found = compile_sources([Source("cxmetrics.yaml", text.format(**parts))]).diagnostics
                refused = any(one.code.id == "CX008" or value in one.facts.values() for one in found)
                if refused != (value == "elsewise"):
                    wrong.append((key, value, [one.code.id for one in found]))
    assert wrong == []


def taken(value, node, whole):
    """Whether a value is one of a schema; of the words of JSON Schema those that ours uses."""
    node = whole["$defs"][node["$ref"].rpartition("/")[2]] if "$ref" in node else node
    several = node.get("anyOf") or node.get("oneOf")
    if several and not any(taken(value, one, whole) for one in several):
        return False
    if "enum" in node and value not in node["enum"]:
        return False
    if "pattern" in node and not re.search(node["pattern"], str(value)):
        return False
    kinds = {"object": dict, "array": list, "string": str, "number": (int, float), "boolean": bool, "null": type(None)}
    named = node.get("type", [])
    if named and not isinstance(value, tuple(kinds[name] for name in ([named] if isinstance(named, str) else named))):
        return False
    if isinstance(value, dict):
        inner, other = node.get("properties", {}), node.get("additionalProperties", True)
        for key, one in value.items():
            rule = inner.get(str(key), other)
            if rule is False or isinstance(rule, dict) and not taken(one, rule, whole):
                return False
    items = node.get("items")
    return not (isinstance(value, list) and items and not all(taken(one, items, whole) for one in value))


class Plain(yaml.SafeLoader):
    """Dates stay texts, and so does the key `on`, which YAML 1.1 takes for true."""


Plain.yaml_implicit_resolvers = {
    sign: [(tag, rule) for tag, rule in rules if tag not in ("tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:bool")]
    for sign, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()}


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_schema_takes_the_shipped_definitions_and_knows_what_keys_are_for(language, capsys):
    assert status_of(["--lang", language, "schema"]) == 0
    whole = json.loads(capsys.readouterr().out)
    level = whole["$defs"]["IndicatorDraft"]["properties"]["level"]
    assert level["description"] == ("The level in the pyramid; any word." if language == "en" else "所在层级")
    assert "touchpoint" in level["examples"]
    for path in definitions().rglob("*.yaml"):
        assert taken(yaml.load(path.read_text("utf-8"), Plain) or {}, whole, whole), path
    assert not taken({"indicators": {"a": {"levle": "x"}}}, whole, whole)
    assert not taken({"indicators": {"a": {"direction": "sideways"}}}, whole, whole)
    assert taken({"indicators": {"a": {"direction": "$way"}}}, whole, whole)
