"""Write the corpus: `python -m fuzz.make_corpus`. Small synthetic files in the layouts of every door; nothing in them was recorded."""

from __future__ import annotations

import gzip
import io
import json
import shutil
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import openpyxl
from scipy.io import savemat

from fuzz.corpus_file import RESTING, put
from fuzz.corpus_live import cameras, households, orders, payloads
from fuzz.doors import CORPUS

GRAVITY = 9.80665
LINES = 40  # of a table; a parser that breaks does so within a few rows


def table(values: np.ndarray, header: str = "", first: object = None, digits: int = 4) -> str:
    """Return rows of numbers; first: cells before them."""
    rows = [",".join(f"{cell:.{digits}f}" for cell in row) for row in values]
    if first is not None:
        rows = [f"{cell},{row}" for cell, row in zip(first, rows, strict=False)]  # type: ignore[call-overload]
    return "\n".join([header, *rows] if header else rows) + "\n"


def documents() -> None:
    """YAML, JSON, recipes, manifests, models."""
    from featherfall.core.recipe_file import load_recipe

    package = Path(__file__).parents[1]
    for name in ("weda_fall_wrist", "camera_falls", "simulated_wrist_falls", "utd_mhad_wrist"):
        recipe = package / "recipes" / f"{name}.yaml"
        if recipe.is_file():
            put(f"recipe/{name}.yaml", recipe.read_bytes())
    put("set/several.txt", "student.training.steps=900\nseeds=[1, 2]\nlabels={by: fall, positive: fall}\nclip.window.rate=50\n")
    put(
        "yaml/streams.yaml",
        "a: &a {x: 1, y: [2.5, ~, true]}\nb: {<<: *a, z: 2024-02-29}\nc: |\n  text\n? k\n: !!str 5\nlist:\n- *a\n- 0x1f\n",
    )
    put(
        "yaml/folded.yaml",
        "%YAML 1.1\n---\nname: >-\n  a\n  b\nset: !!set {a, b}\ntime: 2001-12-14t21:59:43.10-05:00\nn: 1_000\ns: 190:20:30\n...\n",
    )
    put("json/values.json", json.dumps({"a": [1, 2.5, -1e9, None, True, "µ\n"], "b": {"c": {"d": []}}}))
    embedded = package / "src" / "featherfall" / "embedded"
    for name in ("wrist", "camera"):
        manifest = json.loads((embedded / name / "manifest.json").read_text())
        manifest["provenance"] = {"recipe": {"name": name}, "dataset": "folder"}
        put(f"manifest/{name}/manifest.json", json.dumps(manifest))
    metrics = json.loads((embedded / "wrist" / "metrics.json").read_text())
    put("metrics/metrics.json", json.dumps(metrics))
    put(
        "run/a/run.json",
        json.dumps({"recipe": load_recipe("weda_fall_wrist").model_dump(mode="json"), "data": "/data", "starts": {"0": {"weights": "a"}}}),
    )
    put("run/a/folds/fold 1/alone/0/log.csv", "step,loss,lr\n" + "".join(f"{10 * k},{0.7 / (k + 1):.4f},0.01\n" for k in range(20)))
    from tests.runtime.tiny import write_bundle, write_model

    with tempfile.TemporaryDirectory() as folder:
        bundle = write_bundle(Path(folder) / "b")
        for file in bundle.iterdir():
            put(f"bundle/tiny/{file.name}", file.read_bytes())
        write_model(Path(folder) / "m.onnx", json.loads((bundle / "manifest.json").read_text())["inputs"])
        put("onnx/m.onnx", (Path(folder) / "m.onnx").read_bytes())


