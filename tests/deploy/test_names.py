"""Whatever alerts and dashboard ask for, a started service tells; whatever an alert points to is written."""

import asyncio
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import aiohttp
import pytest
from prometheus_client import REGISTRY

import channels.service.service  # noqa: F401  # brings all metrics
from tests.deploy.commands import fault_of
from tests.deploy.test_alerts import ALERTS, ROOT, promtool
from tests.system.izinhatti import run, spawn
from tests.system.test_serve import free_port

DASHBOARD: Final = ROOT / "deploy" / "grafana" / "izinhatti.json"
RUNBOOK: Final = ROOT / "docs" / "runbook.md"
PANELS_MAX: Final = 20
LIMIT_S: Final = 30.0
SETTINGS: Final = """
[database]
url = "sqlite+aiosqlite:///izinhatti.db"
[ledger]
anchor_file = "ledger.anchors"
signing_key = "ledger.key"
[admin]
listen = "127.0.0.1:{admin}"
[link]
listen = "127.0.0.1:{link}"
"""
OF_OTHERS: Final = {
    "node_filesystem_avail_bytes",
    "node_filesystem_size_bytes",
    "node_systemd_timer_last_trigger_seconds",
    "node_systemd_unit_state",
    "pg_database_size_bytes",
    "pg_stat_activity_count",
    "pg_stat_database_xact_commit",
    "pg_stat_database_xact_rollback",
    "pg_up",
}
"""Of node_exporter and postgres_exporter, by their documentation."""

OF_THE_TARGET: Final = {"job", "process", "le"}
_NAME: Final = re.compile(r"\b(?:izinhatti|process|node|pg)_[a-z0-9_]+")
_SELECTOR: Final = re.compile(r"\b(izinhatti_[a-z0-9_]+)\{([^}]*)\}")
_COMMAND: Final = re.compile(r"(?:^|\s)izinhatti ((?!izinhatti)[a-z]+ [^&;]*)")
_LABEL: Final = re.compile(r"([a-z_]+)(?:=~|!~|!=|=)")


def dashboard() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(DASHBOARD.read_text())
    return found


def expressions() -> list[str]:
    of_dashboard = [target["expr"] for panel in dashboard()["panels"] for target in panel["targets"]]
    of_alerts = re.findall(r"expr: (?:>-\n)?((?:.|\n {10})+)", ALERTS.read_text())
    return [*of_dashboard, *of_alerts]


async def exposed(folder: Path) -> set[str]:
    """The names of all samples that a service may give, as its page describes them."""
    admin = free_port()
    (folder / "izinhatti.toml").write_text(SETTINGS.format(admin=admin, link=free_port()))
    assert (await run(folder, "db", "upgrade")).code == 0
    process = await spawn(folder, "serve")
    async with asyncio.timeout(LIMIT_S), aiohttp.ClientSession() as session:
        while True:
            try:
                async with session.get(f"http://127.0.0.1:{admin}/readyz") as ready:
                    if ready.status == 200:
                        break
            except aiohttp.ClientConnectionError:
                assert process.returncode is None
            await asyncio.sleep(0.05)
        async with session.get(f"http://127.0.0.1:{admin}/metrics") as metrics:
            page = await metrics.text()
        process.terminate()
        await process.communicate()
    names = set()
    for name, kind in re.findall(r"^# TYPE (\S+) (\S+)$", page, re.MULTILINE):
        names |= {f"{name}_bucket", f"{name}_count", f"{name}_sum"} if kind == "histogram" else {name}
    return names


async def test_a_started_service_tells_all_that_is_asked_for(tmp_path: Path) -> None:
    asked = {name for expression in expressions() for name in _NAME.findall(expression)}

    told = await exposed(tmp_path)

    assert asked - OF_OTHERS - told == set()
    assert asked >= OF_OTHERS


def selectors() -> Iterator[tuple[str, str]]:
    for expression in expressions():
        for name, labels in _SELECTOR.findall(expression):
            for label in _LABEL.findall(labels):
                yield name, label


def test_labels_asked_for_are_those_of_the_metrics() -> None:
    known = REGISTRY._names_to_collectors

    wrong = [
        (name, label)
        for name, label in selectors()
        if label not in {*getattr(known[name], "_labelnames", ()), *OF_THE_TARGET}
    ]

    assert wrong == []


def test_prometheus_takes_every_expression(tmp_path: Path) -> None:
    rules = [
        {"record": f"tried:{index}", "expr": expression.replace("$__rate_interval", "5m")}
        for index, expression in enumerate(expressions())
    ]
    (tmp_path / "rules.json").write_text(json.dumps({"groups": [{"name": "tried", "rules": rules}]}))

    promtool("check", "rules", str(tmp_path / "rules.json"))


def test_the_dashboard_is_one_that_can_be_looked_over() -> None:
    panels = dashboard()["panels"]

    assert len(panels) <= PANELS_MAX
    assert len({panel["id"] for panel in panels}) == len(panels)
    assert all(panel["title"] and panel["description"] and panel["targets"] for panel in panels)


def anchors(page: Path) -> set[str]:
    """Of the headings, as GitHub makes them."""
    titles = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title).lower().replace(" ", "-") for title in titles}


def links() -> list[tuple[str, str]]:
    """File and anchor of each link of the runbook; either may be empty."""
    return re.findall(r"\]\(([^)#]*)#?([^)]*)\)", RUNBOOK.read_text())


def test_links_of_the_runbook_lead_somewhere() -> None:
    pages = [(RUNBOOK.parent / file if file else RUNBOOK, anchor) for file, anchor in links()]

    assert [str(page) for page, _ in pages if not page.exists()] == []
    assert [anchor for page, anchor in pages if anchor and anchor not in anchors(page)] == []


def test_commands_of_the_runbook_exist() -> None:
    text = RUNBOOK.read_text()
    code = [*re.findall(r"`([^`\n]+)`", text), *"".join(re.findall(r"```sh\n(.*?)```", text, re.DOTALL)).splitlines()]
    commands = [words.split() for line in code for words in _COMMAND.findall(line)]

    assert len(commands) > 10
    assert [fault for words in commands if (fault := fault_of(words))] == []


@pytest.mark.parametrize("alert", re.findall(r"- alert: (\w+)", ALERTS.read_text()))
def test_each_alert_has_its_chapter(alert: str) -> None:
    described = ALERTS.read_text().partition(f"- alert: {alert}\n")[2].partition("- alert:")[0]

    assert f"runbook: docs/runbook.md#{alert.lower()}\n" in described
    assert re.search(r"labels: \{severity: (critical|warning)\}", described)
    assert re.search(r"summary: '.+'", described)
    assert alert.lower() in anchors(RUNBOOK)
