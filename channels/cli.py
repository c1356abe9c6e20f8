"""The command line, `izinhatti`.

Exit codes: 0 done; 1 a finding; 2 a bad setting or usage; 3 a database that is missing, older or newer, or does not
answer; 130 interrupted. A fault is one line on standard error.
"""

import sys
from collections.abc import Iterable, Sequence
from typing import Final

import typer
from typer.exceptions import Abort, TyperException

from channels.commands import (
    brands,
    complaints,
    config,
    consents,
    db,
    evidence,
    ledger,
    lines,
    messages,
    movements,
    prompts,
    retention,
    review,
)
from channels.commands.demo import demo
from channels.commands.serve import serve
from channels.commands.shared import BAD_USE, CommandFault, Config
from channels.commands.understand import understand
from channels.imports.table import BadTable
from channels.service.logs import configure_logs
from channels.settings.faults import SettingsError
from core.store.errors import StoreError

NO_DATABASE: Final = 3
INTERRUPTED: Final = 130

app = typer.Typer(name="izinhatti", add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
app.command()(serve)
app.command()(demo)
app.command()(understand)
for name, group in (
    ("config", config),
    ("db", db),
    ("brands", brands),
    ("consents", consents),
    ("ledger", ledger),
    ("evidence", evidence),
    ("complaints", complaints),
    ("lines", lines),
    ("messages", messages),
    ("movements", movements),
    ("prompts", prompts),
    ("retention", retention),
    ("review", review),
):
    app.add_typer(group.app, name=name)


@app.callback()
def _common(context: typer.Context, config: Config = None) -> None:
    """İzin Hattı: the citizen's line of the Turkish consent registry."""
    context.obj = config
    configure_logs()


def run(arguments: Sequence[str]) -> int:
    """Run one command; its exit code."""
    try:
        code = app(list(arguments), prog_name="izinhatti", standalone_mode=False)
    except SettingsError as error:
        return _fail(map(str, error.faults), BAD_USE)
    except CommandFault as error:
        return _fail([str(error)], error.exit_code)
    except BadTable as error:
        return _fail([str(error)], BAD_USE)
    except StoreError as error:
        return _fail([str(error)], NO_DATABASE)
    except TyperException as error:
        return _fail([error.format_message()], error.exit_code)
    except (Abort, KeyboardInterrupt):
        return _fail(["interrupted"], INTERRUPTED)
    return code if isinstance(code, int) else 0


def main() -> None:
    sys.exit(run(sys.argv[1:]))


def _fail(lines: Iterable[str], code: int) -> int:
    for line in lines:
        typer.echo(" ".join(line.split()), err=True)
    return code


if __name__ == "__main__":
    main()
