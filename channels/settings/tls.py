"""The TLS of an operator's binds, from the files that its section names."""

import ssl
from collections.abc import Iterator
from pathlib import Path

from channels.settings.sections import Operator

_NO_PASSPHRASE = ""  # nobody is there to type one: a key that wants it is refused


class BadTls(ValueError):
    """A file that cannot be used. `setting` is its key in the operator's section."""

    def __init__(self, setting: str, reason: str) -> None:
        super().__init__(reason)
        self.setting = setting


def tls_context(operator: Operator) -> ssl.SSLContext | None:
    """The context of its binds' TLS: the operator's certificate and the name of its host are always checked, against
    `tls_ca` or else the system's authorities. None without `tls`. Raises BadTls."""
    if not operator.tls:
        return None
    context = ssl.create_default_context()
    if operator.tls_ca is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        try:
            context.load_verify_locations(operator.tls_ca)
        except OSError as error:
            raise BadTls("tls_ca", _why(error, operator.tls_ca, "certificate")) from error
    if operator.tls_cert is not None:
        try:
            context.load_cert_chain(operator.tls_cert, operator.tls_key, password=_NO_PASSPHRASE)
        except OSError as error:
            files = " and ".join(str(path) for path in (operator.tls_cert, operator.tls_key) if path)
            raise BadTls("tls_cert", _why(error, files, "certificate and unencrypted key")) from error
    return context


def tls_faults(operator: Operator) -> Iterator[tuple[str, str]]:
    """Settings of TLS that cannot be used, and why."""
    for setting in ("tls_ca", "tls_cert", "tls_key"):
        if getattr(operator, setting) is not None and not operator.tls:
            yield setting, "is of no use without tls"
    if operator.tls_key is not None and operator.tls_cert is None:
        yield "tls_key", "needs tls_cert"
    try:
        tls_context(operator)
    except BadTls as error:
        yield error.setting, str(error)


def _why(error: OSError, files: Path | str, wanted: str) -> str:
    if isinstance(error, ssl.SSLError):
        return f"no {wanted} in {files}"
    return f"{files}: {error.strerror}"
