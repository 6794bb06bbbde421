"""Where is the user's cache folder, for files that can be made again?"""

import os
from pathlib import Path


def cache_dir() -> Path:
    """Return the toolkit's folder in XDG_CACHE_HOME or, without that, in ~/.cache."""
    named = os.environ.get("XDG_CACHE_HOME", "")
    base = Path(named) if Path(named).is_absolute() else Path.home() / ".cache"
    return base / "faceswap_ae"
