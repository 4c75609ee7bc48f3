"""An anchor-free detector: backbone -> light feature pyramid -> a head at each of three strides.

Shapes: B pictures of S x S pixels, A = (S/8)^2 + (S/16)^2 + (S/32)^2 grid points, C classes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from featherfall.core.errors import UserError
from featherfall.core.registry import register
from featherfall.models.inputs import Channels, one_film

STRIDES = (8, 16, 32)
_PRIOR = 0.01  # initial probability of each class: nearly all grid points are background (Lin et al., Focal Loss, 2017)


SCORES, BOXES = "scores", "boxes"  # outputs of an exported detector


class DetectorOutputs(NamedTuple):
    """Outputs of a detector for B pictures.

    logits: (B, A, C), one sigmoid a class. boxes: (B, A, 4) left, top, right, bottom as fractions of the picture (may reach beyond it).
    """

    logits: Tensor
    boxes: Tensor


class Detector(nn.Module):
    """Predicts boxes and classes at every grid point of three maps, without anchors (Tian et al., FCOS, 2019).

    The backbone's maps at strides 8, 16 and 32 become `width` channels each and are summed from coarse to fine (Lin et al., Feature
    Pyramid Networks, 2017); these maps are the embedding that is distilled. At each grid point a head predicts, per class, whether a
    person's box belongs to it, and the distances to the box's four sides, in strides. Instead of centre-ness, the class target is the
    box's quality.

    In memory the channels lie innermost (`torch.channels_last`), however the pictures came. All layers keep that order, in which a
    training step on a CPU takes about three quarters of the time.

    Arguments:
        input: name of the clip's film, one picture a clip.
        classes: number of classes.
        backbone: timm's name of it, e.g. resnet18 (a teacher) or mobilenetv4_conv_small_050 (a student).
        width: channels of pyramid and heads.
        depth: number of 3 x 3 convolutions in a head.
        pretrained: use the backbone's published weights (downloaded once) instead of random ones.
        options: further arguments for timm, e.g. {channels: [32, 64, 128, 256]} makes a ResNet half as wide.
    Raises: `UserError` for a backbone that timm does not have, or weights that cannot be downloaded.
    """

    def __init__(
        self,
        input: str,
        classes: int,
        backbone: str = "mobilenetv4_conv_small_050",
        width: int = 48,
        depth: int = 1,
        pretrained: bool = False,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__()
        self.input, self.classes, self.width = input, classes, width
        self.backbone = _backbone(backbone, pretrained, options or {})
        widths = self.backbone.feature_info.channels()  # type: ignore[operator, union-attr]
        mean, sd = (torch.tensor(self.backbone.expects[i]).view(3, 1, 1) for i in (0, 1))  # type: ignore[index]
        self.register_buffer("mean", 255 * mean, persistent=False)
        self.register_buffer("sd", 255 * sd, persistent=False)
        self.lateral = nn.ModuleList(nn.Conv2d(channels, width, 1) for channels in widths)
        self.smooth = nn.ModuleList(_block(width, width) for _ in widths)
        self.heads = nn.ModuleList(_Head(width, classes, depth) for _ in widths)

    def embed(self, clip: Mapping[str, Tensor]) -> list[Tensor]:
        """{input: (B, 1, S, S, 3) uint8 or float32 RGB of 0..255} -> three maps (B, width, S/8, S/8), ... fine to coarse."""
        pictures = clip[self.input].contiguous()[:, 0].permute(0, 3, 1, 2).float()
        mean: Tensor = self.mean  # type: ignore[assignment]
        sd: Tensor = self.sd  # type: ignore[assignment]
        maps = self.backbone((pictures - mean) / sd)
        summed: list[Tensor] = [lateral(one) for lateral, one in zip(self.lateral, maps, strict=True)]
        for i in (1, 0):
            summed[i] = summed[i] + F.interpolate(summed[i + 1], scale_factor=2.0, mode="nearest")
        return [smooth(one) for smooth, one in zip(self.smooth, summed, strict=True)]

    def head(self, maps: Sequence[Tensor]) -> DetectorOutputs:
        """Return the heads' outputs for the three maps of `embed`."""
        logits, boxes = [], []
        for head, one in zip(self.heads, maps, strict=True):
            here, sides = head(one)
            height, width = one.shape[2], one.shape[3]
            centre = _centres(height, width).to(one.device)  # A, 2 in strides
            sides = sides.float().flatten(2).transpose(1, 2)  # B, A, 4: to the left, up, to the right, down
            reach = torch.tensor([width, height, width, height], dtype=torch.float32, device=one.device)
            boxes.append(torch.cat([centre - sides[..., :2], centre + sides[..., 2:]], dim=-1) / reach)
            logits.append(here.float().flatten(2).transpose(1, 2))
        return DetectorOutputs(torch.cat(logits, dim=1), torch.cat(boxes, dim=1))

    def forward(self, clip: Mapping[str, Tensor]) -> DetectorOutputs:
        """{input: (B, 1, S, S, 3)} RGB of 0..255 -> the outputs of every place; S a multiple of 32."""
        return self.head(self.embed(clip))


