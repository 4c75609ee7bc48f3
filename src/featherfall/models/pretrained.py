"""Backbones for images, and their published weights.

A backbone is named as torchvision names it ("resnet18"), "bn_inception" (`featherfall.models.bn_inception`), "mobilenet_v1_025"
(`featherfall.models.mobilenet`), or as timm does. Its weights are random only where the recipe says `pretrained: false`.
"""

from __future__ import annotations

import contextlib
import importlib.util
import logging
import socket
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from featherfall.core.errors import UserError
from featherfall.models.bn_inception import WEIGHTS_URL, BNInception
from featherfall.models.efficientnet_lite import PACKAGED, timm_names
from featherfall.models.mobilenet import WIDTHS, MobileNetV1, read_tflite
from featherfall.runtime.perceive.weights import find_weights

TIMEOUT_S = 10.0  # of each connection
IMAGENET_MEAN, IMAGENET_SD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)

Pretrained = bool | str
_StateDict = Mapping[str, Tensor]


class Backbone(nn.Module):
    """(B, C, H, W) images in [0, 1] -> (B, width) features.

    The first three channels are normalised as the weights expect it, further ones by the mean of those figures.

    Arguments:
        name: of the network: torchvision's, "bn_inception", "mobilenet_v1_025" (and 050, 075, 100), or timm's.
        pretrained: False: random weights. True: those that the network's makers publish (ImageNet), from the cache of torch.hub or of
            Hugging Face, else downloaded; those of a MobileNet v1 and of tf_efficientnet_lite0 must have been fetched or installed
            (`runtime.perceive.weights`). A path: a file of a state_dict (or a MobileNet v1's quantised .tflite); a classifier in it is
            left out.
        channels: of the pictures. For other than 3, the first layer's published weights are repeated over them and scaled.
    Raises: `UserError` for an unknown name, a missing library, weights that cannot be had or do not fit.
    """

    def __init__(self, name: str, pretrained: Pretrained = False, channels: int = 3) -> None:
        super().__init__()
        if not isinstance(pretrained, bool | str):
            raise UserError(f"pretrained {pretrained!r}: write true, false, or the path of a file of weights")
        network, published = _create_network(name)
        self.width, classifier = _remove_classifier(network)
        if pretrained:
            weights = _read_weights(Path(pretrained)) if isinstance(pretrained, str) else _published(name, published)
            where = pretrained if isinstance(pretrained, str) else f"the published weights of {name}"
            _load_weights(network, timm_names(weights, network, classifier), classifier, where)
        if channels != 3:
            _adapt_first_layer(network, channels)
        self.network = network
        mean, sd = (torch.tensor(values) for values in getattr(network, "expects", (IMAGENET_MEAN, IMAGENET_SD)))
        self.register_buffer("mean", _per_channel(mean, channels), persistent=False)
        self.register_buffer("sd", _per_channel(sd, channels), persistent=False)

    def forward(self, pictures: Tensor) -> Tensor:
        """(B, C, H, W) in [0, 1] -> (B, width)."""
        mean: Tensor = self.mean  # type: ignore[assignment]
        sd: Tensor = self.sd  # type: ignore[assignment]
        return self.network((pictures - mean) / sd)


def _per_channel(values: Tensor, channels: int) -> Tensor:
    """Map (3,) -> (channels, 1, 1)."""
    extended = torch.cat([values, values.mean().expand(max(channels - 3, 0))])[:channels]
    return extended[:, None, None]


def _create_network(name: str) -> tuple[nn.Module, Callable[[], _StateDict]]:
    """Return the network with random weights and its classifier, and a function that returns its published weights."""
    if name == "bn_inception":
        return BNInception(), lambda: torch.hub.load_state_dict_from_url(WEIGHTS_URL, progress=False, check_hash=True)
    if name in WIDTHS:
        return MobileNetV1(WIDTHS[name]), lambda: read_tflite(find_weights(f"{name}_int8"))
    _require("torchvision", name)
    from torchvision import models

    if name in models.list_models(module=models) and name not in ("googlenet", "inception_v3"):  # theirs have classifiers on the way
        weights = models.get_model_weights(name).DEFAULT
        return models.get_model(name, weights=None), lambda: weights.get_state_dict(progress=False, check_hash=True)
    _require("timm", name)
    import timm

    if name not in timm.list_models():
        near = timm.list_models(f"{name[:6]}*")[:3] or ["resnet18", "bn_inception"]
        raise UserError(f"backbone {name!r} is known neither to torchvision nor to timm; similar names: {', '.join(near)}")
    network: Any = timm.create_model(name)
    network.expects = (network.pretrained_cfg["mean"], network.pretrained_cfg["std"])
    return network, lambda: _read_weights(find_weights(PACKAGED[name])) if name in PACKAGED else _from_hub(name)


def _require(library: str, name: str) -> None:
    if importlib.util.find_spec(library) is None:
        raise UserError(f"backbone {name!r} needs {library}; install it: pip install 'featherfall[vision]'")


