"""`cxmetrics schema`: the JSON Schema of the YAML, for editors."""

from __future__ import annotations

import click

from cxmetrics.cli.options import language_option
from cxmetrics.cli.terminal import emit
from cxmetrics.cli.usage import Verb


@click.command("schema", cls=Verb)
@language_option
def schema() -> int:
    """Print the JSON Schema of `cxmetrics.yaml` and the files beside it."""
    import json

    from cxmetrics.schema import ProjectDocument

    told = ProjectDocument.model_json_schema() | {"title": "cxmetrics"}
    told.pop("required", None)  # files beside `cxmetrics.yaml` have no `project`
    emit(json.dumps({"$schema": "https://json-schema.org/draft/2020-12/schema", **told}, ensure_ascii=False, indent=2))
    return 0
