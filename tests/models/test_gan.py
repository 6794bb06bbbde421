import numpy as np
import pytest

from faceswap_ae.common import plugins
from faceswap_ae.networks.model_interface import FACE, Networks

# Weights of an encoder and two decoders, in millions. The publication states 11.0, 20.0 and 20.6
# for lite. The layers that it describes, counted by hand, have the numbers below.
MILLIONS = {
    False: {64: 71.7, 128: 81.5, 256: 91.4},
    True: {64: 10.9, 128: 19.9, 256: 20.5},
}


def build(**options: object) -> Networks:
    module = plugins.load("models", "gan")
    made: Networks = module.build(module.Options(**options))
    return made


def count(**options: object) -> int:
    return sum(int(part.count_params()) for part in build(**options).parts.values())


@pytest.mark.parametrize("size", [64, 128, 256])
@pytest.mark.parametrize("lite", [False, True])
def test_as_large_as_published(size: int, lite: bool) -> None:
    """The number of weights is quadratic in the width, so three small widths give the full one."""
    widths = (1 / 4, 1 / 2, 3 / 4) if lite else (1 / 8, 1 / 4, 3 / 8)
    curve = np.polyfit(widths, [count(size=size, width=width, lite=lite) for width in widths], 2)
    assert round(float(np.polyval(curve, 1)) / 1e6, 1) == MILLIONS[lite][size]


@pytest.mark.parametrize("size", [128, 256])
def test_smaller_faces_come_first(size: int) -> None:
    networks = build(size=size, width=1 / 16, lite=True)
    x = np.random.default_rng(0).random((1, size, size, 3), np.float32)
    output = networks.reconstruct(x, FACE)
    assert output.face.shape == (1, size, size, 3)
    assert [face.shape[1] for face in output.smaller] == [side for side in (64, 128) if side < size]


def test_lite_is_smaller_and_has_a_longer_code_when_large() -> None:
    full, lite = (count(size=128, width=1 / 8, lite=lite) for lite in (False, True))
    assert lite < full / 2
    codes = [build(size=size, width=1 / 8, lite=True).code_shape for size in (64, 128)]
    assert codes == [(128,), (256,)]


def test_a_new_one_shows_no_checkerboard() -> None:
    """New kernels give nearly equal means for the four pixels of a block (no checkerboard)."""
    networks = build(width=1 / 8, norm=False)
    decoder = networks.parts["decoder_face"]
    shuffles = [layer for layer in decoder.layers if type(layer).__name__ == "PixelShuffle"]
    assert len(shuffles) == 3
    for layer in decoder.layers:
        if type(layer).__name__ == "Convolution" and layer.filters % 4 == 0:
            kernel = np.asarray(layer.kernel)
            quarters = np.split(kernel, 4, axis=-1)
            shuffled = layer.output is not None and layer.filters > layer.input.shape[-1]
            assert shuffled == all(np.array_equal(quarters[0], one) for one in quarters)


def test_sizes_that_it_has() -> None:
    with pytest.raises(ValueError, match="size: 96 is none of 64, 128, 256"):
        build(size=96)
