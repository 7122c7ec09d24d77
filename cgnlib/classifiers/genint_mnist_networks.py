"""The classifiers of the coloured MNIST of GenInt: its convolutional network, and the perceptron of
the IRM paper."""

from torch import Tensor, nn

from cgnlib.networks.dropout import Dropout


class GenintCnn(nn.Sequential):
    """Three 5x5 convolutions without padding, two poolings, two linear layers (GENINT-1).

    Images (B, 3, 32, 32) in [-1, 1] to logits (B, 10). At ``width`` 32 the published network
    (344,298 parameters). Its dropout draws from a generator that the owner sets.

    Args:
        width: channels of the first two convolutions; the third has twice as many.
        hidden: units of the hidden linear layer.
        dropout: share of units dropped behind both poolings and the hidden layer.
    """

    def __init__(self, width: int = 32, hidden: int = 256, dropout: float = 0.5):
        super().__init__(
            nn.Conv2d(3, width, 5),
            nn.ReLU(),
            nn.Conv2d(width, width, 5),
            nn.MaxPool2d(2),
            nn.ReLU(),
            Dropout(dropout),
            nn.Conv2d(width, 2 * width, 5),
            nn.MaxPool2d(2),
            nn.ReLU(),
            Dropout(dropout),
            nn.Flatten(),
            nn.Linear(2 * width * 16, hidden),
            nn.ReLU(),
            Dropout(dropout),
            nn.Linear(hidden, 10),
        )


class HalvedMlp(nn.Sequential):
    """Two hidden layers on the image at half its side, as IRM's own coloured MNIST has them
    (Arjovsky et al., 2019); images (B, 3, 32, 32) to logits (B, 10).

    Args:
        hidden: width of both hidden layers.
    """

    def __init__(self, hidden: int = 390):
        super().__init__(
            nn.Flatten(),
            nn.Linear(3 * 16 * 16, hidden),
            nn.ReLU(),
            nn.Linear(hidden, hidden),
            nn.ReLU(),
            nn.Linear(hidden, 10),
        )
        for module in self:
            if isinstance(module, nn.Linear):
                nn.init.xavier_uniform_(module.weight)
                nn.init.zeros_(module.bias)

    def forward(self, images: Tensor) -> Tensor:
        """Logits (B, 10); every second pixel of every second row is read."""
        return super().forward(images[:, :, ::2, ::2])
