"""The services of the core that an operator's binds work with."""

from typing import NamedTuple

from core.domain.clock import Clock
from core.intake.desk import Desk
from core.intake.writer import Writer
from core.outbox.connections import Connections
from core.outbox.deliveries import Deliveries
from core.outbox.outbox import Outbox


class Services(NamedTuple):
    """`outbox` is this operator's own."""

    desk: Desk
    connections: Connections
    outbox: Outbox
    deliveries: Deliveries
    writer: Writer
    clock: Clock
