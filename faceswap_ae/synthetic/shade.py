"""How is each pixel lit (shading): diffuse light, gloss, shadows and ambient occlusion?

Skin: wrapped diffuse light that spreads within the skin, red most, at the edge of shadows; two
glossy lobes; fill light and the light of sky and ground, dimmed by what stands nearby. Hair: Kajiya
and Kay (1989). Only pixels that show something are computed. Each pixel is one row of a table.
"""

import cv2
import numpy as np

from faceswap_ae.common.geometry import Integers
from faceswap_ae.synthetic.curves import Field
from faceswap_ae.synthetic.eyes import Inner
from faceswap_ae.synthetic.layers import CLOTH, EAR, EMPTY, HAIR, SKIN, Layers, gather
from faceswap_ae.synthetic.light import Light
from faceswap_ae.synthetic.model import DISTANCE, EYE_LEVEL, Posed
from faceswap_ae.synthetic.raster import raster

WRAP = np.array([0.26, 0.12, 0.07], np.float32)  # how far light wraps round an edge, red most
BLEED = (1.5, 0.7, 0.35)  # millimetres that red, green and blue light spread in skin
NEAR = ((3.0, 0.055), (9.0, 0.030), (22.0, 0.012))  # ambient occlusion: millimetres, strength
MAP, MAP_SCALE = 192, 192 / 420  # the shadow map's side in pixels, its pixels per millimetre
FADE = 16  # shadows fade out within this many pixels of the map's border
HARD = 0.22  # hardness of the shadow's edge, per millimetre


def shaded(
    layers: Layers, scene: Posed, light: Light, inner: list[Inner], scale: float
) -> tuple[Field, Integers]:
    """Linear light (n, 3) of the pixels that show something, and the numbers of these pixels."""
    seen = np.flatnonzero(layers.kind != EMPTY)
    normal = _unit(layers.normal[seen])
    view = _unit(np.array([0, EYE_LEVEL, DISTANCE], np.float32) - layers.place[seen])
    dim, shadow = _dimmed(layers, seen, scale), _shadow(layers, seen, scene, light)
    facing = normal @ light.direction
    arriving = _arriving(normal, facing, dim, shadow, light)
    arriving = _bled(layers, seen, arriving, scale)
    colour = layers.albedo[seen] * arriving
    colour += _gloss(layers.gloss[seen], (normal, view), facing, (dim, shadow), light)
    is_hair = np.flatnonzero(layers.kind[seen] == HAIR)
    if len(is_hair):
        some = seen[is_hair]
        parts = normal[is_hair], view[is_hair], dim[is_hair], shadow[is_hair]
        colour[is_hair] = _hair(layers, some, parts, light)
    full = np.zeros((len(layers.kind), 3), np.float32)
    full[seen] = colour
    for part in inner:
        full[part.where] = part.colour
    return full[seen], seen


def _unit(vectors: Field) -> Field:
    length = np.sqrt(np.einsum("ij,ij->i", vectors, vectors))[:, None]
    return np.asarray(vectors / (length + np.float32(1e-6)))


def _around(normal: Field, light: Light) -> tuple[Field, Field]:
    """The fill light (n, 1), and the light of sky and ground (n, 3), for each normal."""
    towards = np.array([-1.1 * light.direction[0], 0.10, 0.75], np.float32)
    towards /= np.linalg.norm(towards)
    fill = np.clip(0.7 * normal @ towards + 0.3, 0, 1)[:, None] * np.float32(light.fill)
    up = 0.5 + 0.5 * normal[:, 1:2]
    return fill, light.sky * up + light.ground * (1 - up)


def _arriving(normal: Field, facing: Field, dim: Field, shadow: Field, light: Light) -> Field:
    direct = np.clip((facing[:, None] + WRAP) / (1 + WRAP), 0, 1) ** np.float32(1.1)
    reach = np.column_stack([shadow**0.75, shadow, shadow])
    open_ = np.column_stack([dim**0.75, dim, dim])
    fill, sky = _around(normal, light)
    total = light.colour * direct * reach * (0.55 + 0.45 * open_) + (fill + sky) * open_
    return np.asarray(total * (1.55 / np.pi), np.float32)


def _bled(layers: Layers, seen: Integers, arriving: Field, scale: float) -> Field:
    """Spread the arriving light within the skin (subsurface scattering)."""
    kind = layers.kind[seen]
    is_skin = ((kind == SKIN) & (layers.ring[seen] < CLOTH)) | (kind == EAR)
    mask = np.zeros(len(layers.kind), np.float32)
    mask[seen] = is_skin
    some = seen[is_skin]
    out = arriving.copy()
    for channel, reach in enumerate(BLEED):
        sigma = reach * scale
        if sigma <= 0.4:
            continue
        values = np.zeros(len(layers.kind), np.float32)
        values[some] = arriving[is_skin, channel]
        spread = cv2.GaussianBlur(layers.image(values), (0, 0), sigma)
        weight = cv2.GaussianBlur(layers.image(mask), (0, 0), sigma)
        soft = (spread / np.maximum(weight, 1e-3)).ravel()[some]
        out[is_skin, channel] += 0.75 * (soft - out[is_skin, channel])
    return out


