"""The yardstick: Kannel's keyword service (Debian package `kannel`) answers the same messages from the same SMSC.

Its file store is on and its `max-pending-submits` is our window. What it does not do: understand, look anything up, and
fsync.
"""

import asyncio
import shutil
import socket
import subprocess
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from sms.gsm.alphabet import fold_ascii
from tests.bench.sms_loop import ANSWER, WINDOW, finished, start_smsc

NEEDS: Final = "Kannel is not here: sudo apt-get install --no-install-recommends -y kannel"
_PATIENCE_S: Final = 20.0
_BEARERBOX = shutil.which("bearerbox", path="/usr/sbin:/usr/bin")
_SMSBOX = shutil.which("smsbox", path="/usr/sbin:/usr/bin")
_CONFIG = """
group = core
admin-port = {admin}
admin-password = bench
smsbox-port = {boxes}
box-allow-ip = 127.0.0.1
log-file = "{folder}/bearerbox.log"
log-level = 3
store-type = file
store-location = "{folder}/store"

group = smsc
smsc = smpp
smsc-id = bench
host = 127.0.0.1
port = {smsc}
transceiver-mode = true
smsc-username = "bench"
smsc-password = "bench"
system-type = ""
interface-version = 34
max-pending-submits = {window}
reconnect-delay = 1

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = {sending}
global-sender = 3338
log-file = "{folder}/smsbox.log"
log-level = 3

group = sms-service
keyword = ret
catch-all = true
max-messages = 1
text = "{answer}"
"""


def is_here() -> bool:
    return _BEARERBOX is not None and _SMSBOX is not None


def keyword_service(folder: Path, count: int) -> float:
    """Messages a second: deliver_sm → file store → deliver_sm_resp → submit_sm → submit_sm_resp."""
    assert _BEARERBOX is not None
    assert _SMSBOX is not None
    folder.mkdir(parents=True)
    admin, boxes, sending, port = _free_ports(4)
    config = folder / "kannel.conf"
    config.write_text(
        _CONFIG.format(
            folder=folder,
            admin=admin,
            boxes=boxes,
            sending=sending,
            smsc=port,
            window=WINDOW,
            answer=fold_ascii(ANSWER),
        )
    )
    with ExitStack() as closing:
        for box, listening in ((_BEARERBOX, boxes), (_SMSBOX, sending)):
            process = subprocess.Popen([box, str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            closing.callback(process.wait)
            closing.callback(process.kill)
            _wait_for(box, listening)
        # Only now: Kannel asks for it each second, and both of its boxes are up when it finds it.
        smsc, _ = start_smsc(count, port)
        closing.callback(smsc.wait)
        closing.callback(smsc.kill)
        seconds = asyncio.run(finished(smsc))
    return count / seconds


def _free_ports(count: int) -> list[int]:
    with ExitStack() as closing:
        sockets = [closing.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def _wait_for(box: str, port: int) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise RuntimeError(f"{box} does not listen")
