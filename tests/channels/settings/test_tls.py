"""TLS to an operator, from the files of the settings to the bind, with certificates made here."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import pytest
from pydantic import SecretStr

from channels.settings.sections import Operator as Section
from channels.settings.tls import BadTls, tls_context
from core.brands.directory import Directory
from sms.smpp.binding import BackOff
from sms.smpp.decode import Decoder
from sms.smpp.operator import Operator
from sms.smpp.pdu import Bind
from sms.smpp.profile import Profile
from sms.smpp.services import Services
from sms.smpp.simulator import Simulator
from tests.authority import DAY, Authority, serving
from tests.container import MIGROS, Container, until

HASTE: Final = BackOff(first=0.01, most=0.02, refused=0.03)


def section(**fields: object) -> Section:
    given = {"name": "operator-a", "host": "127.0.0.1", "system_id": "izinhatti", "password": SecretStr("secret")}
    return Section.model_validate({**given, "tls": True, **fields})


@asynccontextmanager
async def bound(container: Container, section: Section, server: ssl.SSLContext | None) -> AsyncIterator[Operator]:
    """An operator of these settings, before an SMSC that speaks TLS like this."""
    smsc = Simulator()
    port = await smsc.start("127.0.0.1", tls=server)
    bind = Bind("izinhatti", "secret")
    profile = Profile("operator-a", section.host, port, bind, "3338", tls=tls_context(section), response_timeout_s=5)
    services = Services(
        container.desk, container.connections, container.outbox, container.deliveries, container.writer, container.clock
    )
    operator = Operator(profile, Decoder("a", "gsm7", Directory([MIGROS]), container.clock), services, back_off=HASTE)
    running = asyncio.create_task(operator.run())
    try:
        yield operator
    finally:
        await operator.stop()
        await running
        await smsc.stop()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_a_host_with_its_certificate_is_bound_and_spoken_to(
    container: Container, tmp_path: Path, host: str
) -> None:
    ca = Authority.made(tmp_path, "ca")
    certificate = ca.issue(tmp_path, "smsc", "127.0.0.1", "localhost")

    async with bound(container, section(host=host, tls_ca=str(ca.file)), serving(certificate)) as operator:
        await until(lambda: operator.sends)

    assert [bind.trouble for bind in operator.binds] == ["unbound"]


@pytest.mark.parametrize(
    ("hosts", "authority", "age_days", "trouble"),
    [
        pytest.param(["smsc.example"], "ca", 1, "IP address mismatch", id="another host's certificate"),
        pytest.param(["127.0.0.1"], "other", 1, "unable to get local issuer certificate", id="another authority's"),
        pytest.param(["127.0.0.1"], "ca", 3, "certificate has expired", id="a certificate that has ended"),
    ],
)
async def test_a_host_without_a_good_certificate_is_never_told_the_password(
    container: Container, tmp_path: Path, hosts: list[str], authority: str, age_days: int, trouble: str
) -> None:
    authorities = {name: Authority.made(tmp_path, name) for name in ("ca", "other")}
    certificate = authorities[authority].issue(tmp_path, "smsc", *hosts, age=age_days * DAY)

    async with bound(container, section(tls_ca=str(authorities["ca"].file)), serving(certificate)) as operator:
        await until(lambda: "not bound yet" not in operator.troubles[0])

        assert operator.troubles[0].startswith("sms operator-a: cannot connect: certificate: ")
        assert trouble in operator.troubles[0]


async def test_without_a_ca_of_its_own_the_systems_authorities_count(container: Container, tmp_path: Path) -> None:
    certificate = Authority.made(tmp_path, "ca").issue(tmp_path, "smsc", "127.0.0.1")

    async with bound(container, section(), serving(certificate)) as operator:
        await until(lambda: "not bound yet" not in operator.troubles[0])

        assert "cannot connect: certificate: " in operator.troubles[0]


async def test_a_host_that_speaks_no_tls_is_named(container: Container, tmp_path: Path) -> None:
    ca = Authority.made(tmp_path, "ca")

    async with bound(container, section(tls_ca=str(ca.file)), None) as operator:
        await until(lambda: "not bound yet" not in operator.troubles[0])

        assert operator.troubles[0].startswith("sms operator-a: cannot connect: ")


@pytest.mark.parametrize("shown", [True, False], ids=["shown", "not shown"])
async def test_a_certificate_of_ours_is_shown_to_who_asks_for_it(
    container: Container, tmp_path: Path, shown: bool
) -> None:
    ca = Authority.made(tmp_path, "ca")
    certificate, ours = ca.issue(tmp_path, "smsc", "127.0.0.1"), ca.issue(tmp_path, "izinhatti")
    files = {"tls_ca": str(ca.file)} | ({"tls_cert": str(ours), "tls_key": str(ours)} if shown else {})

    async with bound(container, section(**files), serving(certificate, clients=ca.file)) as operator:
        await until(lambda: operator.sends or "not bound yet" not in operator.troubles[0])

        assert operator.sends is shown


def test_a_key_that_wants_a_passphrase_is_refused_and_asks_nobody(tmp_path: Path) -> None:
    ours = Authority.made(tmp_path, "ca").issue(tmp_path, "izinhatti", passphrase=b"gizli")

    with pytest.raises(BadTls, match="no certificate and unencrypted key in") as raised:
        tls_context(section(tls_cert=str(ours)))

    assert raised.value.setting == "tls_cert"


def test_without_tls_there_is_no_context() -> None:
    assert tls_context(section(tls=False)) is None
