"""How the demo starts: its settings, its port, and what it says when it does not become ready."""

import asyncio
import socket
from pathlib import Path

import pytest

from channels.demo import run as demo
from channels.service.service import Service
from channels.settings.sections import Settings
from channels.settings.setting_types import SQLITE
from channels.settings.settings import faults
from sms.smpp.simulator import Simulator


def test_settings_keep_everything_in_the_folder_and_can_work(tmp_path: Path) -> None:
    settings = demo.demo_settings(tmp_path, 2775, Simulator(), 8338)

    assert settings.database.url == f"{SQLITE}{tmp_path}/izinhatti.db"
    assert settings.ledger.anchor_file.parent == settings.ledger.signing_key.parent == tmp_path
    assert settings.admin.listen.port == 0
    assert faults(settings) == []


async def test_what_is_missing_is_named_when_the_wait_is_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "READY_TIMEOUT_S", 0.01)
    service = Service(demo.demo_settings(tmp_path, 2775, Simulator(), 8338), {"sms"})

    with pytest.raises(OSError, match=r"not ready in 0\.01 s: not started yet"):
        await demo._until_ready(service, asyncio.Event())


async def test_a_port_in_use_is_found_before_anything_is_changed(tmp_path: Path) -> None:
    async def seed(_settings: Settings) -> None:
        pytest.fail("the database was touched")

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(OSError, match=r"DEMO_PORT: cannot listen on 127\.0\.0\.1") as raised:
            await demo.run(tmp_path, port, seed, pytest.fail)

    assert raised.value.strerror
    assert list(tmp_path.iterdir()) == []  # noqa: ASYNC240
