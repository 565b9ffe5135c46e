"""The files that definitions stand in, kept with the runs that used them: each text once, by its checksum."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

from cxmetrics.diagnostics import Fault
from cxmetrics.store.buckets import damaged
from cxmetrics.store.ledger.records import Records

_MOST = 100_000_000  # bytes of one text: a ledger that holds more was not written by us


def put_texts(records: Records, texts: Mapping[str, str]) -> str | None:
    """Keep texts by name; the checksum of the text that names them all, None where there are none."""
    if not texts:
        return None
    contents = {name: text.encode() for name, text in texts.items()}
    named = {name: sha256(content).hexdigest() for name, content in contents.items()}
    manifest = json.dumps(named, ensure_ascii=False, sort_keys=True).encode()
    every = {named[name]: content for name, content in contents.items()} | {sha256(manifest).hexdigest(): manifest}
    records.put_texts({digest: zlib.compress(content) for digest, content in every.items()})
    return sha256(manifest).hexdigest()


def unpacked(records: Records, ledger: Path) -> dict[str, str]:
    """The texts of the last run, by name.  Raises `Fault` CX803 for one that is lacking or changed."""
    manifest = records.manifest()
    if manifest is None:
        return {}
    return {name: _text(records, digest, ledger) for name, digest in _named(records, manifest, ledger).items()}


def broken(records: Records, ledger: Path) -> list[Fault]:
    """CX803 for each text of any run that is lacking or changed: such a run cannot be replayed."""
    faults, digests = list[Fault](), set[str]()
    for manifest in records.manifests():
        try:
            digests.update(_named(records, manifest, ledger).values())
        except Fault as fault:
            faults.append(fault)
    for digest in sorted(digests):
        try:
            _text(records, digest, ledger)
        except Fault as fault:
            faults.append(fault)
    return faults


def _named(records: Records, manifest: str, ledger: Path) -> dict[str, str]:
    found: dict[str, str] = json.loads(_text(records, manifest, ledger))
    return found


def _text(records: Records, digest: str, ledger: Path) -> str:
    packed = records.text(digest)
    if packed is None:
        raise damaged(ledger, f"the text {digest[:16]} is missing")
    try:
        content = zlib.decompressobj().decompress(packed, _MOST)
    except (zlib.error, TypeError) as error:
        raise damaged(ledger, error) from error
    if sha256(content).hexdigest() != digest:
        raise damaged(ledger, f"the checksum of the text {digest[:16]} differs")
    return content.decode()