class ScoresAndBoxes(nn.Module):
    """The deployed form of a detector: {input: (B, 1, S, S, 3) uint8} -> (B, A, C) scores 0..1 and (B, A, 4) boxes."""

    def __init__(self, model: Detector) -> None:
        super().__init__()
        self.model = model

    def forward(self, clip: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
        outputs = self.model(clip)
        return outputs.logits.sigmoid(), outputs.boxes


class _Head(nn.Module):
    """(B, width, H, W) -> (B, C, H, W) logits and (B, 4, H, W) distances in strides, 0 or more."""

    def __init__(self, width: int, classes: int, depth: int) -> None:
        super().__init__()
        self.which = nn.Sequential(*(_block(width, width) for _ in range(depth)), nn.Conv2d(width, classes, 1))
        self.where = nn.Sequential(*(_block(width, width) for _ in range(depth)), nn.Conv2d(width, 4, 1))
        nn.init.constant_(self.which[-1].bias, -torch.log(torch.tensor((1 - _PRIOR) / _PRIOR)).item())  # type: ignore[arg-type]
        nn.init.constant_(self.where[-1].bias, 2.0)  # type: ignore[arg-type]

    def forward(self, values: Tensor) -> tuple[Tensor, Tensor]:
        return self.which(values), F.softplus(self.where(values).float())


def _block(into: int, out: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(into, out, 3, padding=1, bias=False), nn.BatchNorm2d(out), nn.ReLU(inplace=True))


def _centres(height: int, width: int) -> Tensor:
    """Return x and y of the grid points, (H W, 2) in strides."""
    y, x = torch.meshgrid(torch.arange(height) + 0.5, torch.arange(width) + 0.5, indexing="ij")
    return torch.stack([x.flatten(), y.flatten()], dim=1)


def grid_points(size: int) -> tuple[Tensor, Tensor]:
    """Return middles (A, 2) as fractions of the picture, and strides (A,) in pixels, of all places, in the order of `DetectorOutputs`."""
    middles = torch.cat([_centres(size // stride, size // stride) * stride / size for stride in STRIDES])
    return middles, torch.cat([torch.full(((size // stride) ** 2,), float(stride)) for stride in STRIDES])


def _backbone(name: str, pretrained: bool, options: Mapping[str, Any]) -> nn.Module:
    try:
        import timm
    except ImportError:
        raise UserError("detectors need timm; install it: pip install 'featherfall[vision]'") from None
    if name not in timm.list_models():
        near = timm.list_models(f"{name[:6]}*")[:3] or ["resnet18", "mobilenetv4_conv_small_050"]
        raise UserError(f"backbone {name!r} is not known to timm; similar names: {', '.join(near)}")
    try:
        network: Any = timm.create_model(name, pretrained=pretrained, features_only=True, out_indices=(-3, -2, -1), **options)
    except OSError as error:
        raise UserError(f"backbone {name!r}: its weights cannot be had ({str(error).splitlines()[0]}); set pretrained: false") from error
    except (TypeError, ValueError) as error:
        raise UserError(f"backbone {name!r}: {error}") from error
    strides = tuple(network.feature_info.reduction())
    if strides != STRIDES:
        raise UserError(f"backbone {name!r} gives maps at strides {strides}, a detector needs {STRIDES}; choose another")
    config = timm.get_pretrained_cfg(name)
    network.expects = (config.mean, config.std) if config else ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
    found: nn.Module = network
    return found


@register("model", "detector", looks_at=["detector"])
def build_detector(inputs: Sequence[str], channels: Channels, classes: int, **options: Any) -> nn.Module:
    """Boxes of people in one picture, and a class for each."""
    return Detector(one_film(inputs, channels), classes, **options)
