"""Every set that GenInt's classifiers learn from, by name: real, stylised and generated ones."""

from functools import partial
from typing import Any

from cgnlib.pipelines.genint_scenes9.counterfactual_sets import counterfactual_sources
from cgnlib.pipelines.genint_scenes9.images import KINDS, Kind, identity_of, loaded, set_count
from cgnlib.pipelines.genint_scenes9.training_sets import ImageSource, LazySources, own_sources


def sources(params: Any) -> LazySources:
    """The sets that ``params`` describe. What names a set is worked out when the set is first asked
    for (of transferred images a network and a list of files, of the CGN's its training); images
    are made when they are loaded. What is absent is a :class:`cgnlib.errors.UserError` then.

    Args:
        params: has the fields of :class:`cgnlib.params.genint_images.GenintImageParams` and of
            :class:`cgnlib.params.genint_classifiers.GenintClassifierParams`.
    """
    made = LazySources({kind: partial(_generated, params, kind) for kind in KINDS})
    return own_sources(params) | made | counterfactual_sources(params)


def _generated(params: Any, kind: Kind) -> ImageSource:
    count = set_count(params, kind)
    return ImageSource(identity_of(params, kind), count, partial(loaded, params, kind))
