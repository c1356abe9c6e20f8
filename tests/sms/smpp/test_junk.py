"""The log of a peer's junk."""

from structlog.testing import capture_logs

from sms.smpp.junk import LINES_MAX, SPAN_S, JunkLog


def test_junk_is_a_few_lines_a_minute_with_a_count() -> None:
    now = [100.0]
    junk = JunkLog("operator-a", lambda: now[0])

    with capture_logs() as logs:
        for _ in range(LINES_MAX + 7):
            junk.say("unknown command", command="0x0000FFFF")
        now[0] += SPAN_S
        junk.say("unknown command", command="0x0000FFFF")
        junk.say("unknown command", command="0x0000FFFF")

    assert len(logs) == LINES_MAX + 2
    assert logs[LINES_MAX]["left_out"] == 7
    assert "left_out" not in logs[LINES_MAX + 1]
    assert (logs[0]["event"], logs[0]["operator"], logs[0]["command"]) == (
        "unknown command",
        "operator-a",
        "0x0000FFFF",
    )
