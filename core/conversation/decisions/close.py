"""A closed line: its consents end, and with them objections, conversations and codes (domain, Limits and habits)."""

from core.conversation.answers import LineClosed
from core.conversation.consent_state import Change
from core.conversation.conversation import Conversation
from core.conversation.decisions.scene import Decision, Scene
from core.conversation.requests import SOURCE_OF_DOOR
from core.domain.clock import Instant, to_second
from core.domain.consent import Status


def on_close_line(scene: Scene) -> Decision:
    at, source = to_second(scene.request.received_at), SOURCE_OF_DOOR[scene.request.door]
    changes = []
    for standing in scene.standings.values():
        for record in standing.records.values():
            if record.status is Status.ONAY:
                dated = Instant(max(at, to_second(record.consent_at)))
                ended = record._replace(status=Status.RET, source=source, consent_at=dated, receipt=scene.receipt)
                changes.append(Change(record, ended))
        changes += [Change(objection, None) for objection in standing.objections.values()]
    cleared = sum(change.after is None for change in changes)
    answer = LineClosed(scene.receipt, len(changes) - cleared, cleared)
    return Decision(answer, Conversation(subscribed_at=scene.now), tuple(changes))
