"""Which layers, and which short runs of layers, do several models share?

Each is written so that it is fast on a CPU and correct on every backend. The pixel shuffle is that
of Shi et al. 2016. Its initialiser, ICNR (Aitken et al. 2017, "Checkerboard artifact free sub-pixel
convolution"), gives equal values to the four pixels that come from one.
"""

from dataclasses import dataclass
from typing import Any

import keras
from keras import layers, ops

from faceswap_ae.networks.model_interface import Tensor
from faceswap_ae.runtime.memory import on_gpu

LEAST_SIZE = 32  # pixels a side
MOST_WIDTH = 4.0
STEP = 4  # numbers of channels are multiples of this
# Kernel weights for each output pixel: from so many on, a matrix product is faster on a CPU.
WEIGHTS_PER_PIXEL = 2**16
PLANES: dict[str, Any] = {"data_format": "channels_last"}

serialisable = keras.saving.register_keras_serializable(package="faceswap_ae")


def scaled(full: int, width: float) -> int:
    """Return how many channels a layer has at this width if it has `full` at width 1."""
    return max(STEP, round(full * width / STEP) * STEP)


def check(size: int, step: int, width: float, latent: int) -> None:
    """Raise ValueError for options that no model can be built with. Most models use this check."""
    if size < LEAST_SIZE or size % step:
        near = max(LEAST_SIZE, round(size / step) * step)
        raise ValueError(f"size: {size} is not a multiple of {step} from {LEAST_SIZE}; try {near}")
    if not 0 < width <= MOST_WIDTH:
        raise ValueError(f"width: {width} is not above 0 and up to {MOST_WIDTH:g}")
    if latent < 1:
        raise ValueError(f"latent: {latent} is not a number of numbers; try 128")


def down(x: Tensor, filters: int, kernel: int = 5, slope: float = 0.1, init: Any = None) -> Tensor:
    """Halve a picture's side: a convolution with stride 2, then LeakyReLU."""
    init = init or "glorot_uniform"
    y = Convolution(filters, kernel, 2, kernel_initializer=init)(x)
    return layers.LeakyReLU(slope)(y)


def up(x: Tensor, filters: int, kernel: int = 3, slope: float = 0.1, init: Any = None) -> Tensor:
    """Double a picture's side: a convolution, LeakyReLU, then a pixel shuffle."""
    y = Convolution(4 * filters, kernel, kernel_initializer=init or Icnr())(x)
    return PixelShuffle()(layers.LeakyReLU(slope)(y))


def residual(x: Tensor, kernel: int = 3, slope: float = 0.2, init: Any = None) -> Tensor:
    """Apply a residual block: add the result of two convolutions to their input."""
    init = init or "glorot_uniform"
    y = Convolution(x.shape[-1], kernel, kernel_initializer=init)(x)
    y = Convolution(x.shape[-1], kernel, kernel_initializer=init)(layers.LeakyReLU(slope)(y))
    return layers.LeakyReLU(slope)(layers.Add()([x, y]))


def grid(code: Tensor, side: int, channels: int, init: Any = None) -> Tensor:
    """Turn a code into a small picture with a dense layer."""
    numbers = layers.Dense(side * side * channels, kernel_initializer=init or "glorot_uniform")
    return layers.Reshape((side, side, channels))(numbers(code))


def picture(x: Tensor) -> Tensor:
    """Map numbers to [0, 1] with a sigmoid, in 32 bits whatever the precision of earlier layers."""
    return layers.Activation("sigmoid", dtype="float32")(x)


@serialisable
class Convolution(layers.Conv2D):  # type: ignore[misc] # keras has no types
    """A convolution that stays fast on a CPU where the picture is small and the kernel large.

    oneDNN reads the whole kernel for each picture of a batch: at 4 x 4 pixels and 1024 channels it
    waits for memory most of the time. One matrix product, with the patches of all pictures as its
    rows, takes a third of the time, and a quarter in bfloat16.
    """

    def __init__(self, filters: int, kernel_size: Any, strides: Any = 1, **options: Any) -> None:
        super().__init__(filters, kernel_size, strides, **{"padding": "same", **PLANES, **options})

    def convolution_op(self, inputs: Tensor, kernel: Tensor) -> Tensor:
        """Compute the convolution without its bias, as a matrix product where that is faster."""
        windows = self._windows(inputs.shape)
        if windows is None or on_gpu():
            return super().convolution_op(inputs, kernel)
        return _product(inputs, kernel, *windows)

    def _windows(self, shape: Any) -> "tuple[_Windows, _Windows] | None":
        """Return the kernel's positions; None where a matrix product is not the faster way."""
        plain = self.groups == 1 and tuple(self.dilation_rate) == (1, 1)
        if self.data_format != "channels_last" or not plain or None in shape[1:3]:
            return None
        rows, columns = (
            _Windows.of(*side, same=self.padding == "same")
            for side in zip(shape[1:3], self.kernel_size, self.strides, strict=True)
        )
        weights = rows.kernel * columns.kernel * shape[3] * self.filters
        large = weights >= WEIGHTS_PER_PIXEL * rows.count * columns.count
        return (rows, columns) if large else None


