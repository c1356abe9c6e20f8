"""A counter on a real database, of both kinds one after the other, for the tests of the core."""

from tests.counter_fixtures import any_url as url
from tests.counter_fixtures import clock, counter, signer, template

__all__ = ["clock", "counter", "signer", "template", "url"]
