"""A counter on a real database, for the mailer as the outbox's carrier."""

from tests.counter_fixtures import clock, counter, signer, template, url

__all__ = ["clock", "counter", "signer", "template", "url"]
