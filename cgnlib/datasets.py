"""Names that the whole library shares: the biased MNIST variants and the factors of an image."""

from typing import Literal, get_args

MnistDataset = Literal["colored_mnist", "double_colored_mnist", "wildlife_mnist"]
MNIST_DATASETS: tuple[str, ...] = get_args(MnistDataset)  # in the order of every page
TITLES = {
    "colored_mnist": "Colored MNIST",
    "double_colored_mnist": "Double-colored MNIST",
    "wildlife_mnist": "Wildlife MNIST",
}

# The independent factors of an image, in the order of every label array and matrix.
FACTORS = ("shape", "foreground", "background")
