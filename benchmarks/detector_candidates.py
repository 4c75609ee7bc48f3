"""What detectors of several families cost at 320 pixels on one thread: parameters, MACs, int8 size, latency, a training step.

    python benchmarks/detector_candidates.py [--repeat 30] [--only small]

Random weights: nothing here says how well they find anything. Graphs end at scores and box numbers of every place, before boxes are chosen;
of torchvision's, anchors are added afterwards (little). Latency is the fastest tenth of the runs: what an idle core would do.
"""

from __future__ import annotations

import argparse
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from torch import Tensor, nn

from featherfall.export.quantise import quantise
from featherfall.models.count import macs, parameters
from featherfall.models.detect.net import Detector

SIZE = 320


class Torchvision(nn.Module):
    """A torchvision detector's network without anchors, losses and choice of boxes."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.backbone, self.head = model.backbone, model.head

    def forward(self, pictures: Tensor) -> tuple[Tensor, ...]:
        values = (pictures[:, 0].permute(0, 3, 1, 2).float() - 127.5) / 127.5
        said = self.head(list(self.backbone(values).values()))
        return tuple(said.values())


class Ours(nn.Module):
    """Ours, with outputs as they are exported."""

    def __init__(self, model: Detector) -> None:
        super().__init__()
        self.model = model

    def forward(self, pictures: Tensor) -> tuple[Tensor, ...]:
        said = self.model({"picture": pictures})
        return said.logits.sigmoid(), said.boxes


def ssdlite(width: float) -> nn.Module:
    from torchvision.models.detection.ssdlite import SSD, DefaultBoxGenerator, SSDLiteHead, _mobilenet_extractor, det_utils
    from torchvision.models.mobilenetv3 import MobileNetV3, _mobilenet_v3_conf

    norm = lambda channels: nn.BatchNorm2d(channels, eps=0.001, momentum=0.03)  # noqa: E731
    setting, last = _mobilenet_v3_conf("mobilenet_v3_large", width_mult=width, reduced_tail=True)
    backbone = _mobilenet_extractor(MobileNetV3(setting, last, norm_layer=norm), 6, norm)
    anchors = DefaultBoxGenerator([[2, 3] for _ in range(6)], min_ratio=0.2, max_ratio=0.95)
    channels = det_utils.retrieve_out_channels(backbone, (SIZE, SIZE))
    head = SSDLiteHead(channels, anchors.num_anchors_per_location(), 3, norm)
    return Torchvision(SSD(backbone, anchors, (SIZE, SIZE), 3, head=head))


def pyramid(kind: str) -> nn.Module:
    from torchvision.models import mobilenet_v3_large
    from torchvision.models.detection import FCOS, RetinaNet
    from torchvision.models.detection.anchor_utils import AnchorGenerator
    from torchvision.models.detection.backbone_utils import _mobilenet_extractor

    backbone = _mobilenet_extractor(mobilenet_v3_large(), True, 6, returned_layers=[2, 4, 5])
    levels = ((32,), (64,), (128,), (256,))
    one = AnchorGenerator(levels, ((1.0,),) * 4)
    if kind == "fcos":
        return Torchvision(FCOS(backbone, 3, anchor_generator=one))
    return Torchvision(RetinaNet(backbone, 3, anchor_generator=AnchorGenerator(levels, ((0.5, 1.0, 2.0),) * 4)))


def ours(backbone: str, width: int, depth: int, **options: object) -> nn.Module:
    return Ours(Detector("picture", 2, backbone=backbone, width=width, depth=depth, options=options))


CANDIDATES: dict[str, Callable[[], nn.Module]] = {
    "torchvision SSDlite320, MobileNetV3-large": lambda: ssdlite(1.0),
    "torchvision SSDlite320, half as wide": lambda: ssdlite(0.5),
    "torchvision FCOS, MobileNetV3-large, FPN of 256": lambda: pyramid("fcos"),
    "torchvision RetinaNet, MobileNetV3-large, FPN of 256": lambda: pyramid("retina"),
    "ours, LCNet .5, width 48": lambda: ours("lcnet_050", 48, 1),
    "ours, MobileNetV3-small .5, width 48": lambda: ours("mobilenetv3_small_050", 48, 1),
    "ours, MobileNetV4-small .5, width 48 (student)": lambda: ours("mobilenetv4_conv_small_050", 48, 1),
    "ours, ResNet-18 half as wide, width 64 (teacher)": lambda: ours("resnet18", 64, 1, channels=[32, 64, 128, 256]),
    "ours, ResNet-18, width 96, depth 2": lambda: ours("resnet18", 96, 2),
}


def latency(path: Path, repeat: int) -> float:
    """Fastest tenth, ms, of one picture on one thread."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    picture = np.random.default_rng(0).integers(0, 256, (1, 1, SIZE, SIZE, 3)).astype(np.uint8)
    taken = []
    for _ in range(repeat + 3):
        start = time.perf_counter()
        session.run(None, {"pictures": picture})
        taken.append(time.perf_counter() - start)
    return 1000 * float(np.percentile(taken[3:], 10))


def training_step(model: nn.Module, batch: int = 4) -> float:
    """CPU ms a picture, forwards and backwards in bfloat16, one thread; the second step counts."""
    model.train()
    pictures = torch.randint(0, 256, (batch, 1, SIZE, SIZE, 3), dtype=torch.uint8)
    for _ in range(2):
        start = time.process_time()
        with torch.autocast("cpu", torch.bfloat16):
            loss = sum(one.float().mean() for one in model(pictures))
        loss.backward()  # type: ignore[union-attr]
        taken = time.process_time() - start
    return 1000 * taken / batch


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=30)
    parser.add_argument("--only", nargs="*", default=[""], help="parts of the names")
    chosen = parser.parse_args()
    repeat = chosen.repeat
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    print("| detector | parameters | GMAC | int8 | float32 ms | int8 ms | training ms a picture |")
    print("|---|---|---|---|---|---|---|")
    pictures = torch.randint(0, 256, (2, 1, SIZE, SIZE, 3), dtype=torch.uint8)
    for name, make in CANDIDATES.items():
        if not any(part in name for part in chosen.only):
            continue
        torch.manual_seed(0)
        model = make()
        step = training_step(model)
        model.eval()
        with tempfile.TemporaryDirectory() as folder:
            exact, small = Path(folder) / "exact.onnx", Path(folder) / "small.onnx"
            free = ({0: torch.export.Dim("count", min=1)},)
            program = torch.onnx.export(model, (pictures,), dynamo=True, input_names=["pictures"], dynamic_shapes=free, verbose=False)
            assert program is not None
            program.save(str(exact))
            quantise(exact, small, {"pictures": pictures.numpy()})
            cost = macs(_Named(model), {"pictures": pictures[:1]}) / 1e9
            row = (f"{parameters(model):,}", f"{cost:.2f}", f"{small.stat().st_size / 1e6:.2f} MB")
            times = (f"{latency(exact, repeat):.1f}", f"{latency(small, repeat):.1f}", f"{step:.0f}")
        print(f"| {name} | {' | '.join((*row, *times))} |", flush=True)


class _Named(nn.Module):
    """Takes a clip, as `macs` gives it."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, clip: dict[str, Tensor]) -> tuple[Tensor, ...]:
        found: tuple[Tensor, ...] = self.model(clip["pictures"])
        return found


if __name__ == "__main__":
    main()
