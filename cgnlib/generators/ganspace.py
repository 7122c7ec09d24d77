"""Directions in the noise of a BigGAN along which its images change most.

BigGAN's first layer is linear in the noise once the class is fixed, so a principal component
analysis of its outputs needs no samples: the directions are the right singular vectors of the
layer's noise columns. The published way, PCA of sampled outputs and a regression back to the noise,
stands beside it and comes to the same. Source: GANSpace (Härkönen et al. 2020); GenInt, section 4.2
(GENINT-2).
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from cgnlib.errors import UserError
from cgnlib.networks.biggan import BigGan, truncated_noise
from cgnlib.rng import rng

_NO_EFFECT = 1e-6  # of the largest scale: below it a direction changes nothing
PUBLISHED_COMPONENTS = 80  # of the incremental PCA


@dataclass(frozen=True)
class Directions:
    """Directions in the noise, the one with the largest effect first.

    Attributes:
        vectors: (k, Z), rows of length 1.
        mean: (Z,), where a direction's position is 0.
        scales: (k,), how far the first layer's output moves per unit along each.
    """

    vectors: Tensor
    mean: Tensor
    scales: Tensor

    def __len__(self) -> int:
        return len(self.vectors)


def edit(
    z: Tensor, directions: Directions, component: int | Tensor, delta: float | Tensor
) -> Tensor:
    """Noise whose position along a direction is ``delta``, all else equal:
    ``z - ((z - mean) . v) v + delta v`` (GENINT-2).

    Args:
        z: (B, Z).
        component: which direction, one for all or (B,) int64.
        delta: the new position, one for all or (B,).
    """
    along = directions.vectors.to(z)[component]
    position = ((z - directions.mean.to(z)) * along).sum(-1, keepdim=True)
    return z + (torch.as_tensor(delta).to(z).unsqueeze(-1) - position) * along


def exact_directions(weight: Tensor, noise: slice, count: int | None = None) -> Directions:
    """The ``count`` leading directions of a linear first layer, by one SVD.

    Signs follow the rule of scikit-learn's incremental PCA, on which the published (asymmetric)
    ranges rest: of a direction's effect on the layer's output, the largest entry is positive. Where
    two entries are nearly as large, sampling may decide the published sign.

    Args:
        weight: (D, inputs) of the layer.
        noise: which inputs are noise; the others (the class) stay fixed.
        count: k; None: all that have an effect.

    Raises:
        UserError: more directions than have an effect.
    """
    columns = weight.detach()[:, noise].double().cpu()
    effects, scales, vectors = torch.linalg.svd(columns, full_matrices=False)
    there = int((scales > _NO_EFFECT * scales[0]).sum())
    count = there if count is None else count
    if not 1 <= count <= there:
        raise UserError(
            f"{count} directions asked for: {there} have an effect on this generator's images, "
            f"so ask for 1 to {there}"
        )
    largest = effects.gather(0, effects.abs().argmax(0, keepdim=True)).sign().T  # (k, 1)
    vectors = (vectors * largest)[:count].float()
    return Directions(vectors, torch.zeros(vectors.shape[1]), scales[:count].float())


def spectral_weight(layer: nn.Module) -> Tensor:
    """The weight that a spectrally normalised layer uses in evaluation; between loading and the
    first forward ``layer.weight`` is another."""
    raw = layer.weight_orig.detach()
    return raw / torch.dot(layer.weight_u, torch.mv(raw, layer.weight_v))


def directions_of(generator: BigGan, count: int | None = None) -> Directions:
    """The exact directions of a generator, on its device; they are the same for every class.

    Raises:
        UserError: see :func:`exact_directions`.
    """
    weight = spectral_weight(generator.generator.gen_z)
    made = exact_directions(weight, slice(0, generator.layout.z), count)
    return Directions(*(part.to(weight.device) for part in vars(made).values()))


def first_layer(generator: BigGan, label: int) -> Callable[[Tensor], Tensor]:
    """Noise (B, Z) to outputs (B, D) of the first layer for one class, both on the CPU."""
    device = next(generator.parameters()).device

    @torch.no_grad()
    def outputs(z: Tensor) -> Tensor:
        labels = torch.full((len(z),), label, device=device)
        return generator.generator.gen_z(generator.condition(z.to(device), labels)).cpu()

    return outputs


def spanned_layer(generator: BigGan) -> Callable[[Tensor], Tensor]:
    """The first layer's outputs (B, Z) in an orthonormal basis of what they span, without the
    constant that class and bias add: principal components are the same, at a hundredth of the
    work; only their signs are not those of the full outputs."""
    columns = spectral_weight(generator.generator.gen_z)[:, : generator.layout.z]
    triangle = torch.linalg.qr(columns.double().cpu()).R
    return lambda z: z.double() @ triangle.T


def sampled_directions(
    layer: Callable[[Tensor], Tensor],
    latent: int,
    count: int,
    *,
    samples: int,
    seed: int,
    components: int = PUBLISHED_COMPONENTS,
    batch: int = 0,
) -> Directions:
    """The published way: incremental PCA of the layer's outputs at truncation 1, then least-squares
    regression of the noise on the standardised coordinates, rows normalised.

    Args:
        layer: such as :func:`first_layer` or :func:`spanned_layer`.
        latent: Z.
        count: k, at most ``components``.
        samples: noise drawn, rounded up to whole batches (published: 1,000,000).
        components: of the PCA, at most the directions that have an effect.
        batch: noise at once; 0: twice ``components`` and at least 100.

    Raises:
        UserError: more directions than components, or components than noise has numbers.
    """
    if not 1 <= count <= components <= latent:
        raise UserError(
            f"{count} directions of {components} components of noise of length {latent}: each may "
            "be at most the next"
        )
    from sklearn.decomposition import IncrementalPCA

    batch = batch or max(100, 2 * components)

    def noise() -> Iterator[Tensor]:
        for number in range(-(-samples // batch)):
            yield truncated_noise(batch, latent, 1.0, rng(seed, "ganspace", number))

    pca = IncrementalPCA(components)
    for z in noise():
        pca.partial_fit(layer(z).double().numpy())
    return _regressed(layer, noise(), latent, pca, count)


def _regressed(
    layer: Callable[[Tensor], Tensor], noise: Iterable[Tensor], latent: int, pca, count: int
) -> Directions:
    """Noise directions of the fitted components."""
    spread = torch.from_numpy(pca.explained_variance_).sqrt()
    axes = torch.from_numpy(pca.components_)
    total = torch.zeros(latent, dtype=torch.double)
    among = torch.zeros(len(axes), len(axes), dtype=torch.double)
    between = torch.zeros(len(axes), latent, dtype=torch.double)
    for z in noise:
        centred = layer(z).double() - torch.from_numpy(pca.mean_)
        coordinates = centred @ axes.T / spread  # (B, components), standardised, of mean 0
        among += coordinates.T @ coordinates
        between += coordinates.T @ z.double()
        total += z.double().sum(0)
    rows = torch.linalg.solve(among, between)[:count]  # noise per standard deviation of output
    lengths = rows.norm(dim=1)
    return Directions(
        (rows / lengths[:, None]).float(),
        (total / pca.n_samples_seen_).float(),
        (spread[:count] / lengths).float(),
    )


def agreement(first: Directions, second: Directions) -> Tensor:
    """(k,) absolute cosines between the directions of equal rank."""
    return (first.vectors * second.vectors.to(first.vectors)).sum(1).abs()


def span_agreement(first: Directions, second: Directions) -> Tensor:
    """(k,) cosines of the principal angles between what k directions and k others span, largest
    first: directions of nearly equal scale may mix without changing their span."""
    spans = [torch.linalg.qr(one.vectors.cpu().T).Q for one in (first, second)]
    return torch.linalg.svdvals(spans[0].T @ spans[1]).clamp_max(1)
