"""Where are the user's folders: one for files that can be made again, one for what must be kept?"""

import os
import sys
from pathlib import Path


def cache_dir() -> Path:
    """Return the toolkit's folder in XDG_CACHE_HOME or, without that, in ~/.cache."""
    return (_named("XDG_CACHE_HOME") or Path.home() / ".cache") / "faceswap_ae"


def config_dir() -> Path:
    """Return the toolkit's folder in XDG_CONFIG_HOME or, without that, in ~/.config.

    On Windows, APPDATA is asked before ~/.config.
    """
    place = _named("XDG_CONFIG_HOME")
    if place is None and sys.platform == "win32":
        place = _named("APPDATA")
    return (place or Path.home() / ".config") / "faceswap_ae"


def _named(variable: str) -> Path | None:
    """Return the folder that a variable names; a path that is not absolute counts as none."""
    named = Path(os.environ.get(variable, ""))
    return named if named.is_absolute() else None
