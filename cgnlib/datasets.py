"""Names that the whole library shares: the datasets of every family and the factors of an image."""

from typing import Literal, get_args

MnistDataset = Literal["colored_mnist", "double_colored_mnist", "wildlife_mnist"]
MNIST_DATASETS: tuple[str, ...] = get_args(MnistDataset)  # in the order of every page
ImagenetDataset = Literal["scenes9", "imagenet_mini"]
IMAGENET_DATASETS: tuple[str, ...] = get_args(ImagenetDataset)
GenintMnistDataset = Literal["genint_mnist"]
GENINT_MNIST_DATASETS: tuple[str, ...] = get_args(GenintMnistDataset)
GenintDataset = Literal["genint_scenes9", "genint_imagenet"]
GENINT_DATASETS: tuple[str, ...] = get_args(GenintDataset)
TITLES = {
    "colored_mnist": "Colored MNIST",
    "double_colored_mnist": "Double-colored MNIST",
    "wildlife_mnist": "Wildlife MNIST",
    "scenes9": "scenes9",
    "imagenet_mini": "ImageNet-mini",
    "genint_mnist": "GenInt MNIST",
    "genint_scenes9": "GenInt scenes9",
    "genint_imagenet": "GenInt ImageNet",
}

# The name under which numbers of a dataset were published, where not its own. scenes9 stands in
# for ImageNet: what was published there is shown beside it as that of another dataset.
PUBLISHED_AS = dict.fromkeys(("scenes9", "imagenet_mini", *GENINT_DATASETS), "imagenet")
STAND_INS = ("scenes9", "genint_scenes9")
# The published training that a run departs from: GenInt's is another than the CGN's.
RECIPE_AS = PUBLISHED_AS | dict.fromkeys(GENINT_DATASETS, "genint_imagenet")

# The independent factors of an image, in the order of every label array and matrix.
FACTORS = ("shape", "foreground", "background")
