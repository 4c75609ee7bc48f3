"""The corpus of what comes while it runs: payloads, orders, a household and its store, cameras."""

from __future__ import annotations

import base64
import io
import json

import numpy as np
from PIL import Image

from featherfall.alarms import AlarmEvent, AlarmMachine, AlarmSettings, Snippet, Trigger
from featherfall.alarms.spill import write_spill
from featherfall.core.recording import Stream
from featherfall.runtime.alarm import AlarmSubject
from fuzz.corpus_file import put
from fuzz.doors import CORPUS

NOW = 1_780_000_000.0


def payloads() -> None:
    """Messages of live devices, each file named after its payload, and requests that carry them."""
    rest = [[0.02 * k, 0.01, 0.02, 1.0] for k in range(8)]
    put("payload/samples.json", json.dumps({"device": "a", "unit": "g", "battery": 0.5, "worn": True, "samples": rest}))
    put("payload/openseizuredetector.json", json.dumps({"dataType": "raw", "battery": 80, "data3D": [1, 2, 1000] * 8}))
    rows = [
        {"name": name, "time": 1_698_501_144_401_773_000 + 20_000_000 * k, "values": {"x": 0, "y": 0.1, "z": size}}
        for k in range(4)
        for name, size in (("accelerometer", 0.0), ("gravity", 9.8))
    ]
    wrist = {"name": "wrist motion", "time": 1_698_501_144_401_773_000}
    wrist |= {f"{part}{axis}": 0.5 for part in ("acceleration", "gravity", "rotationRate") for axis in "XYZ"}
    put("payload/sensor-logger.json", json.dumps({"messageId": 0, "sessionId": "s", "deviceId": "d", "payload": rows}))
    put("payload/sensor-logger-ios.json", json.dumps({"messageId": 0, "sessionId": "s", "deviceId": "d", "payload": [wrist]}))
    put("payload/lines.txt", "0.00,0.01,0.02,1.0\n0.02,0.01,0.02,1.0\n")
    put("payload/home-assistant.txt", "83")
    body = json.dumps({"samples": rest})
    put("http/post.txt", f"POST /watch HTTP/1.1\r\nHost: h\r\nContent-Length: {len(body)}\r\n\r\n{body}GET /x HTTP/1.1\r\nHost: h\r\n\r\n")
    frames = bytes([0x81, 0x80 | 2, 1, 2, 3, 4, ord("{") ^ 1, ord("}") ^ 2, 0x89, 0x80, 0, 0, 0, 0, 0x88, 0x80, 0, 0, 0, 0])
    key = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    put("http/socket.txt", f"GET /ring HTTP/1.1\r\nHost: h\r\n{key}\r\n".encode() + frames)


def orders() -> None:
    """What people order, by MQTT or on the page Live."""
    put("order/word.txt", "acknowledge")
    put("order/mute.json", json.dumps({"command": "mute", "by": "Ben", "seconds": 600}))
    put("remote/zones.txt", "zones\n" + json.dumps({"camera": "hall", "zones": [[[0.1, 0.5], [0.4, 0.5], [0.4, 0.9]]]}))
    for kind in ("cancel", "mute"):
        put(f"remote/{kind}.txt", "command\n" + json.dumps({"kind": kind, "subject": "anna", "by": "Ben", "seconds": 60}))
    put("remote/review.txt", "review\n" + json.dumps({"subject": "anna", "episode": 12, "label": "no fall", "by": "Ben"}))
    for path in ("history/3", "snippet/anna/12", "picture/hall", "household"):
        put(f"remote/{path.replace('/', '-')}.txt", path)


def households() -> None:
    """A configuration of `featherfall watch`, the documents of its store, and what the app takes of it."""
    put(
        "watch-config/home.yaml",
        "people:\n  - {name: anna}\nsources:\n  - {name: b, kind: mqtt, url: mqtt://h, topics: [a/+]}\n"
        "devices:\n  - {name: w, person: anna, source: b, id: a/w}\n",
    )
    machine = AlarmMachine(AlarmSettings(), AlarmSubject("anna", "Anna"))
    told = machine.handle(AlarmEvent(Trigger.fall, NOW, "watch", 0.9))
    put("alarm-store/memory.json", machine.memory.model_dump_json())
    put("alarm-store/message.json", json.dumps(told[0].to_json()))
    write_spill(CORPUS / "alarm-store" / "spill.json", {"anna": (machine.memory, told)}, {"mqtt": told})
    stream = Stream(np.arange(50) / 50, np.tile(np.float32([0, 0, 1]), (50, 1)), "g", 50.0, "wrist", ("x", "y", "z"))
    snippet = Snippet("anna", NOW, "watch", 12, {"accelerometer": stream}).to_bytes()
    put("alarm-store/snippet.bin", snippet)
    facts = {"subject": "anna", "time": NOW, "device": "watch", "episode": 12, "label": "fall", "by": "Ben", "reviewed": NOW}
    put("reviewed/one.json", json.dumps([facts | {"body": base64.b64encode(snippet).decode()}]))


def cameras() -> None:
    """What network cameras answer: a film of JPEGs, one JPEG, a page."""
    picture = io.BytesIO()
    Image.fromarray(np.tile(np.arange(0, 128, 4, np.uint8)[None, :, None], (24, 1, 3))).save(picture, "JPEG", quality=50)
    jpeg = picture.getvalue()
    part = b"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n%b\r\n" % (len(jpeg), jpeg)
    head = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: "
    put("camera/mjpeg.txt", head + b"multipart/x-mixed-replace; boundary=frame\r\n\r\n" + part * 3)
    put("camera/jpeg.txt", head + b"image/jpeg\r\n\r\n" + jpeg)
    put("camera/page.txt", head + b"text/html\r\n\r\n<!doctype html><title>Camera</title>")
