"""A push to a hub that runs here: real requests of huggingface_hub, over real sockets."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.publish.standin import READER, WRITER, Hub, hub
from tests.runtime.tiny import write_bundle
from typer.testing import CliRunner

from featherfall.cli.main import app
from featherfall.core.errors import UserError
from featherfall.publish.hub import fetch, push, write_model
from featherfall.publish.offer import read_offer
from featherfall.runtime import load_bundle

pytest.importorskip("huggingface_hub", reason="pushing needs huggingface_hub: pip install 'featherfall[publish]'")
# How huggingface_hub calls its HTTP library is not ours to mend.
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=<...>':DeprecationWarning")


@pytest.fixture
def there(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """The hub, with a token that may write, and nothing of this machine's."""
    monkeypatch.setenv("HF_TOKEN", WRITER)
    with hub() as state:
        monkeypatch.setenv("HF_ENDPOINT", state.address)
        yield state


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return write_bundle(tmp_path / "bundle", precisions=("float32", "int8"))


@pytest.fixture
def model(bundle: Path, tmp_path: Path) -> Path:
    """The files of a model repository."""
    write_model(read_offer(bundle), "cc-by-4.0", tmp_path / "model")
    return tmp_path / "model"


def test_a_pushed_bundle_opens_again(there: Hub, bundle: Path, tmp_path: Path) -> None:
    said = CliRunner().invoke(
        app, ["publish", "hub", str(bundle), "--repo", "anna/falls", "--licence", "cc-by-4.0", "--endpoint", there.address]
    )
    assert said.exit_code == 0, said.output
    assert f"pushed   {there.address}/anna/falls" in said.output
    repository = there.repositories["anna/falls"]
    assert set(repository.files) == {"README.md", "manifest.json", "float32.onnx", "int8.onnx"}
    assert len(repository.commits) == 1
    assert not repository.private
    fetched = tmp_path / "fetched"
    fetched.mkdir()
    for name, data in repository.files.items():
        (fetched / name).write_bytes(data)
    assert load_bundle(fetched).manifest == load_bundle(bundle).manifest


def test_large_files_go_as_objects(there: Hub, model: Path) -> None:
    push(model, "anna/falls", "model", token=None, endpoint=there.address)
    assert len(there.objects) == 2
    assert any(path.endswith("/info/lfs/objects/batch") for path in there.asked)


def test_a_space_is_a_docker_space(there: Hub, tmp_path: Path) -> None:
    folder = tmp_path / "space"
    folder.mkdir()
    (folder / "README.md").write_text("---\nsdk: docker\nlicense: mit\n---\n\n# x\n")
    assert push(folder, "anna/app", "space", token=None, private=True, endpoint=there.address) == f"{there.address}/spaces/anna/app"
    assert (there.repositories["anna/app"].sdk, there.repositories["anna/app"].private) == ("docker", True)


def test_an_existing_repository_is_written_over_only_when_told(there: Hub, model: Path) -> None:
    push(model, "anna/falls", "model", token=None, endpoint=there.address)
    with pytest.raises(UserError, match=r"anna/falls: exists already \(409\); give another NAME, or add --update .*; created nothing"):
        push(model, "anna/falls", "model", token=None, endpoint=there.address)
    (model / "README.md").write_text("---\nlicense: mit\n---\n\n# new\n")
    push(model, "anna/falls", "model", token=None, update=True, endpoint=there.address)
    assert there.repositories["anna/falls"].files["README.md"].endswith(b"# new\n")


