"""Which albedo, gloss and relief has the skin texture: complexion, age, lips, beard, brows?"""

from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np

from faceswap_ae.synthetic.canvas import HEIGHT, LEFT, RIGHT, TEXELS, WIDTH, Canvas, texel
from faceswap_ae.synthetic.curves import Field, bell, bell2, noise, step, to_light
from faceswap_ae.synthetic.features import brow, fold_line, lips, nostril
from faceswap_ae.synthetic.people import Features, Marks, Sitter

# Skin colours from light to dark, and hair colours from dark to fair, in sRGB.
SKIN = np.array(
    [[0.93, 0.78, 0.70], [0.88, 0.70, 0.59], [0.80, 0.60, 0.47]]
    + [[0.66, 0.46, 0.34], [0.47, 0.31, 0.22], [0.34, 0.22, 0.16]]
)
HAIR = np.array(
    [[0.055, 0.045, 0.04], [0.16, 0.10, 0.065], [0.32, 0.20, 0.11], [0.55, 0.40, 0.22]]
    + [[0.80, 0.66, 0.42]]
)
RED, SHADE, WRINKLE = (1.0, 0.80, 0.78), (0.80, 0.74, 0.74), (0.86, 0.80, 0.78)
# The upper edge of a beard: x and y in millimetres.
BEARD_EDGE = np.array(
    [[-140, -150], [-112, -60], [-103, 25], [-90, 8], [-56, -30], [-34, -62], [34, -62]]
    + [[56, -30], [90, 8], [103, 25], [112, -60], [140, -150]],
    float,
)


@dataclass(frozen=True)
class Skin:
    """The skin texture at one scale: linear albedo, gloss / roughness / lips, relief slopes."""

    albedo: Field  # (h, w, 3)
    gloss: Field  # (h, w, 3)
    slope: Field  # (h, w, 2), x to the right and y up
    scale: float  # texels per millimetre


def mixed(table: Any, amount: float) -> Any:
    """Interpolate a table of colours at `amount`, 0 (first colour) to 1 (last colour)."""
    at, steps = amount * (len(table) - 1), np.arange(len(table))
    return np.array([np.interp(at, steps, table[:, i]) for i in range(3)])


def skin_colour(sitter: Sitter) -> Any:
    """The sRGB colour of a sitter's bare skin."""
    warm = np.array([0.015, 0, -0.02]) * sitter.head.warmth
    return np.clip(mixed(SKIN, sitter.head.tone) + warm, 0, 1)


def hair_colour(tone: float, warmth: float) -> Any:
    """The sRGB colour of hair. `tone` is dark to fair, `warmth` is ash to red (0 to 1)."""
    warm = np.array([1 + 0.35 * warmth * (1 - 0.75 * tone), 1, 1 - 0.2 * warmth])
    return np.clip(mixed(HAIR, tone) * warm, 0, 1)


def painted(sitter: Sitter, levels: int) -> list[Skin]:
    """The skin texture at `levels` scales: the full scale, then half of the one before."""
    albedo, gloss, relief = _blended(sitter)
    skins, scale = [], TEXELS
    for _ in range(levels):
        across = cv2.Sobel(relief, cv2.CV_32F, 1, 0, ksize=3) / 8
        up = -cv2.Sobel(relief, cv2.CV_32F, 0, 1, ksize=3) / 8
        slope = np.stack([across, up], -1) * np.float32(scale)
        skins.append(Skin(to_light(albedo), gloss, slope, scale))
        albedo, gloss, relief = (cv2.pyrDown(part) for part in (albedo, gloss, relief))
        scale /= 2
    return skins


def _blended(sitter: Sitter) -> tuple[Field, Field, Field]:
    """Albedo, gloss and relief, blended from two people's marks.

    The area of brows to chin has the marks of the face's owner. The skin around it has those of
    `sitter.around`.
    """
    face, around = sitter.face.marks, sitter.around
    inner = _painted(sitter, face, sitter.face.seed)
    if around == sitter.face:
        return inner
    # The whole beard belongs to the face: half a beard on a bare chin would not be a valid truth.
    beard = replace(around.marks, beard=face.beard, stubble=face.stubble)
    outer = _painted(sitter, beard, around.seed)
    mask = _inside_features(sitter.face.features)
    albedo, gloss, wrinkles = (
        b + (a - b) * (mask[..., None] if a.ndim == 3 else mask)
        for a, b in zip(inner, outer, strict=True)
    )
    return albedo, gloss, wrinkles


