"""Which models and trainers (plug-ins) are there, and how is the module of one loaded?

Plug-ins come from three places, in this order: the folders `models/` and `trainers/` of this
project, folders given with `--plugins`, and entry points of installed packages in the groups
`faceswap_ae.models` and `faceswap_ae.trainers`. A name that is in two places is refused, because
nobody could tell which of the two ran.
"""

import importlib
import pkgutil
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType
from typing import Literal

from faceswap_ae.common.errors import PluginError, unknown

Kind = Literal["models", "trainers"]
KINDS: tuple[Kind, ...] = ("models", "trainers")


def names(kind: Kind) -> list[str]:
    """Return every name that `load` knows, sorted; no plug-in is imported."""
    return sorted(_homes(kind))


def load(kind: Kind, name: str) -> ModuleType:
    """Import and return the module of one model or trainer."""
    homes = _homes(kind)
    if name not in homes:
        raise PluginError(unknown(kind.removesuffix("s"), name, homes))
    home, *others = homes[name]
    if others:
        both = " and ".join(map(_format_home, homes[name]))
        raise PluginError(f"{kind}: '{name}' is defined by {both}; rename one of them")
    if isinstance(home, Path):
        return importlib.import_module(f"faceswap_ae.{kind}.{name}")
    return importlib.import_module(home.module)


def add_folder(folder: Path) -> None:
    """Search for plug-ins in `folder/models` and `folder/trainers` too."""
    found = [kind for kind in KINDS if (folder / kind).is_dir()]
    if not found:
        raise PluginError(f"{folder}: has neither a models/ nor a trainers/ folder")
    for kind in found:
        path = str((folder / kind).resolve())
        places = _places(kind)
        if path not in places:
            places.append(path)


def _homes(kind: Kind) -> dict[str, list[Path | EntryPoint]]:
    """Return, for each name, the folders and entry points that define it."""
    homes: dict[str, list[Path | EntryPoint]] = {}
    for place in _places(kind):
        for module in pkgutil.iter_modules([place]):
            if not module.name.startswith("_"):
                homes.setdefault(module.name, []).append(Path(place))
    for point in entry_points(group=f"faceswap_ae.{kind}"):
        homes.setdefault(point.name, []).append(point)
    return homes


def _places(kind: Kind) -> list[str]:
    """Return the folders in which the kind's package is searched; appending to it adds one."""
    package = importlib.import_module(f"faceswap_ae.{kind}")
    places: list[str] = package.__dict__["__path__"]
    return places


def _format_home(home: Path | EntryPoint) -> str:
    if isinstance(home, Path):
        return f"a file in {home}"
    return f"the installed package of {home.value}"
