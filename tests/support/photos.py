"""Which pictures of faces do tests look at: photos inside ordinary packages, and drawn people?"""

from pathlib import Path

import matplotlib.cbook
import numpy as np
import skimage.data

from faceswap_ae.common.geometry import Image
from faceswap_ae.media import images
from faceswap_ae.synthetic.people import alone, person
from faceswap_ae.synthetic.scene import Act, Setting, render

SCENES = {
    "a pair": [("ada", Act(120, (0.35, 0.5), yaw=15)), ("ben", Act(100, (0.7, 0.45), yaw=-20))],
    "three sizes": [
        *[("carl", Act(80, (0.13, 0.4))), ("dina", Act(150, (0.45, 0.55), roll=12))],
        ("emil", Act(85, (0.8, 0.4), pitch=8)),
    ],
    "over the border": [("fatou", Act(190, (0.08, 0.2))), ("ada", Act(170, (0.93, 0.8)))],
}


def scene(name: str) -> Image:
    """A frame of 640x360 with several people of the cast."""
    first, *others = [(alone(person(who)), act) for who, act in SCENES[name]]
    return render(*first, Setting((640, 360), backdrop=3), others).image


def photo(name: str) -> Image:
    """A photo of a real person that a Python package contains."""
    if name == "grace":
        return images.read(Path(matplotlib.cbook.get_sample_data("grace_hopper.jpg", False)))
    whole: Image = skimage.data.astronaut()  # type: ignore[no-untyped-call]
    return whole if name == "eileen" else np.ascontiguousarray(whole[90:330, 190:420])
