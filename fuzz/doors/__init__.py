"""Every function that takes bytes, files or messages from outside, with what opens it. A module that reads from outside and is in no
door's `reads` fails `tests/test_doors.py`.

A door's corpus is `corpus/NAME`: each file in it is a seed, and so is each folder (a data set in small, any file of which is damaged).
"""

from __future__ import annotations

from fuzz.doors import datasets, documents, live, models, pictures, sensors, web
from fuzz.doors.door import CORPUS, Door

__all__ = ["CORPUS", "DOORS", "Door"]

_SENSORS = (
    *("recorders/capture", "recorders/member", "recorders/table", "recorders/layout", "recorders/rows", "recorders/encoding"),
    *("recorders/readings", "recorders/known/garmin", "recorders/known/actigraph_gt3x", "recorders/known/openseizuredetector"),
    *("recorders/known/axivity_cwa", "recorders/known/geneactiv_bin", "recorders/known/sensor_logger"),
)

_METRICS = ("cli/tables", "cli/runs", "cli/compare", "app/models", "app/reports", "publish/offer", "api/run")

_ALL = (
    Door("yaml", documents.yaml, ("core/documents",), 2500),
    Door("json", documents.json, ("core/documents",), 3500),
    Door("recipe", documents.recipe, ("core/recipe_file", "core/checked"), 1200),
    Door("set", documents.setting, ("core/recipe_file",), 600),
    Door("manifest", documents.manifest, ("core/manifest", "runtime/bundle"), 2500),
    Door("onnx", models.onnx, ("runtime/onnx_file", "runtime/trial"), 2500),
    Door("bundle", models.bundle, ("runtime/bundle", "runtime/trial", "runtime/session"), 200),
    Door("predict", sensors.predict, ("runtime/sources/csv", "core/tables"), 250, corpus="recorder"),
    Door("recorder", sensors.recorder, _SENSORS, 250),
    Door("xlsx", datasets.xlsx, ("datasets/xlsx",), 250),
    Door("mat", datasets.mat, ("datasets/mat", "core/child"), 1000),
    Door("list", datasets.list, ("datasets/lists",), 4000),
    Door("picture-head", pictures.picture_head, ("signals/picture_head",), 5000, corpus="picture"),
    Door("picture", pictures.picture, ("signals/picture_file",), 1500),
    Door("film", pictures.film, ("signals/video_file", "signals/video_pictures", "signals/video_shots", "signals/video_shape"), 400),
    Door("camera", pictures.camera, ("runtime/sources/camera",), 250),
    Door("phone", live.phone, ("app/live", "runtime/sources/stream"), 500),
    Door("payload", live.payload, ("runtime/sources/payloads/payload",), 4000),
    Door("order", live.order, ("runtime/sinks/orders",), 4000),
    Door("alarm-store", live.alarm_store, ("alarms/store", "alarms/snippets", "alarms/spill"), 3000),
    Door("remote", live.remote, ("household/remote",), 1500),
    Door("reviewed", live.reviewed, ("app/household",), 1500),
    Door("http", live.http, ("runtime/http_server",), 500),
    Door("watch-config", documents.watch_config, ("household/config",), 1200),
    Door("webcam", pictures.webcam, ("app/live",), 3000, corpus="picture"),
    Door("upload", sensors.upload, ("app/pages/file_fields",), 250, corpus="recorder"),
    Door("form", web.form, ("app/gate", "app/login"), 1500),
    Door("multipart", web.multipart, ("app/uploads",), 3000),
    Door("hub", documents.hub, ("publish/hub",), 4000),
    Door("metrics", documents.metrics, _METRICS, 250),
    Door("run", documents.run, ("pipeline/run", "app/training_runs"), 800),
    *(
        Door(f"data-{name}", datasets.dataset(name), (f"datasets/{module}", *more), share, leaves=(".mp4", ".avi", ".jpg", ".png"))
        for name, module, more, share in (
            ("folder", "folder", ("datasets/streams",), 500),
            ("yolo", "pictures/yolo", ("datasets/pictures/data_yaml", "datasets/pictures/yolo_labels", "datasets/pictures/names"), 600),
            ("aihub", "aihub", (), 250),
            ("kfall", "kfall", (), 250),
            ("weda_fall", "weda_fall", (), 500),
            ("sisfall", "sisfall", (), 700),
            ("smartfallmm", "smartfallmm", (), 500),
            ("up_fall", "up_fall", (), 500),
            ("urfd", "urfd", (), 700),
            ("le2i", "le2i", (), 1500),
            ("omnifall", "omnifall", (), 1200),
            ("mmact", "mmact", (), 300),
            ("berkeley_mhad", "berkeley_mhad", (), 400),
            ("utd_mhad", "utd_mhad", (), 600),
            ("wisdm-watch", "wisdm_watch", (), 500),
            ("capture24", "capture24", (), 300),
            ("le2i-frames", "pictures/le2i_frames", (), 600),
            ("kaggle-fall", "pictures/kaggle_fall", (), 800),
        )
    ),
)
DOORS = {door.name: door for door in _ALL}
