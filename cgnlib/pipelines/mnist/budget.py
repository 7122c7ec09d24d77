"""The same recipe at fewer generator updates."""

from cgnlib.params import MnistParams


def averaging(params: MnistParams, cgn_steps: int) -> dict:
    """``cgn_steps`` and an averaging of weights that suits it: over a tenth of them at most (the
    longer average would still hold the first weights)."""
    return {
        "cgn_steps": cgn_steps,
        "ema_decay": min(params.ema_decay, max(0.0, 1 - 10 / cgn_steps)),
        "ema_start_steps": min(params.ema_start_steps, cgn_steps // 4),
    }


def with_steps(params: MnistParams, cgn_steps: int) -> MnistParams:
    """``params`` at ``cgn_steps`` generator updates; unchanged where that is its own number."""
    if cgn_steps == params.cgn_steps:
        return params
    return params.model_copy(update=averaging(params, cgn_steps))
