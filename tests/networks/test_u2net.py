"""U²-Net: the published names and sizes, the wiring of its blocks, one fused output."""

import pytest
import torch
import torch.nn.functional as F

from cgnlib.errors import UserError
from cgnlib.networks.u2net import U2Net, _Residual, load_u2net

# Names and shapes as a reader of the released files has them.
SPOTS = {
    "full": {
        "stage1.rebnconvin.conv_s1.weight": (64, 3, 3, 3),
        "stage1.rebnconv1.conv_s1.weight": (32, 64, 3, 3),
        "stage1.rebnconv7.bn_s1.running_var": (32,),
        "stage1.rebnconv6d.conv_s1.weight": (32, 64, 3, 3),
        "stage1.rebnconv1d.conv_s1.weight": (64, 64, 3, 3),
        "stage2.rebnconvin.conv_s1.weight": (128, 64, 3, 3),
        "stage4.rebnconv4.conv_s1.weight": (128, 128, 3, 3),
        "stage6.rebnconv3d.conv_s1.weight": (256, 512, 3, 3),
        "stage5d.rebnconvin.conv_s1.weight": (512, 1024, 3, 3),
        "stage4d.rebnconvin.conv_s1.weight": (256, 1024, 3, 3),
        "stage3d.rebnconv4d.conv_s1.weight": (64, 128, 3, 3),
        "stage1d.rebnconv1d.bn_s1.num_batches_tracked": (),
        "side4.weight": (1, 256, 3, 3),
        "side6.weight": (1, 512, 3, 3),
        "outconv.weight": (1, 6, 1, 1),
        "outconv.bias": (1,),
    },
    "small": {
        "stage1.rebnconvin.conv_s1.weight": (64, 3, 3, 3),
        "stage5.rebnconv4.conv_s1.bias": (16,),
        "stage5d.rebnconvin.conv_s1.weight": (64, 128, 3, 3),
        "side6.weight": (1, 64, 3, 3),
    },
}