def recorders() -> None:
    """A fall as every known recorder would write it, cut short; and tables of nobody in particular."""
    from tests.recorders.device_files import cwa, geneactiv_bin, gt3x
    from tests.recorders.samples import WRITERS

    devices = {"axivity-cwa": cwa, "actigraph-gt3x": gt3x, "geneactiv-bin": geneactiv_bin}
    for name, write in (WRITERS | devices).items():
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary) / "x"
            folder.mkdir()
            given = write(folder).path
            files = [given] if given.is_file() else [path for path in sorted(given.rglob("*")) if path.is_file()]
            for path in files:
                inside = path.name if given.is_file() else path.relative_to(given).as_posix()
                put(f"recorder/{name.replace('/', '-')}/{inside}", _short(path.read_bytes()))
    times = np.arange(30) / 50
    rows = table(RESTING, "time,ax,ay,az", [f"{time:.3f}" for time in times])
    put("recorder/plain/a.csv", rows)
    put("recorder/units/a.csv", table(RESTING * GRAVITY, "t [ms];ax [m/s2];ay [m/s2];az [m/s2]", range(0, 600, 20)).replace(",", ";"))
    put("recorder/comma/a.csv", rows.replace(",", ";").replace(".", ","))
    put("recorder/dates/a.csv", table(RESTING, "time,x,y,z", [f"2024-05-01T12:00:{time:09.6f}+02:00" for time in times]))
    put("recorder/bare/a.txt", table(RESTING).replace(",", "\t"))
    put("recorder/gz/a.csv.gz", gzip.compress(rows.encode(), mtime=0))
    phone = "recorder/sensor-logger-orientation"
    stamps = [f"{1_700_000_000_000_000_000 + 20_000_000 * k},{0.02 * k:.2f}" for k in range(30)]
    put(f"{phone}/Accelerometer.csv", table(0 * RESTING, "time,seconds_elapsed,z,y,x", stamps))
    turned = "\n".join(f"{stamp},0,0,0.1,0.995,0,0,0.2" for stamp in stamps)
    put(f"{phone}/Orientation.csv", f"time,seconds_elapsed,qz,qy,qx,qw,roll,pitch,yaw\n{turned}\n")
    put(f"{phone}/Metadata.csv", "version,device name,platform,appVersion\n3,phone,android,1.64\n")
    put("recorder/wide/a.csv", rows.encode("utf-16"))


def _short(data: bytes) -> bytes:
    """Return a file with its first lines only, or a zip of such files; JSON stays whole."""
    if data.startswith(b"PK"):
        out = io.BytesIO()
        with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
            for name in old.namelist():
                new.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), _short(old.read(name)))
        return out.getvalue()
    if data.lstrip()[:1] in (b"{", b"["):
        return data if len(data) < 8000 else data[:8000]
    if data.startswith(b"MD"):  # Axivity's packets
        return data[: 1024 + 512 * 4]
    if b"\0" in data[:2000]:
        return data[:6000]
    lines = data.split(b"\n")
    if any(len(one) > 1000 for one in lines):  # GENEActiv's pages
        return b"\n".join(lines[:80]) + b"\n"
    return b"\n".join(lines[: LINES + (110 if lines[0].startswith((b"GENE", b"Device")) else 0)]) + b"\n"


def pictures() -> None:
    """Pictures, films, weights."""
    from PIL import Image
    from tests.films import gray_film

    from featherfall.sim.film.film import write_film

    image = np.zeros((24, 32, 3), np.uint8) + np.arange(32, dtype=np.uint8)[:, None]
    with tempfile.TemporaryDirectory() as temporary:
        for ending in ("png", "jpg", "bmp", "webp"):
            path = Path(temporary) / f"a.{ending}"
            exif = Image.Exif()
            exif[0x112] = 6
            Image.fromarray(image[:, :, ::-1].copy()).save(path, **({} if ending == "bmp" else {"exif": exif}))
            put(f"picture/a.{ending}", path.read_bytes())
        Image.fromarray(image[:, :, 0]).convert("P").save(Path(temporary) / "p.png")
        put("picture/palette.png", (Path(temporary) / "p.png").read_bytes())
        put("film/a.mp4", gray_film(Path(temporary) / "a.mp4", 8, 10, 32).read_bytes())
        moving = (
            np.roll(np.kron(np.eye(4, dtype=np.uint8), np.ones((8, 8), np.uint8)) * 200, i, 1)[:, :, None].repeat(3, 2) for i in range(12)
        )
        put("film/b.mp4", write_film(Path(temporary) / "b.mp4", moving, 10).read_bytes())


def datasets() -> None:
    """Data sets of one or two recordings."""
    own_folder()
    boxes()
    worn_sensors()
    sensors_and_labels()
    skeletons()
    filmed_falls()
    film_lists()


def own_folder() -> None:
    """A folder of one's own."""
    times = np.arange(30) / 50
    stamped = table(RESTING * GRAVITY, "t,ax,ay,az", [f"{time:.3f}" for time in times])
    streams = "falls: [trip]\nstreams:\n  accelerometer: {columns: [ax, ay, az], unit: m/s2, time: t, placement: left wrist}\n"
    streams += "  g: {columns: [1, 2, 3], rate: 50, unit: deg/s, clock: own}\nfilms:\n  cam1: {start_s: 0.4, rate: 25}\n"
    rows = "subject,activity,trial,accelerometer,g,cam1,fall_onset_s,fall_impact_s,fall_end_s\n"
    rows += "S1,trip,1,a.csv,g.csv,f.mp4,0.1,0.2,0.3\nS2,walk,1,a.csv,,,,,\n"
    for name, text in (
        ("streams.yaml", streams),
        ("recordings.csv", rows),
        ("a.csv", stamped),
        ("g.csv", table(50 * RESTING)),
        ("f.mp4", "film"),
    ):
        put(f"data-folder/a/{name}", text)


