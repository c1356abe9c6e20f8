"""Is a host this machine?"""

from ipaddress import ip_address


def is_loopback(host: str) -> bool:
    """True if the name or address stays on this machine."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
