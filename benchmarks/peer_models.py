"""Peers: methods that others detect falls or classify time series with, each fitted to the windows that a student is trained on.

Every peer is fitted by `fit(windows, seed)` and then gives `predict(x)`: (N, L, 3) acceleration in g -> (N,) probabilities of a fall. A
fitted peer can be pickled. Libraries are imported when a peer is fitted.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from featherfall.core.errors import UserError
from peer_features import fall_signs, usual_features

INSTALL = "pip install 'featherfall[train,peers]', in an environment of its own"


@dataclass(frozen=True, eq=False)
class Windows:
    """What a peer is fitted to.

    Attributes:
        x: (N, L, 3) float32, g. falls: (N,) bool. weights: (N,) with mean 1. people: (N,) names. rate: Hz. steps, batch: of a network.
    """

    x: np.ndarray
    falls: np.ndarray
    weights: np.ndarray
    people: np.ndarray
    rate: float
    steps: int
    batch: int

    def take(self, index: np.ndarray) -> Windows:
        """Return some of the windows."""
        parts = (self.x[index], self.falls[index], self.weights[index], self.people[index])
        return Windows(*parts, self.rate, self.steps, self.batch)


class Fitted(Protocol):
    """A peer after `fit`."""

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Return (N,) probabilities of a fall."""


@dataclass(frozen=True)
class Peer:
    """A kind of peer.

    Attributes:
        needs: modules to import. most: windows that it is fitted to at most (its cost grows with their square or cube), see `bounded`.
        random: whether its seed matters.
    """

    title: str
    fit: Callable[[Windows, int], Fitted]
    needs: tuple[str, ...] = ()
    most: int | None = None
    random: bool = True


def check_installed(names: Sequence[str]) -> None:
    """Raise `UserError` for a peer whose library is not installed."""
    for name in names:
        absent = [module for module in PEERS[name].needs if importlib.util.find_spec(module) is None]
        if absent:
            raise UserError(f"peer {name!r} needs {' and '.join(absent)}: {INSTALL}")


