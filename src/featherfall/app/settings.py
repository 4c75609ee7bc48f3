"""What the app is started with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from featherfall.app.household import HouseholdLink
from featherfall.app.peers import Network


@dataclass(frozen=True)
class ServerSettings:
    """Options that the app was started with.

    Attributes:
        host, port: address to listen on.
        token: None for open access, on loopback only.
        max_upload: bytes of an upload.
        max_disk: bytes of uploads and results, of all users together; one address may have a quarter, or two uploads where that is more.
        max_minutes: length of a film.
        data: folder of the datasets to train on.
        runs: folder of the runs that are trained and reported.
        framed: other sites that may show the app in a frame.
        proxies: networks of the proxies in front of the app.
        household: the one that the page Live shows; None leaves the page out.
    """

    host: str = "127.0.0.1"
    port: int = 7860
    token: str | None = None
    max_upload: int = 200_000_000
    max_disk: int = 2_000_000_000
    max_minutes: float = 15.0
    data: Path = Path("data")
    runs: Path = Path("runs")
    framed: str = ""
    proxies: tuple[Network, ...] = ()
    household: HouseholdLink | None = None
