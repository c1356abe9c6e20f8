"""Runs a program under what the units forbid: `python -m tests.system.confined PROGRAM ARGUMENTS`.

System calls, address families and memory that is both written and executed, as systemd.exec(5) does it, by the same
library. What needs a namespace of its own is left out.
"""

import ctypes
import errno
import mmap
import os
import socket
import subprocess
import sys
from typing import Final

from tests.deploy.units import COMMON, value, values

_ALLOW: Final = 0x7FFF0000
_REFUSE: Final = 0x00050000 | errno.EPERM
_EQUAL: Final = 4
_MASKED: Final = 7
_PR_SET_NO_NEW_PRIVS: Final = 38
_SHM_EXEC: Final = 0o100000
_NO_WRITE_EXECUTE: Final = (
    ("mmap", mmap.PROT_WRITE | mmap.PROT_EXEC),
    ("mprotect", mmap.PROT_EXEC),
    ("pkey_mprotect", mmap.PROT_EXEC),
    ("shmat", _SHM_EXEC),
)
"""The third argument of these calls may not hold all of these bits: MemoryDenyWriteExecute."""


class _Compare(ctypes.Structure):
    _fields_ = [("argument", ctypes.c_uint), ("how", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64)]


class _Filter:
    """A seccomp filter: what becomes of calls that no rule is about, and the rules."""

    def __init__(self, otherwise: int) -> None:
        self._library = ctypes.CDLL("libseccomp.so.2")
        self._library.seccomp_init.restype = ctypes.c_void_p
        self._context = ctypes.c_void_p(self._library.seccomp_init(otherwise))

    def add(self, action: int, call: str, *where: _Compare) -> None:
        number = self._library.seccomp_syscall_resolve_name(call.encode())
        if number >= 0:  # below are calls of other architectures
            compares = (_Compare * len(where))(*where)
            _done(self._library.seccomp_rule_add_array(self._context, action, number, len(where), compares))

    def load(self) -> None:
        _done(self._library.seccomp_load(self._context))


def allowed_calls() -> set[str]:
    """What the units' SystemCallFilter leaves, by systemd's own sets."""
    calls: set[str] = set()
    for given in values(COMMON, "SystemCallFilter"):
        calls = calls - _calls_of(given[1:]) if given.startswith("~") else calls | _calls_of(given)
    return calls


def _calls_of(name: str) -> set[str]:
    if not name.startswith("@"):
        return {name}
    listed = subprocess.run(["systemd-analyze", "syscall-filter", name], check=True, capture_output=True, text=True)
    names = [line.strip() for line in listed.stdout.splitlines()[1:] if line.strip()[:1] not in ("", "#")]
    return set().union(*map(_calls_of, names))


def confine() -> None:
    """From now on, and for all that this process starts."""
    if ctypes.CDLL(None).prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        raise OSError("prctl: no_new_privs is refused")
    if value(COMMON, "MemoryDenyWriteExecute") == "yes":
        memory = _Filter(_ALLOW)
        for call, bits in _NO_WRITE_EXECUTE:
            memory.add(_REFUSE, call, _Compare(2, _MASKED, bits, bits))
        memory.load()
    calls = _Filter(_REFUSE)
    for call in allowed_calls() - {"socket"}:
        calls.add(_ALLOW, call)
    for name in value(COMMON, "RestrictAddressFamilies").split():
        calls.add(_ALLOW, "socket", _Compare(0, _EQUAL, int(getattr(socket, name)), 0))
    calls.load()


def _done(result: int) -> None:
    if result:
        raise OSError(-result, os.strerror(-result))


if __name__ == "__main__":
    confine()
    os.execvp(sys.argv[1], sys.argv[1:])