def boxes() -> None:
    """Pictures with boxes, in YOLO's layouts."""
    yolo = "train: ../train/images\nval: valid/images\n\nnc: 2\nnames: ['fall', 'person']\n"
    for name, text in (
        ("data.yaml", yolo),
        ("train/labels/1_a.txt", "0 0.5 0.5 0.2 0.4\n1 .1 .1 .1 .1 .2 .2 .3 .1\n"),
        ("valid/labels/2_b.txt", ""),
    ):
        put(f"data-yolo/a/{name}", text)
    darknet = (
        ("classes.txt", "fall\nperson\n"),
        ("labels/1.txt", "1 0.5 0.5 1.2 0.4\n"),
        ("names.yaml", "names:\n  0: a\n  1: b\ntrain: list.txt\n"),
    )
    for name, text in (*darknet, ("list.txt", "/x/images/1.jpg\n")):
        put(f"data-yolo/b/{name}", text)
    for name in ("a/train/images/1_a", "a/valid/images/2_b", "b/images/1"):
        put(f"data-yolo/{name}.jpg", (CORPUS / "picture" / "a.jpg").read_bytes())
    for part, name, text in (
        ("train", "fall001", "0 0.5 0.5 0.5 0.5\n0 0.2 0.2 0.1 0.1\n"),
        ("val", "not fallen001", "0 0.5 0.5 0.5 0.5\n"),
    ):
        put(f"data-kaggle-fall/a/images/{part}/{name}.jpg", (CORPUS / "picture" / "a.jpg").read_bytes())
        put(f"data-kaggle-fall/a/labels/{part}/{name}.txt", text)


def worn_sensors() -> None:
    """Sensors at wrist and waist, one table a recording."""
    times = np.arange(30) / 50
    for kind, axes in (("accel", "xyz"), ("gyro", "xyz"), ("orientation", "sijk")):
        heading = ",".join([f"{kind}_time_list", *(f"{kind}_{axis}_list" for axis in axes)])
        values = np.hstack([RESTING, RESTING[:, :1]])[:, : len(axes)] * (GRAVITY if kind == "accel" else 1)
        put(f"data-weda_fall/a/dataset/50Hz/F01/U01_R01_{kind}.csv", table(values, heading, [f"{time:.3f}" for time in times]))
    put("data-weda_fall/a/dataset/fall_timestamps.csv", "﻿filename,start_time,end_time\r\nF01/U01_R01,0.2,0.5\r\n")

    stamps = [f"1600,{'A' if i < 15 else 'S'},{90426708196641 + 50_000_000 * i}" for i in range(30)]
    put("data-wisdm-watch/a/data_1600_accel_watch.txt", table(GRAVITY * RESTING, "", stamps).replace("\n", ";\n"))
    annotated = [f"2016-11-13 02:00:00.{10_000 * i:06}" for i in range(30)]
    rows = table(RESTING, "time,x,y,z", annotated).splitlines()
    noted = [line + (",annotation" if i == 0 else ",7030 sleeping;MET 0.95" if i < 15 else ",") for i, line in enumerate(rows)]
    put("data-capture24/a/P001.csv", "\n".join(noted) + "\n")
    put("data-capture24/a/annotation-label-dictionary.csv", "annotation,label:WillettsSpecific2018\n7030 sleeping;MET 0.95,sleep\n")
    put("data-sisfall/a/SA01/F05_SA01_R04.txt", "  16,-256,   0, -42, 512,-123,   0,-1024, 512;\n" * 20)
    received = [f"2022-08-05 10:06:{11 + i // 4 * 0.12:06.3f}" for i in range(30)]
    place = "data-smartfallmm/a/young"
    put(f"{place}/accelerometer/watch/S29A10T02.csv", table(GRAVITY * RESTING, "", received))
    put(f"{place}/accelerometer/meta_hip/S29A10T02.csv", table(RESTING, "", ["1.65844E+12,2022-07-21T11:00:00.040,0.04"] * 30))
    put(f"{place}/skeleton/S29A10T02.csv", table(np.random.default_rng(1).normal(0, 500, (4, 96))))

    from featherfall.datasets import mmact

    stamp = mmact._STAMP
    from datetime import datetime, timedelta

    stamps = [(datetime(2018, 10, 16, 13, 37, 28) + timedelta(seconds=float(time))).strftime(stamp) for time in times]
    for kind, factor in (("acc_phone_clip", GRAVITY), ("acc_watch_clip", GRAVITY), ("gyro_clip", 1.0), ("orientation_clip", 1.0)):
        put(f"data-mmact/a/{kind}/subject1/scene1/session1/fall.csv", table(factor * RESTING, "", stamps))
    for sensor in range(1, 7):
        epoch = [f"{row} {1309539264.5 + i / 31:.6f}" for i, row in enumerate(table(RESTING).replace(",", " ").split("\n")[:-1])]
        put(f"data-berkeley_mhad/a/Accelerometer/Shimmer{sensor:02}/acc_h{sensor:02}_s08_a03_r02.txt", "\n".join(epoch) + "\n")
    put("data-berkeley_mhad/a/Time_stamps/time_stamps_img_s08_a03_r02.txt", "0 1309539264.25\n1 1309539264.3\n")