def _gloss(
    gloss: Field,
    directions: tuple[Field, Field],
    facing: Field,
    open_: tuple[Field, Field],
    light: Light,
) -> Field:
    (normal, view), (dim, shadow) = directions, open_
    half = _unit(view + light.direction)
    along = np.clip(np.einsum("ij,ij->i", normal, half), 0, 1)
    across = np.clip(np.einsum("ij,ij->i", normal, view), 0, 1)
    grazing = 1 - np.clip(np.einsum("ij,ij->i", half, view), 0, 1)
    mirror = np.float32(0.028) + np.float32(0.972) * grazing**5
    lobes = 2.2 * along**22 + 3.2 * (1.4 - gloss[:, 1]) * along**70
    direct = gloss[:, 0] * lobes * mirror * 4.2 * shadow * np.clip(4 * facing, 0, 1)
    rim = 0.1225 * gloss[:, 0] * (1 - across) ** 4 * dim
    shine = direct[:, None] * light.colour + rim[:, None] * light.sky
    return np.asarray(0.38 * shine, np.float32)


def _hair(
    layers: Layers, some: Integers, parts: tuple[Field, Field, Field, Field], light: Light
) -> Field:
    normal, view, dim, shadow = parts
    along, albedo = layers.along[some], layers.albedo[some]
    to_light, to_eye = along @ light.direction, np.einsum("ij,ij->i", along, view)
    sin_l = np.sqrt(np.clip(1 - to_light**2, 0, 1))
    sin_e = np.sqrt(np.clip(1 - to_eye**2, 0, 1))
    mirror = np.clip(sin_l * sin_e - to_light * to_eye, 0, 1)
    strand = 0.7 + 0.5 * np.clip(layers.strand[some], -1, 1)
    shine = (0.055 * mirror**40 + 0.02 * mirror**10) * strand * shadow
    diffuse = np.clip(0.6 * normal @ light.direction + 0.4, 0, 1) * sin_l * (0.3 + 0.7 * shadow)
    fill, sky = _around(normal, light)
    arriving = light.colour * diffuse[:, None] + (sky + 0.6 * fill) * (dim**0.8)[:, None]
    tinted = light.colour * (0.35 + 0.9 * np.sqrt(np.maximum(albedo, 0)))
    return np.asarray(albedo * arriving * (1.5 / np.pi) + shine[:, None] * tinted, np.float32)


def _dimmed(layers: Layers, seen: Integers, scale: float) -> Field:
    """The share of ambient light that arrives: less where nearby surfaces stand out further."""
    mask = (layers.kind != EMPTY).astype(np.float32)
    depth = layers.image(layers.place[:, 2] * mask)
    solid, size = layers.image(mask), layers.size
    open_ = np.ones(len(seen), np.float32)
    for reach, strength in NEAR:
        sigma = reach * scale
        shrink = max(1, int(sigma / 2))
        small = max(size[0] // shrink, 2), max(size[1] // shrink, 2)
        near, weight = (
            cv2.GaussianBlur(
                cv2.resize(part, small, interpolation=cv2.INTER_AREA), (0, 0), sigma / shrink
            )
            for part in (depth, solid)
        )
        mean = cv2.resize(near / np.maximum(weight, 1e-3), size, interpolation=cv2.INTER_LINEAR)
        behind = mean.ravel()[seen] - layers.place[seen, 2]
        open_ *= np.exp(-strength * np.clip(behind, 0, 40))
    return np.clip(open_, 0.25, 1)


def _shadow(layers: Layers, seen: Integers, scene: Posed, light: Light) -> Field:
    """The share of the key light that arrives (exponential shadow map, Annen et al. 2008)."""
    towards = light.direction
    across = np.cross([0, 1, 0], towards)
    across /= np.linalg.norm(across)
    axes = np.stack([across, np.cross(towards, across), towards]).astype(np.float32)

    def from_light(points: Field) -> tuple[Field, Field]:
        turned = points @ axes.T
        x = MAP / 2 + turned[..., 0] * MAP_SCALE
        y = MAP / 2 - (turned[..., 1] + 20) * MAP_SCALE
        return np.stack([x, y], -1), turned[..., 2]

    skin = raster(*from_light(scene.skin[::2, ::2]), (MAP, MAP)).depth
    hidden = scene.model.shell.inside[::2, ::2] < 0
    hair = raster(*from_light(scene.hair_tip[::2, ::2]), (MAP, MAP), hidden).depth - 4
    nearest = np.maximum(np.maximum(skin, hair), -200)
    soft = cv2.GaussianBlur(np.exp(HARD * np.clip(nearest - 20, -150, 150)), (0, 0), 1.2)
    place, depth = from_light(layers.place[seen])
    blocked = gather(soft, place[:, 1] - 0.5, place[:, 0] - 0.5)
    own = np.exp(HARD * np.clip(depth - 15, -150, 150))
    lit = np.clip(own / np.maximum(blocked, 1e-12), 0, 1) ** 1.5
    # The map ends below the chest. The shadow fades out there.
    within = np.clip(np.minimum(place, MAP - place).min(axis=1) / FADE, 0, 1)
    return np.asarray(1 - (1 - lit) * within, np.float32)
