"""A request that comes by a command of a clerk, not by a door: decided, written and proven as any other."""

from functools import partial

from channels.service.ledger_session import ledger_session
from channels.settings.reserved import is_reserved
from channels.settings.rules import rules_of
from channels.settings.sections import Settings
from core.brands.directory import Directory
from core.conversation.requests import Request
from core.domain.calendar import Calendar
from core.domain.clock import system_clock
from core.domain.ids import Ids
from core.intake.batch import Batch, Outgoing, Tools, lock_citizens
from core.intake.reply_quota import ReplyQuota
from core.registry.brand_store import BrandReader
from core.store.transaction import Transaction
from sms.texts.render import render


async def hand_in(settings: Settings, request: Request) -> Outgoing:
    """Decide one request in a transaction of its own. Raises StoreError, OSError or ValueError."""
    async with ledger_session(settings) as own:
        rules = rules_of(settings, own.code_key)

        def work(transaction: Transaction) -> Outgoing:
            directory = Directory(BrandReader().read(transaction))
            tools = Tools(
                *(Ids(own.book.number), own.book, Calendar(settings.calendar.bridge_days), system_clock, render),
                *(partial(is_reserved, directory), directory.get, rules, ReplyQuota(rules)),
            )
            lock_citizens(transaction, [request])
            [out] = Batch(tools, transaction, [request], set_aside=False).run(())
            return out

        out = await own.database.transact(work)
        own.book.keep()
        await own.end()
        return out
