"""The alerts: each comes when it should and not before, by Prometheus' own evaluation of its expression."""

import json
import subprocess
from pathlib import Path
from typing import Final, NamedTuple

import pytest

ROOT: Final = Path(__file__).parents[2]
ALERTS: Final = ROOT / "deploy" / "prometheus" / "alerts.yaml"
PROMTOOL: Final = ROOT / "var" / "prometheus" / "promtool"
LATEST_S: Final = 60

Series = dict[str, str]
"""Samples, as promtool writes them: `1+2x3` is 1 3 5 7, `_` none."""


class Alert(NamedTuple):
    """Samples under which an alert comes by `at`, and some under which it does not; `apart` each other."""

    name: str
    fires: Series
    quiet: Series
    at: str = "20m"
    apart: str = "1m"


def buckets(name: str, labels: str, per_minute: dict[str, int]) -> Series:
    return {f'{name}_bucket{{{labels},le="{le}"}}': f"0+{count}x30" for le, count in per_minute.items()}


FAST: Final = {"0.5": 600, "1.0": 600, "2.5": 600, "+Inf": 600}
SLOW: Final = {"0.5": 300, "1.0": 300, "2.5": 500, "5.0": 600, "+Inf": 600}
TEXT: Final = "izinhatti_new_numbers_one_text"
BRAND: Final = 'izinhatti_refusals_total{brand="600100"}'
TIMER: Final = 'node_systemd_timer_last_trigger_seconds{name="izinhatti-retention.timer"}'
UNIT: Final = 'node_systemd_unit_state{name="izinhatti-movements.service",state="failed"}'
BIND_1: Final = 'izinhatti_bind{operator="a",bind="1"}'
BIND_2: Final = 'izinhatti_bind{operator="a",bind="2"}'
REVIEW: Final = "izinhatti_review_oldest_seconds"
STARTED: Final = 'process_start_time_seconds{job="izinhatti",process="sms"}'
DISK: Final = '{mountpoint="/var/lib"}'
ENDED: Final = 'izinhatti_ivr_ended_total{{how="{}"}}'
MAILS: Final = 'izinhatti_mails_total{{code="{}"}}'
THROTTLED, SUBMITS = 'izinhatti_bind_throttled_total{operator="a",bind="1"}', 'izinhatti_submits_total{operator="a"}'
WORK: Final = 'izinhatti_work_done_timestamp_seconds{work="each second"}'
SEAL: Final = "izinhatti_last_seal_timestamp_seconds"
CASES: Final = (
    Alert("LineDown", {'up{job="izinhatti",process="sms"}': "0x30"}, {'up{job="izinhatti",process="sms"}': "1x30"}),
    Alert("LineRestarting", {STARTED: "0+60x30"}, {STARTED: "0x9 600x20"}),
    Alert("DatabaseBlocked", {"izinhatti_blocked_seconds": "0x18 11x5"}, {"izinhatti_blocked_seconds": "10x30"}),
    Alert(
        "CommitsSlow",
        buckets("izinhatti_commit_seconds", 'process="sms"', SLOW),
        buckets("izinhatti_commit_seconds", 'process="sms"', FAST),
    ),
    Alert(
        "RequestsSlow",
        buckets("izinhatti_request_seconds", 'door="ivr"', SLOW),
        buckets("izinhatti_request_seconds", 'door="ivr"', FAST),
    ),
    Alert("RequestsTurnedAway", {"izinhatti_temporary_total": "0+1x30"}, {"izinhatti_temporary_total": "7x30"}),
    Alert("WorkStandsStill", {WORK: "0+60x16 960x9"}, {WORK: "0+60x17 1020x9"}),
    Alert("LedgerUnsealed", {SEAL: "0+60x16 960x9"}, {SEAL: "0+60x17 1020x1 1140x9"}),
    Alert(
        "OperatorDown",
        {BIND_1: "0x30", BIND_2: "0x30"},
        {BIND_1: "1x30", BIND_2: "0x30"},
    ),
    Alert("BindDown", {BIND_1: "1x30", BIND_2: "0x30"}, {BIND_1: "0x30", BIND_2: "0x30"}),
    Alert(
        "BindRefused",
        {'izinhatti_bind_refused_total{operator="a",bind="1"}': "0x15 1x10"},
        {'izinhatti_bind_refused_total{operator="a",bind="1"}': "3x30"},
    ),
    Alert("OperatorThrottles", {THROTTLED: "0+6x30", SUBMITS: "0+60x30"}, {THROTTLED: "0+2x30", SUBMITS: "0+60x30"}),
    Alert("SubmitsUnknown", {"izinhatti_submit_unknown_total": "0+2x30"}, {"izinhatti_submit_unknown_total": "30x30"}),
    Alert("MessagesGivenUp", {"izinhatti_outbox_dead_total": "0+2x30"}, {"izinhatti_outbox_dead_total": "30x30"}),
    Alert(
        "AnswersWaiting",
        {'izinhatti_oldest_waiting_seconds{kind="answer"}': "301x30"},
        {
            'izinhatti_oldest_waiting_seconds{kind="answer"}': "300x30",
            'izinhatti_oldest_waiting_seconds{kind="notice"}': "9999x30",
        },
    ),
    Alert("NoticesOverdue", {"izinhatti_notices_overdue": "1x30"}, {"izinhatti_notices_overdue": "0x30"}),
    Alert("MailsRefused", {MAILS.format(550): "0+2x30"}, {MAILS.format(250): "0+2x30", MAILS.format(450): "0+2x30"}),
    Alert(
        "SetAsideWaiting",
        {REVIEW: "14401x30"},
        {REVIEW: "14400x30"},
    ),
    Alert(
        "SetAsideTooLong",
        {REVIEW: "172801x30"},
        {REVIEW: "172800x30"},
    ),
    Alert(
        "VoiceBlind",
        {'izinhatti_ami{process="ivr"}': "0x30"},
        {'izinhatti_ami{process="ivr"}': "1x30", 'izinhatti_ami{process="sms"}': "0x30"},
    ),
    Alert(
        "CallsFailing",
        {ENDED.format("failed"): "0+1x30", ENDED.format("done"): "0+10x30"},
        {ENDED.format("failed"): "0+1x30", ENDED.format("done"): "0+30x30", ENDED.format("hung-up"): "0+30x30"},
    ),
    Alert("BrandRefusedUnusually", {BRAND: "0+30x340 10500+300x4"}, {BRAND: "0+300x344"}, at="172h", apart="30m"),
    Alert("OneTextManyNumbers", {TEXT: "301x30"}, {TEXT: "300x30"}),
    Alert("NightlyWorkFailed", {UNIT: "1x30"}, {UNIT: "0x30"}),
    Alert("NightlyWorkNotRun", {TIMER: "0x100"}, {TIMER: "3600x100"}, at="49h", apart="1h"),
    Alert("PostgresqlDown", {"pg_up": "0x30"}, {"pg_up": "1x30"}),
    Alert(
        "DiskFilling",
        {f"node_filesystem_avail_bytes{DISK}": "14x30", f"node_filesystem_size_bytes{DISK}": "100x30"},
        {f"node_filesystem_avail_bytes{DISK}": "15x30", f"node_filesystem_size_bytes{DISK}": "100x30"},
    ),
)


