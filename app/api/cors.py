"""Tracking calls from other sites' pages: a browser asks first, and may post there, and read the SDK's settings.

Nothing else is opened.
"""

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from app.api.routes.sdk_settings import is_settings
from app.api.routes.tracking import PATHS


class TrackingFromPages:
    """CORS for the tracking and settings paths alone; no cookies, and an ingest key can read nothing."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap an ASGI app."""
        self._app = app
        self._open = CORSMiddleware(
            app, allow_origins=["*"], allow_methods=["GET", "POST"], allow_headers=["*"], max_age=86_400
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        path = scope.get("path", "")
        tracking = scope["type"] == "http" and (path.rstrip("/") in PATHS or is_settings(path))
        await (self._open if tracking else self._app)(scope, receive, send)
