"""Failures as pages: each says that nothing changed and how else to refuse."""

from typing import Final

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from channels.link.pages import Pages
from channels.link.port import LinkDown
from channels.link.serving import PLACE, masked_path

RETRY_S: Final = 30  # when to try again while the store is down
_OWN_TEXT: Final = frozenset({400, 403, 404, 405, 408, 413, 429, 500, 503})
_KEPT_HEADERS: Final = ("Allow", "Retry-After")

_log = structlog.get_logger(component="link")


def failure_pages(pages: Pages) -> Middleware:
    """Turns errors into pages. A redirection passes."""

    @web.middleware
    async def show(request: web.Request, handler: Handler) -> web.StreamResponse:
        request[PLACE] = masked_path(request)
        try:
            return await handler(request)
        except web.HTTPError as error:
            headers = {name: error.headers[name] for name in _KEPT_HEADERS if name in error.headers}
            return page(request, error.status, headers)
        except web.HTTPException:
            raise
        except LinkDown:
            return page(request, 503, {"Retry-After": str(RETRY_S)})
        except Exception:  # noqa: BLE001  # whatever it is, the citizen gets a page and a person the place of it
            _log.exception("page failed", method=request.method, path=request[PLACE])
            return page(request, 500, {})

    def page(request: web.Request, status: int, headers: dict[str, str]) -> web.Response:
        known = status if status in _OWN_TEXT else 400
        response = pages.show(request, "failure", status=status, error=f"e{known}")
        response.headers.update(headers)
        if status in (408, 413):
            response.force_close()
        return response

    return show
