"""How is somebody who does not exist shown in portraits: from the sides, speaking, blinking?"""

from faceswap_ae.common.geometry import Image
from faceswap_ae.synthetic.expression import Expression
from faceswap_ae.synthetic.eyes import Look
from faceswap_ae.synthetic.light import LIGHTS
from faceswap_ae.synthetic.people import alone, person
from faceswap_ae.synthetic.scene import Act, Setting, render

SIDE, FACE = 512, 0.55  # pixels, and the face's height as a share of them
# Views that show what the first one hides. Of a face that is turned farther, the mesh ends beyond
# it, and the background would be bent into another's face.
OTHERS = (
    Act(yaw=24),
    Act(yaw=-24),
    Act(pitch=12),
    Act(pitch=-12),
    Act(felt=Expression(jaw=0.35)),
    Act(felt=Expression(jaw=0.9)),
    Act(felt=Expression(smile=0.9, lip_up=0.4)),
    Act(look=Look(blink=(1, 1))),
    Act(look=Look((14, 0))),
    Act(look=Look((-14, 0))),
)


def portrait(name: str, side: int = SIDE) -> Image:
    """Draw somebody who looks straight ahead."""
    return _drawn(name, Act(), side)


def portraits(name: str, side: int = SIDE) -> list[Image]:
    """Draw somebody in several views, the straight one first."""
    return [_drawn(name, act, side) for act in (Act(), *OTHERS)]


def _drawn(name: str, act: Act, side: int) -> Image:
    shown = Act(FACE * side, (0.5, 0.5), act.yaw, act.pitch, act.roll, act.felt, act.look)
    setting = Setting((side, side), LIGHTS["soft"], backdrop=1, grain=0.002)
    return render(alone(person(name)), shown, setting).image
