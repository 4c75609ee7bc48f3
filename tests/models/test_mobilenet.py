from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch.nn import functional as F

from featherfall.core.errors import UserError
from featherfall.core.files import data_folder
from featherfall.models.mobilenet import MobileNetV1, SameConv, read_tflite
from featherfall.models.pretrained import Backbone

WEIGHTS = data_folder(None) / "weights" / "mobilenet_v1_0.25_128_quant.tflite"
real = pytest.mark.skipif(not WEIGHTS.is_file(), reason=f"{WEIGHTS} is not there")


@pytest.mark.parametrize(("side", "stride", "before"), [(8, 2, 0), (7, 2, 1), (8, 1, 1)])
def test_padding_is_tensorflows(side: int, stride: int, before: int) -> None:
    """One pixel is missing on even sides with stride 2: it goes to the right and the bottom. On others there is one on each side."""
    convolution = SameConv(1, 1, 3, stride, bias=False)
    picture = torch.randn(1, 1, side, side)
    out = convolution(picture)
    assert out.shape[2:] == (-(-side // stride),) * 2
    expected = F.conv2d(F.pad(picture, (before, 1, before, 1)), convolution.weight, stride=stride)
    torch.testing.assert_close(out, expected[..., : out.shape[2], : out.shape[3]])


def test_sizes() -> None:
    model = MobileNetV1(0.25, classes=5)
    assert model(torch.randn(2, 3, 64, 64)).shape == (2, 5)
    assert sum(values.numel() for name, values in model.state_dict().items() if name.startswith("features")) == 210_336  # .47 M with 1001


def test_weights_that_are_not_there_can_be_fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FEATHERFALL_WEIGHTS", str(tmp_path))
    monkeypatch.setenv("FEATHERFALL_REAL_DATA", str(tmp_path))
    with pytest.raises(UserError, match=r"'mobilenet_v1_025_int8' are not there; fetch them: curl .*mobilenet_v1_0\.25_128_quant\.tflite"):
        Backbone("mobilenet_v1_025", pretrained=True)
    with pytest.raises(UserError, match="no weights 'mobilenet_v1_050_int8'"):
        Backbone("mobilenet_v1_050", pretrained=True)


@real
def test_the_file_says_what_the_network_says() -> None:
    """Top class and probabilities, by LiteRT from the int8 file and by ours in float32."""
    from featherfall.runtime.perceive.litert import open_net

    net = open_net(WEIGHTS)
    net.allocate_tensors()
    model = MobileNetV1(0.25)
    model.load_state_dict(read_tflite(WEIGHTS))
    shown = sorted((Path(__file__).parents[2] / "docs" / "images").glob("sim-*.png"))  # simulated people
    assert len(shown) >= 5
    for path in shown:
        pixels = np.array(Image.open(path).convert("RGB").resize((128, 128)))
        net.set_tensor(net.get_input_details()[0]["index"], pixels[None])
        net.invoke()
        theirs = net.get_tensor(net.get_output_details()[0]["index"])[0] / 256
        with torch.no_grad():
            ours = model.eval()((torch.from_numpy(pixels).permute(2, 0, 1)[None].float() - 128) / 128)[0].softmax(dim=0).numpy()
        assert np.abs(theirs - ours).max() < 0.04
        assert theirs.argmax() == ours.argmax() or theirs.max() < 0.1  # int8 rounds: the class may change where several are as likely


@real
def test_it_is_a_backbone() -> None:
    backbone = Backbone("mobilenet_v1_025", pretrained=True).eval()
    assert backbone.width == 256
    pixels = torch.randint(0, 256, (2, 3, 128, 128))
    whole = MobileNetV1(0.25)
    whole.load_state_dict(read_tflite(WEIGHTS))
    expected = whole.features((pixels - 128) / 128).mean(dim=(2, 3))
    torch.testing.assert_close(backbone(pixels / 255), expected, rtol=1e-4, atol=1e-4)
    with pytest.raises(UserError, match="it is of another"):
        Backbone("resnet18", pretrained=str(WEIGHTS))


def test_another_file_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("ai_edge_litert", reason="LiteRT is not installed (extra 'camera')")
    (tmp_path / "x.tflite").write_bytes(b"no network")
    with pytest.raises(UserError, match=r"x\.tflite: LiteRT cannot open it"):
        Backbone("mobilenet_v1_025", pretrained=str(tmp_path / "x.tflite"))
    movenet = WEIGHTS.with_name("movenet_single_pose_lightning_ptq.tflite")
    if movenet.is_file():
        with pytest.raises(UserError, match="not a quantised MobileNet v1"):
            Backbone("mobilenet_v1_025", pretrained=str(movenet))
