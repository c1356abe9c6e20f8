"""Consents, objections and conversations, and what imports took."""

from typing import Final

from sqlalchemy import bindparam, delete, select

from core.store.query import Query, add_missing, insert_into, of_brand, of_keys, replace
from core.store.schema import consent, conversation, import_log, objection

# Consents and objections.
CONSENTS_OF_BRAND: Final = of_brand(consent)
OBJECTIONS_OF_BRAND: Final = of_brand(objection)
CONSENTS_OF: Final = Query(select(*consent.c).where(consent.c.recipient == bindparam("recipient")))
OBJECTIONS_OF: Final = Query(select(*objection.c).where(objection.c.recipient == bindparam("recipient")))
ADD_CONSENT: Final = insert_into(consent)
PUT_CONSENT: Final = replace(consent)
PUT_OBJECTION: Final = replace(objection)
DROP_OBJECTION: Final = Query(
    delete(objection).where(
        objection.c.recipient == bindparam("of_recipient"),
        objection.c.brand_code == bindparam("of_brand"),
        objection.c.type == bindparam("of_type"),
    )
)

# Conversations.
CONVERSATIONS_OF: Final = Query(of_keys(conversation, conversation.c.recipient, conversation.c.state))
PUT_CONVERSATION: Final = replace(conversation)

# Imports.
ADD_IMPORT_LOG: Final = add_missing(import_log)
IMPORT_LOG_OF_BRAND: Final = of_brand(import_log)
