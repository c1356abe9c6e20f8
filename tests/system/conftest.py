"""Empty databases of both kinds, for lines that run as processes of their own."""

from tests.container_fixtures import template, url, url_of_module, urls_of_module

__all__ = ["template", "url", "url_of_module", "urls_of_module"]
