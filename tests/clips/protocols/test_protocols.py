"""What protocols say of themselves."""

from __future__ import annotations

from typing import Any

import pytest

from featherfall.clips.protocols import cross_validates, describe_split
from featherfall.core.errors import UserError
from featherfall.core.recipe import Labels, Split


@pytest.mark.parametrize(
    ("split", "labels", "name"),
    [
        (Split(protocol="published", list="cross_subject"), {}, "published cross_subject"),
        (Split(protocol="kfold", folds=5), {}, "5 folds by subject"),
        (Split(protocol="loso", group="recording"), {}, "leave one recording out"),
        (Split(protocol="kfold", folds=5, train_share=0.25), {}, "5 folds by subject, 25% of the training subjects"),
        (Split(protocol="loso"), {"share": 0.5}, "leave one subject out, labels of 50% of the training subjects"),
        (Split(protocol="loso"), {"subjects": 1}, "leave one subject out, labels of 1 training subject"),
        (Split(protocol="loso"), {"subjects": ["s1", "s3"]}, "leave one subject out, labels of s1, s3"),
    ],
)
def test_a_protocol_describes_itself(split: Split, labels: dict[str, Any], name: str) -> None:
    assert describe_split(split, Labels(by="activity", **labels)) == name


def test_folds_that_test_everybody() -> None:
    assert cross_validates(Split(protocol="loso")) and cross_validates(Split(protocol="KFold"))
    assert not cross_validates(Split(protocol="published", list="odd"))


def test_unknown_and_incomplete_ones() -> None:
    with pytest.raises(UserError, match="unknown protocol; did you mean 'kfold'"):
        Split(protocol="kfolds")
    with pytest.raises(UserError, match="protocol 'published' needs 'list'; add it"):
        Split(protocol="published")
