"""`/healthz`, `/readyz` and `/metrics` on the admin address."""

from collections.abc import Callable

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest


def admin_app(missing: Callable[[], list[str]]) -> web.Application:
    """`missing` names, a line each, what this process's doors still lack."""

    async def healthz(_request: web.Request) -> web.Response:
        return web.json_response({"alive": True})

    async def readyz(_request: web.Request) -> web.Response:
        lacks = missing()
        return web.json_response({"ready": not lacks, "missing": lacks}, status=503 if lacks else 200)

    async def metrics(_request: web.Request) -> web.Response:
        return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    app = web.Application()
    app.router.add_get("/healthz", healthz)
    app.router.add_get("/readyz", readyz)
    app.router.add_get("/metrics", metrics)
    return app
