"""Ten colours by class, as names or as a comma-separated list."""

import torch
from PIL import ImageColor
from torch import Tensor

from cgnlib.errors import UserError

# Learning Not to Learn: crimson, teal, lemon, bondi blue, carrot orange, strong violet, cyan,
# your pink, lime, maroon. Class 3 is doubtful (the released CGN paints it nearer to (14, 90, 193)).
LNTL = "#dc143c,#008080,#fde910,#0095b6,#ed9121,#911ebc,#46f0f0,#fac5bb,#d2f53c,#800000"
# Background colours of double-colored MNIST. Objects use the same ten, four classes further on.
DOUBLE = "darkgreen,darkblue,#b03060,orangered,yellow,burlywood,lime,aqua,fuchsia,#6495ed"
OBJECT_SHIFT = 4


def parse_palette(text: str, role: str) -> Tensor:
    """The ten class colours named by ``text``.

    Args:
        text: ``lntl``, ``double``, or ten CSS colour names or hex codes, comma-separated.
        role: ``object`` or ``background``; ``double`` gives objects of class i the background
            colour of class (i + 4) mod 10.

    Returns:
        (10, 3) float32 in [0, 1].

    Raises:
        UserError: a colour that is not one, or not exactly ten of them.
    """
    named = {"lntl": LNTL, "double": DOUBLE}.get(text.strip())
    colours = [_parse_colour(part.strip(), role) for part in (named or text).split(",")]
    if len(colours) != 10:
        raise UserError(
            f"{role}_palette: {text!r} has {len(colours)} colour(s); give 'lntl', 'double' or ten "
            "colours separated by commas"
        )
    palette = torch.tensor(colours, dtype=torch.float32) / 255  # (10, 3)
    if text.strip() == "double" and role == "object":
        palette = palette.roll(-OBJECT_SHIFT, dims=0)
    return palette


def _parse_colour(text: str, role: str) -> tuple[int, ...]:
    try:
        return ImageColor.getrgb(text)[:3]
    except ValueError:
        raise UserError(
            f"{role}_palette: {text!r} is not a colour; use CSS names or #rrggbb, ten of them "
            "separated by commas, or 'lntl' or 'double'"
        ) from None
