"""Which functions does faceswap_ae, a trainable face-swap toolkit, offer to Python code?

Start at `docs/architecture.md`.
"""

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from faceswap_ae.version import VERSION as __version__

if TYPE_CHECKING:
    from faceswap_ae.conversion.convert import convert
    from faceswap_ae.evaluation.evaluate import evaluate
    from faceswap_ae.extraction.extractor import extract
    from faceswap_ae.pipelines.swap import swap
    from faceswap_ae.training.train import train

__all__ = ["__version__", "convert", "evaluate", "extract", "swap", "train"]

# The public functions and the modules that define them. Each is loaded when it is first used, so
# that `import faceswap_ae` loads nothing heavy.
_HOMES = {
    "extract": "extraction.extractor",
    "train": "training.train",
    "convert": "conversion.convert",
    "evaluate": "evaluation.evaluate",
    "swap": "pipelines.swap",
}

# In a checkout, models/ and trainers/ are beside the package; if it is installed, inside it.
_home = Path(__file__).parent
if not (_home / "models").is_dir():
    __path__.append(str(_home.parent))


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
