"""Amount and ratio of counterfactuals: nested sets, equal budgets, published names."""

from functools import partial

import pytest
import torch

import presets
from cgnlib import mnist
from cgnlib.errors import UserError
from cgnlib.parameter_reading import load_params
from cgnlib.params import MnistParams
from cgnlib.pipelines.mnist import amounts
from cgnlib.report import published
from presets import ROOT

smoke = partial(presets.smoke, "colored_mnist")
pytestmark = pytest.mark.usefixtures("fresh_workplace")


@pytest.mark.parametrize(
    ("size", "name"),
    [(10_000, "1e4"), (50_000, "5e4"), (1_000_000, "1e6"), (12_000, "12000"), (40, "40")],
)
def test_sizes_are_called_as_published(size, name):
    assert amounts.size_name(size) == name


@pytest.mark.parametrize("dataset", ["colored_mnist", "double_colored_mnist", "wildlife_mnist"])
def test_the_full_grid_has_the_published_cells(dataset):
    params = load_params(ROOT / "params" / "full" / f"{dataset}.yaml")
    ours = {amounts.setting_name(size, ratio) for size, ratio in amounts._grid(params)}
    assert ours == {row.setting for row in published.rows("ODR-2", dataset)}


def test_each_cell_takes_the_same_updates_on_its_own_set():
    cells = mnist.amount_grid(smoke())
    assert [cell.setting for cell in cells] == [
        "40, ratio 1",
        "40, ratio 2",
        "80, ratio 1",
        "80, ratio 2",
    ]
    assert [cell.masks for cell in cells] == [40, 20, 40, 40]  # a bank holds 40
    assert {cell.shown for cell in cells} == {4 * smoke().classifier_batch}
    assert len({cell.artefacts[0].hash for cell in cells}) == 4
    tested = {len(cell.predictions["predicted"]) for cell in cells}
    assert tested == {1000 * smoke().test_colourings}


def test_epochs_count_by_the_size_of_each_set():
    params = smoke(amount_steps=0, classifier_epochs=1, classifier_batch=20, amount_ratios="1")
    assert [cell.shown for cell in mnist.amount_grid(params)] == [40, 80]


def test_real_images_have_a_name_of_their_own():
    params = smoke(amount_setting="Original+CGN", amount_sizes="40", amount_ratios="2")
    assert [cell.setting for cell in mnist.amount_grid(params)] == ["40, ratio 2, with real images"]


def test_sets_are_nested_and_each_mask_is_used_ratio_times():
    params = smoke(amount_bank_images=100)
    banks = amounts._banks(params)
    few = amounts.Counterfactuals.over(banks, 40, 2, params.seed)
    many = amounts.Counterfactuals.over(banks, 80, 2, params.seed)
    everything = torch.arange(40)
    assert torch.equal(few.masks(everything), many.masks(everything))
    used = few._index[:, 0].bincount()
    assert (len(used), used.unique().tolist()) == (20, [2])
    amounts._banks.cache_clear()


def test_nothing_is_trained_when_no_size_is_asked_for(workplace):
    assert mnist.amount_grid(smoke(amount_sizes="")) == []
    assert not (workplace / "runs").exists()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"amount_sizes": "1e4"}, "no comma-separated list of whole numbers"),
        ({"amount_sizes": "5"}, "numbers from 10"),
        ({"amount_ratios": "1,1"}, "each once"),
        ({"amount_ratios": ""}, "amount_sizes needs amount_ratios"),
    ],
)
def test_bad_lists_are_one_clear_line(changes, message):
    with pytest.raises(UserError, match=message) as error:
        smoke(**changes)
    assert "\n" not in str(error.value)


def test_a_list_of_one_may_be_a_number():
    assert MnistParams(amount_sizes=100).amount_sizes == "100"


def test_banks_are_augmented_as_the_counterfactual_set_is():
    plain, tinted = (
        smoke(amount_sizes="40", amount_ratios="2", cf_tint=tint) for tint in (0.0, 0.1)
    )
    cells = [mnist.amount_grid(one)[0] for one in (plain, tinted)]
    assert cells[0].artefacts[0].hash != cells[1].artefacts[0].hash
    banks = [amounts._banks(one) for one in (plain, tinted)]
    assert not torch.equal(banks[0]["foreground"].pixels, banks[1]["foreground"].pixels)
    amounts._banks.cache_clear()
