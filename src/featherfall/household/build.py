"""From a configuration to opened sources, devices and alarms."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING

from featherfall.alarms import AlarmCentre, AlarmSettings, Watched
from featherfall.core.errors import UserError
from featherfall.household.config import HouseholdConfig
from featherfall.household.secrets import Secret
from featherfall.household.sources import CameraConfig, MqttConfig, PhyphoxConfig, PushConfig, ReplayConfig, SerialConfig
from featherfall.runtime.alarm import AlarmMessage, AlarmSubject
from featherfall.runtime.bundle import Bundle, load_bundle
from featherfall.runtime.devices import Devices, WornDevice
from featherfall.runtime.sources.live import LiveSource

if TYPE_CHECKING:
    from featherfall.household.cameras import CameraWatch, ReportEvent


def open_devices(config: HouseholdConfig) -> Devices:
    """Return the worn devices; raises `UserError` for a bundle that cannot be opened or takes no live samples."""
    devices = Devices()
    load = _loader()
    for one in config.devices:
        devices.add(WornDevice(one.name, load(one.bundle, one.threshold), one.unit, one.offline_s), one.source, one.id)
    return devices


def open_sources(config: HouseholdConfig) -> list[LiveSource]:
    """Return the sources of samples, named as in the configuration; none is started. Raises `UserError`."""
    opened = []
    for one in config.sources:
        if isinstance(one, CameraConfig):
            continue
        source = _open(one, config)
        source.name = one.name
        opened.append(source)
    return opened


def open_cameras(config: HouseholdConfig, report: ReportEvent) -> list[CameraWatch]:
    """Return the cameras; none is started. Raises `UserError`.

    Arguments:
        report: takes what they see.
    """
    wanted = [one for one in config.sources if isinstance(one, CameraConfig)]
    if not wanted:
        return []
    from featherfall.household.cameras import CameraWatch
    from featherfall.runtime.sources.camera import CameraSource, CameraSourceOptions

    found = []
    load = _loader()
    for one in wanted:
        where = f"source {one.name!r}"
        url = one.url if isinstance(one.url, str) else one.url.read(f"{where}: url")
        source = CameraSource(url, CameraSourceOptions(one.username, _secret(one.password, f"{where}: password"), one.rotate))
        source.name = one.name
        found.append(CameraWatch(one, source, load(one.bundle, one.threshold), report))
    return found


def open_alarms(config: HouseholdConfig, listener: Callable[[AlarmMessage], object]) -> AlarmCentre:
    """Return the alarms of all people; raises `UserError`."""
    people = []
    for one in config.people:
        cameras = [source for source in config.sources if isinstance(source, CameraConfig) and source.person == one.name]
        devices = (*(device.name for device in config.devices if device.person == one.name), *(camera.name for camera in cameras))
        rooms = sorted({camera.room for camera in cameras if camera.room})
        subject = AlarmSubject(one.name, one.title or one.name, ", ".join(rooms), devices)
        people.append(Watched(subject, settings_of(config)[one.name]))
    return AlarmCentre(people, [sink.route(config.name) for sink in config.sinks], store_of(config), listener=listener)


def settings_of(config: HouseholdConfig) -> dict[str, AlarmSettings]:
    """Return how each person's alarms behave, by name."""
    return {one.name: one.alarms or config.alarms for one in config.people}


def store_of(config: HouseholdConfig) -> str | None:
    """Return the path or URL of the store, None for none; raises `UserError` for a secret that is not there."""
    return config.store.read("store") if isinstance(config.store, Secret) else config.store


def _loader() -> Callable[[str, float | None], Bundle]:
    load = lru_cache(load_bundle)
    return lru_cache(lambda name, threshold: load(name) if threshold is None else load(name).at(threshold))


def _secret(secret: Secret | None, where: str) -> str | None:
    return None if secret is None else secret.read(where)


def _open(one: object, config: HouseholdConfig) -> LiveSource:
    """Return a source; only what is used is imported, which spares memory."""
    match one:
        case MqttConfig():
            from featherfall.runtime.sources.mqtt import MqttOptions, MqttSource

            password = _secret(one.password, f"source {one.name!r}: password")
            return MqttSource(one.url, MqttOptions(one.topics, one.payload, one.username, password, one.ca_file))
        case PushConfig():
            from featherfall.runtime.sources.push import PushOptions, PushSource

            token = _secret(one.token, f"source {one.name!r}: token")
            return PushSource(one.host, one.port, PushOptions(one.payload, token, one.certificate, one.key))
        case SerialConfig():
            from featherfall.runtime.sources.serial import SerialOptions, SerialSource

            return SerialSource(one.port, SerialOptions(one.baud, one.payload))
        case PhyphoxConfig():
            from featherfall.runtime.sources.phyphox import PhyphoxSource

            return PhyphoxSource(one.address)
        case _:
            return _replay(one, config)


def _replay(one: object, config: HouseholdConfig) -> LiveSource:
    """Return a recording; its device's bundle says what is read of it."""
    from featherfall.runtime.sources.replay import ReplaySource

    assert isinstance(one, ReplayConfig)
    device = next((device for device in config.devices if device.source == one.name), None)
    if device is None:
        raise UserError(f"source {one.name!r} has no device; add one under devices")
    options = {} if one.unit is None else {"unit": one.unit}
    return ReplaySource(one.path, load_bundle(device.bundle).manifest, one.speed, one.repeat, **options)
