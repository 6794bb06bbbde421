"""Which training algorithms are there? One file each, loaded by `faceswap_ae.common.plugins` only.

The first paragraph of each file's docstring is shown by `faceswap-ae models`.
"""
