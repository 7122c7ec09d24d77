"""Silhouettes of scenes9: skeletons of tapered capsules, joined smoothly, posed and bent.

A skeleton is joints and bones. Six shape uniforms move the joints, so bones that meet at a joint
stay attached however the animal stands.
"""

from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor

from cgnlib.data.scenes9_fields import grid, plane, signed
from cgnlib.rng import rng

_THINNEST = 0.035  # radius of the thinnest bone, so that no part falls between pixels


@dataclass(frozen=True)
class Skeleton:
    """One class: joints (x, y, radius, looseness) in [-1, 1], y up, facing right; bones between
    them; the largest rotation in radians; how softly bones merge."""

    joints: dict[str, tuple[float, float, float, float]]
    bones: str
    rotation: float
    blend: float = 0.08


SKELETONS = {
    "dog": Skeleton(
        {
            "rump": (-0.50, 0.08, 0.23, 0.03),
            "chest": (0.38, 0.10, 0.28, 0.03),
            "hip": (-0.54, -0.02, 0.17, 0.02),
            "hind_near": (-0.44, -0.80, 0.085, 0.08),
            "hind_far": (-0.70, -0.78, 0.085, 0.07),
            "shoulder": (0.42, -0.02, 0.16, 0.02),
            "fore_near": (0.34, -0.80, 0.085, 0.07),
            "fore_far": (0.60, -0.78, 0.085, 0.08),
            "head": (0.68, 0.56, 0.20, 0.04),
            "snout": (1.00, 0.46, 0.10, 0.04),
            "ear": (0.50, 0.34, 0.11, 0.05),
            "tail": (-0.98, 0.58, 0.055, 0.10),
        },
        "rump-chest hip-hind_near hip-hind_far shoulder-fore_near shoulder-fore_far chest-head "
        "head-snout head-ear rump-tail",
        0.15,
    ),
    "bird": Skeleton(
        {
            "back": (-0.28, -0.05, 0.25, 0.03),
            "breast": (0.28, 0.02, 0.30, 0.03),
            "head": (0.58, 0.40, 0.21, 0.04),
            "beak": (1.04, 0.34, 0.03, 0.04),
            "tail": (-0.98, 0.02, 0.13, 0.08),
            "wing_root": (0.02, 0.14, 0.20, 0.02),
            "wing_back": (-0.52, 0.84, 0.06, 0.09),
            "wing_front": (-0.10, 0.96, 0.06, 0.08),
            "left_hip": (-0.02, -0.22, 0.07, 0.02),
            "left_foot": (-0.08, -0.80, 0.05, 0.05),
            "left_toe": (0.14, -0.84, 0.045, 0.05),
            "right_hip": (0.22, -0.22, 0.07, 0.02),
            "right_foot": (0.24, -0.80, 0.05, 0.05),
            "right_toe": (0.46, -0.84, 0.045, 0.05),
        },
        "back-breast breast-head head-beak back-tail wing_root-wing_back wing_root-wing_front "
        "left_hip-left_foot left_foot-left_toe right_hip-right_foot right_foot-right_toe",
        0.25,
    ),
    "vehicle": Skeleton(
        {
            "boot": (-0.78, -0.08, 0.18, 0.04),
            "bonnet": (0.78, -0.10, 0.17, 0.04),
            "sill_back": (-0.70, -0.20, 0.14, 0.02),
            "sill_front": (0.74, -0.20, 0.14, 0.02),
            "roof_back": (-0.36, 0.40, 0.12, 0.08),
            "roof_front": (0.16, 0.40, 0.12, 0.06),
            "rear_screen": (-0.60, 0.02, 0.13, 0.03),
            "windscreen": (0.48, 0.02, 0.13, 0.03),
            "seat_back": (-0.28, 0.14, 0.18, 0.03),
            "seat_front": (0.16, 0.14, 0.18, 0.03),
            "wheel_back": (-0.48, -0.44, 0.23, 0.02),
            "wheel_front": (0.50, -0.44, 0.23, 0.02),
        },
        "boot-bonnet sill_back-sill_front roof_back-roof_front roof_back-rear_screen "
        "roof_front-windscreen seat_back-seat_front wheel_back-wheel_back wheel_front-wheel_front",
        0.12,
        0.03,
    ),
    "reptile": Skeleton(
        {
            "snout": (1.02, 0.12, 0.08, 0.03),
            "head": (0.76, 0.10, 0.17, 0.03),
            "neck": (0.52, 0.04, 0.14, 0.02),
            "shoulder": (0.28, 0.00, 0.21, 0.02),
            "hip": (-0.20, 0.00, 0.20, 0.02),
            "tail_root": (-0.52, -0.06, 0.13, 0.03),
            "tail_bend": (-0.84, 0.06, 0.085, 0.05),
            "tail_tip": (-1.02, 0.38, 0.045, 0.10),
            "fore_left": (0.50, 0.46, 0.075, 0.06),
            "fore_right": (0.46, -0.46, 0.075, 0.06),
            "hind_left": (-0.36, 0.46, 0.075, 0.06),
            "hind_right": (-0.12, -0.50, 0.075, 0.06),
        },
        "snout-head head-neck neck-shoulder shoulder-hip hip-tail_root tail_root-tail_bend "
        "tail_bend-tail_tip shoulder-fore_left shoulder-fore_right hip-hind_left hip-hind_right",
        0.60,
        0.06,
    ),
    "carnivore": Skeleton(
        {
            "skull_left": (-0.20, 0.04, 0.50, 0.03),
            "skull_right": (0.20, 0.04, 0.50, 0.03),
            "jaw_left": (-0.16, -0.40, 0.30, 0.03),
            "jaw_right": (0.16, -0.40, 0.30, 0.03),
            "left_ear": (-0.44, 0.34, 0.27, 0.02),
            "left_tip": (-0.66, 0.96, 0.035, 0.05),
            "right_ear": (0.44, 0.34, 0.27, 0.02),
            "right_tip": (0.66, 0.96, 0.035, 0.05),
            "left_cheek": (-0.40, -0.16, 0.26, 0.02),
            "left_tuft": (-0.96, -0.30, 0.04, 0.06),
            "right_cheek": (0.40, -0.16, 0.26, 0.02),
            "right_tuft": (0.96, -0.30, 0.04, 0.06),
        },
        "skull_left-skull_right jaw_left-jaw_right left_ear-left_tip right_ear-right_tip "
        "left_cheek-left_tuft right_cheek-right_tuft",
        0.20,
        0.04,
    ),
    "insect": Skeleton(
        {
            "tail": (0.00, -0.66, 0.24, 0.04),
            "abdomen": (0.00, -0.32, 0.30, 0.03),
            "thorax": (0.00, 0.16, 0.20, 0.02),
            "head": (0.00, 0.50, 0.17, 0.03),
            "fore_left": (-0.72, 0.56, 0.055, 0.08),
            "fore_right": (0.72, 0.56, 0.055, 0.08),
            "mid_left": (-0.88, 0.02, 0.055, 0.08),
            "mid_right": (0.88, 0.02, 0.055, 0.08),
            "hind_left": (-0.74, -0.66, 0.055, 0.08),
            "hind_right": (0.74, -0.66, 0.055, 0.08),
            "root": (0.00, 0.10, 0.07, 0.01),
            "brow": (0.00, 0.54, 0.05, 0.01),
            "feeler_left": (-0.36, 0.98, 0.045, 0.07),
            "feeler_right": (0.36, 0.98, 0.045, 0.07),
        },
        "tail-abdomen abdomen-thorax thorax-head root-fore_left root-fore_right root-mid_left "
        "root-mid_right root-hind_left root-hind_right brow-feeler_left brow-feeler_right",
        0.90,
        0.04,
    ),
    "instrument": Skeleton(
        {
            "lower_bout": (0.00, -0.54, 0.41, 0.03),
            "upper_bout": (0.00, 0.06, 0.29, 0.03),
            "heel": (0.00, 0.20, 0.085, 0.01),
            "nut": (0.00, 0.78, 0.075, 0.03),
            "head": (0.00, 0.98, 0.13, 0.03),
            "peg_left": (-0.22, 0.92, 0.055, 0.03),
            "peg_right": (0.22, 0.92, 0.055, 0.03),
        },
        "lower_bout-lower_bout upper_bout-upper_bout lower_bout-heel heel-nut nut-head "
        "peg_left-peg_right",
        0.60,
        0.05,
    ),
    "primate": Skeleton(
        {
            "pelvis": (0.00, -0.30, 0.19, 0.03),
            "chest": (0.00, 0.14, 0.27, 0.03),
            "neck": (0.00, 0.36, 0.12, 0.01),
            "head": (0.00, 0.70, 0.24, 0.03),
            "ear_left": (-0.30, 0.70, 0.10, 0.02),
            "ear_right": (0.30, 0.70, 0.10, 0.02),
            "shoulder_left": (-0.22, 0.24, 0.12, 0.02),
            "elbow_left": (-0.66, 0.02, 0.10, 0.07),
            "hand_left": (-0.74, -0.48, 0.10, 0.11),
            "shoulder_right": (0.22, 0.24, 0.12, 0.02),
            "elbow_right": (0.66, 0.42, 0.10, 0.07),
            "hand_right": (0.76, 0.94, 0.10, 0.11),
            "hip_left": (-0.12, -0.34, 0.14, 0.02),
            "knee_left": (-0.44, -0.60, 0.12, 0.06),
            "foot_left": (-0.32, -0.94, 0.10, 0.07),
            "hip_right": (0.12, -0.34, 0.14, 0.02),
            "knee_right": (0.44, -0.60, 0.12, 0.06),
            "foot_right": (0.46, -0.96, 0.10, 0.07),
        },
        "pelvis-chest neck-head ear_left-ear_right shoulder_left-elbow_left elbow_left-hand_left "
        "shoulder_right-elbow_right elbow_right-hand_right hip_left-knee_left knee_left-foot_left "
        "hip_right-knee_right knee_right-foot_right",
        0.20,
        0.06,
    ),
    "fish": Skeleton(
        {
            "mouth": (0.92, -0.02, 0.06, 0.03),
            "gill": (0.34, 0.00, 0.32, 0.03),
            "belly": (-0.06, 0.00, 0.34, 0.03),
            "stalk": (-0.64, 0.00, 0.09, 0.03),
            "fork": (-0.86, 0.00, 0.10, 0.02),
            "tail_top": (-1.00, 0.48, 0.06, 0.06),
            "tail_bottom": (-1.00, -0.48, 0.06, 0.06),
            "dorsal_root": (0.12, 0.26, 0.16, 0.02),
            "dorsal_tip": (-0.26, 0.66, 0.05, 0.07),
            "pelvic_root": (0.08, -0.26, 0.13, 0.02),
            "pelvic_tip": (-0.20, -0.60, 0.05, 0.06),
        },
        "gill-mouth gill-belly belly-stalk stalk-fork stalk-tail_top stalk-tail_bottom "
        "fork-tail_top fork-tail_bottom dorsal_root-dorsal_tip pelvic_root-pelvic_tip",
        0.35,
        0.05,
    ),
}
CLASSES = tuple(SKELETONS)


