import numpy as np

from faceswap_ae.reenactment.mesh_warp import triangles
from faceswap_ae.reenactment.regions import inner_mouth, members, regions


def test_every_triangle_is_in_one_region() -> None:
    shares = members(triangles())
    assert (shares.sum(axis=0) == 1).all()
    assert len(shares) == len(regions()) and shares.any(axis=1).all()


def test_the_inside_of_the_mouth_is_in_the_mouth() -> None:
    inside = inner_mouth(triangles())
    assert inside.any() and (members(triangles())[2] | ~inside).all()
    assert np.count_nonzero(inside) < np.count_nonzero(members(triangles())[2])
