"""Serve a household's health and metrics."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

from featherfall.core.errors import UserError
from featherfall.household.process import Household
from featherfall.household.status import route_status
from featherfall.runtime.http_server import ServerOptions, SmallServer


@contextlib.contextmanager
def serve_status(household: Household) -> Iterator[SmallServer | None]:
    """Answer /health and /metrics while the context lasts, where the configuration says so; yields the server.

    Raises: `UserError` where it cannot listen, and where other machines could ask without a token.
    """
    wanted = household.config.status
    if wanted is None:
        yield None
        return
    token = wanted.token.read("status: token") if wanted.token else None
    if token is None and wanted.host not in ("127.0.0.1", "::1", "localhost"):
        raise UserError(f"status: other machines can reach {wanted.host}, so it needs a token; state one, or listen on 127.0.0.1")
    server = SmallServer(route_status(household), ServerOptions(wanted.host, wanted.port, token))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.2}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
