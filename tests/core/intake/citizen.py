"""A citizen at a counter: says wishes, hears answers."""

import asyncio
from collections.abc import Sequence
from typing import Any

from core.conversation.answers import Answer, Committed, Texts, Unspoken
from core.conversation.requests import Language, RequestIntent
from core.domain.recipients import Msisdn
from core.domain.rules import Rules
from core.intake.reply_quota import ReplyQuota
from tests.container import NUMBER, PATIENCE_S, Container
from tests.core.conversation.decisions.scenes import DIRECTORY


def told(answer: Answer, language: Language) -> str:
    """An answer's text in these tests: the language and the kind of answer."""
    return f"{language} {type(answer).__name__}"


def furnish(container: Container, rules: Rules, texts: Texts = told) -> Container:
    """Give a counter other rules and the brands of the scenes."""
    tools = container.desk._tools
    container.desk._tools = tools._replace(
        rules=rules, reply_quota=ReplyQuota(rules), find_brand=DIRECTORY.get, texts=texts
    )
    return container


class Citizen:
    def __init__(self, container: Container, number: Msisdn = NUMBER) -> None:
        self.container = container
        self.number = number
        self._count = 0

    async def say(self, intent: RequestIntent, text: str | None = "", **fields: Any) -> Answer | Unspoken:
        [answer] = await self.say_all([intent], text, **fields)
        return answer

    async def say_all(
        self, intents: Sequence[RequestIntent], text: str | None = "", **fields: Any
    ) -> list[Answer | Unspoken]:
        """Messages that arrive together, in this order."""
        requests = []
        for intent in intents:
            self._count += 1
            key = f"{id(self)} {self._count}".encode()
            requests.append(self.container.request(intent, self.number, key=key, text=text, **fields))
        async with asyncio.timeout(PATIENCE_S):
            outcomes = await asyncio.gather(*map(self.container.desk.handle, requests))
        assert all(isinstance(outcome, Committed) for outcome in outcomes)
        return [outcome.answer for outcome in outcomes if isinstance(outcome, Committed)]