@dataclass(frozen=True)
class _Windows:
    """The positions of a kernel along one side of a picture."""

    kernel: int  # pixels
    stride: int
    count: int
    before: int  # pixels of zero padding
    after: int  # the same; the padded side becomes a multiple of the stride

    @property
    def taps(self) -> list[tuple[int, int]]:
        """For each tap of the kernel at its first position: the stride it lies in, and the pixel.

        Both are counted from 0; the pixel is counted inside its stride.
        """
        return [divmod(tap, self.stride) for tap in range(self.kernel)]

    @classmethod
    def of(cls, side: int, kernel: int, stride: int, *, same: bool) -> "_Windows":
        count = -(-side // stride) if same else (side - kernel) // stride + 1
        lacks = max((count - 1) * stride + kernel - side, 0)
        before = lacks // 2
        whole = -(-(side + lacks) // stride) * stride
        return cls(kernel, stride, count, before, whole - side - before)


def _product(x: Tensor, kernel: Tensor, rows: _Windows, columns: _Windows) -> Tensor:
    """Compute the convolution as a matrix product of patches and kernel.

    The patches are cut by slices without strides, along one axis after the other, because the
    gradient of a strided slice can cost as much as the product itself.
    """
    x = ops.pad(x, [(0, 0), (rows.before, rows.after), (columns.before, columns.after), (0, 0)])
    count, high, wide, channels = ops.shape(x)
    x = ops.reshape(x, (-1, high, wide // columns.stride, columns.stride * channels))
    block = (count, high, columns.count, channels)
    x = _taken(x, [(0, 0, at, of * channels) for at, of in columns.taps], block)

    channels *= columns.kernel
    x = ops.reshape(x, (-1, high // rows.stride, rows.stride, columns.count, channels))
    x = _taken(x, [(0, at, of, 0, 0) for at, of in rows.taps], (count, rows.count, 1, *x.shape[3:]))

    kernel = ops.reshape(kernel, (-1, kernel.shape[-1]))
    made = ops.matmul(ops.reshape(x, (-1, kernel.shape[0])), kernel)
    return ops.reshape(made, (-1, rows.count, columns.count, kernel.shape[-1]))


def _taken(x: Tensor, starts: list[Any], block: Any) -> Tensor:
    return ops.concatenate([ops.slice(x, start, block) for start in starts], axis=-1)


@serialisable
class PixelShuffle(layers.Layer):  # type: ignore[misc] # keras has no types
    """Pixel shuffle: (h, w, s * s * c) becomes (s * h, s * w, c), in TensorFlow's order."""

    def __init__(self, scale: int = 2, **options: Any) -> None:
        super().__init__(**options)
        self.scale = scale

    def call(self, x: Tensor) -> Tensor:
        """Shuffle with a single transposition, for the rows of all pictures together."""
        high, wide, channels = x.shape[1:]
        scale = self.scale
        rows = ops.reshape(x, (-1, wide, scale, channels // scale))
        rows = ops.transpose(rows, (0, 2, 1, 3))
        return ops.reshape(rows, (-1, scale * high, scale * wide, channels // scale**2))

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that build an equal one."""
        return {**super().get_config(), "scale": self.scale}


@serialisable
class Icnr(keras.initializers.Initializer):  # type: ignore[misc] # keras has no types
    """ICNR, the initialiser before a pixel shuffle: one kernel for all pixels of a block."""

    def __init__(self, initializer: Any = "glorot_uniform", scale: int = 2) -> None:
        self.initializer = keras.initializers.get(initializer)
        self.scale = scale

    def __call__(self, shape: Any, dtype: Any = None) -> Tensor:
        """Return an initial kernel of this shape."""
        *inner, out = shape
        one = self.initializer((*inner, out // self.scale**2), dtype=dtype)
        return ops.tile(one, (*(1 for _ in inner), self.scale**2))

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that build an equal one."""
        inner = keras.initializers.serialize(self.initializer)
        return {"initializer": inner, "scale": self.scale}


@serialisable
class PixelBias(layers.Layer):  # type: ignore[misc] # keras has no types
    """A learnt bias for each pixel and channel, which holds what all pictures share."""

    def build(self, shape: Any) -> None:
        """Create the bias, with zeros."""
        self.bias = self.add_weight(shape=shape[1:], initializer="zeros", name="bias")

    def call(self, x: Tensor) -> Tensor:
        """Add the bias to every picture."""
        return x + self.bias
