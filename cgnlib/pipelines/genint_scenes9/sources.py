"""Every set that GenInt's classifiers learn from, by name: real, stylised and generated ones."""

from functools import partial
from typing import Any

from cgnlib.pipelines.genint_scenes9.counterfactual_sets import counterfactual_sources
from cgnlib.pipelines.genint_scenes9.images import KINDS, identity_of, loaded, set_count
from cgnlib.pipelines.genint_scenes9.training_sets import ImageSource, own_sources


def sources(params: Any) -> dict[str, ImageSource]:
    """The sets that ``params`` describe; images are generated when they are first asked for.

    Args:
        params: has the fields of :class:`cgnlib.params.genint_images.GenintImageParams` and of
            :class:`cgnlib.params.genint_classifiers.GenintClassifierParams`.

    Raises:
        UserError: folders of ImageNet that are absent.
    """
    made = {
        kind: ImageSource(
            identity_of(params, kind), set_count(params, kind), partial(loaded, params, kind)
        )
        for kind in KINDS
    }
    return own_sources(params) | made | counterfactual_sources(params)
