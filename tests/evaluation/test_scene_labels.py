"""Reading labels: who is asked about what."""

import torch

from cgnlib.evaluation.scene_labels import Readers


def _logits(labels):
    return torch.nn.functional.one_hot(labels, 9).float()


def saliency(images):
    return (images[:, :1] > 0).float()


def classifier(images):
    code = images[:, 1, 0, 0].round().long()
    return {"texture": _logits(code), "background": _logits(8 - code)}


def silhouette(images):
    assert images.shape[1:] == (3, 4, 4)
    return {"shape": _logits((images[:, 0] == 1).sum((1, 2)))}


def test_each_reader_sees_what_it_should():
    count = 200  # more than a batch
    images = torch.full((count, 3, 8, 8), -1.0)
    texture = torch.arange(count) % 9
    images[:, 1] = texture[:, None, None].float()
    shape = torch.arange(count) % 4
    for i, boxes in enumerate(shape.tolist()):
        images[i, 0, :2, : 2 * boxes] = 1
    readers = Readers(saliency, classifier, silhouette)
    read = readers.read(images)
    assert torch.equal(read["texture"], texture)
    assert torch.equal(read["background"], 8 - texture)
    assert torch.equal(read["shape"], shape)
    assert torch.equal(readers.masks(images)[:, 0, 0].sum(1), 2.0 * shape)
    one = torch.zeros(count, 1, 8, 8)
    one[:, :, :2, :2] = 1
    assert (readers.read(images, one)["shape"] == 1).all()
