"""A counter on a real database, for the tests of the core."""

from tests.counter_fixtures import clock, counter, fresh, signer, template, url

__all__ = ["clock", "counter", "fresh", "signer", "template", "url"]