def _inside_features(f: Features) -> Field:
    """A mask that is 1 in the area of brows to chin and soft at its edge."""
    x, y, thick = brow(f, np.array([0.0, 0.5, 1.0]))
    right = [(x[2] + 3, y[2]), (x[1], y[1] + thick[1] + 2), (x[0], y[0] + thick[0] + 2)]
    low = [(-34, f.mouth_line - 4), (-22, f.mouth_line - 22), (22, f.mouth_line - 22)]
    outline = [*[(-a, b) for a, b in right], *right[::-1], (34, f.mouth_line - 4), *low[::-1]]
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    hull = cv2.convexHull(texel(np.array(outline)).round().astype(np.int32))
    cv2.fillConvexPoly(mask, hull, 255)
    return cv2.GaussianBlur(mask, (0, 0), 4 * TEXELS).astype(np.float32) / 255


def _painted(sitter: Sitter, marks: Marks, seed: int) -> tuple[Field, Field, Field]:
    f, ground = sitter.face.features, skin_colour(sitter)
    canvas = Canvas(ground, np.random.default_rng([500, seed]))
    _complexion(canvas, f, marks)
    _age(canvas, f, marks)
    _spots(canvas, f, marks)
    mouth = _lips(canvas, f, marks, ground)
    _holes(canvas, f)
    beard = _beard(canvas, sitter, marks)
    _brows(canvas, sitter, marks)
    shiny = 0.55 + 0.5 * bell2(canvas.x, canvas.y, (0, 40), (34, 18))
    shiny = shiny + 0.7 * bell2(canvas.x, canvas.y, (0, f.nose_base + 12), (8, 14))
    shiny = shiny + 0.3 * bell2(canvas.away, canvas.y, (40, -25), (12, 9)) + 0.2 * canvas.middle
    shiny = shiny * marks.shine * (1 - 0.7 * beard * min(1, marks.beard * 1.5)) + 0.5 * mouth
    brows = _brow_ground(f, -1) + _brow_ground(f, 1)
    shiny = shiny * (1 - 0.85 * np.clip(brows, 0, 1))
    gloss = np.stack([np.clip(shiny, 0, 2), 1 - 0.45 * mouth, mouth], -1).astype(np.float32)
    return np.clip(canvas.albedo, 0, 1), gloss, canvas.relief


def _complexion(c: Canvas, f: Features, m: Marks) -> None:
    blush = 0.75 * bell2(c.away, c.y, (42, -32), (17, 14))
    blush = blush + 0.5 * bell2(c.x, c.y, (0, f.nose_base + 9), (11, 10))
    c.tint(RED, np.clip(m.blush * (blush + 0.25 * bell2(c.x, c.y, (0, -105), (16, 9))), 0, 1))
    c.tint((0.98, 0.99, 0.93), 0.8 * step(25, 55, c.y))
    tired = 0.55 * (0.35 + m.age + 0.5 * f.eye_bags)
    ring = tired * bell2(c.away, c.y, (f.eye_distance - 4, -9), (12, 5))
    c.tint(SHADE, np.clip(ring + 0.5 * bell2(c.away, c.y, (16, 1), (4, 6)), 0, 1))
    c.tint((0.90, 0.80, 0.77), 0.75 * bell2(c.away, c.y, (f.eye_distance, 5), (15, 6)))
    grain = 0.022 * c.coarse[..., None] * np.array([0.6, 1, 1], np.float32)
    grain = grain + 0.022 * c.middle[..., None] * np.array([0.5, 1, 1], np.float32)
    c.albedo *= 1 + grain + np.float32(0.03 * m.pores) * c.fine[..., None]
    c.relief += np.float32(0.10 * m.pores) * c.fine + np.float32(0.12) * c.middle
    if m.eye_shadow > 0.15 and m.lashes > 0:
        lid = bell2(c.away, c.y, (f.eye_distance + 1, 8), (13, 4))
        c.tint((0.70, 0.58, 0.62), 0.8 * m.eye_shadow * lid)


