"""A counter on a real database, for the tests of the SMS door."""

from tests.container_fixtures import clock, container, fresh, signer, template, url

__all__ = ["clock", "container", "fresh", "signer", "template", "url"]