def small(seed=0):
    """In evaluation mode, with statistics that matter."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        net = U2Net("small")
        for module in net.modules():
            if isinstance(module, torch.nn.BatchNorm2d):
                torch.nn.init.normal_(module.running_mean, 0.0, 0.2)
                torch.nn.init.uniform_(module.running_var, 0.02, 0.2)
                torch.nn.init.normal_(module.bias, 0.0, 0.1)
    return net.eval()


def pictures(*size):
    return torch.rand(size, generator=torch.Generator().manual_seed(0)) * 2 - 1


@pytest.mark.parametrize(("size", "count"), [("full", 44_009_869), ("small", 1_131_181)])
def test_names_shapes_and_counts_are_the_published_ones(size, count):
    with torch.device("meta"):
        net = U2Net(size)
    state = net.state_dict()
    assert {name: tuple(state[name].shape) for name in SPOTS[size]} == SPOTS[size]
    assert sum(parameter.numel() for parameter in net.parameters()) == count
    prefixes = {name.split(".")[0] for name in state}
    stages = {f"stage{i}" for i in range(1, 7)} | {f"stage{i}d" for i in range(1, 6)}
    assert prefixes == stages | {f"side{i}" for i in range(1, 7)} | {"outconv"}


def _layer(block, name, x):
    part = getattr(block, name)
    return F.relu(part.bn_s1(part.conv_s1(x)))


def _up(x, like):
    return F.interpolate(x, size=like.shape[2:], mode="bilinear", align_corners=False)


def test_a_pooling_block_is_wired_as_published():
    block = small().stage4  # RSU-4
    x = pictures(2, 64, 13, 10)
    start = _layer(block, "rebnconvin", x)
    one = _layer(block, "rebnconv1", start)
    two = _layer(block, "rebnconv2", F.max_pool2d(one, 2, stride=2, ceil_mode=True))
    three = _layer(block, "rebnconv3", F.max_pool2d(two, 2, stride=2, ceil_mode=True))
    four = _layer(block, "rebnconv4", three)
    up = _layer(block, "rebnconv3d", torch.cat((four, three), 1))
    up = _layer(block, "rebnconv2d", torch.cat((_up(up, two), two), 1))
    up = _layer(block, "rebnconv1d", torch.cat((_up(up, one), one), 1))
    torch.testing.assert_close(block(x), up + start, atol=1e-4, rtol=1e-3)
    assert block.rebnconv4.conv_s1.dilation == (2, 2)


def test_a_dilated_block_is_wired_as_published():
    block = small().stage6  # RSU-4F
    x = pictures(2, 64, 9, 9)
    start = _layer(block, "rebnconvin", x)
    maps = [_layer(block, "rebnconv1", start)]
    for name in ("rebnconv2", "rebnconv3", "rebnconv4"):
        maps.append(_layer(block, name, maps[-1]))
    up = maps[3]
    for name, skip in (("rebnconv3d", maps[2]), ("rebnconv2d", maps[1]), ("rebnconv1d", maps[0])):
        up = _layer(block, name, torch.cat((up, skip), 1))
    torch.testing.assert_close(block(x), up + start, atol=1e-4, rtol=1e-3)
    dilations = {
        name: getattr(block, f"rebnconv{name}").conv_s1.dilation[0]
        for name in ("1", "2", "3", "4", "3d", "2d", "1d")
    }
    assert dilations == {"1": 1, "2": 2, "3": 4, "4": 8, "3d": 4, "2d": 2, "1d": 1}


def test_depth_of_every_block():
    net = small()
    levels = {
        name: (module.levels, module.dilated)
        for name, module in net.named_children()
        if isinstance(module, _Residual)
    }
    for number, expected in enumerate(
        [(7, False), (6, False), (5, False), (4, False), (4, True), (4, True)], 1
    ):
        assert levels[f"stage{number}"] == expected
        assert levels.get(f"stage{number}d", expected) == expected


def test_the_whole_is_wired_as_published():
    net = small()
    x = pictures(1, 3, 37, 50)
    maps, down = [], x
    for number in range(1, 7):
        maps.append(getattr(net, f"stage{number}")(down))
        down = F.max_pool2d(maps[-1], 2, stride=2, ceil_mode=True)
    sides, up = [net.side6(maps[5])], maps[5]
    for number in range(5, 0, -1):
        skip = maps[number - 1]
        up = getattr(net, f"stage{number}d")(torch.cat((_up(up, skip), skip), 1))
        sides.insert(0, getattr(net, f"side{number}")(up))
    sides = [_up(side, x) for side in sides]
    expected = torch.sigmoid(net.outconv(torch.cat(sides, 1)))
    assert expected.shape == (1, 1, 37, 50) and expected.std() > 1e-3
    torch.testing.assert_close(net(x), expected)
    outputs = net.side_outputs(x)
    assert len(outputs) == 7
    torch.testing.assert_close(outputs[0], expected)
    for mine, side in zip(outputs[1:], sides, strict=True):
        torch.testing.assert_close(mine, side.sigmoid())


def test_every_weight_is_trained():
    net = small().train()
    loss = sum(output.mean() for output in net.side_outputs(pictures(2, 3, 64, 64)))
    loss.backward()
    assert all(parameter.grad is not None for parameter in net.parameters())


def test_published_files_load_and_others_are_named(tmp_path):
    net, path = small(), tmp_path / "u2netp.pth"
    torch.save(net.state_dict(), path)
    x = pictures(1, 3, 32, 32)
    loaded = load_u2net(path, "small")
    assert not loaded.training and torch.equal(loaded(x), net(x))
    state = net.state_dict()
    del state["stage3.rebnconv2.bn_s1.running_mean"]
    path = tmp_path / "part.pth"
    torch.save(state, path)
    with pytest.raises(UserError, match=r"part\.pth: key 'stage3\.rebnconv2\.bn_s1\.running_mean'"):
        load_u2net(path, "small")
    with pytest.raises(UserError, match=r"no U2-Net of size 'medium'"):
        load_u2net(path, "medium")


def test_a_file_of_the_other_size_is_named(tmp_path):
    state = small().state_dict()
    state["stage1.rebnconv1.conv_s1.weight"] = torch.zeros(32, 64, 3, 3)
    path = tmp_path / "u2net.pth"
    torch.save(state, path)
    with pytest.raises(
        UserError, match=r"conv_s1\.weight' has shape \(32, 64, 3, 3\), wanted is \(16, 64, 3, 3\)"
    ):
        load_u2net(path, "small")