def _age(c: Canvas, f: Features, m: Marks) -> None:
    """Paint wrinkles on the forehead and beside the eyes, and the shade of the mouth's folds."""
    folds = fold_line(f, c.away, c.y, 1.3)
    c.tint((0.86, 0.77, 0.74), np.clip(0.3 * f.fold + 0.25 * m.age, 0, 0.9) * folds)
    if m.age <= 0.15:
        return
    for number in range(4):
        wave = 1.6 * np.sin(c.x / 17 + c.rng.random() * 6) - 3 * (c.away / 45) ** 2
        height = 36 + 9 * number + c.rng.normal() + wave
        broken = 0.5 + 0.5 * np.clip(c.coarse + 0.6, 0, 1)
        line = 0.7 * bell(c.y - height, 0.7) * step(52, 34, c.away) * broken
        c.relief -= np.float32(0.9 * m.age) * line
        c.tint(WRINKLE, 0.4 * m.age * line)
    outward = c.away - f.eye_distance - f.eye_width - 3
    for slant in (-0.45, -0.05, 0.35):
        off = np.abs(c.y - outward * slant - 0.8 * np.sin(outward / 3))
        line = bell(off, 0.5) * step(0, 3, outward) * step(15, 6, outward)
        c.relief -= np.float32(0.7 * m.age) * line
        c.tint(WRINKLE, 0.35 * m.age * line)


def _spots(c: Canvas, f: Features, m: Marks) -> None:
    if m.freckles > 0.25:
        count = int(420 * m.freckles)
        places = c.rng.normal((0, -18), (30, 16), (count, 2))
        size, level = c.rng.uniform(0.25, 0.75, count), c.rng.uniform(60, 220, count)
        c.tint((0.72, 0.58, 0.48), 0.8 * c.dots(places, size, level))
    if m.moles > 0.35:
        for _ in range(c.rng.integers(1, 4)):
            x, y, radius = c.rng.normal(0, 34), c.rng.uniform(-95, 45), c.rng.uniform(0.7, 1.5)
            if abs(x) < 12 and y > f.mouth_line - 12:
                continue
            from_it = np.hypot(c.x - x, c.y - y)
            c.tint((0.32, 0.22, 0.18), step(radius, radius * 0.55, from_it))


def _lips(c: Canvas, f: Features, m: Marks, ground: Any) -> Field:
    """Paint the lips. Return their mask."""
    low, line, high = lips(f, c.x)
    inside, part = np.minimum(high - c.y, c.y - low), c.away / f.mouth_width
    mask = step(-0.9, 0.9, inside + 0.5 * c.fine) * step(1.02, 0.95, part)
    colour = ground * np.array([0.93, 0.76, 0.76]) * (1 - 0.38 * m.lip_dark)
    colour = colour * (1 - 0.24 * m.lip_red * np.array([0.06, 1, 0.85]))
    grooves = noise(c.rng, (HEIGHT, WIDTH), (14, 190), 2)
    above = 1 - 0.12 * step(0, 6, c.y - line)
    paint = colour * ((1 + 0.07 * grooves) * above * (1 - 0.125 * bell(inside, 1.5)))[..., None]
    c.cover(paint, 0.92 * mask)
    c.relief += 0.10 * mask * grooves
    seam = bell(c.y - line, 0.55 + 0.4 * step(0.7, 1, part)) * step(1.1, 1, part)
    c.tint((0.45, 0.33, 0.32), 0.85 * seam)
    corner = bell2(c.away, c.y, (f.mouth_width + 1.2, f.mouth_line + f.mouth_corner), (1.7, 2))
    c.tint((0.74, 0.64, 0.62), 0.6 * corner)
    return np.asarray(mask, np.float32)


def _holes(c: Canvas, f: Features) -> None:
    x, y, wide, high = nostril(f)
    hole = 1.25 * bell2(c.away, c.y, (x, y), (0.62 * wide, 0.72 * high), 0.22)
    c.tint((0.16, 0.10, 0.10), np.clip(hole, 0, 1) ** 1.3)
    around = bell2(c.away, c.y, (x + 2, y - 0.6), (1.5 * wide, 1.1 * high), 0.15)
    c.tint((0.72, 0.60, 0.58), 0.75 * around)


def _beard(c: Canvas, sitter: Sitter, m: Marks) -> Field:
    """Paint stubble and beard. Return the mask of where they grow."""
    grows = _growth(c, sitter.face.features)
    colour = hair_colour(sitter.head.hair.tone, sitter.head.hair.warmth)
    if m.stubble > 0.05:
        c.tint((0.72, 0.73, 0.76), 0.75 * m.stubble * grows)
        places = _rooted(c, grows, 22_000, 1.3)
        count = len(places)
        hairs = c.strokes(places, c.rng.uniform(1, 2.2, count), c.rng.uniform(1.5, 4, count))
        c.cover(colour * 0.6, 0.35 * m.stubble * hairs)
    if m.beard > 0.3:
        full = float(step(0.3, 0.7, m.beard))
        c.cover(colour * 0.75, 0.78 * full * np.clip(grows * (1.15 + 0.12 * c.middle), 0, 1))
        for count, shade in ((24_000, colour * 0.55), (20_000, np.minimum(colour * 1.5 + 0.02, 1))):
            places = _rooted(c, grows, count, 1.0)
            down = np.pi / 2 - places[:, 0] / (RIGHT - LEFT) * 1.2
            angle = down + c.rng.normal(0, 0.3, len(places))
            hairs = c.strokes(places, angle, c.rng.uniform(10, 24, len(places)))
            c.cover(shade, 0.55 * full * hairs)
        c.relief += full * grows * 0.8 * noise(c.rng, (HEIGHT, WIDTH), (60, 260), 2)
    return grows