def _remove_classifier(network: nn.Module) -> tuple[int, str]:
    """Replace the last linear layer by an identity; return its input width and its name."""
    linear = [(name, module) for name, module in network.named_modules() if isinstance(module, nn.Linear)]
    if not linear:
        raise UserError(f"backbone {type(network).__name__} ends in no linear layer; choose one that classifies by one, e.g. resnet18")
    name, last = linear[-1]
    parent, _, leaf = name.rpartition(".")
    setattr(network.get_submodule(parent), leaf, nn.Identity())
    return last.in_features, name


def _adapt_first_layer(network: nn.Module, channels: int) -> None:
    """Repeat the first convolution's weights over `channels` channels, scaled so that sums keep their size."""
    name, first = next((name, module) for name, module in network.named_modules() if isinstance(module, nn.Conv2d))
    weight = first.weight.detach()
    repeated = weight[:, torch.arange(channels) % weight.shape[1]] * (weight.shape[1] / channels)
    wider = nn.Conv2d(
        channels,
        first.out_channels,
        first.kernel_size,  # type: ignore[arg-type]
        first.stride,  # type: ignore[arg-type]
        first.padding,  # type: ignore[arg-type]
        bias=first.bias is not None,
    )
    wider.weight.data.copy_(repeated)
    if first.bias is not None and wider.bias is not None:
        wider.bias.data.copy_(first.bias.detach())
    parent, _, leaf = name.rpartition(".")
    setattr(network.get_submodule(parent), leaf, wider)


def _published(name: str, published: Callable[[], _StateDict]) -> _StateDict:
    try:
        with _short_timeouts():
            return published()
    except UserError:
        raise
    except Exception as error:  # urllib, ssl, huggingface_hub, httpx and timm each raise their own
        why = " ".join(str(getattr(error, "reason", None) or error or type(error).__name__).split())
        raise UserError(
            f"backbone {name!r}: its published weights are not on this machine and cannot be downloaded ({why[:100]}); give a file of "
            "them as 'pretrained: PATH', or write 'pretrained: false' to train from random weights"
        ) from error


def _from_hub(name: str) -> _StateDict:
    """Return timm's weights; where the hub is unreachable, read only the cache, as its client would retry for most of a minute."""
    import timm
    from huggingface_hub import constants

    before = constants.HF_HUB_OFFLINE
    constants.HF_HUB_OFFLINE = before or not _reachable(constants.ENDPOINT)
    try:
        return timm.create_model(name, pretrained=True).state_dict()
    finally:
        constants.HF_HUB_OFFLINE = before


def _reachable(address: str) -> bool:
    try:
        # an opener of its own: `urlopen` keeps the proxies of its first call for the whole process
        urllib.request.build_opener().open(urllib.request.Request(address, method="HEAD"), timeout=TIMEOUT_S).close()
    except urllib.error.HTTPError:  # it answered
        return True
    except OSError:
        return False
    return True


@contextlib.contextmanager
def _short_timeouts() -> Iterator[None]:
    """Set short time-outs and silence warnings while weights are fetched; failures become one error."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(TIMEOUT_S)
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)
        logging.disable(logging.NOTSET)


def _read_weights(path: Path) -> _StateDict:
    """Return the state_dict in a file, which may lie under the key "state_dict" and have the prefix of a parallel wrapper."""
    if not path.is_file():
        raise UserError(f"pretrained: {path}: no such file; give the path of a file of weights, or write true or false")
    try:
        if path.suffix == ".tflite":
            return read_tflite(path)
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            content: Any = load_file(path)
        else:
            content = torch.load(path, map_location="cpu", weights_only=True)
    except UserError:
        raise
    except Exception as error:  # a foreign or cut file breaks all readers in many ways
        raise UserError(
            f"pretrained: {path}: cannot be read as a file of weights; save one with torch.save(model.state_dict(), PATH)"
        ) from error
    if isinstance(content, Mapping) and isinstance(content.get("state_dict"), Mapping):
        content = content["state_dict"]
    if not isinstance(content, Mapping) or not content or not all(isinstance(value, Tensor) for value in content.values()):
        raise UserError(f"pretrained: {path}: holds no state_dict; save one with torch.save(model.state_dict(), PATH)")
    return {str(name).removeprefix("module."): value for name, value in content.items()}


def _load_weights(network: nn.Module, weights: _StateDict, classifier: str, where: str) -> None:
    """Load all weights except the classifier's; every other name and shape must agree."""
    given = {name: values for name, values in weights.items() if not name.startswith(f"{classifier}.")}
    own = network.state_dict()
    missing = [name for name in own if name not in given and not name.endswith("num_batches_tracked")]
    if missing:
        raise UserError(f"pretrained: {where}: lacks {missing[0]!r} ({len(missing)} of {len(own)} names missing); it is of another network")
    unknown = [name for name in given if name not in own]
    if unknown:
        raise UserError(f"pretrained: {where}: {unknown[0]!r} is not in this network ({len(unknown)} such names); it is of another one")
    for name, values in given.items():
        if values.shape != own[name].shape and values.squeeze(0).shape == own[name].shape:
            given[name] = values.squeeze(0)  # an old conversion of BN-Inception stores (1, C)
        elif values.shape != own[name].shape:
            raise UserError(f"pretrained: {where}: {name!r} has the shape {tuple(values.shape)}, the network's is {tuple(own[name].shape)}")
    network.load_state_dict(given, strict=False)
