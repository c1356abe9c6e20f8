"""What the domain says must become of one citizen's registry and questions, kept simple and apart from the program."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple

from core.brands.brand import Brand
from core.conversation.answers import (
    Answer,
    BrandMeant,
    ComplaintQuestion,
    LineClosed,
    ListPage,
    OnayDone,
    OnayQuestion,
    OneOnRecord,
    RetAllDone,
    RetAllQuestion,
    RetAnswer,
    RetSeveral,
    Unclear,
    Unspoken,
    WhichBrand,
)
from core.domain.clock import Instant, day_of

ARAMA, MESAJ = "ARAMA", "MESAJ"
TYPES: Final = (ARAMA, MESAJ)

QUESTION_MS: Final = 86_400_000
CODE_MS: Final = 600_000
CONFUSION_MS: Final = 120_000
REMEMBERED_MS: Final = 86_400_000
QUESTIONS_MAX: Final = 8
TRIES_MAX: Final = 3
CODES_A_DAY: Final = 5
PAGE: Final = 5

Pair = tuple[str, str]
"""A brand code and a type."""

Act = Literal["ret", "alone", "yes", "no", "all", "whole", "more", "numbers", "code", "onay", "nothing"]
"""`whole` is HEPSİ alone, `more` DEVAM; `nothing` changes nothing by itself, whatever is asked or shown."""


class Meaning(NamedTuple):
    """What a text says: `brands` are the codes that each of its names may mean. `is_long`: to an open report it is the
    message that was asked for, whatever else it says."""

    act: Act
    brands: tuple[tuple[str, ...], ...] = ()
    types: tuple[str, ...] = ()
    numbers: tuple[int, ...] = ()
    code: str = ""
    is_long: bool = False


class Row(NamedTuple):
    """A record: whether it is a permission, its date, and whether the citizen made it."""

    allows: bool
    at: int
    is_own: bool


RowKey = tuple[str, str, str]
"""A brand code, a type, a recipient type."""


@dataclass(eq=False)
class Question:
    kind: Literal["list", "which", "one", "all", "code", "report"]
    asked_at: int
    ends_at: int
    options: dict[int, tuple[str, tuple[str, ...]]] = field(default_factory=dict)
    types: tuple[str, ...] = ()
    verb: str = "ret"
    code: str = ""
    tries: int = 0
    shown: int = 0
    is_closed: bool = False
    is_used: bool = False

    @property
    def is_numbered(self) -> bool:
        return self.kind in ("list", "which")

    @property
    def brand(self) -> str:
        return self.options[1][0]


class Done(NamedTuple):
    """What an act did to one type of a brand."""

    ended: bool
    newer: bool
    had_record: bool


@dataclass
class Model:
    """`registry` and `objections` are what the store must hold after each step."""

    closed_brands: frozenset[str]
    registry: dict[RowKey, Row] = field(default_factory=dict)
    objections: dict[Pair, int] = field(default_factory=dict)
    questions: list[Question] = field(default_factory=list)
    codes_sent: list[int] = field(default_factory=list)
    picked: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    """Which brand the text at hand wants to allow, and which types."""

    def allowed(self, code: str) -> list[str]:
        return [kind for kind in TYPES if any(row.allows for row in self._of(code, kind).values())]

    def hear(self, meaning: Meaning, answer: Answer | Unspoken, at: int, now: int, is_said: bool) -> None:
        """One message that arrived at `at` and was decided at `now`: change what it must change, and compare the
        answer with that. `is_said`: the answer went out."""
        opened, self.picked = self._open(now), []
        acted: dict[Pair, Done] | None = None
        permitted: list[Pair] = []
        if meaning.is_long and any(q.kind == "report" for q in opened):
            meaning = Meaning("nothing")
        match meaning.act:
            case "ret":
                acted = self._refuse(self._named(meaning), at)
            case "alone":
                [brands] = meaning.brands
                if len(clear := self._clear(brands)) == 1 and MESAJ in self.allowed(clear[0]):
                    acted = self._refuse([(clear[0], MESAJ)], at)
            case "yes":
                acted = self._yes(opened, at)
            case "no":
                for question in opened:
                    question.is_closed = question.is_closed or not question.is_numbered
            case "all" | "whole":
                acted = self._all(meaning, opened, at)
            case "numbers":
                acted = self._choose(opened, meaning.numbers, at)
            case "code":
                permitted = self._code(meaning.code, opened, now)
                self._allow(permitted, at)
            case "more":
                assert isinstance(answer, ListPage) is any(q.kind == "list" for q in opened)
            case "onay":
                self.picked = [
                    (brands[0], meaning.types) for brands in map(self._clear, meaning.brands) if not brands[1:]
                ]
            case "nothing":
                pass
        self._check_claims(answer, acted or {}, permitted)
        self._put(meaning, answer, now, is_said)

    def close_line(self, answer: Answer | Unspoken, at: int) -> None:
        ended = sum(row.allows for row in self.registry.values())
        assert isinstance(answer, LineClosed)
        assert (answer.ended, answer.cleared) == (ended, len(self.objections))
        for key, row in self.registry.items():
            if row.allows:
                self.registry[key] = Row(False, max(_second(at), _second(row.at)), True)
        self.objections.clear()
        self.questions.clear()
        self.codes_sent.clear()

    def _of(self, code: str, kind: str) -> dict[RowKey, Row]:
        return {key: row for key, row in self.registry.items() if key[:2] == (code, kind)}

    def _open(self, now: int) -> list[Question]:
        return [q for q in self.questions if not q.is_closed and now < q.ends_at]

    def _known(self, code: str) -> bool:
        return any(key[0] == code for key in (*self.registry, *self.objections))

    def _clear(self, brands: Sequence[str]) -> list[str]:
        """The brands that a name may mean for this citizen: the citizen's own are tried first."""
        for own in ([b for b in brands if self.allowed(b)], [b for b in brands if self._known(b)]):
            if len(own) == 1:
                return own
        return list(brands)

    def _named(self, meaning: Meaning) -> list[Pair]:
        meant = [self._clear(brands) for brands in meaning.brands]
        return [(brands[0], kind) for brands in meant if len(brands) == 1 for kind in meaning.types]

    def _refuse(self, pairs: Iterable[Pair], at: int) -> dict[Pair, Done]:
        done = {}
        for code, kind in dict.fromkeys(pairs):
            rows = self._of(code, kind)
            allowed = {key for key, row in rows.items() if row.allows}
            newer = {key for key in allowed if _second(rows[key].at) > _second(at) and not rows[key].is_own}
            ended = allowed - newer
            for key in ended:
                self.registry[key] = Row(False, max(_second(at), _second(rows[key].at)), True)
            if not rows:
                self.objections[code, kind] = max(_second(at), self.objections.get((code, kind), _second(at)))
            done[code, kind] = Done(bool(ended), bool(newer), bool(rows))
            for question in self.questions:
                if question.kind == "code" and question.brand == code:
                    question.is_closed = True
        return done

    def _refuse_all(self, types: Iterable[str], at: int) -> dict[Pair, Done]:
        wanted = set(types)
        codes = dict.fromkeys(code for code, _, _ in self.registry)
        done = self._refuse([(code, kind) for code in codes for kind in self.allowed(code) if kind in wanted], at)
        for question in self.questions:
            question.is_closed = question.is_closed or question.kind == "code"
        return done

    def _yes(self, opened: list[Question], at: int) -> dict[Pair, Done] | None:
        if not opened or opened[-1].kind in ("list", "which", "code"):
            return None
        question = opened[-1]
        question.is_closed = True
        if question.kind == "one":
            return self._refuse([(code, kind) for code, types in question.options.values() for kind in types], at)
        return self._refuse_all(question.types, at) if question.kind == "all" else None

    def _all(self, meaning: Meaning, opened: list[Question], at: int) -> dict[Pair, Done] | None:
        newest = [q for q in opened if q.is_numbered or q.kind == "all"]
        if meaning.act == "whole" and newest and newest[-1].is_numbered:
            return self._take(newest[-1], tuple(newest[-1].options), at)
        asked = [q for q in opened if q.kind == "all"]
        if asked and (meaning.act == "whole" or asked[-1].types == meaning.types):
            asked[-1].is_closed = True
            return self._refuse_all(asked[-1].types, at)
        return None

    def _choose(self, opened: list[Question], numbers: tuple[int, ...], at: int) -> dict[Pair, Done] | None:
        lists = [q for q in opened if q.is_numbered]
        if not lists:
            return None
        newest = lists.pop()
        near = [q for q in lists if not q.is_used and newest.asked_at - q.asked_at <= CONFUSION_MS]
        for other in near if not newest.is_used else ():
            both = [n for n in numbers if n in other.options and n in newest.options]
            if any(other.options[n][0] != newest.options[n][0] for n in both):
                return None
        return self._take(newest, numbers, at)

    def _take(self, question: Question, numbers: tuple[int, ...], at: int) -> dict[Pair, Done] | None:
        chosen = [question.options[n] for n in dict.fromkeys(numbers) if n in question.options]
        if not chosen or (question.verb == "onay" and len(chosen) > 1):
            return None
        question.is_used = True
        question.is_closed = question.kind == "which"
        if question.verb != "ret":
            self.picked = chosen if question.verb == "onay" else []
            return None
        return self._refuse([(code, kind) for code, types in chosen for kind in types], at)

    def _code(self, code: str, opened: list[Question], now: int) -> list[Pair]:
        """What the right code allows, in its time."""
        sent = [q for q in self.questions if q.kind == "code" and now - q.asked_at < REMEMBERED_MS]
        if not sent or sent[-1] not in opened:
            return []
        question = sent[-1]
        if question.code != code:
            question.tries += 1
            question.is_closed = question.tries == TRIES_MAX
            return []
        question.is_closed = True
        return [(question.brand, kind) for kind in question.options[1][1]]

    def _allow(self, pairs: Iterable[Pair], at: int) -> None:
        for code, kind in pairs:
            objected_at = self.objections.pop((code, kind), 0)
            rows = self._of(code, kind) or {(code, kind, "BIREYSEL"): Row(False, objected_at, True)}
            for key, row in rows.items():
                if not row.allows:
                    self.registry[key] = Row(True, max(_second(at), _second(row.at)), True)

    def _put(self, meaning: Meaning, answer: Answer | Unspoken, now: int, is_said: bool) -> None:
        """The question that an answer asks, once it is said. RET HEPSİ and a report are asked in any case."""
        ends_at = now + QUESTION_MS
        match answer:
            case RetAllQuestion(brands, types):
                codes = {code for code, _, _ in self.registry}
                assert brands == sum(any(str(kind) in self.allowed(code) for kind in types) for code in codes)
                self._ask(Question("all", now, ends_at, types=tuple(map(str, types))))
            case ComplaintQuestion():
                self._ask(Question("report", now, ends_at))
            case OnayQuestion(brand, types, code):
                assert is_said, "a code is never silent"
                assert brand.code not in self.closed_brands
                self.codes_sent.append(now)
                today = [sent for sent in self.codes_sent if day_of(Instant(sent)) == day_of(Instant(now))]
                assert len(today) <= CODES_A_DAY
                options = {1: (brand.code, tuple(map(str, types)))}
                assert self.picked == [options[1]]
                self._ask(Question("code", now, now + CODE_MS, options, code=code))
            case OneOnRecord(brand, types) | BrandMeant(brand, types):
                assert set(types) <= set(self.allowed(brand.code))
                if is_said:
                    self._ask(Question("one", now, ends_at, {1: (brand.code, tuple(map(str, types)))}))
            case WhichBrand(verb, unclear):
                if is_said:
                    self._ask_which(verb, unclear, meaning.types, now)
            case RetSeveral(unclear=Unclear() as unclear):
                if is_said:
                    self._ask_which("ret", unclear, meaning.types, now)
            case ListPage():
                self._page(answer, now, is_said, is_first=meaning.act != "more")
            case _:
                pass

    def _ask_which(self, verb: str, unclear: Unclear, types: tuple[str, ...], now: int) -> None:
        options = {number: (brand.code, types or (MESAJ,)) for number, brand in unclear.options}
        self._ask(Question("which", now, now + QUESTION_MS, options, verb=verb))

    def _page(self, page: ListPage, now: int, is_said: bool, is_first: bool) -> None:
        if is_first:
            question = Question("list", now, now + QUESTION_MS, self._list())
        else:
            question = [q for q in self._open(now) if q.kind == "list"][-1]
        start = page.lines[0][0] - 1
        options = list(question.options.items())[start : start + PAGE]
        assert [(n, code, types == (ARAMA,)) for n, (code, types) in options] == [
            (n, brand.code, is_calls) for n, brand, is_calls in page.lines
        ]
        assert page.total == len(question.options)
        if not is_said:
            return
        if question in self.questions:
            self.questions.remove(question)
            question.asked_at = now
            self.questions.append(question)
        else:
            self._ask(question)

    def _list(self) -> dict[int, tuple[str, tuple[str, ...]]]:
        found = []
        for code in dict.fromkeys(code for code, _, _ in self.registry):
            if types := self.allowed(code):
                newest = max(row.at for key, row in self.registry.items() if key[0] == code and row.allows)
                found.append((-newest, code, (MESAJ,) if MESAJ in types else (ARAMA,)))
        return {n: (code, types) for n, (_, code, types) in enumerate(sorted(found), 1)}

    def _ask(self, question: Question) -> None:
        if not question.is_numbered:
            for old in self.questions:
                if old.kind in ("one", "all") or (old.kind == question.kind == "code"):
                    old.is_closed = True
        kept = [q for q in self.questions if question.asked_at - q.ends_at < REMEMBERED_MS]
        kept.append(question)
        if len(kept) > QUESTIONS_MAX:
            newest = {q.kind: q for q in kept}
            kept.remove(next(q for q in kept if q is not newest[q.kind]))
        self.questions = kept

    def _check_claims(self, answer: Answer | Unspoken, acted: dict[Pair, Done], permitted: list[Pair]) -> None:
        """An answer claims what changed, and nothing else."""
        match answer:
            case RetAnswer():
                outcomes: tuple[RetAnswer, ...] = (answer,)
            case RetSeveral():
                outcomes = answer.outcomes
            case RetAllDone(brands, _, _, _, newer):
                ended = {code for (code, _), done in acted.items() if done.ended}
                assert (brands, newer) == (len(ended), len({code for code, _ in acted} - ended))
                return
            case OnayDone(brand, types):
                assert [(brand.code, str(kind)) for kind in types] == permitted
                return
            case _:
                outcomes = ()
        assert not permitted, "a code that is right is answered with what it allowed"
        assert {_pairs(one.brand, (*one.ended, *one.newer, *one.already, *one.kept)) for one in outcomes} == {
            frozenset(pair for pair in acted if pair[0] == code) for code in {code for code, _ in acted}
        }
        for one in outcomes:
            mine = {kind: done for (code, kind), done in acted.items() if code == one.brand.code}
            assert list(one.ended) == [kind for kind in TYPES if kind in mine and mine[kind].ended]
            assert list(one.newer) == [kind for kind in TYPES if kind in mine and mine[kind].newer]
            assert list(one.kept) == [kind for kind in TYPES if kind in mine and not mine[kind].had_record]
            assert list(one.allowed) == [kind for kind in self.allowed(one.brand.code) if kind not in mine]


def _pairs(brand: Brand, types: Iterable[str]) -> frozenset[Pair]:
    return frozenset((brand.code, str(kind)) for kind in types)


def _second(moment: int) -> int:
    return moment - moment % 1000
