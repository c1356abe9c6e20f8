"""Reasons for which a request is committed and no answer goes out."""

from enum import StrEnum


class Unanswered(StrEnum):
    """Stored with the request and counted: silence is never just the absence of an answer."""

    REPEAT = "repeat"  # the network brought it again
    SEGMENT = "segment"  # a long message of which other parts are awaited
    SET_ENDED = "set-ended"  # of an incomplete message nothing is left to read
    ADVERT_REPEATED = "advert-repeated"  # the same text was asked about within the hour
    EVIDENCE = "evidence"  # further messages to a report that has its answer
    NUMBER_QUOTA = "number-quota"  # limits.answers_per_number_hour
    ERROR_QUOTA = "error-quota"  # limits.errors_per_number_hour
    PREFIX_QUOTA = "prefix-quota"  # limits.errors_per_prefix_minute
    BROKEN = "broken"  # it may be a receipt of ours, which an answer would bring about again
    NO_NUMBER = "no-number"  # nobody whom an answer would reach
    LINE_CLOSED = "line-closed"  # the number has no holder who asked
