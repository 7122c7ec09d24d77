"""How every figure looks and how it reaches the page: width, palette, PNG with a caption."""

import base64
import html
import io

from matplotlib.figure import Figure

WIDTH_IN = 7.2  # width of the book's text column
# Okabe & Ito's palette, told apart with every common colour-vision deficiency
BLUE, ORANGE, GREEN, SKY, VERMILION, PURPLE, BLACK = (
    "#0072B2",
    "#E69F00",
    "#009E73",
    "#56B4E9",
    "#D55E00",
    "#CC79A7",
    "#000000",
)
COLOURS = (BLUE, ORANGE, GREEN, VERMILION, SKY, PURPLE, BLACK)


def legend_below(figure: Figure, columns: int, size: float = 7) -> None:
    """One legend beneath every panel, each label once."""
    labelled = [axes.get_legend_handles_labels() for axes in figure.axes]
    unique = {
        name: handle
        for handles, names in labelled
        for name, handle in zip(names, handles, strict=True)
    }
    figure.legend(
        unique.values(),
        unique.keys(),
        loc="outside lower center",
        fontsize=size,
        frameon=False,
        ncols=columns,
    )


def png(figure: Figure, dpi: int = 144) -> bytes:
    """The figure as PNG bytes."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=dpi, metadata={"Software": None})
    return buffer.getvalue()


def show(figure: Figure, caption: str) -> None:
    """Display the figure with ``caption`` as its alternative text and beneath it."""
    from IPython.display import display

    data, text = base64.b64encode(png(figure)).decode(), html.escape(caption, quote=True)
    width_px = 96 * figure.get_figwidth()  # CSS: 96 px per inch
    markup = (
        f'<figure style="margin:0"><img style="max-width:100%;width:{width_px:.0f}px" '
        f'alt="{text}" src="data:image/png;base64,{data}">'
        f"<figcaption>{text}</figcaption></figure>"
    )
    display({"text/html": markup, "text/plain": caption}, raw=True)