def sensors_and_labels() -> None:
    """Sensors whose labels are in JSON or a workbook."""
    from tests.datasets.test_aihub import table as sensors

    label = {"scene_info": {"scene_IsFall": "낙상", "fall_type": "slip"}, "actor_info": {"actor_id": "A7", "actor_age": "adult1"}}
    label["sensordata"] = {"fall_start_frame": 6, "fall_end_frame": 66}
    put("data-aihub/a/Training/S/00015_H_A_SY_C2.csv", "\n".join(sensors(np.tile(RESTING, (2, 1))[:40]).split("\n")[:6]) + "\n")
    put("data-aihub/a/Training/L/00015_H_A_SY_C2.json", json.dumps(label, ensure_ascii=False))
    put("data-aihub/a/Training/S/00015_H_A_SY_C2.mp4", "film")

    index = np.arange(1, 31)
    header = "TimeStamp(s),FrameCounter,AccX,AccY,AccZ,GyrX,GyrY,GyrZ,EulerX,EulerY,EulerZ"
    motion = np.column_stack([index / 100, index, RESTING, 10 * RESTING, 20 * RESTING])
    for name in ("S06T20R01", "S06T01R01"):
        put(f"data-kfall/a/sensor_data_new/SA06/{name}.csv", table(motion, header))
    book = openpyxl.Workbook()
    for row in (
        ["Task Code (Task ID)", "Description", "Trial ID", "Fall_onset_frame", "Fall_impact_frame"],
        ["F01 (20)", "Forward fall", 1, 5, 20],
    ):
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    put("data-kfall/a/label_data_new/SA06_label.xlsx", out.getvalue())
    put("xlsx/label.xlsx", out.getvalue())


def skeletons() -> None:
    """Sensors or joints in .mat files."""
    with tempfile.TemporaryDirectory() as temporary:
        file = Path(temporary) / "a.mat"
        for packed in (False, True):
            savemat(file, {"d_iner": np.hstack([RESTING, 100 * RESTING])[:12]}, do_compression=packed)
            put(f"mat/{'packed' if packed else 'plain'}.mat", _undated(file.read_bytes()))
        put("data-utd_mhad/a/Inertial/a1_s1_t1_inertial.mat", _undated(file.read_bytes()))
        savemat(file, {"d_skel": np.random.default_rng(1).normal(0, 1, (20, 3, 4))})
        put("data-utd_mhad/a/Skeleton/a1_s1_t1_skeleton.mat", _undated(file.read_bytes()))


