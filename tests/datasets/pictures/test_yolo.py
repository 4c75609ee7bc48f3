"""YOLO folders and Roboflow exports in the shapes that people have them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.stills import still

from featherfall import datasets
from featherfall.core.errors import UserError
from featherfall.core.recording import FallTimes
from featherfall.datasets.pictures import yolo
from featherfall.datasets.pictures.picture import stem_of
from featherfall.signals.video import read_frames

YAML = "train: ../train/images\nval: ../valid/images\ntest: ../test/images\n\nnc: 3\nnames: ['bed', 'fall', 'stand']\n"
FALL, STAND, BED = "1 0.5 0.5 0.2 0.4\n", "2 0.3 0.5 0.2 0.4\n", "0 0.1 0.1 0.1 0.1\n"


def export(folder: Path, pictures: dict[str, str], data_yaml: str = YAML) -> Path:
    """A Roboflow export of "train/18_1_png.rf.aa": label text; pictures are small."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "data.yaml").write_text(data_yaml)
    for name, text in pictures.items():
        part, _, file = name.partition("/")
        still(folder / part / "images" / f"{file}.jpg")
        labels = folder / part / "labels" / f"{file}.txt"
        labels.parent.mkdir(parents=True, exist_ok=True)
        labels.write_text(text)
    return folder


@pytest.fixture
def roboflow(tmp_path: Path) -> Path:
    return export(
        tmp_path / "my_export",
        {
            "train/18_1_png.rf.aa11": FALL + BED,
            "train/18_1_png.rf.bb22": FALL,
            "train/7_2_png_jpg.rf.cc33": STAND,
            "valid/7_3_png_jpg.rf.dd44": STAND,
            "test/9_4_png.rf.ee55": "",
        },
    )


def test_a_roboflow_export(roboflow: Path) -> None:
    dataset = datasets.open("yolo", roboflow)
    assert dataset.class_names == ("bed", "fall", "stand") and dataset.folder == roboflow
    assert [source.id for source in dataset.sources] == [
        "9_4/nothing/test",
        "18_1/bed + fall/train",
        "18_1/fall/train",
        "7_2/stand/train",
        "7_3/stand/valid",
    ]
    assert [source.fall for source in dataset.sources] == [False, True, True, False, False]
    assert [source.names for source in dataset.sources][:2] == [(), ("fall", "bed")]
    first = dataset.sources[1]
    assert first.traits == {"folder": "train", "series": "18"} and first.file("cam0") == first.files[0]
    recording = first.load()
    assert recording.fall == FallTimes() and [box.name for box in recording.boxes] == ["fall", "bed"]
    box = recording.boxes[0]
    assert (box.left, box.top, box.right, box.bottom) == pytest.approx((0.4, 0.3, 0.6, 0.7))
    assert recording.videos["cam0"].path == first.files[0] and recording.videos["cam0"].images
    assert dataset.sources[0].load().boxes == () and dataset.sources[0].load().fall is None
    assert Counter(map(dataset.splits["folders"], dataset.sources)) == {"train": 4, "test": 1}
    assert dataset.problems == (f"{roboflow}: 1 picture(s) with an empty label file: nothing to see in them, so no fall",)


def test_augmented_siblings_have_different_ids_and_one_subject(tmp_path: Path) -> None:
    dataset = yolo.YOLO().scan(export(tmp_path, {f"train/18_1_png.rf.{i}": FALL for i in range(3)}))
    assert [source.id for source in dataset.sources] == ["18_1/fall/train", "18_1/fall/train-2", "18_1/fall/train-3"]
    assert len({source.load().id for source in dataset.sources}) == 3


def test_siblings_on_two_sides_of_the_published_split_are_told(tmp_path: Path) -> None:
    dataset = yolo.YOLO().scan(export(tmp_path, {"train/18_1_png.rf.aa": FALL, "test/18_1_png.rf.bb": FALL, "valid/2.rf.c": STAND}))
    assert any(
        "1 source picture(s) have versions in two folders of the split, such as '18_1' in train and test" in one for one in dataset.problems
    )


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("18_100288_png.rf.dbf455ff95284c0e48374637b7b7a143.jpg", "18_100288"),
        ("7_100202_png_jpg.rf.82811bfb45a50ba11df55bef6cbcf92c.jpg", "7_100202"),
        ("fall001.jpg", "fall001"),
        ("a.b.c.png", "a.b.c"),
        ("_png.rf.1.jpg", "_png.rf.1"),
    ],
)
def test_the_stem_is_the_source_pictures_name(name: str, stem: str) -> None:
    assert stem_of(Path(name)) == stem


def test_images_and_labels_above_the_parts_with_windows_paths_and_names_by_number(tmp_path: Path) -> None:
    for part in ("train", "val"):
        still(tmp_path / "images" / part / "a.png")
        (tmp_path / "labels" / part).mkdir(parents=True)
        (tmp_path / "labels" / part / "a.txt").write_text("7 0.5 0.5 0.2 0.2\n")
    (tmp_path / "data.yaml").write_text(
        "path: C:\\people\\dataset\ntrain: images\\train\nval: images\\val\nnames: {7: Falling, 9: other}\n"
    )
    dataset = yolo.YOLO().scan(tmp_path)
    assert [source.traits["folder"] for source in dataset.sources] == ["train", "valid"]
    assert dataset.class_names == ("Falling", "other") and all(source.fall for source in dataset.sources)
    assert [dataset.splits["folders"](source) for source in dataset.sources] == ["train", "test"]  # "valid" where there is no test part