@lru_cache(maxsize=len(SKELETONS))
def _bones(name: str) -> tuple[Tensor, Tensor]:
    """Bone ends at rest (K, 2, 3), x, y and radius, and how the six uniforms move them
    (K, 2, 3, 6). A joint's motions are drawn once from a fixed seed."""
    skeleton = SKELETONS[name]
    names = list(skeleton.joints)
    table = torch.tensor(list(skeleton.joints.values()))  # (J, 4)
    motion = torch.randn(len(names), 3, 6, generator=rng(0, "scenes9-motion", name))
    motion *= table[:, 3, None, None] * torch.tensor([1.0, 1.0, 0.25])[:, None]
    ends = [bone.split("-") for bone in skeleton.bones.split()]
    index = torch.tensor([[names.index(a), names.index(b)] for a, b in ends])
    return table[index, :3], motion[index]


def object_frame(
    pose: Tensor, elastic: Tensor, rotation: float | Tensor, size: Tensor
) -> tuple[Tensor, Tensor]:
    """Pixel centres in the object's own frame, x and y (n, 64, 64).

    Args:
        pose: (n, 6): rotation, (size), flip, stretch, shift right, shift up, in (0, 1).
        elastic: (n, 6): slow waves along both axes.
        rotation: the largest rotation, radians.
        size: (n,) half height of the object, frame units.
    """
    moves, waves = signed(pose), signed(elastic)
    x, y = grid()
    x, y = x - plane(0.14 * moves[:, 4]), y - plane(0.12 * moves[:, 5])
    bend_x = plane(0.045 * waves[:, 0]) * (4 * y + plane(3 * waves[:, 1])).sin_()
    bend_y = plane(0.045 * waves[:, 2]) * (4 * x + plane(3 * waves[:, 3])).sin_()
    bend_x += plane(0.02 * waves[:, 4]) * (7 * y + plane(3 * waves[:, 5])).sin_()
    x, y = bend_x.add_(x), bend_y.add_(y)
    angle = moves[:, 0] * rotation
    stretch = 1 + 0.12 * moves[:, 3]
    flip = torch.where(pose[:, 2] > 0.5, 1.0, -1.0)
    across, up = flip * stretch / size, 1 / (stretch * size)
    cosine, sine = angle.cos(), angle.sin()
    right = plane(cosine * across) * x + plane(sine * across) * y
    return right, plane(cosine * up) * y - plane(sine * up) * x


