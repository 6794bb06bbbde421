"""Which model architectures are there? One file each, loaded by `faceswap_ae.common.plugins` only.

The first paragraph of each file's docstring is shown by `faceswap-ae models`. In these docstrings,
"conv5/2 128" is a convolution with a kernel of 5 x 5 pixels, a stride of 2 and 128 channels, and
numbers that follow are the channels of more such layers.
"""
