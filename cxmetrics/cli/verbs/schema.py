"""`cxmetrics schema`: the JSON Schema of the YAML, for editors."""

from __future__ import annotations

import click

from cxmetrics.cli.options import language_option
from cxmetrics.cli.session import Session
from cxmetrics.cli.terminal import emit
from cxmetrics.cli.usage import Verb


@click.command("schema", cls=Verb)
@language_option
@click.pass_obj
def schema(session: Session) -> int:
    """Print the JSON Schema of `cxmetrics.yaml` and the files beside it."""
    import json

    from cxmetrics.keys import json_schema

    emit(json.dumps(json_schema(session.language), ensure_ascii=False, indent=2))
    return 0
