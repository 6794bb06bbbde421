"""Trainable face swapping, for people who agreed to it.

    import faceswap_ae as fs

    fs.extract("ada.mp4", name="ada")           # the faces of a person, from videos and photos
    fs.train("ben", "ada", minutes=4)           # learn to put ben's face onto ada's performance
    fs.convert("ada.mp4", "ben-onto-ada", "swap.mp4")
    fs.evaluate("swap.mp4", face="ben.mp4", onto="ada.mp4")              # how good the swap is
    fs.swap("ben.mp4", "ada.mp4", "swap.mp4", minutes=4)                 # all of it in one go
    fs.anonymise("meeting.mp4", "hidden")       # nobody in it is recognised
    fs.verify("seen-online.mp4")                # what its marks say of it
    fs.synth("clips/ada", who="ada")            # a clip of somebody who does not exist

`docs/python.md` lists every argument, `docs/architecture.md` says how the pieces fit.
"""

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from faceswap_ae.common.errors import FaceswapError
from faceswap_ae.version import VERSION as __version__

if TYPE_CHECKING:
    from faceswap_ae.interface.anonymise_clips import anonymise
    from faceswap_ae.interface.convert_clips import convert
    from faceswap_ae.interface.evaluate_swap import evaluate
    from faceswap_ae.interface.extract_faces import extract
    from faceswap_ae.interface.reenact_photo import reenact
    from faceswap_ae.interface.swap_clips import swap
    from faceswap_ae.interface.synth_clip import synth
    from faceswap_ae.interface.train_run import train
    from faceswap_ae.interface.verify_files import verify

__all__ = [
    "FaceswapError",
    "__version__",
    "anonymise",
    "convert",
    "evaluate",
    "extract",
    "reenact",
    "swap",
    "synth",
    "train",
    "verify",
]

# The public functions and the modules that define them. Each is loaded when it is first used, so
# that `import faceswap_ae` loads nothing heavy.
_HOMES = {
    "anonymise": "anonymise_clips",
    "extract": "extract_faces",
    "train": "train_run",
    "convert": "convert_clips",
    "evaluate": "evaluate_swap",
    "reenact": "reenact_photo",
    "swap": "swap_clips",
    "synth": "synth_clip",
    "verify": "verify_files",
}

# In a checkout, models/ and trainers/ are beside the package; if it is installed, inside it.
_home = Path(__file__).parent
if not (_home / "models").is_dir():
    __path__.append(str(_home.parent))


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    return getattr(importlib.import_module(f"{__name__}.interface.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