def promtool(*arguments: str) -> None:
    result = subprocess.run([PROMTOOL, *arguments], capture_output=True, text=True, timeout=LATEST_S, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


def comes(folder: Path, alert: Alert, series: Series, *, firing: bool) -> None:
    """Raises AssertionError where Prometheus sees it otherwise."""
    expression = f'count(ALERTS{{alertname="{alert.name}",alertstate="firing"}}) > 0'
    samples = [{"labels": "{}", "value": 1}] if firing else []
    test = {
        "interval": alert.apart,
        "input_series": [{"series": name, "values": values} for name, values in series.items()],
        "promql_expr_test": [{"expr": expression, "eval_time": alert.at, "exp_samples": samples}],
    }
    path = folder / "alert.yaml"
    path.write_text(json.dumps({"rule_files": [str(ALERTS)], "evaluation_interval": alert.apart, "tests": [test]}))
    promtool("test", "rules", str(path))


def test_prometheus_takes_the_files() -> None:
    promtool("check", "config", str(ALERTS.with_name("prometheus.yaml")))


@pytest.mark.parametrize("alert", [pytest.param(case, id=case.name) for case in CASES])
def test_an_alert_comes_when_it_should_and_not_before(tmp_path: Path, alert: Alert) -> None:
    comes(tmp_path, alert, alert.fires, firing=True)
    comes(tmp_path, alert, alert.quiet, firing=False)


def test_every_alert_is_tried() -> None:
    names = [line.split()[-1] for line in ALERTS.read_text().splitlines() if "- alert:" in line]

    assert sorted(names) == sorted(case.name for case in CASES)
