"""Metrics of the process. No label ever carries a number, a text or a receipt."""

from typing import Final

from prometheus_client import Counter, Gauge, Histogram

REQUESTS: Final = Counter("izinhatti_requests", "Requests committed, by door and outcome.", ["door", "outcome"])
UNANSWERED: Final = Counter(
    "izinhatti_unanswered", "Requests committed to which no answer goes out, by door and reason.", ["door", "reason"]
)
REQUEST_SECONDS: Final = Histogram(
    "izinhatti_request_seconds", "Time from the desk's taking a request to its commit, in seconds.", ["door"]
)
REFUSALS: Final = Counter("izinhatti_refusals", "Requests that ended a permission or left an objection.", ["brand"])
NEW_NUMBERS: Final = Gauge(
    "izinhatti_new_numbers_one_text",
    "Numbers never heard from before that sent one and the same text within an hour: of the text that most sent.",
)
TEMPORARY: Final = Counter("izinhatti_temporary", "Requests turned away for now: not committed.")
COMMIT_SECONDS: Final = Histogram("izinhatti_commit_seconds", "Time of one transaction of the doors, in seconds.")
BLOCKED: Final = Gauge(
    "izinhatti_blocked_seconds", "For how long the database has taken no writes, 0 once it takes one."
)
WORK_DONE: Final = Gauge(
    "izinhatti_work_done_timestamp_seconds", "Unix time when periodic work was last done to its end.", ["work"]
)
BATCH: Final = Histogram("izinhatti_batch", "Requests in one transaction.", buckets=(1, 2, 5, 10, 20, 50, 100, 200))
WAITING: Final = Gauge("izinhatti_waiting", "Requests waiting for their transaction.")
SUBMIT_UNKNOWN: Final = Counter("izinhatti_submit_unknown", "Submits whose fate nobody told.")
OUTBOX_DEAD: Final = Counter("izinhatti_outbox_dead", "Messages given up.")
DELIVERIES: Final = Counter("izinhatti_deliveries", "Delivery receipts, by what they said.", ["fate"])
REVIEW_OLDEST: Final = Gauge("izinhatti_review_oldest_seconds", "Age of the oldest message set aside for a person.")
NOTICES_OVERDUE: Final = Gauge(
    "izinhatti_notices_overdue", "Approval notices unsent whose day has ended or ends within two hours."
)
OLDEST_WAITING: Final = Gauge(
    "izinhatti_oldest_waiting_seconds", "Age of the oldest message that waits to be sent.", ["kind"]
)
LAST_SEAL: Final = Gauge(
    "izinhatti_last_seal_timestamp_seconds",
    "Unix time of the newest seal over the ledger's books, or when they were last found to need none.",
)
BIND: Final = Gauge("izinhatti_bind", "1 while the bind to the operator stands.", ["operator", "bind"])
BIND_WINDOW: Final = Gauge("izinhatti_bind_window", "Submits that wait for their answer.", ["operator", "bind"])
BIND_RATE: Final = Gauge("izinhatti_bind_rate", "Submits a second that may leave now.", ["operator", "bind"])
BIND_REFUSED: Final = Counter("izinhatti_bind_refused", "Binds that the operator refused.", ["operator", "bind"])
BIND_THROTTLED: Final = Counter("izinhatti_bind_throttled", "Submits answered with: slower.", ["operator", "bind"])
BIND_UNKNOWN: Final = Counter("izinhatti_bind_unknown", "Submits whose fate nobody told.", ["operator", "bind"])
SUBMITS: Final = Counter("izinhatti_submits", "Submits answered, by command status.", ["operator", "status"])
