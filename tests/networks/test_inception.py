"""Inception-v3 sees what torchvision's own preprocessing would show it."""

import pytest
import torch
import torch.nn.functional as F
import torchvision
from torchvision.transforms.v2.functional import normalize

from cgnlib.errors import UserError
from cgnlib.networks.inception import load_inception


@pytest.fixture(scope="module")
def published():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return torchvision.models.inception_v3(
            weights=None, transform_input=True, init_weights=False
        ).eval()


def test_images_in_minus_one_to_one_are_preprocessed_as_in_training(published, tmp_path):
    path = tmp_path / "inception.pth"
    torch.save(published.state_dict(), path)
    inception = load_inception(path)
    images = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0)) * 2 - 1
    big = F.interpolate(images, (299, 299), mode="bilinear")
    normal = normalize((big + 1) / 2, [0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
    with torch.no_grad():
        expected = published(normal)
        logits = inception.train()(images)
    assert logits.shape == (1, 1000)
    torch.testing.assert_close(logits, expected, atol=1e-4, rtol=1e-3)
    assert not inception.training and not any(p.requires_grad for p in inception.parameters())


def test_another_file_is_named(tmp_path):
    path = tmp_path / "wrong.pth"
    torch.save({"conv.weight": torch.zeros(1)}, path)
    with pytest.raises(UserError, match=r"wrong\.pth: unknown key 'conv\.weight'"):
        load_inception(path)
