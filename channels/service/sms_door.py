"""The door that citizens text to."""

from typing import NamedTuple

from channels.service.container import Container
from channels.settings.sections import Operator as OperatorSection
from channels.settings.sections import Settings
from channels.settings.tls import tls_context
from core.brands.directory import Directory
from core.domain.clock import system_clock
from sms.smpp.decode import Decoder
from sms.smpp.expired_sets import ExpiredSets
from sms.smpp.operator import Operator
from sms.smpp.pdu import Bind
from sms.smpp.profile import Profile
from sms.smpp.services import Services


class SmsDoor(NamedTuple):
    """`operators` are bound once their `run` is."""

    operators: list[Operator]
    expired_sets: ExpiredSets


def open_sms(settings: Settings, container: Container, directory: Directory) -> SmsDoor:
    operators: list[Operator] = []
    decoders: dict[str, Decoder] = {}
    for section, outbox in zip(settings.sms.operators, container.outboxes.by_sms, strict=True):
        services = Services(
            container.desk, container.connections, outbox, container.deliveries, container.writer, system_clock
        )
        decoders[section.name] = decoder = Decoder(
            *(section.name, section.default_alphabet, directory, system_clock),
            id_tlv=section.id_tlv,
            time_tlv=section.time_tlv,
            charsets={int(coding): alphabet for coding, alphabet in section.charsets.items()},
        )
        operator = Operator(_profile(section, settings.line.number), decoder, services, operators)
        outbox.transport, outbox.served_by_others = operator, operator.served_by_others
        operators.append(operator)
    other, part_ms = Decoder("", "gsm7", directory, system_clock), round(settings.timing.part_s * 1000)
    return SmsDoor(operators, ExpiredSets(decoders, other, directory, container.desk, system_clock, part_ms))


def _profile(section: OperatorSection, line_number: str) -> Profile:
    bind = Bind(
        section.system_id,
        section.password.get_secret_value(),
        section.system_type,
        address_range=section.address_range,
        interface_version=section.interface_version,
        ton=section.bind_ton,
        npi=section.bind_npi,
    )
    shared = set(Profile._fields) - {"bind", "bind_as", "line_number", "tls", "submit_tlvs"}
    given = section.model_dump(include=shared)
    tlvs = {int(tag, 16): bytes.fromhex(octets) for tag, octets in section.submit_tlvs.items()}
    return Profile(
        bind=bind,
        bind_as=section.bind,
        line_number=line_number,
        tls=tls_context(section),
        submit_tlvs=tlvs,
        **given,
    )
