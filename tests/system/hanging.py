"""`izinhatti` whose writer thread stands still while a file is there: `-m tests.system.hanging FILE ARGUMENTS`."""

import sys
import time
from pathlib import Path

from channels.cli import run
from core.store.transaction import Transaction


def main(file: Path, arguments: list[str]) -> int:
    begin = Transaction.begin

    def begin_later(self: Transaction) -> None:
        while file.exists():
            time.sleep(0.01)
        begin(self)

    Transaction.begin = begin_later  # type: ignore[method-assign]  # this launcher's one purpose
    return run(arguments)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
