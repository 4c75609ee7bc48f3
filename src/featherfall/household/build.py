"""From a configuration to opened sources and devices."""

from __future__ import annotations

from functools import lru_cache

from featherfall.core.errors import UserError
from featherfall.household.config import DeviceConfig, HouseholdConfig, MqttConfig, ReplayConfig, Source
from featherfall.runtime.bundle import Bundle, load_bundle
from featherfall.runtime.devices import Device, Devices
from featherfall.runtime.sources.live import LiveSource
from featherfall.runtime.sources.mqtt import MqttOptions, MqttSource
from featherfall.runtime.sources.replay import ReplaySource


def open_devices(config: HouseholdConfig) -> Devices:
    """Return the worn devices; raises `UserError` for a bundle that cannot be opened or takes no live samples."""
    devices = Devices()
    load = lru_cache(load_bundle)
    for one in config.devices:
        devices.add(Device(one.name, _bundle(one, load(one.bundle)), one.unit, one.offline_s), one.source, one.id)
    return devices


def open_sources(config: HouseholdConfig) -> list[LiveSource]:
    """Return the sources, named as in the configuration; none is started. Raises `UserError`."""
    opened = []
    for one in config.sources:
        source = _open(one, config)
        source.name = one.name
        opened.append(source)
    return opened


def _bundle(device: DeviceConfig, bundle: Bundle) -> Bundle:
    return bundle if device.threshold is None else bundle.at(device.threshold)


def _open(one: Source, config: HouseholdConfig) -> LiveSource:
    where = f"source {one.name!r}"
    if isinstance(one, MqttConfig):
        password = one.password.read(f"{where}: password") if one.password else None
        return MqttSource(one.url, MqttOptions(one.topics, one.payload, one.username, password, one.ca_file))
    device = next((device for device in config.devices if device.source == one.name), None)
    if device is None:
        raise UserError(f"{where} has no device; add one under devices")
    assert isinstance(one, ReplayConfig)
    options = {} if one.unit is None else {"unit": one.unit}
    return ReplaySource(one.path, load_bundle(device.bundle).manifest, one.speed, one.repeat, **options)
