"""A MariaDB for tests: the one that CXMETRICS_MYSQL and MYSQL_PWD lead to, or a fresh one of this machine's programs.

CXMETRICS_MYSQL is an address, `mysql://user@host:3306/database`, of a database whose tables may be made and dropped.
"""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

PASSWORD = "open:se@me"
_GIVEN = "CXMETRICS_MYSQL"
_PROGRAMS = ("mariadbd", "mariadb-install-db")
_WHERE = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/bin"))
_UNPRIVILEGED = "nobody"


@dataclass(frozen=True)
class Server:
    """A server, and what a project writes under `read`."""

    address: str
    password: str

    def do(self, *statements: str) -> None:
        """Carry out statements, one after the other."""
        with self.connected() as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    def connected(self):
        """A connection that may do anything."""
        import pymysql

        from cxmetrics.addresses import read_address

        at = read_address(self.address)
        return pymysql.connect(host=at.host, port=at.port or 3306, user=at.user, database=at.database,
                               password=self.password, charset="utf8mb4", autocommit=True)


def missing() -> str | None:
    """Why there is no server, or None."""
    if find_spec("pymysql") is None:
        return "no driver of MySQL is installed"
    if os.environ.get(_GIVEN) or all(shutil.which(name, path=_WHERE) for name in _PROGRAMS):
        return None
    return f"no MariaDB is installed here, and {_GIVEN} names none"


@contextmanager
def running() -> Iterator[Server]:
    """A server, until the end."""
    if given := os.environ.get(_GIVEN):
        yield Server(given, os.environ.get("MYSQL_PWD", ""))
        return
    with tempfile.TemporaryDirectory(prefix="my", ignore_cleanup_errors=True) as folder:
        home, user = Path(folder), _user()
        if user is not None:
            shutil.chown(home, user)
        program, install = (shutil.which(name, path=_WHERE) for name in _PROGRAMS)
        who = [] if user is None else [f"--user={user}"]
        _do(install, "--no-defaults", f"--datadir={home}/data", "--auth-root-authentication-method=normal",
            "--skip-test-db", *who)
        port = _free_port()
        (home / "init.sql").write_text(f"CREATE DATABASE bank;\nCREATE USER bank@'%' IDENTIFIED BY '{PASSWORD}';\n"
                                       "GRANT ALL ON *.* TO bank@'%' WITH GRANT OPTION;\n")
        with (home / "log").open("wb") as log:
            process = subprocess.Popen(
                [program, "--no-defaults", f"--datadir={home}/data", f"--port={port}", "--bind-address=127.0.0.1",
                 f"--socket={home}/socket", f"--init-file={home}/init.sql", "--innodb-flush-log-at-trx-commit=0",
                 "--innodb-buffer-pool-size=16M", "--innodb-log-file-size=8M", *who], stdout=log, stderr=log, cwd=home)
        try:
            yield _ready(Server(f"mysql://bank@127.0.0.1:{port}/bank", PASSWORD), process, home / "log")
        finally:
            process.terminate()
            process.wait(60)


def _user() -> str | None:
    """The user to run as, where the tests run as root."""
    return _UNPRIVILEGED if os.geteuid() == 0 else None


def _do(*command: object) -> None:
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def _ready(server: Server, process: subprocess.Popen, log: Path) -> Server:
    import pymysql

    for _ in range(200):
        assert process.poll() is None, log.read_text()
        try:
            server.connected().close()
        except pymysql.Error:
            time.sleep(0.1)
            continue
        return server
    raise AssertionError(log.read_text()[-2000:])
