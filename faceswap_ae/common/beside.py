"""Which file or folder stands beside another, with its name and something more?"""

from pathlib import Path

from faceswap_ae.common.errors import UserError


def beside(place: Path, *, before: str = "", after: str = "") -> Path:
    """Return the path beside `place`: its name, with text before and after.

    `.` and `a/..` have a name of their own too: the one that their folder has.

    Raises UserError if there is none: the root of a disk stands beside nothing.
    """
    named = place if place.name not in ("", "..") else place.resolve()
    if not named.name:
        raise UserError(f"{place}: is a whole disk; name a file or a folder in it")
    return named.with_name(f"{before}{named.name}{after}")
