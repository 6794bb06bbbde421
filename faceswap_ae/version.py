"""Which release is this (version number)?

This is a separate file because setup.cfg reads it without importing the package.
"""

VERSION = "0.1.0"
TOOL = f"faceswap_ae {VERSION}"  # how output files name the tool that made them
