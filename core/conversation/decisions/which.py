"""Which brands the words of a text mean, the citizen's own brands tried first, and the question where it is unclear."""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from core.brands.brand import Brand
from core.brands.directory import Directory
from core.brands.match import CANDIDATES_MAX
from core.conversation.answers import Unclear, WhichBrand
from core.conversation.conversation import Conversation, Option, Question, Verb
from core.conversation.decisions.scene import Decision, Scene
from core.conversation.requests import BrandMention, Types

OPTIONS_MAX: Final = 5  # as many lines as a segment takes


class Named(NamedTuple):
    """Outcome of the mentions of a text: brands that are clear, one mention that is not (further ones wait for
    their turn), and names that are no brand's."""

    clear: tuple[Brand, ...] = ()
    unclear: BrandMention | None = None
    unknown: tuple[str, ...] = ()

    @classmethod
    def of(cls, scene: Scene, mentions: Iterable[BrandMention]) -> "Named":
        clear: dict[str, Brand] = {}
        unclear = None
        unknown = []
        for mention in mentions:
            brands = meant(scene, mention)
            if len(brands) == 1 and mention.sure:
                clear.setdefault(brands[0].code, brands[0])
            elif not brands:
                unknown.append(mention.typed)
            elif unclear is None:
                unclear = mention._replace(brands=brands)
        return cls(tuple(clear.values()), unclear, tuple(unknown))

    def ask(self, scene: Scene, verb: Verb, types: Types) -> tuple[Conversation, Unclear]:
        """Put the unclear mention as a numbered question."""
        assert self.unclear is not None, "asked about only where something is unclear"
        return ask_which(scene, self.unclear, verb, types)


ALL_CLEAR: Final = Named()


def meant(scene: Scene, mention: BrandMention) -> tuple[Brand, ...]:
    """The brands a mention may mean for this citizen: one alone if it is clear, or clear among the citizen's own."""
    if len(mention.brands) < 2:
        return mention.brands
    allowed = [code for code, standing in scene.standings.items() if standing.allowed]
    known = [code for code, standing in scene.standings.items() if standing]
    for own in (allowed, known):
        brands = _among(scene, mention, own)
        if len(brands) == 1:
            return brands
    ordered = dict.fromkeys((*_among(scene, mention, known), *mention.brands))
    return tuple(ordered)[:OPTIONS_MAX]


def _among(scene: Scene, mention: BrandMention, own: Sequence[str]) -> tuple[Brand, ...]:
    if len(mention.brands) < CANDIDATES_MAX:
        return tuple([brand for brand in mention.brands if brand.code in own])
    # There may be more candidates than the mention holds, and the citizen's own may be among those.
    return Directory(map(scene.brand, own)).match(mention.typed).brands


def which_brand(scene: Scene, mention: BrandMention, verb: Verb, types: Types) -> Decision:
    conversation, unclear = ask_which(scene, mention, verb, types)
    return Decision(WhichBrand(verb, unclear, scene.now), conversation)


def ask_which(scene: Scene, mention: BrandMention, verb: Verb, types: Types) -> tuple[Conversation, Unclear]:
    listed = tuple(enumerate(mention.brands[:OPTIONS_MAX], 1))
    options = tuple([Option(number, brand.code, types) for number, brand in listed])
    question = Question("which", scene.now, scene.question_end, options, verb)
    return scene.conversation.ask(question), Unclear(mention.typed, listed)
