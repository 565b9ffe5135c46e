"""What a ledger keeps about runs: who and when, what was read, defined, left out, restated and frozen."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterable, Mapping

from cxmetrics.ir import Grain
from cxmetrics.store.buckets import Bucket
from cxmetrics.store.commits import Days, Definition, Freeze, InputFile, Reject, RunRow, Tallied, TalliesChange
from cxmetrics.store.ledger.connection import Connection, Row

_NUMBER = re.compile(r"[0-9]{1,18}")
LATEST = 2**62  # later than every commit


def _iso(day: dt.date | None) -> str | None:
    return None if day is None else day.isoformat()


def _date(text: str | None) -> dt.date | None:
    return None if text is None else dt.date.fromisoformat(text)


def _list(days: Days) -> str:
    return json.dumps(sorted(map(_iso, days)))


class Records:
    """The tables of an open ledger that are no names of data files; all of them as they were after the commit `at`."""

    def __init__(self, connection: Connection) -> None:
        """Of everything up to now."""
        self._connection = connection
        self.at = LATEST

    # --- inputs --------------------------------------------------------------------------------------------------

    def inputs(self, source: str) -> dict[str, InputFile]:
        """The files that a source was read from, by path."""
        found = self._connection.rows(
            "SELECT path, size, mtime_ns, first, last, rows, reading, digest, columns, keys FROM inputs "
            "WHERE source = ?1 AND made_by <= ?2 AND (retired_by IS NULL OR retired_by > ?2) ORDER BY path",
            source, self.at)
        with self._connection.sound():
            return {path: InputFile(size, mtime, _date(first), _date(last), *rest)
                    for path, size, mtime, first, last, *rest in found}

    def sources(self) -> list[str]:
        """The sources that were read from files."""
        return [name for (name,) in self._connection.rows(
            "SELECT DISTINCT source FROM inputs WHERE made_by <= ?1 AND (retired_by IS NULL OR retired_by > ?1) "
            "ORDER BY source", self.at)]

    def put_inputs(self, source: str, inputs: Mapping[str, InputFile], number: int) -> None:
        """These files and no others, from this commit on."""
        before = self.inputs(source)
        other = [path for path, file in before.items() if inputs.get(path) != file]
        self._connection.many("UPDATE inputs SET retired_by = ? WHERE source = ? AND path = ? AND retired_by IS NULL",
                              [(number, source, path) for path in other])
        self._connection.many("INSERT INTO inputs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL)", [
            (source, path, file.size, file.mtime_ns, _iso(file.first), _iso(file.last), file.rows, file.reading,
             file.digest, file.columns, file.keys, number)
            for path, file in sorted(inputs.items()) if before.get(path) != file])

    # --- runs ----------------------------------------------------------------------------------------------------

    def add_run(self, run: RunRow, manifest: str | None = None) -> int:
        """Enter a run, with the text that names its definitions; its number among the commits.

        It has not ended before the last one, whatever the clock says: `number_of` tells commits apart by their moments.
        """
        ends = max(run.finished, self.last_moment() or run.finished)
        instants = [moment.astimezone(dt.UTC).isoformat(timespec="microseconds") for moment in (run.started, ends)]
        found = self._connection.rows(
            "INSERT INTO runs (id, started, finished, engine, versions, who, project, first, last, report, "
            "manifest) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING number", run.id, *instants, run.engine,
            run.versions, run.who, run.project, _iso(run.first), _iso(run.last), run.report, manifest)
        return int(found[0][0])

    def has_runs(self) -> bool:
        """Whether anything was ever committed."""
        return bool(self._connection.rows("SELECT 1 FROM sqlite_master WHERE name = 'runs'")
                    and self._connection.rows("SELECT 1 FROM runs LIMIT 1"))

    def runs(self) -> list[Row]:
        """Number, id and the rest of `RunRow`, as texts, the oldest first."""
        return self._connection.rows("SELECT number, id, started, finished, engine, versions, who, project, first, "
                                     "last, report FROM runs WHERE number <= ? ORDER BY number", self.at)

    def count(self) -> int:
        """How many runs were committed."""
        return int(self._connection.rows("SELECT count(*) FROM runs WHERE number <= ?", self.at)[0][0])

    def last_run(self) -> str | None:
        """The id of the last run."""
        found = self._connection.rows("SELECT id FROM runs WHERE number <= ? ORDER BY number DESC LIMIT 1", self.at)
        return found[0][0] if found else None

    def last_moment(self) -> dt.datetime | None:
        """When the last run was committed."""
        found = self._connection.rows("SELECT finished FROM runs ORDER BY number DESC LIMIT 1")
        with self._connection.sound():
            return dt.datetime.fromisoformat(found[0][0]) if found else None

    def project(self) -> str | None:
        """The project of the last run, whatever `at`."""
        found = self._connection.rows("SELECT project FROM runs ORDER BY number DESC LIMIT 1")
        return found[0][0] if found else None

    def last_report(self) -> str | None:
        """The report of the last run."""
        found = self._connection.rows("SELECT report FROM runs WHERE number <= ? ORDER BY number DESC LIMIT 1", self.at)
        return found[0][0] if found else None

    def number_of(self, then: str | dt.datetime) -> int | None:
        """The commit of a run of this id or number, or the last by this moment."""
        if isinstance(then, str):
            number = int(then) if _NUMBER.fullmatch(then) else None
            found = self._connection.rows("SELECT max(number) FROM runs WHERE id = ? OR number = ?", then, number)
        else:
            moment = then.astimezone(dt.UTC).isoformat(timespec="microseconds")
            found = self._connection.rows("SELECT max(number) FROM runs WHERE finished <= ?", moment)
        return None if found[0][0] is None else int(found[0][0])

    def id_of(self, number: int) -> str:
        """The id of the run of a commit."""
        return str(self._connection.rows("SELECT id FROM runs WHERE number = ?", number)[0][0])

    # --- periods -------------------------------------------------------------------------------------------------

    def put_periods(self, grain: str, periods: Iterable[dt.date], number: int) -> None:
        """The values of these periods are of this commit."""
        self._connection.many("INSERT OR REPLACE INTO periods VALUES (?, ?, ?)",
                              [(grain, _iso(period), number) for period in sorted(periods)])

    def periods(self, first: dt.date | None = None, last: dt.date | None = None) -> list[tuple[Grain, dt.date, str]]:
        """Grain, period in [first, last), and the id of the run that its values are of."""
        found = self._connection.rows(
            "SELECT grain, period, id FROM (SELECT grain, period, max(number) AS number FROM periods "
            "WHERE period >= coalesce(?, '') AND period < coalesce(?, '~') AND number <= ? GROUP BY grain, period) "
            "JOIN runs USING (number)", _iso(first), _iso(last), self.at)
        with self._connection.sound():
            return [(grain, dt.date.fromisoformat(period), run) for grain, period, run in found]

    def periods_in(self, bucket: Bucket) -> set[dt.date]:
        """The periods that a bucket of values is about."""
        return {period for grain, period, _ in self.periods(bucket.first, bucket.end) if grain == bucket.subject}

    # --- definitions, rejects ------------------------------------------------------------------------------------

    def put_definitions(self, definitions: Iterable[Definition], number: int) -> None:
        """Keep meanings; those known stay as they are."""
        self._connection.many("INSERT OR IGNORE INTO definitions VALUES (?, ?, ?, ?)", [
            (fingerprint, indicator, meaning, number) for fingerprint, indicator, meaning in definitions])

    def definitions(self) -> list[Row]:
        """Fingerprint, indicator, meaning, and the run that was first to use it."""
        return self._connection.rows(
            "SELECT fingerprint, indicator, meaning, id FROM definitions JOIN runs USING (number) "
            "WHERE number <= ? ORDER BY definitions.number, indicator, fingerprint", self.at)

    def put_rejects(self, rejects: Iterable[Reject], number: int) -> None:
        """Enter what a run left out."""
        self._connection.many("INSERT INTO rejects VALUES (?, ?, ?, ?, ?, ?)", sorted(
            (number, one.source, one.column, one.reason, one.kind, one.count) for one in rejects))

    def rejects(self, run: str | None) -> list[Row]:
        """Run and the rest of `Reject`; of a run that was done again, the last time."""
        return self._connection.rows(
            'SELECT id, source, "column", reason, kind, count FROM rejects JOIN runs USING (number) WHERE number <= ?2 '
            "AND (?1 IS NULL OR number = (SELECT max(number) FROM runs WHERE id = ?1 AND number <= ?2)) "
            "ORDER BY rejects.rowid", run, self.at)

    def tallied(self, source: str, without: Days) -> Tallied:
        """The rows of the days of a source that are known, but for some."""
        [(rows, bad, first)] = self._connection.rows(
            "SELECT coalesce(sum(rows), 0), coalesce(sum(bad), 0), min(day) FROM tallies "
            "WHERE source = ? AND day NOT IN (SELECT value FROM json_each(?))", source, _list(without))
        return Tallied(rows, bad, _date(first))

    def forget_tallies(self, source: str, days: Days | None) -> None:
        """Days of a source (None: all) are no longer known."""
        self._connection.rows("DELETE FROM tallies WHERE source = ?1 AND (?2 IS NULL OR day IN "
                              "(SELECT value FROM json_each(?2)))", source, None if days is None else _list(days))

    def put_tallies(self, source: str, change: TalliesChange) -> None:
        """Enter how many rows these days have."""
        self.forget_tallies(source, change.days)
        self._connection.many("INSERT INTO tallies VALUES (?, ?, ?, ?)", [
            (source, _iso(day), rows, bad) for day, (rows, bad) in sorted(change.tallies.items())])

    # --- the texts of definitions --------------------------------------------------------------------------------

    def put_texts(self, texts: Mapping[str, bytes]) -> None:
        """Keep texts by the checksum of what they are unpacked; those known stay, unless they were damaged."""
        self._connection.many("INSERT INTO texts VALUES (?, ?) ON CONFLICT DO UPDATE SET content = excluded.content "
                              "WHERE content IS NOT excluded.content", sorted(texts.items()))

    def text(self, sha256: str) -> bytes | None:
        """A text as it is kept."""
        found = self._connection.rows("SELECT content FROM texts WHERE sha256 = ?", sha256)
        return found[0][0] if found else None

    def manifest(self) -> str | None:
        """The checksum of the text that names the definitions of the last run."""
        found = self._connection.rows("SELECT manifest FROM runs WHERE number <= ? ORDER BY number DESC LIMIT 1",
                                      self.at)
        return found[0][0] if found else None

    def manifests(self) -> list[str]:
        """The checksums of the texts that name the definitions of some run."""
        return [found for (found,) in self._connection.rows(
            "SELECT DISTINCT manifest FROM runs WHERE manifest IS NOT NULL ORDER BY manifest")]

    # --- what may not change, and what is gone -------------------------------------------------------------------

    def put_freeze(self, freeze: Freeze) -> None:
        """From now on the periods before a day are frozen; None: no longer any."""
        self._connection.rows("INSERT INTO freezes SELECT coalesce(max(number), 0), ?, ?, ?, ? FROM runs",
                              _iso(freeze.before), freeze.who,
                              freeze.at.astimezone(dt.UTC).isoformat(timespec="microseconds"), freeze.why)

    def freezes(self) -> list[Row]:
        """The id of the last run then, and the rest of `Freeze` as texts, the oldest first; those obeyed then."""
        return self._connection.rows("SELECT id, before, freezes.who, at, why FROM freezes LEFT JOIN runs USING "
                                     "(number) WHERE number < ? ORDER BY freezes.rowid", self.at)

    def thawed(self) -> bool:
        """Whether periods that were frozen when the last run committed are so no more."""
        orders = self._connection.rows("SELECT before, number < (SELECT coalesce(max(number), 0) FROM runs) "
                                       "FROM freezes ORDER BY rowid")
        then = next((before for before, obeyed in reversed(orders) if obeyed), None)
        now = orders[-1][0] if orders else None
        return then is not None and (now is None or now < then)

    def put_oldest(self, keep: int) -> None:
        """Of commits before the last `keep`, files are being deleted."""
        self._connection.rows("INSERT INTO vacuums SELECT max(number) - ? + 1 FROM runs HAVING max(number) >= ?",
                              keep, keep)

    def is_whole(self, number: int) -> bool:
        """Whether all files that a commit saw are there yet: no vacuum has passed, or something was frozen then."""
        return bool(self._connection.rows(
            "SELECT 1 WHERE ?1 >= coalesce((SELECT max(oldest) FROM vacuums), 0) "
            "OR EXISTS (SELECT 1 FROM freezes WHERE number = ?1)", number)[0:1])
