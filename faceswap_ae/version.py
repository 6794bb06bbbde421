"""Which release is this? A file of its own: setup.cfg reads it without importing the package."""

VERSION = "0.1.0"
TOOL = f"faceswap_ae {VERSION}"  # as files say by what they were made
