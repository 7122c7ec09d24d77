"""What a discriminator sees: every image shifted a little, mirrored at the border."""

import torch

from cgnlib.generators.discriminators import random_shift


class _Fixed:
    """Stands for torch.randint: gives the offsets (rows, columns) it was made with."""

    def __init__(self, rows, columns):
        self.offsets = torch.tensor([[[row] for row in rows], [[column] for column in columns]])

    def __call__(self, low, high, size, generator=None):
        assert tuple(size) == tuple(self.offsets.shape)
        assert low <= self.offsets.min() and self.offsets.max() < high
        return self.offsets


def test_rows_and_columns_are_mirrored_at_the_border(monkeypatch):
    image = torch.arange(16.0).view(1, 1, 4, 4)
    monkeypatch.setattr(torch, "randint", _Fixed([1, 0], [0, -2]))
    made = random_shift(image.expand(2, 1, 4, 4), 2, torch.Generator())
    assert made[0, 0, :, 0].tolist() == [4, 8, 12, 8]  # rows 1, 2, 3, then row 2 again
    assert made[1, 0, 0].tolist() == [2, 1, 0, 1]  # columns -2, -1 mirrored to 2, 1


def test_each_image_is_shifted_within_the_limit_and_gradients_follow():
    images = torch.zeros(300, 1, 32, 32)
    images[:, :, 16, 16] = 1
    images.requires_grad_()
    made = random_shift(images, 2, torch.Generator().manual_seed(0))
    _, _, rows, columns = made.nonzero(as_tuple=True)
    assert sorted(set(rows.tolist())) == sorted(set(columns.tolist())) == [14, 15, 16, 17, 18]
    weight = torch.zeros(32, 32)
    weight[14:19, 14:19] = 1
    (made * weight).sum().backward()
    assert images.grad[:, 0, 16, 16].eq(1).all()
