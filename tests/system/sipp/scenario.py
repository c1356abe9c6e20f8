"""What sipp is to do in one call, as its XML."""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from tests.system.caller import HOST, How

_PLAYED_MS: Final = 400  # sipp plays a digit for so long, while the script goes on
_EVENT: Final = 96  # and with this payload type, whatever the SDP says
_REQUEST: Final = """<send retrans="500"><![CDATA[

{method} sip:[service]@[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/UDP [local_ip]:[local_port];branch=[branch]
From: {sender};tag=[call_number]
To: <sip:[service]@[remote_ip]:[remote_port]>{peer_tag}
Call-ID: [call_id]
CSeq: [cseq] {method}
Contact: <sip:caller@[local_ip]:[local_port]>
Max-Forwards: 70
{headers}Content-Length: [len]

{body}]]></send>
"""
_SDP: Final = """v=0
o=- 1 1 IN IP4 {host}
s=-
c=IN IP4 {host}
t=0 0
m=audio {port} RTP/AVP 8 {event}
a=rtpmap:8 PCMA/8000
a=rtpmap:{event} telephone-event/8000
a=fmtp:{event} 0-16
a=ptime:20
"""
_TAKEN: Final = """<recv response="100" optional="true"/>
<recv response="180" optional="true"/>
<recv response="183" optional="true"/>
<recv response="200"/>
"""
_BYE_ANSWERED: Final = """<recv request="BYE"/>
<send><![CDATA[

SIP/2.0 200 OK
[last_Via:]
[last_From:]
[last_To:]
[last_Call-ID:]
[last_CSeq:]
Content-Length: 0

]]></send>
"""
_PLAY: Final = '<nop><action><exec play_dtmf="{digits}"/></action></nop>\n'
_OK: Final = '<recv response="200"/>\n'


class Press(NamedTuple):
    """Keys, after a pause."""

    after_s: float
    digits: str


class Scenario(NamedTuple):
    """One call. The far side is to hang up if `hang_up_after_s` is None."""

    sender: str
    headers: Mapping[str, str]
    keys: Sequence[Press]
    how: How
    hang_up_after_s: float | None

    def xml(self, ear_port: int) -> str:
        sdp = _SDP.format(host=HOST, port=ear_port, event=_EVENT)
        steps = [self._request("INVITE", {**self.headers, "Content-Type": "application/sdp"}, sdp), _TAKEN]
        steps.append(self._request("ACK").replace(' retrans="500"', ""))
        played_ms = 0
        for press in self.keys:
            steps.append(_pause(press.after_s * 1000 + played_ms))
            steps += self._info(press.digits) if self.how == "info" else [_PLAY.format(digits=press.digits)]
            played_ms = 0 if self.how == "info" else _PLAYED_MS * (len(press.digits) + 1)
        if self.hang_up_after_s is None:
            steps.append(_BYE_ANSWERED)
        else:
            steps += [_pause(self.hang_up_after_s * 1000 + played_ms), self._request("BYE"), _OK]
        return f'<?xml version="1.0" encoding="UTF-8"?>\n<scenario name="caller">\n{"".join(steps)}</scenario>\n'

    def _info(self, digits: str) -> list[str]:
        headers = {"Content-Type": "application/dtmf-relay"}
        return [self._request("INFO", headers, f"Signal={digit}\nDuration=100\n") + _OK for digit in digits]

    def _request(self, method: str, headers: Mapping[str, str] | None = None, body: str = "") -> str:
        return _REQUEST.format(
            method=method,
            sender=self.sender,
            peer_tag="" if method == "INVITE" else "[peer_tag_param]",
            headers="".join(f"{name}: {value}\n" for name, value in (headers or {}).items()),
            body=body,
        )


def _pause(milliseconds: float) -> str:
    return f'<pause milliseconds="{milliseconds:.0f}"/>\n'
