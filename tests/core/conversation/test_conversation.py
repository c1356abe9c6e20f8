"""What the line remembers of one conversation: the store's form of it, the questions it keeps, their bound."""

from hypothesis import given
from hypothesis import strategies as st

from core.conversation.conversation import (
    KEPT_MS,
    NEW,
    QUESTIONS_MAX,
    Conversation,
    Kind,
    Last,
    Option,
    Question,
    dump,
    load,
)
from core.conversation.requests import Language
from core.domain.clock import Instant
from core.domain.consent import ConsentType

MESAJ = ConsentType.MESAJ
LIFE_MS = 1000

instants = st.integers(-(2**53), 2**53).map(Instant)
moments = st.lists(instants, max_size=4).map(tuple)
types = st.lists(st.sampled_from(ConsentType), unique=True).map(tuple)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
kinds = st.sampled_from(("list", "which", "one", "all", "code", "report"))
options = st.builds(Option, st.integers(0, 10_000), texts, types)
questions = st.builds(
    Question,
    kinds,
    instants,
    instants,
    st.lists(options, max_size=3).map(tuple),
    st.sampled_from(("ret", "onay", "durum")),
    types,
    st.integers(0, 10_000),
    texts,
    texts,
    st.integers(0, 3),
    st.booleans(),
    st.booleans(),
)
conversations = st.builds(
    Conversation,
    st.sampled_from(Language),
    st.none() | instants,
    st.lists(questions, max_size=QUESTIONS_MAX).map(tuple),
    moments,
    moments,
    moments,
    st.none() | instants,
    texts,
    st.none() | instants,
    st.none() | st.builds(Last, st.lists(texts, max_size=3).map(tuple), st.integers(1, 2**62), instants),
)


def question(kind: Kind, at: int = 0, brand: str = "600100", life: int = LIFE_MS) -> Question:
    return Question(kind, Instant(at), Instant(at + life), (Option(1, brand, (MESAJ,)),))


@given(conversations)
def test_a_talk_comes_back_from_the_store_as_it_was(conversation: Conversation) -> None:
    back = load(dump(conversation))

    assert back == conversation
    assert type(back.language) is Language
    assert all(type(kind) is ConsentType for q in back.questions for kind in q.types)
    assert all(type(kind) is ConsentType for q in back.questions for o in q.options for kind in o.types)


def test_a_new_talk_comes_back_from_the_store() -> None:
    assert load(dump(NEW)) == NEW


def test_a_talk_of_before_the_last_message_was_remembered_is_read() -> None:
    assert load('["tr",null,[],[],[],[],null,"",null]') == NEW


@given(st.lists(st.builds(question, kinds, st.integers(0, 50)), max_size=40))
def test_the_questions_are_bounded_and_the_newest_of_each_kind_is_kept(asked: list[Question]) -> None:
    conversation = NEW
    for one in sorted(asked, key=lambda q: q.asked_at):
        conversation = conversation.ask(one)
        newest = conversation.newest(lambda q, kind=one.kind: q.kind == kind)  # type: ignore[misc]
        assert newest == one
        assert conversation.questions[-1] == one
    assert len(conversation.questions) <= QUESTIONS_MAX
    assert {q.kind for q in conversation.questions} == {q.kind for q in asked}
    assert [q.asked_at for q in conversation.questions] == sorted(q.asked_at for q in conversation.questions)


@given(st.lists(st.builds(question, kinds, st.integers(0, 50)), max_size=20))
def test_of_what_evet_answers_and_of_codes_one_is_open(asked: list[Question]) -> None:
    conversation = NEW
    for one in sorted(asked, key=lambda q: q.asked_at):
        conversation = conversation.ask(one)

    opened = [q.kind for q in conversation.questions if q.is_open(Instant(0))]
    assert sum(kind in ("one", "all") for kind in opened) <= 1
    assert opened.count("code") <= 1


def test_a_question_is_open_until_its_end() -> None:
    one = question("all")

    assert [one.is_open(Instant(now)) for now in (0, LIFE_MS - 1, LIFE_MS)] == [True, True, False]
    assert not one._replace(closed=True).is_open(Instant(0))


def test_a_question_is_remembered_a_day_after_its_end() -> None:
    conversation = NEW.ask(question("list"))

    def kept(now: int) -> int:
        return len(conversation.ask(question("all", now)).questions)

    assert [kept(LIFE_MS + KEPT_MS - 1), kept(LIFE_MS + KEPT_MS)] == [2, 1]


def test_a_page_takes_the_place_of_the_list_at_the_end() -> None:
    asked, other = question("list"), question("which", 5)
    page = asked._replace(asked_at=Instant(9), shown=5)

    assert NEW.ask(asked).ask(other).show(asked, page).questions == (other, page)


def test_only_the_codes_of_refused_brands_are_void() -> None:
    conversation = NEW.ask(question("code", brand="600100"))

    assert conversation.void_codes(["600102"]) == conversation
    for refused in (["600102", "600100"], None):
        assert [q.closed for q in conversation.void_codes(refused).questions] == [True]


def test_equal_questions_are_told_apart_when_one_is_closed() -> None:
    first, second = question("list"), question("list")
    conversation = Conversation(questions=(first, second))

    assert [q.closed for q in conversation.close(second).questions] == [False, True]
