"""Who a request comes from: the connection's address, or the one that a configured proxy states."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass, field

from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from featherfall.core.errors import UserError

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
# "x-forwarded-proto" stays: it only says whether the client's own page is under https.
_REMOVED = (b"forwarded", b"x-forwarded-for", b"x-forwarded-host", b"x-real-ip")


def parse_networks(texts: Sequence[str]) -> tuple[Network, ...]:
    """Return the networks of proxies. texts: addresses or networks, e.g. "127.0.0.1" or "10.0.0.0/8". Raises: `UserError`."""
    networks: list[Network] = []
    for text in texts:
        try:
            networks.append(ipaddress.ip_network(text.strip(), strict=False))
        except ValueError:
            raise UserError(f"--behind-proxy {text!r}: neither an address nor a network; give e.g. 127.0.0.1 or 10.0.0.0/8") from None
    return tuple(networks)


def address_key(host: str) -> str:
    """Return the address that limits apply to: an IPv4 address, or the /64 network of an IPv6 address.

    One customer of a provider has a whole /64, in which every request may have another address.
    """
    try:
        address = ipaddress.ip_address(plain_address(host).partition("%")[0])
    except ValueError:
        return host[:253]
    return str(address) if address.version == 4 else str(ipaddress.ip_network((address, 64), strict=False))


def is_proxy(host: str, proxies: Sequence[Network]) -> bool:
    """Return whether an address belongs to a configured proxy."""
    try:
        address = ipaddress.ip_address(plain_address(host))
    except ValueError:
        return False
    return any(address in network for network in proxies)


def plain_address(host: str) -> str:
    """Return an IPv4 address that a socket for both versions gives as IPv6 ("::ffff:192.0.2.1") as IPv4; others unchanged."""
    head, _, tail = host.rpartition(":")
    return tail if head.lower() == "::ffff" and "." in tail else host


@dataclass
class Peers:
    """ASGI middleware: take `X-Forwarded-For` from configured proxies, and remove what anybody else says of clients and hosts.

    Attributes:
        proxies: networks of the proxies in front of the app; none where clients connect to it themselves.
    """

    app: ASGIApp
    proxies: Sequence[Network] = ()
    _forwarded: ProxyHeadersMiddleware = field(init=False)

    def __post_init__(self) -> None:
        self._forwarded = ProxyHeadersMiddleware(self.app, [str(one) for one in self.proxies])  # type: ignore[arg-type]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        client = scope.get("client")
        if client:
            client = (plain_address(client[0]), client[1])
            scope = {**scope, "client": client}
        if scope["type"] == "lifespan" or (client and is_proxy(client[0], self.proxies)):
            await self._forwarded(scope, receive, send)  # type: ignore[arg-type]
            return
        scope = {**scope, "headers": [one for one in scope["headers"] if not one[0].lower().startswith(_REMOVED)]}
        await self.app(scope, receive, send)
