from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from featherfall.app.peers import Peers, address_key, is_proxy, parse_networks
from featherfall.core.errors import UserError


@pytest.mark.parametrize(
    ("host", "key"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:aaaa::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:bbbb::9", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::9", "2001:db8:1:3::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("no address", "no address"),
    ],
)
def test_what_limits_apply_to(host: str, key: str) -> None:
    assert address_key(host) == key


def test_networks_of_proxies() -> None:
    networks = parse_networks(["127.0.0.1", "10.1.2.3/8", " ::1 "])
    assert [str(one) for one in networks] == ["127.0.0.1/32", "10.0.0.0/8", "::1/128"]
    assert is_proxy("10.9.9.9", networks) and is_proxy("::ffff:10.9.9.9", networks) and is_proxy("::1", networks)
    assert not is_proxy("192.0.2.1", networks) and not is_proxy("", networks) and not is_proxy("10.9.9.9", ())
    with pytest.raises(UserError, match=r"--behind-proxy 'proxy\.example': neither an address nor a network") as error:
        parse_networks(["proxy.example"])
    assert "\n" not in str(error.value)


async def who(scope: Scope, receive: Receive, send: Send) -> None:
    request = Request(scope)
    seen = {"client": request.client.host if request.client else None, "scheme": request.url.scheme, "headers": sorted(request.headers)}
    await JSONResponse(seen)(scope, receive, send)


def asked(client: str, proxies: list[str], headers: dict[str, str]) -> Any:
    async def ask() -> Any:
        transport = httpx.ASGITransport(Peers(who, parse_networks(proxies)), client=(client, 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://app") as http:
            return (await http.get("/", headers=headers)).json()

    return asyncio.run(ask())


FORWARDED = {"x-forwarded-for": "198.51.100.9, 203.0.113.5", "x-forwarded-proto": "https", "x-forwarded-host": "falls.example"}


def test_only_a_configured_proxy_may_say_who_asks() -> None:
    for client, proxies in (("127.0.0.1", []), ("192.0.2.1", ["10.0.0.0/8"])):
        seen = asked(client, proxies, FORWARDED | {"forwarded": "for=1.2.3.4", "x-real-ip": "1.2.3.4"})
        assert (seen["client"], seen["scheme"]) == (client, "http")
        assert not [name for name in seen["headers"] if ("forwarded" in name and name != "x-forwarded-proto") or name == "x-real-ip"]
    for client in ("10.0.0.2", "::ffff:10.0.0.2"):
        seen = asked(client, ["10.0.0.0/8"], FORWARDED)
        assert (seen["client"], seen["scheme"]) == ("203.0.113.5", "https")  # what the proxy has added, not what the client has invented
    assert asked("10.0.0.2", ["10.0.0.0/8"], {"x-forwarded-for": "198.51.100.9, 10.0.0.3"})["client"] == "198.51.100.9"
    assert asked("10.0.0.2", ["10.0.0.0/8"], {})["client"] == "10.0.0.2"
