"""A citizen at a counter: says wishes, hears answers."""

import asyncio
from collections.abc import Sequence
from typing import Any

from core.conversation.answers import Answer, Committed, Texts, Unspoken
from core.conversation.requests import Language, Said
from core.domain.recipients import Msisdn
from core.domain.rules import Rules
from core.intake.reply_quota import Guard
from tests.core.conversation.decisions.scenes import DIRECTORY
from tests.counter import NUMBER, PATIENCE_S, Counter


def told(answer: Answer, language: Language) -> str:
    """An answer's text in these tests: the language and the kind of answer."""
    return f"{language} {type(answer).__name__}"


def furnish(counter: Counter, rules: Rules, texts: Texts = told) -> Counter:
    """Give a counter other rules and the brands of the scenes."""
    tools = counter.desk._tools
    counter.desk._tools = tools._replace(rules=rules, guard=Guard(rules), find_brand=DIRECTORY.get, texts=texts)
    return counter


class Citizen:
    def __init__(self, counter: Counter, number: Msisdn = NUMBER) -> None:
        self.counter = counter
        self.number = number
        self._count = 0

    async def say(self, said: Said, text: str | None = "", **fields: Any) -> Answer | Unspoken:
        [answer] = await self.say_all([said], text, **fields)
        return answer

    async def say_all(self, wishes: Sequence[Said], text: str | None = "", **fields: Any) -> list[Answer | Unspoken]:
        """Messages that arrive together, in this order."""
        requests = []
        for said in wishes:
            self._count += 1
            key = f"{id(self)} {self._count}".encode()
            requests.append(self.counter.request(said, self.number, key=key, text=text, **fields))
        async with asyncio.timeout(PATIENCE_S):
            outcomes = await asyncio.gather(*map(self.counter.desk.handle, requests))
        assert all(isinstance(outcome, Committed) for outcome in outcomes)
        return [outcome.answer for outcome in outcomes if isinstance(outcome, Committed)]