def _growth(c: Canvas, f: Features) -> Field:
    """How densely a beard grows, 0 to 1: on cheeks and chin and over the upper lip.

    None grows on the lips, and little right under the lower lip.
    """
    edge = np.interp(c.x[0], BEARD_EDGE[:, 0], BEARD_EDGE[:, 1]).astype(np.float32)
    edge = cv2.GaussianBlur(edge[None], (0, 0), 6 * TEXELS) + 5 * c.middle + 3 * c.fine
    mask = step(edge + 9, edge - 13, c.y) * step(-140, -116, c.y) * step(112, 96, c.away)
    low, _, high = lips(f, c.x)
    nose, mouth = f.nose_base, f.mouth_line
    moustache = bell2(c.away, c.y, (0, (nose + mouth + f.upper_lip) / 2 - 0.5), (17, 4.2))
    near_lips = np.minimum(high - c.y + 0.4, c.y - low + 1)
    free = 1 - step(-1.2, 0.8, near_lips) * (c.away / f.mouth_width < 1.05)
    mask = mask * (1 - 0.8 * bell2(c.away, c.y, (13, mouth - 15), (7, 5)))
    mask = mask * (1 - bell2(c.x, c.y, (0, (nose + mouth) / 2 + 6), (24, 9)))
    grown = np.clip(mask + 1.3 * moustache * step(nose - 1, nose - 5, c.y), 0, 1) * free
    return np.asarray(grown, np.float32)


def _rooted(c: Canvas, grows: Field, count: int, thin: float) -> Any:
    """Random places (x, y) for hairs, denser where more hair grows."""
    places = c.rng.uniform((-106, -144), (106, 24), (count, 2))
    column, row = texel(places).astype(int).T
    return places[grows[row, column] > c.rng.random(count) * thin]


def _brows(c: Canvas, sitter: Sitter, m: Marks) -> None:
    f = sitter.face.features
    colour = 0.85 * hair_colour(m.brow_tone * 0.8, sitter.head.hair.warmth * 0.7)
    for side in (-1, 1):
        c.cover(colour, 0.42 * f.brow_density * _brow_ground(f, side))
        count = int(1250 * f.brow_density * f.brow_length)
        t = c.rng.random(count) ** 0.9
        x, y, thick = brow(f, t)
        off = np.clip(c.rng.normal(0, 0.42, count), -1, 1)
        places = np.stack([(x + c.rng.normal(0, 0.4, count)) * side, y + off * thick], -1)
        angle = np.radians(np.interp(t, [0, 0.12, 0.35, 1], [78, 48, 18, -26]))
        angle = angle - 0.35 * off + c.rng.normal(0, 0.1, count)
        angle = np.pi - angle if side < 0 else angle
        length = c.rng.uniform(3.4, 6.6, count) * np.interp(t, [0, 0.2, 0.8, 1], [0.75, 1, 1, 0.7])
        length = length * (0.7 + 0.3 * f.brow_thickness) * TEXELS
        c.cover(colour, 0.7 * c.strokes(places, -angle, length))
        some = c.rng.random(count) < 0.3
        c.cover(colour * 0.55, 0.6 * c.strokes(places[some], -angle[some], 0.9 * length[some]))


def _brow_ground(f: Features, side: int) -> Field:
    x, y, thick = brow(f, np.linspace(0, 1, 60))
    upper, lower = (
        np.stack([x * side, y + 0.75 * thick], -1),
        np.stack([x * side, y - 0.75 * thick], -1),
    )
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    outline = texel(np.concatenate([upper, lower[::-1]])).round().astype(np.int32)
    cv2.fillPoly(mask, [outline], 255, cv2.LINE_AA)
    return cv2.GaussianBlur(mask, (0, 0), 5).astype(np.float32) / 255
