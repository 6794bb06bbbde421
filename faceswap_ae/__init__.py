"""faceswap_ae: a trainable face-swap toolkit. Start at `docs/architecture.md`."""

from pathlib import Path

from faceswap_ae.version import VERSION as __version__

__all__ = ["__version__"]

# In a checkout models/ and trainers/ stand beside the package; an installed one holds them inside.
_home = Path(__file__).parent
if not (_home / "models").is_dir():
    __path__.append(str(_home.parent))