def filmed_falls() -> None:
    """Films with sensors beside them."""
    times = np.arange(30) / 50
    names = "time," + ",".join(f"{kind}_{axis}_list" for kind in ("accel", "gyro") for axis in "xyz") + ",filename"
    iso = [f"2018-07-04T12:05:{20 + time:09.6f}" for time in times]
    put(
        "data-up_fall/a/wrist/Falls/1_3_2.csv",
        names + "\n" + "".join(f"{t},{r},{r},1_3_2.csv\n" for t, r in zip(iso, table(RESTING).split("\n"), strict=False)),
    )

    from tests.datasets.test_up_fall import complete

    with tempfile.TemporaryDirectory() as temporary:
        lines = complete(Path(temporary), [(1, 1, 1), (1, 2, 1)], np.tile(RESTING, (2, 1))[:40]).read_text().split("\n")
    put("data-up_fall/b/CompleteDataSet.csv", "\n".join([*lines[:12], *lines[42:52]]) + "\n")
    put("data-up_fall/a/video/Activity3/gf.csv", "0,0,0.98\n")

    ms = np.arange(30) * 20 - 10
    put("data-urfd/a/acc/fall-02-acc.csv", table(np.column_stack([np.linalg.norm(RESTING, axis=1), RESTING]), "", ms))
    put(
        "data-urfd/a/urfall-cam0-falls.csv",
        "name,frame,label,hhmr\n" + "".join(f"fall-02,{i},{-1 if i < 5 else 0 if i < 8 else 1},.9\n" for i in range(1, 12)),
    )
    put("data-urfd/a/fall-02-cam0.mp4", "film")
    put("data-urfd/a/fall-02-data.csv", "1,100,1.0\n2,140,1.0\n11,500,1.0\n")


def film_lists() -> None:
    """Films with lists of what they show."""
    put("data-le2i/a/Home_01/Annotation_files/video (2).txt", "26\n51\n1,1,205,70,259,170\n2,1,205,70,259,170\n")
    put("data-le2i/a/Home_01/Videos/video (2).avi", "film")

    omnifall = (
        "path,label,start,end,subject,cam,dataset\nside/F1,0,0,0.91,1,1,cauca\nside/F1,1,0.91,2.99,1,1,cauca\nadl/W2,0,0,6.46,2,1,cauca\n"
    )
    for name, text in (
        ("labels/cauca.csv", omnifall),
        ("splits/cs/cauca/test.csv", "path\nadl/W2\n"),
        ("cauca/side/F1.mp4", "film"),
        ("cauca/adl/W2.mp4", "film"),
    ):
        put(f"data-omnifall/a/{name}", text)

    put("data-le2i-frames/a/Home_01/Annotation_files/video (1).txt", "15\n24\n" + "".join(f"{i},1,8,4,24,28\n" for i in range(1, 20)))
    put("data-le2i-frames/a/Home_01/Videos/video (1).avi", (CORPUS / "film" / "a.mp4").read_bytes())


def _undated(data: bytes) -> bytes:
    """Return a .mat file whose header does not tell when it was written."""
    return b"MATLAB 5.0 MAT-file".ljust(116) + data[116:]


def messages() -> None:
    """What pages, forms and command lines send."""
    fall = np.tile(RESTING, (5, 1)) * GRAVITY
    fall[60] *= 5
    rows = "\n".join(f"{i / 50:.3f},{x:.2f},{y:.2f},{z:.2f},0.1,0.2,0.3" for i, (x, y, z) in enumerate(fall))
    lines = rows.split("\n")
    put("phone/packets.txt", "\n\n".join("\n".join(lines[at : at + 50]) for at in range(0, 150, 50)))
    slow = [f"{i / 10:.1f},{x:.2f},{y:.2f},{z:.2f},,," for i, (x, y, z) in enumerate(fall)]
    put("phone/slow.txt", "\n\n".join("\n".join(slow[at : at + 50]) for at in range(0, 150, 50)))
    put("form/login.txt", "POST\n/login\norigin: http://localhost:7860\ncookie: featherfall=abc\n\ntoken=secret")
    part = '--x\r\nContent-Disposition: form-data; name="files"; filename="fall.csv"\r\nContent-Type: text/csv\r\n\r\n'
    put("multipart/one.txt", f"multipart/form-data; boundary=x\n{part}t,x,y,z\r\n0,0,0,1\r\n--x--\r\n")
    put("form/upload.txt", "GET\n/gradio_api/file=/tmp/x\nauthorization: Bearer token\ncontent-length: 12\naccept: text/html\n\n")
    for name in ("anna/falls", "anna/falls@main", "a-b.c/d_e@0123456789abcdef"):
        put(f"hub/{name.replace('/', '-')}.txt", name)
    put("list/a.txt", "E:\\UTD-MHAD\\Frames2\\a1_s1_t1_color 42 0\nE:/UTD/a2_s1_t1_color 40 1\n")


def main() -> None:
    """Write everything anew."""
    shutil.rmtree(CORPUS, ignore_errors=True)
    for write in (documents, recorders, pictures, datasets, messages, payloads, orders, households, cameras):
        write()
    files = [path for path in CORPUS.rglob("*") if path.is_file()]
    print(f"{len(files)} files, {sum(path.stat().st_size for path in files) / 1e3:.0f} kB")


if __name__ == "__main__":
    main()
