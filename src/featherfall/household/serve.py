"""Serve a household's health and metrics, and what the app's page Live asks."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

from featherfall.core.errors import UserError
from featherfall.household.process import Household
from featherfall.household.remote import Remote, is_remote
from featherfall.household.status import route_status
from featherfall.runtime.http_server import HttpAnswer, HttpRequest, HttpRoute, ServerOptions, SmallServer


@contextlib.contextmanager
def serve_status(household: Household) -> Iterator[SmallServer | None]:
    """Answer /health, /metrics and the page Live while the context lasts, where the configuration says so; yields the server.

    Raises: `UserError` where it cannot listen, and where other machines could ask without a token.
    """
    wanted = household.config.status
    if wanted is None:
        yield None
        return
    token = wanted.token.read("status: token") if wanted.token else None
    if token is None and wanted.host not in ("127.0.0.1", "::1", "localhost"):
        raise UserError(f"status: other machines can reach {wanted.host}, so it needs a token; state one, or listen on 127.0.0.1")
    remote = Remote(household) if token is not None else None
    server = SmallServer(_route(route_status(household), remote), ServerOptions(wanted.host, wanted.port, token))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.2}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


def _route(status: HttpRoute, remote: Remote | None) -> HttpRoute:
    """Return the function that answers requests. remote: None where nobody is asked for a token, so that any page could order."""

    def route(request: HttpRequest) -> HttpAnswer:
        if not is_remote(request):
            return status(request)
        return (
            HttpAnswer("state a token under status; the page Live is not served without one\n", 403)
            if remote is None
            else remote.answer(request)
        )

    return route