def bounded(windows: Windows, strata: np.ndarray, most: int | None, seed: int) -> Windows:
    """Return at most `most` windows, drawn alike from all strata; each stratum keeps its weight.

    Strata smaller than their share are kept whole, and the others get what they leave.

    Arguments:
        strata: (N,) int, e.g. of dataset and class.
    """
    if most is None or len(windows.x) <= most:
        return windows
    random = np.random.default_rng(seed)
    names, counts = np.unique(strata, return_counts=True)
    kept, weights, left = [], windows.weights.copy(), most
    for place, i in enumerate(np.argsort(counts)):
        members = np.flatnonzero(strata == names[i])
        count = min(len(members), left // (len(names) - place))
        chosen = np.sort(random.choice(members, count, replace=False))
        weights[chosen] *= windows.weights[members].sum() / windows.weights[chosen].sum()
        kept.append(chosen)
        left -= count
    index = np.sort(np.concatenate(kept))
    weights[index] /= weights[index].mean()
    return Windows(windows.x, windows.falls, weights, windows.people, windows.rate, windows.steps, windows.batch).take(index)


# The rule's limits and the widths of their grades (one width beyond its limit, a condition gives .73), in g. Free fall and impact: Kangas
# et al. 2008 (.6 g, 2 g at the waist; 2 to 3 g elsewhere). Rest: the sd of |a| of an arm that lies, after Degen et al. 2003, who asked for
# rest at the wrist.
FREE_FALL, IMPACT, REST = (0.6, 0.1), (2.5, 0.5), (0.2, 0.05)


@dataclass(frozen=True)
class Rule:
    """Free fall, impact within 1 s, then rest. .5 or more where all three hold; beyond it, by how much the weakest of them does."""

    rate: float

    def predict(self, x: np.ndarray) -> np.ndarray:
        peak, lowest, rest, _ = fall_signs(np.linalg.norm(x.astype(np.float64), axis=2), self.rate)
        margins = [
            (FREE_FALL[0] - lowest) / FREE_FALL[1],
            (peak - IMPACT[0]) / IMPACT[1],
            (REST[0] - rest) / REST[1],
        ]
        return _sigmoid(np.min(margins, axis=0))


def fit_rule(windows: Windows, seed: int) -> Rule:
    """Fit nothing: the rule's limits are published ones."""
    return Rule(windows.rate)


@dataclass(frozen=True, eq=False)
class Forest:
    """A random forest of the usual features (Breiman 2001)."""

    rate: float
    forest: Any

    def predict(self, x: np.ndarray) -> np.ndarray:
        return self.forest.predict_proba(usual_features(x, self.rate))[:, 1]


def fit_forest(windows: Windows, seed: int) -> Forest:
    from sklearn.ensemble import RandomForestClassifier

    forest = RandomForestClassifier(300, min_samples_leaf=2, random_state=seed, n_jobs=1)
    return Forest(windows.rate, forest.fit(usual_features(windows.x, windows.rate), windows.falls, windows.weights))


@dataclass(frozen=True, eq=False)
class Scored:
    """A classifier that gives scores, of features that are scaled, with Platt's probabilities of them (Platt 1999)."""

    features: Any
    scale: Any
    classifier: Any
    slope: float
    offset: float

    def predict(self, x: np.ndarray) -> np.ndarray:
        scores = self.classifier.decision_function(self.scale.transform(self.features.of(x)))
        return _sigmoid(self.slope * scores + self.offset)


def fit_scored(windows: Windows, features: Any, scale: Any, classifier: Any, seed: int) -> Scored:
    """Fit a classifier; its probabilities are those of people (a third of them) that an equal one was not fitted to."""
    from sklearn.base import clone
    from sklearn.linear_model import LogisticRegression

    x = scale.fit_transform(features.of(windows.x))
    names = np.unique(windows.people)
    aside = np.isin(windows.people, np.random.default_rng(seed).permutation(names)[: max(len(names) // 3, 1)])
    if len(set(windows.falls[aside])) < 2 or len(set(windows.falls[~aside])) < 2:
        aside = np.arange(len(x)) % 3 == 0  # too few people who fall
    apart = clone(classifier).fit(x[~aside], windows.falls[~aside], windows.weights[~aside])
    scores = apart.decision_function(x[aside])[:, None]
    platt = LogisticRegression(C=1e6).fit(scores, windows.falls[aside], windows.weights[aside])
    classifier.fit(x, windows.falls, windows.weights)
    return Scored(features, scale, classifier, float(platt.coef_[0, 0]), float(platt.intercept_[0]))


@dataclass(frozen=True)
class UsualFeatures:
    """`peer_features.usual_features` at a rate."""

    rate: float

    def of(self, x: np.ndarray) -> np.ndarray:
        return usual_features(x, self.rate)


@dataclass(frozen=True, eq=False)
class Kernels:
    """Features of a fitted transform of aeon."""

    transform: Any

    def of(self, x: np.ndarray) -> np.ndarray:
        return np.asarray(self.transform.transform(with_magnitude(x)), np.float32)


def fit_svm(windows: Windows, seed: int) -> Scored:
    """RBF support vectors of the usual features, standardised (Cortes and Vapnik 1995)."""
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    return fit_scored(windows, UsualFeatures(windows.rate), StandardScaler(), SVC(C=3.0, gamma="scale", cache_size=500), seed)


def _fit_kernels(windows: Windows, transform: Any, seed: int) -> Scored:
    """Ridge regression of the features that random kernels give, its penalty chosen by leave-one-out, as their authors do."""
    from sklearn.linear_model import RidgeClassifierCV
    from sklearn.preprocessing import StandardScaler

    transform.fit(with_magnitude(windows.x))
    return fit_scored(windows, Kernels(transform), StandardScaler(), RidgeClassifierCV(np.logspace(-1, 5, 7)), seed)


def fit_minirocket(windows: Windows, seed: int) -> Scored:
    """Dempster, Schmidt and Webb 2021, arXiv 2012.08791."""
    from aeon.transformations.collection.convolution_based import MiniRocket

    return _fit_kernels(windows, MiniRocket(random_state=seed, n_jobs=1), seed)


def fit_multirocket(windows: Windows, seed: int) -> Scored:
    """Tan et al. 2022, arXiv 2102.00457."""
    from aeon.transformations.collection.convolution_based import MultiRocket

    return _fit_kernels(windows, MultiRocket(random_state=seed, n_jobs=1), seed)


def fit_hydra(windows: Windows, seed: int) -> Scored:
    """Dempster, Schmidt and Webb 2023, arXiv 2203.13652."""
    from aeon.transformations.collection.convolution_based import HydraTransformer

    return _fit_kernels(windows, HydraTransformer(random_state=seed, n_jobs=1, output_type="numpy"), seed)


def fit_inception(windows: Windows, seed: int) -> Fitted:
    from peer_inception import fit_network

    return fit_network(with_magnitude(windows.x), windows.falls, windows.weights, windows.steps, windows.batch, seed)


def with_magnitude(x: np.ndarray) -> np.ndarray:
    """Return (N, 4, L) float32: the axes and |a|, which does not depend on how the watch is turned; (N, L, 3) before."""
    return np.concatenate([x, np.linalg.norm(x, axis=2, keepdims=True)], axis=2).transpose(0, 2, 1).astype(np.float32)


def _sigmoid(z: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-np.clip(z, -30, 30)))


PEERS = {
    "rule": Peer("threshold and rest", fit_rule, random=False),
    "forest": Peer("random forest", fit_forest, ("sklearn",)),
    "svm": Peer("SVM (RBF)", fit_svm, ("sklearn",), most=4000),
    "minirocket": Peer("MiniRocket", fit_minirocket, ("sklearn", "aeon"), most=4000),
    "multirocket": Peer("MultiRocket", fit_multirocket, ("sklearn", "aeon"), most=3000),
    "hydra": Peer("Hydra", fit_hydra, ("sklearn", "aeon"), most=4000),
    "inception": Peer("InceptionTime", fit_inception),
}
