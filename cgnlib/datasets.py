"""Names that the whole library shares: the datasets of every family and the factors of an image."""

from typing import Literal, get_args

MnistDataset = Literal["colored_mnist", "double_colored_mnist", "wildlife_mnist"]
MNIST_DATASETS: tuple[str, ...] = get_args(MnistDataset)  # in the order of every page
ImagenetDataset = Literal["scenes9", "imagenet_mini"]
IMAGENET_DATASETS: tuple[str, ...] = get_args(ImagenetDataset)
GenintMnistDataset = Literal["genint_mnist"]
GENINT_MNIST_DATASETS: tuple[str, ...] = get_args(GenintMnistDataset)
TITLES = {
    "colored_mnist": "Colored MNIST",
    "double_colored_mnist": "Double-colored MNIST",
    "wildlife_mnist": "Wildlife MNIST",
    "scenes9": "scenes9",
    "imagenet_mini": "ImageNet-mini",
    "genint_mnist": "GenInt MNIST",
}

# The name under which numbers of a dataset were published, where not its own. scenes9 stands in
# for ImageNet: what was published there is shown beside it as that of another dataset.
PUBLISHED_AS = {"scenes9": "imagenet", "imagenet_mini": "imagenet"}
STAND_INS = ("scenes9",)

# The independent factors of an image, in the order of every label array and matrix.
FACTORS = ("shape", "foreground", "background")