def test_lists_of_pictures_say_what_they_are_for(tmp_path: Path) -> None:
    for name in "abc":
        still(tmp_path / "pictures" / f"{name}.jpg")
        (tmp_path / "pictures" / f"{name}.txt").write_text("0 0.5 0.5 0.2 0.2\n")
    (tmp_path / "data.yaml").write_text("train: lists/train.txt\ntest: [D:/x/lists/test.txt]\nval: val.txt\nnc: 2\nnames: [fall]\n")
    (tmp_path / "lists").mkdir()
    (tmp_path / "lists" / "train.txt").write_text("D:\\x\\pictures\\a.jpg\n./pictures/b.jpg\n../gone.jpg\n")
    (tmp_path / "lists" / "test.txt").write_text("pictures/c.jpg\n")
    dataset = yolo.YOLO().scan(tmp_path)
    assert {source.subject: source.traits["folder"] for source in dataset.sources} == {"a": "train", "b": "train", "c": "test"}
    told = "\n".join(dataset.problems)
    assert "1 of 3 pictures are not here, the first is '../gone.jpg'" in told
    assert "valid: no file 'val.txt' here" in told and "nc says 2 classes, names lists 1" in told


def test_faults_are_told_and_the_rest_is_read(tmp_path: Path) -> None:
    folder = export(
        tmp_path, {"train/a": FALL, "train/b": "9 0.5 0.5 0.1 0.1\n", "train/c": "1 0.5 0.5\n", "train/d": FALL + "1 3 3 0.1 0.1\n"}
    )
    still(folder / "train" / "images" / "unlabelled.jpg")
    (folder / "train" / "labels" / "lonely.txt").write_text(FALL)
    dataset = yolo.YOLO().scan(folder)
    assert [source.subject for source in dataset.sources] == ["a", "d"]
    for told in (
        "b.txt: row 1: class 9, where data.yaml names 3 (0 to 2); correct the row or the names; its picture is left out",
        "c.txt: row 1: 3 columns",
        "d.txt: row 2: the box lies outside the picture",
        "1 picture(s) without a label file, the first is train/images/unlabelled.jpg; they are left out",
        "1 label file(s) without a picture, the first is train/labels/lonely.txt",
    ):
        assert sum(told in problem for problem in dataset.problems) == 1, told
    assert all("\n" not in problem for problem in dataset.problems)


@pytest.mark.parametrize(("orientation", "box"), [(1, "0.25 0.25"), (2, "0.75 0.25"), (3, "0.75 0.75"), (6, "0.75 0.25"), (8, "0.25 0.75")])
def test_boxes_fit_the_upright_picture(tmp_path: Path, orientation: int, box: str) -> None:
    """The white block, stored at the upper left, lies where its box says once the picture stands upright."""
    export(tmp_path, {"train/a": f"1 {box} 0.5 0.5\n"})
    still(tmp_path / "train" / "images" / "a.jpg", 80, 60, (120, 0, 0), orientation)
    recording = yolo.YOLO().scan(tmp_path).sources[0].load()
    (marked,) = recording.boxes
    image = next(read_frames(recording.videos["cam0"])).image
    height, width = image.shape[:2]
    assert (width, height) == ((60, 80) if orientation > 4 else (80, 60))
    rows = slice(round(marked.top * height) + 3, round(marked.bottom * height) - 3)
    columns = slice(round(marked.left * width) + 3, round(marked.right * width) - 3)
    assert image[rows, columns].min() > 200
    image[rows, columns] = 0
    assert image[..., 1].mean() < 60


def test_class_names_from_a_plain_list(tmp_path: Path) -> None:
    still(tmp_path / "images" / "a.jpg")
    (tmp_path / "labels").mkdir()
    (tmp_path / "labels" / "a.txt").write_text("1 0.5 0.5 0.2 0.2\n")
    (tmp_path / "labels" / "classes.txt").write_text("person\nfall\n")
    dataset = yolo.YOLO().scan(tmp_path)
    assert [source.names for source in dataset.sources] == [("fall",)] and not dataset.problems


def test_names_that_make_no_sense(tmp_path: Path) -> None:
    still(tmp_path / "images" / "a.jpg")
    with pytest.raises(UserError, match=r"pictures, but no data\.yaml or classes\.txt"):
        yolo.YOLO().scan(tmp_path)
    for text, told in (
        ("names: 3\n", "names should list"),
        ("names: [a, ''\n", "line 2: not valid YAML"),
        ("names: {a: b}\n", "names should list"),
    ):
        (tmp_path / "data.yaml").write_text(text)
        with pytest.raises(UserError, match=told):
            yolo.YOLO().scan(tmp_path)


def test_two_exports_in_one_folder(tmp_path: Path) -> None:
    export(tmp_path / "one", {"train/a": FALL})
    export(tmp_path / "two", {"train/b": "0 0.5 0.5 0.2 0.2\n"}, "names: [upright]\n")
    dataset = yolo.YOLO().scan(tmp_path)
    assert [source.names for source in dataset.sources] == [("fall",), ("upright",)]
    assert dataset.class_names == ("bed", "fall", "stand", "upright")


def test_a_folder_without_pictures(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no recordings of yolo in this folder; expected files like data\.yaml"):
        datasets.open("yolo", tmp_path)


def test_the_real_export(real: Callable[[str], Path]) -> None:
    dataset = datasets.open("yolo", real("fall-images/roboflow"))
    assert len(dataset.sources) == 101 and not dataset.problems and len(dataset.class_names) == 11
    assert sum(source.fall for source in dataset.sources) == 57 and len({source.subject for source in dataset.sources}) == 101
    assert Counter(source.traits["series"] for source in dataset.sources)["18"] == 53
    boxes = [box for source in dataset.sources for box in source.load().boxes]
    assert len(boxes) == 820 and all(0 <= box.left < box.right <= 1 and 0 <= box.top < box.bottom <= 1 for box in boxes)