@pytest.mark.parametrize(
    ("token", "message"),
    [
        ("hf_stranger", r"anna/falls: the token is not accepted \(401\); make a new one .*; created nothing"),
        (READER, r"anna/falls: the token may not write there \(403\); give it write access, or take another OWNER; created nothing"),
    ],
)
def test_tokens_that_do_not_do(there: Hub, model: Path, token: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        push(model, "anna/falls", "model", token=token, endpoint=there.address)
    assert there.repositories == {}


@pytest.mark.parametrize(("place", "status"), [("/commit/", 403), ("/objects/", 403), ("/preupload/", 404), ("/commit/", 507)])
def test_a_push_that_breaks_off_leaves_no_half(there: Hub, model: Path, place: str, status: int) -> None:
    there.fail[place] = status
    with pytest.raises(
        UserError, match=r"anna/falls: .*; left the new repository empty \(delete it, or push again with --update\)"
    ) as raised:
        push(model, "anna/falls", "model", token=None, endpoint=there.address)
    assert "\n" not in str(raised.value)
    assert there.repositories["anna/falls"].files == {}
    there.fail.clear()
    push(model, "anna/falls", "model", token=None, update=True, endpoint=there.address)
    assert "manifest.json" in there.repositories["anna/falls"].files


def test_nobody_answers(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with hub() as state:
        closed = state.address
    with pytest.raises(
        UserError, match=rf"{closed}: no answer \(.*\); created nothing. Go online, or write the files only, with --out DIR"
    ):
        push(model, "anna/falls", "model", token=WRITER, endpoint=closed)


def test_no_token(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.get_token", lambda: None)
    with pytest.raises(UserError, match="no token: set HF_TOKEN"):
        push(model, "anna/falls", "model", token=None, endpoint="http://127.0.0.1:1")


@pytest.mark.parametrize("name", ["falls", "anna/", "anna/falls/x", "../x", "anna/fa lls", "https://huggingface.co/anna/falls"])
def test_names_that_are_none(name: str, model: Path) -> None:
    with pytest.raises(UserError, match="write it as OWNER/NAME"):
        push(model, name, "model", token=WRITER, endpoint="http://127.0.0.1:1")


def test_a_dry_run_writes_what_would_be_pushed(bundle: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    words = ["publish", "hub", str(bundle), "--out", str(out), "--licence", "cc-by-4.0"]
    said = CliRunner().invoke(app, words)
    assert said.exit_code == 0, said.output
    assert {file.name for file in out.iterdir()} == {"README.md", "manifest.json", "float32.onnx", "int8.onnx"}
    assert isinstance(CliRunner().invoke(app, words).exception, UserError)  # not empty any more


def test_one_of_repo_and_out(bundle: Path) -> None:
    said = CliRunner().invoke(app, ["publish", "hub", str(bundle)])
    assert isinstance(said.exception, UserError)
    assert "either --repo OWNER/NAME" in str(said.exception)


def test_what_was_learned_from_people_needs_a_licence(bundle: Path, tmp_path: Path) -> None:
    said = CliRunner().invoke(app, ["publish", "hub", str(bundle), "--out", str(tmp_path / "out")])
    assert "--licence cc-by-nc-4.0" in str(said.exception)
    assert not (tmp_path / "out").exists()


def test_only_what_the_manifest_vouches_for_goes_out(bundle: Path, tmp_path: Path) -> None:
    (bundle / "notes about anna.txt").write_text("private")
    assert [file.name for file in write_model(read_offer(bundle), "mit", tmp_path / "out")] == [
        "README.md",
        "float32.onnx",
        "int8.onnx",
        "manifest.json",
    ]


def test_the_figures_of_the_run_go_along(tmp_path: Path) -> None:
    bundle = write_bundle(tmp_path / "run" / "bundle")
    (tmp_path / "run" / "run.json").write_text("{}")
    metrics = {
        "simulated": True,
        "roles": {},
        "seeds": [0],
        "positive": "fall",
        "protocol": "x",
        "part": "test",
        "notes": [],
        "dataset": "d",
    }
    (tmp_path / "run" / "metrics.json").write_text(json.dumps(metrics))
    offer = read_offer(tmp_path / "run")
    assert offer.folder == bundle
    assert offer.simulated is True
    assert json.loads((write_model(offer, "mit", tmp_path / "out") and tmp_path / "out" / "metrics.json").read_text()) == metrics


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The hub's cache, empty."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_a_fetched_bundle_serves_offline(there: Hub, bundle: Path, model: Path, cache: Path) -> None:
    push(model, "anna/falls", "model", token=None, endpoint=there.address)
    folder = fetch("anna/falls")
    assert load_bundle(folder).manifest == load_bundle(bundle).manifest
    assert folder.is_relative_to(cache)
    assert fetch("anna/falls", endpoint="http://127.0.0.1:9") == folder


def test_another_file_than_the_manifest_vouches_for_is_refused(there: Hub, model: Path, cache: Path) -> None:
    push(model, "anna/falls", "model", token=None, endpoint=there.address)
    there.repositories["anna/falls"].files["int8.onnx"] += b"x"
    with pytest.raises(UserError, match=r"int8\.onnx: not the file that was exported \(sha256 differs\)"):
        load_bundle(fetch("anna/falls"))


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("falls", r"hf://falls: write it as hf://OWNER/NAME"),
        ("anna/nothing", r"hf://anna/nothing: not found \(404\), or hidden from this token; check OWNER/NAME; fetched nothing"),
        ("anna/card", r"hf://anna/card: not found \(404\).*; fetched nothing"),
    ],
)
def test_what_cannot_be_fetched_is_one_line(there: Hub, tmp_path: Path, cache: Path, address: str, message: str) -> None:
    (tmp_path / "card").mkdir()
    (tmp_path / "card/README.md").write_text("---\nlicense: mit\n---\n")
    push(tmp_path / "card", "anna/card", "model", token=None, endpoint=there.address)
    with pytest.raises(UserError, match=message) as caught:
        fetch(address)
    assert "\n" not in str(caught.value)


def test_a_manifest_that_reaches_outside_is_refused(there: Hub, model: Path, cache: Path) -> None:
    push(model, "anna/falls", "model", token=None, endpoint=there.address)
    files = there.repositories["anna/falls"].files
    manifest = json.loads(files["manifest.json"])
    manifest["sha256"]["../../stolen"] = "0" * 64
    files["manifest.json"] = json.dumps(manifest).encode()
    with pytest.raises(UserError, match="write the plain name of a file in the bundle's folder"):
        fetch("anna/falls")


def test_no_hub_and_nothing_kept(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)  # tried no longer than that: it is asked six times otherwise
    with pytest.raises(UserError, match=r"no answer .*; fetched nothing\. Go online, or give a bundle's folder") as caught:
        fetch("anna/falls")
    assert "\n" not in str(caught.value)
