"""Where is the user's own folder for what can be made again?"""

import os
from pathlib import Path


def cache_dir() -> Path:
    """The user's own folder for what can be made again."""
    named = os.environ.get("XDG_CACHE_HOME", "")
    base = Path(named) if Path(named).is_absolute() else Path.home() / ".cache"
    return base / "faceswap_ae"