def signed_distance(name: str, x: Tensor, y: Tensor, shape: Tensor) -> Tensor:
    """Distance to the outline of class ``name``, (n, 64, 64), negative inside, in the frame of
    x and y.

    Args:
        shape: (n, 6) uniforms that move the joints.
    """
    rest, motion = _bones(name)
    moved = signed(shape)
    ends = rest + sum(motion[None, ..., i] * moved[:, i, None, None, None] for i in range(6))
    ends[..., 2].clamp_(min=_THINNEST)
    return _union(_capsules(x[:, None], y[:, None], ends), SKELETONS[name].blend)


def _capsules(x: Tensor, y: Tensor, ends: Tensor) -> Tensor:
    """Distances to K capsules, (n, K, 64, 64), whose radii go linearly from one end to the other;
    x, y (n, 1, 64, 64), ``ends`` (n, K, 2, 3)."""
    (ax, ay, ra), (bx, by, rb) = (ends[:, :, i, :, None, None].unbind(2) for i in (0, 1))
    dx, dy = bx - ax, by - ay
    length = dx * dx + dy * dy + 1e-6
    along = (dx / length) * x
    along += (dy / length) * y
    along.sub_((ax * dx + ay * dy) / length).clamp_(0, 1)
    off_x = (along * dx).sub_(x).add_(ax)
    off_y = (along * dy).sub_(y).add_(ay)
    distance = off_x.square_().add_(off_y.square_()).sqrt_()
    return distance.sub_(along.mul_(rb - ra)).sub_(ra)


def _union(distances: Tensor, blend: float) -> Tensor:
    """The smallest of K distances (n, K, 64, 64), lowered where two are close: quadratic smooth
    minima, pair by pair."""
    while (count := distances.shape[1]) > 1:
        half = count // 2
        first, second = distances[:, :half], distances[:, half : 2 * half]
        near = (first - second).abs_().neg_().add_(blend).clamp_(min=0)
        joined = torch.minimum(first, second).sub_(near.square_().mul_(0.25 / blend))
        distances = torch.cat((joined, distances[:, 2 * half :]), 1) if count % 2 else joined
    return distances[:, 0]
