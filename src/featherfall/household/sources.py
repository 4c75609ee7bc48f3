"""Where samples and pictures come from: the settings of each source."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from featherfall.core.checked import Checked
from featherfall.core.registry import registered
from featherfall.household.names import Name, Port
from featherfall.household.secrets import Secret
from featherfall.runtime.sources.urls import check_filter

PayloadName = Annotated[str, registered("payload")]
Corners = Annotated[list[list[tuple[float, float]]], Field(max_length=32)]  # of each zone of a picture
_Path = Annotated[str, Field(min_length=1, max_length=1000)]


class MqttConfig(Checked):
    """Topics of a broker. url: mqtt://HOST:1883, or mqtts:// for TLS."""

    kind: Literal["mqtt"]
    name: Name
    url: _Path
    topics: list[str] = Field(min_length=1, max_length=100)
    payload: PayloadName = "samples"
    username: str | None = Field(default=None, max_length=200)
    password: Secret | None = None
    ca_file: _Path | None = None

    @model_validator(mode="after")
    def _filters(self) -> MqttConfig:
        for topic in self.topics:
            check_filter(topic)
        return self


class PushConfig(Checked):
    """What apps push by HTTP or WebSocket. host: to listen on; 0.0.0.0 for all networks. certificate, key: files, for TLS."""

    kind: Literal["push"]
    name: Name
    host: str = Field(default="127.0.0.1", min_length=1, max_length=255)
    port: Port
    payload: PayloadName = "samples"
    token: Secret | None = None
    certificate: _Path | None = None
    key: _Path | None = None


class SerialConfig(Checked):
    """Lines of a serial port, e.g. /dev/ttyUSB0."""

    kind: Literal["serial"]
    name: Name
    port: _Path
    baud: int = Field(default=115_200, ge=300, le=10_000_000)
    payload: PayloadName = "lines"


class PhyphoxConfig(Checked):
    """phyphox's remote access. address: as the app shows it, 192.168.0.42:8080."""

    kind: Literal["phyphox"]
    name: Name
    address: str = Field(pattern=r"^[A-Za-z0-9.\-\[\]:]{1,255}$")


class ReplayConfig(Checked):
    """A recording as if it were live. speed: 0 for as fast as it is read."""

    kind: Literal["replay"]
    name: Name
    path: _Path
    speed: float = Field(default=1.0, ge=0, le=1e6)
    repeat: bool = False
    unit: str | None = Field(default=None, max_length=20)


class CameraConfig(Checked):
    """A camera and whom it watches.

    url: rtsp://HOST/PATH, http://HOST/video.mjpg, /dev/video0, or a film's path; a secret, where it holds a token. person, room: who lives
    there. bundle: the model. still_down_s: after the first sign of a fall. lies_for_s: after which somebody who lies where one does not lie
    raises an alarm; 0: never. zones: corners (right, down) of each bed and sofa, shares of the picture. skip_idle: look once a second at
    pictures in which nothing changes, a minute after somebody was last seen; false looks at all.
    """

    kind: Literal["camera"]
    name: Name
    url: _Path | Secret
    person: Name
    room: str = Field(default="", max_length=80)
    bundle: _Path = "camera"
    threshold: float | None = Field(default=None, ge=0, le=1)
    username: str | None = Field(default=None, max_length=200)
    password: Secret | None = None
    rotate: Literal[0, 90, 180, 270] = 0
    still_down_s: float = Field(default=7.0, ge=1, le=3600)
    lies_for_s: float = Field(default=8.0, ge=0, le=60)
    zones: Corners = []
    skip_idle: bool = True
    offline_s: float = Field(default=60.0, ge=1, le=86_400)


SourceConfig = Annotated[
    MqttConfig | PushConfig | SerialConfig | PhyphoxConfig | ReplayConfig | CameraConfig,
    Field(discriminator="kind"),
]
