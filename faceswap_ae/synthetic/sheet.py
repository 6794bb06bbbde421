"""Which pictures show the synthetic cast: each person in several poses, expressions and lights?

A second picture shows the two definitions of the truth of a swap.
"""

from pathlib import Path

import numpy as np

from faceswap_ae.common.geometry import Image
from faceswap_ae.media import images
from faceswap_ae.synthetic.expression import Expression
from faceswap_ae.synthetic.eyes import Look
from faceswap_ae.synthetic.light import LIGHTS
from faceswap_ae.synthetic.occluder import Occluder
from faceswap_ae.synthetic.people import CAST, Sitter, alone, hybrid, person
from faceswap_ae.synthetic.scene import Act, Setting, render

FACE = 128.0  # the face's height in pixels, in pictures of the default size
COLUMNS: tuple[tuple[Act, Setting], ...] = (
    (Act(FACE), Setting(light=LIGHTS["soft"], backdrop=1)),
    (Act(FACE, yaw=28, pitch=4, felt=Expression(smile=0.9)), Setting(backdrop=2)),
    (
        Act(FACE, yaw=-25, look=Look((14, 0)), felt=Expression(brow_up=0.9, jaw=0.3)),
        Setting(light=LIGHTS["right"], backdrop=3),
    ),
    (Act(FACE, pitch=8, felt=Expression(jaw=0.9)), Setting(light=LIGHTS["top"], backdrop=4)),
    (
        Act(FACE, roll=8, look=Look(blink=(1, 1)), felt=Expression(frown=0.6)),
        Setting(light=LIGHTS["warm"], backdrop=5),
    ),
    (
        Act(FACE, yaw=10, felt=Expression(pucker=0.9)),
        Setting(light=LIGHTS["dim"], backdrop=6, occluder=Occluder("hand", (150, 190), 70, 20)),
    ),
)


def cast_sheet() -> Image:
    """A picture with one row for each person of the cast."""
    return np.vstack([_row(alone(person(name))) for name in CAST])


def truth_sheet(face: str, head: str) -> Image:
    """A picture whose rows are: head's owner, truth `features`, truth `face`, face's owner."""
    one, other = person(face), person(head)
    sitters = alone(other), hybrid(one, other), hybrid(one, other, "face"), alone(one)
    return np.vstack([_row(sitter) for sitter in sitters])


def write_sheets(folder: Path) -> list[Path]:
    """Write both pictures as the documentation shows them, into a folder. Return the files."""
    sheets = {"cast.jpg": cast_sheet(), "truth.jpg": truth_sheet("ben", "ada")}
    for name, sheet in sheets.items():
        images.write(folder / name, sheet)
    return [folder / name for name in sheets]


def _row(sitter: Sitter) -> Image:
    return np.hstack([render(sitter, act, setting).image for act, setting in COLUMNS])
