"""A counter on a real database, for the mailer as the outbox's carrier."""

from tests.container_fixtures import clock, container, signer, template, url

__all__ = ["clock", "container", "signer", "template", "url"]
