from __future__ import annotations

import socket
import time
from pathlib import Path

import pytest
import torch

pytest.importorskip("torchvision", reason="torchvision is not installed (extra 'vision')")
pytest.importorskip("timm", reason="timm is not installed (extra 'vision')")

import torchvision

from featherfall.core.errors import UserError
from featherfall.models.pretrained import Backbone

PICTURES = torch.rand(2, 3, 32, 32)


@pytest.fixture
def offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Caches are empty and nothing can be reached: the only proxy is a port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{free.getsockname()[1]}"
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, nobody)
    monkeypatch.setenv("no_proxy", "")
    monkeypatch.setenv("NO_PROXY", "")
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    constants = pytest.importorskip("huggingface_hub.constants")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))


@pytest.mark.parametrize("name", ["resnet18", "bn_inception", "mobilenetv4_conv_small"])
def test_offline_says_so_in_one_line_and_soon(name: str, offline: None) -> None:
    before = time.monotonic()
    with pytest.raises(UserError, match=rf"backbone '{name}': .*cannot be downloaded .*'pretrained: false'.*random weights") as caught:
        Backbone(name, pretrained=True)
    assert "\n" not in str(caught.value)
    assert time.monotonic() - before < 8


def test_published_weights_come_from_the_cache(tmp_path: Path, offline: None, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "torch" / "hub" / "checkpoints" / "resnet18-f37072fd.pth"
    file.parent.mkdir(parents=True)
    other = torchvision.models.resnet18()
    torch.save(other.state_dict(), file)
    backbone = Backbone("resnet18", pretrained=True)
    torch.testing.assert_close(backbone.network.conv1.weight, other.conv1.weight)


@pytest.mark.parametrize(
    ("name", "width"),
    [("resnet18", 512), ("mobilenet_v3_small", 1024), ("bn_inception", 1024), ("mobilenetv4_conv_small", 1280)],
)
def test_widths_without_the_classifier(name: str, width: int) -> None:
    backbone = Backbone(name).eval()
    assert backbone.width == width and backbone(PICTURES).shape == (2, width)


def test_a_file_of_weights(tmp_path: Path) -> None:
    torch.manual_seed(0)
    other = torchvision.models.resnet18(num_classes=3)  # another classifier, which is left out
    torch.save({"state_dict": {f"module.{name}": values for name, values in other.state_dict().items()}}, tmp_path / "w.pth")
    backbone = Backbone("resnet18", str(tmp_path / "w.pth")).eval()
    other.fc = torch.nn.Identity()
    mean, sd = (torch.tensor(values)[:, None, None] for values in ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]))
    torch.testing.assert_close(backbone(PICTURES), other.eval()((PICTURES - mean) / sd))


def test_weights_for_colours_serve_other_channels(tmp_path: Path) -> None:
    other = torchvision.models.resnet18()
    torch.save(other.state_dict(), tmp_path / "w.pth")
    first = Backbone("resnet18", str(tmp_path / "w.pth"), channels=8).network.conv1
    assert first.weight.shape == (64, 8, 7, 7)
    torch.testing.assert_close(first.weight, other.conv1.weight[:, [0, 1, 2, 0, 1, 2, 0, 1]] * 3 / 8)
    assert Backbone("resnet18", channels=1).eval()(PICTURES[:, :1]).shape == (2, 512)


def test_bn_inceptions_old_conversion(tmp_path: Path) -> None:
    weights = Backbone("bn_inception").network.state_dict()
    wide = {name: values[None] if values.ndim == 1 and "_bn." in name else values for name, values in weights.items()}
    torch.save(wide, tmp_path / "old.pth")
    torch.testing.assert_close(Backbone("bn_inception", str(tmp_path / "old.pth")).network.state_dict(), weights)


def _resnet() -> dict[str, torch.Tensor]:
    return torchvision.models.resnet18().state_dict()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "no such file"),
        (b"not weights", "cannot be read"),
        ({"a": 3}, "holds no state_dict"),
        ({"conv1.weight": torch.zeros(64, 3, 7, 7)}, r"lacks 'bn1.weight' \(.*another network"),
        ({**_resnet(), "layer9.weight": torch.zeros(2)}, "'layer9.weight' is not in this network"),
        (
            {**_resnet(), "conv1.weight": torch.zeros(64, 4, 7, 7)},
            r"'conv1.weight' has the shape \(64, 4, 7, 7\), the network's",
        ),
    ],
)
def test_what_is_wrong_with_a_file(content: object, message: str, tmp_path: Path) -> None:
    path = tmp_path / "w.pth"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content is not None:
        torch.save(content, path)
    with pytest.raises(UserError, match=f"pretrained: {path}: .*{message}") as caught:
        Backbone("resnet18", str(path))
    assert "\n" not in str(caught.value)


def test_timms_own_normalisation() -> None:
    backbone = Backbone("mobilenetv4_conv_small", channels=4)
    assert backbone.mean.flatten().tolist() == pytest.approx([0.485, 0.456, 0.406, 0.449], abs=1e-6)
    half = Backbone("vit_tiny_patch16_224")  # its makers scale to [-1, 1]
    assert half.mean.flatten().tolist() == [0.5, 0.5, 0.5] and half.sd.flatten().tolist() == [0.5, 0.5, 0.5]


def test_unknown_names_and_values() -> None:
    with pytest.raises(UserError, match="backbone 'resnet_18' is known neither to torchvision nor to timm; similar names: resnet"):
        Backbone("resnet_18")
    with pytest.raises(UserError, match="pretrained 1"):
        Backbone("resnet18", 1)  # type: ignore[arg-type]
