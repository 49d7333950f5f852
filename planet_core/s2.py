"""Latitude and longitude to S2 cell ids and back, on whole arrays (numpy only).

S2 projects the sphere on the six faces of a cube, warps each face with a quadratic so that cells are about
equally large, and walks it along a Hilbert curve. A cell id is a uint64: 3 bits of face, two bits for each
level of the curve, a one, zeros. Ids sorted by value are sorted along the curve, so a cell is an interval of
leaf ids (`range_min`, `range_max`) and a partition is a sorted array. Results equal the s2sphere package to
the last bit.

Levels run from 0 (a face) to 30 (a leaf, about a square centimetre).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

import numpy as np
import numpy.typing as npt

MAX_LEVEL = 30
_LIMIT = 1 << MAX_LEVEL  # leaf cells along one edge of a face
_BLOCK = 1 << 16  # points worked on at a time: bounds memory, stays in cache

IdArray = npt.NDArray[np.uint64]
FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


class CellIdError(ValueError):
    """A number or token that is not an S2 cell."""


# ------------------------------------------------------------------------------------------------
# Hilbert curve: four levels at a time through a table
#
# The curve visits the quadrants of a square in one of four orientations, told by two bits: swap (i and j
# change places) and invert (both are mirrored). A step of the table takes an orientation and four bits each
# of i and j to eight bits of curve position and the orientation inside that 16 x 16th part.

_SWAP, _INVERT = 1, 2
_QUADRANT_ORIENTATION = (_SWAP, 0, 0, _SWAP | _INVERT)  # how each of the four steps turns the curve inside it


def _quadrant(position: int, orientation: int) -> tuple[int, int]:
    """(i, j) bits of step 0..3 of the curve in an orientation."""
    i, j = position >> 1, (position >> 1) ^ (position & 1)  # upright: (0,0) (0,1) (1,1) (1,0)
    if orientation & _INVERT:
        i, j = 1 - i, 1 - j
    return (j, i) if orientation & _SWAP else (i, j)


def _curve_tables() -> tuple[IdArray, IdArray]:
    """Tables [orientation << 8 | i << 4 | j] -> position << 2 | orientation, and the way back."""
    to_position = np.zeros(1024, dtype=np.uint64)
    to_ij = np.zeros(1024, dtype=np.uint64)
    for start in range(4):
        for position in range(256):
            i = j = 0
            orientation = start
            for shift in (6, 4, 2, 0):
                step = position >> shift & 3
                di, dj = _quadrant(step, orientation)
                i, j = i << 1 | di, j << 1 | dj
                orientation ^= _QUADRANT_ORIENTATION[step]
            to_position[start << 8 | i << 4 | j] = position << 2 | orientation
            to_ij[start << 8 | position] = (i << 4 | j) << 2 | orientation
    return to_position, to_ij


_TO_POSITION, _TO_IJ = _curve_tables()


def _ids_of_face_ij(face: IntArray, i: IntArray, j: IntArray) -> IdArray:
    """Leaf ids of integer face coordinates, all of one shape."""
    ids = face.astype(np.uint64)
    orientation = ids & np.uint64(_SWAP)
    i, j = i.astype(np.uint64), j.astype(np.uint64)
    nibble = np.uint64(15)
    for shift in range(28, -1, -4):
        key = (
            orientation << np.uint64(8)
            | (i >> np.uint64(shift) & nibble) << np.uint64(4)
            | j >> np.uint64(shift) & nibble
        )
        entry = _TO_POSITION[key]
        if shift == 28:  # 30 bits are 7 groups of four and the upper group of two: position < 16 there
            ids = ids << np.uint64(4) | entry >> np.uint64(2)
        else:
            ids = ids << np.uint64(8) | entry >> np.uint64(2)
        orientation = entry & np.uint64(3)
    return ids << np.uint64(1) | np.uint64(1)


def _face_ij_of_ids(ids: IdArray) -> tuple[IntArray, IntArray, IntArray]:
    """(face, i, j) of leaf ids."""
    face = ids >> np.uint64(61)
    orientation = face & np.uint64(_SWAP)
    i, j = np.zeros_like(ids), np.zeros_like(ids)
    for shift in range(28, -1, -4):
        bits = np.uint64(15 if shift == 28 else 255)
        entry = _TO_IJ[orientation << np.uint64(8) | ids >> np.uint64(2 * shift + 1) & bits]
        i = i << np.uint64(4) | entry >> np.uint64(6)
        j = j << np.uint64(4) | entry >> np.uint64(2) & np.uint64(15)
        orientation = entry & np.uint64(3)
    return face.astype(np.int64), i.astype(np.int64), j.astype(np.int64)


# ------------------------------------------------------------------------------------------------
# Sphere -> ids

Trigonometry = Callable[[FloatArray], tuple[FloatArray, FloatArray]]


def _fast_sin_cos(angle: FloatArray) -> tuple[FloatArray, FloatArray]:
    return np.sin(angle), np.cos(angle)


def _exact_sin_cos(angle: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The C library's sine and cosine, which may differ from numpy's vector code in the last bit."""
    sines = np.fromiter(map(math.sin, angle), dtype=np.float64, count=angle.size)
    cosines = np.fromiter(map(math.cos, angle), dtype=np.float64, count=angle.size)
    return sines, cosines


def _face_st(
    lat: FloatArray, lng: FloatArray, sin_cos: Trigonometry
) -> tuple[IntArray, FloatArray, FloatArray]:
    """(face 0..5, s, t) with s and t in leaf cells, 0..2**30, of points in degrees, shape (n,)."""
    sin_phi, cos_phi = sin_cos(lat * (math.pi / 180.0))
    sin_theta, cos_theta = sin_cos(lng * (math.pi / 180.0))
    face, u, v = _face_uv_of_xyz(cos_theta * cos_phi, sin_theta * cos_phi, sin_phi)
    return face, _LIMIT * _uv_to_st(u), _LIMIT * _uv_to_st(v)


def _face_uv_of_xyz(x: FloatArray, y: FloatArray, z: FloatArray) -> tuple[IntArray, FloatArray, FloatArray]:
    """(face 0..5, u, v) with u and v in -1..1, of vectors of any length."""
    ax, ay, az = np.abs(x), np.abs(y), np.abs(z)
    # ties go to the later axis, as in S2
    axis = np.where(ax > ay, np.where(ax > az, 0, 2), np.where(ay > az, 1, 2))
    main = np.choose(axis, (x, y, z))
    face = axis + 3 * (main < 0)
    u = np.choose(face, (y, -x, -x, z, z, -y)) / main
    v = np.choose(face, (z, z, -y, y, -x, -x)) / main
    return face, u, v


def _uv_to_st(u: FloatArray) -> FloatArray:
    """S2's quadratic projection, face coordinate -1..1 to 0..1."""
    root: FloatArray = 0.5 * np.sqrt(1 + 3 * np.abs(u))
    return np.where(u >= 0, root, 1.0 - root)


def _leaf_ids(lat: FloatArray, lng: FloatArray) -> IdArray:
    """Leaf ids of points in degrees, shape (n,).

    numpy's vector sine may be off by a unit in the last place. That matters only within about a millionth of
    a leaf cell from a cell edge (poles, face edges and cube corners are all such places): those few points
    are computed again with the C library, so that every bit agrees with s2sphere.
    """
    face, s, t = _face_st(lat, lng, _fast_sin_cos)
    doubtful = np.flatnonzero((np.abs(s - np.rint(s)) < 1e-5) | (np.abs(t - np.rint(t)) < 1e-5))
    if doubtful.size:
        face[doubtful], s[doubtful], t[doubtful] = _face_st(lat[doubtful], lng[doubtful], _exact_sin_cos)
    i = np.clip(np.floor(s), 0, _LIMIT - 1).astype(np.int64)
    j = np.clip(np.floor(t), 0, _LIMIT - 1).astype(np.int64)
    return _ids_of_face_ij(face, i, j)


def check_coordinates(lat: npt.ArrayLike, lng: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Coordinates in degrees as two float64 arrays of one shape.

    Raises:
        ValueError: a latitude beyond 90 degrees or a value that is not finite; names the first bad index.
    """
    lats, lngs = np.broadcast_arrays(np.asarray(lat, dtype=np.float64), np.asarray(lng, dtype=np.float64))
    good = (np.abs(lats) <= 90.0) & np.isfinite(lngs)  # false for NaN as well
    if not good.all():
        bad = int(np.flatnonzero(~good.ravel())[0])
        raise ValueError(
            f"coordinates at index {bad} are not on the earth:"
            f" lat {lats.ravel()[bad]}, lng {lngs.ravel()[bad]}"
            " (degrees; latitude from -90 to 90; are the columns swapped?)"
        )
    return lats, lngs


def cell_ids(lat: npt.ArrayLike, lng: npt.ArrayLike, level: int = MAX_LEVEL) -> IdArray:
    """The S2 cells of a level that hold the points, uint64 of the broadcast shape of lat and lng.

    Args:
        lat, lng: degrees, scalars or arrays. Any finite longitude is taken modulo 360.
        level: 0 (face) to 30 (leaf).

    Raises:
        ValueError: coordinates not on the earth (names the first bad index), or no such level.
    """
    _check_level(level)
    lats, lngs = check_coordinates(lat, lng)
    flat_lat, flat_lng = lats.ravel(), lngs.ravel()
    ids = np.empty(flat_lat.size, dtype=np.uint64)
    for start in range(0, ids.size, _BLOCK):
        block = slice(start, start + _BLOCK)
        ids[block] = _leaf_ids(flat_lat[block], flat_lng[block])
    if level < MAX_LEVEL:
        ids = _ancestors(ids, level)
    return ids.reshape(lats.shape)


# ------------------------------------------------------------------------------------------------
# Ids


def _check_level(level: int) -> None:
    if not 0 <= level <= MAX_LEVEL:
        raise ValueError(f"S2 levels run from 0 to {MAX_LEVEL}, not {level}")


def _as_ids(ids: npt.ArrayLike) -> IdArray:
    array = np.asarray(ids, dtype=np.uint64)
    valid = is_valid(array)
    if not np.all(valid):
        bad = int(np.flatnonzero(~np.atleast_1d(valid).ravel())[0])
        raise CellIdError(f"index {bad}: {int(np.atleast_1d(array).ravel()[bad]):#018x} is not an S2 cell id")
    return array


def _lowest_bits(ids: IdArray) -> IdArray:
    """The lowest set bit of each number (not 0), which tells the level of an id."""
    return ids & (~ids + np.uint64(1))


def _ancestors(ids: IdArray, level: int | IntArray) -> IdArray:
    bit = np.left_shift(np.uint64(1), np.uint64(2) * (MAX_LEVEL - np.asarray(level)).astype(np.uint64))
    return np.asarray(ids & ~(bit + bit - np.uint64(1)) | bit)


def is_valid(ids: npt.ArrayLike) -> npt.NDArray[np.bool_]:
    """Whether each uint64 is an S2 cell id: face 0..5 and a closing one at an even bit."""
    array = np.asarray(ids, dtype=np.uint64)
    closing = _lowest_bits(np.where(array == 0, np.uint64(2), array)) & np.uint64(0x1555555555555555)
    return np.asarray((closing != 0) & (array >> np.uint64(61) < 6))


def levels(ids: npt.ArrayLike) -> IntArray:
    """Level 0..30 of each id. Raises CellIdError for a number that is not a cell id."""
    bits = _lowest_bits(_as_ids(ids))
    # the float64 logarithm of a power of two is exact
    return MAX_LEVEL - (np.log2(bits.astype(np.float64)).astype(np.int64) >> 1)


def parents(ids: npt.ArrayLike, level: int) -> IdArray:
    """The cells of `level` that hold the given cells, which must not be larger themselves.

    Raises:
        ValueError: no such level, or a cell that is larger than that level (names the first).
    """
    _check_level(level)
    array = _as_ids(ids)
    too_large = np.atleast_1d(levels(array) < level).ravel()
    if too_large.any():
        bad = int(np.flatnonzero(too_large)[0])
        raise ValueError(f"the cell at index {bad} is larger than level {level}: it has no parent there")
    return _ancestors(array, level)


def range_min(ids: npt.ArrayLike) -> IdArray:
    """The first leaf id inside each cell."""
    array = np.asarray(ids, dtype=np.uint64)
    return array - (_lowest_bits(array) - np.uint64(1))


def range_max(ids: npt.ArrayLike) -> IdArray:
    """The last leaf id inside each cell."""
    array = np.asarray(ids, dtype=np.uint64)
    return array + (_lowest_bits(array) - np.uint64(1))


def children(ids: npt.ArrayLike) -> IdArray:
    """The four cells of the next level in each cell, shape (..., 4), along the curve; not for leaves."""
    array = np.asarray(ids, dtype=np.uint64)
    quarter = _lowest_bits(array) >> np.uint64(2)
    if np.any(quarter == 0):
        raise ValueError("a leaf cell (level 30) has no children")
    first = range_min(array) - np.uint64(1) + quarter
    steps = np.arange(4, dtype=np.uint64) * np.uint64(2)
    return first[..., None] + steps * quarter[..., None]


def face_cells() -> IdArray:
    """The six cells of level 0, shape (6,)."""
    return np.arange(1, 12, 2, dtype=np.uint64) << np.uint64(60)


# ------------------------------------------------------------------------------------------------
# Ids -> sphere


def _degrees_of_st(face: IntArray, s: FloatArray, t: FloatArray) -> tuple[FloatArray, FloatArray]:
    """(lat, lng) of face coordinates in 0..1, shape (n,), with the C library's arc tangent."""
    x, y, z = _xyz_of_face_uv(face, _st_to_uv(s), _st_to_uv(t))
    across = np.sqrt(x * x + y * y)
    lat = np.fromiter(map(math.atan2, z, across), dtype=np.float64, count=x.size)
    lng = np.fromiter(map(math.atan2, y, x), dtype=np.float64, count=x.size)
    return lat * (180.0 / math.pi), lng * (180.0 / math.pi)


def _xyz_of_face_uv(
    face: IntArray, u: FloatArray, v: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    one = np.ones_like(u)
    x = np.choose(face, (one, -u, -u, -one, v, v))
    y = np.choose(face, (u, one, -v, -v, -one, u))
    z = np.choose(face, (v, v, one, -u, -u, -one))
    return x, y, z


def _st_to_uv(s: FloatArray) -> FloatArray:
    """Inverse of the quadratic projection, 0..1 to -1..1."""
    return np.where(s >= 0.5, (1.0 / 3.0) * (4 * s * s - 1), (1.0 / 3.0) * (1 - 4 * (1 - s) * (1 - s)))


def _corners_ij(ids: IdArray) -> tuple[IntArray, IntArray, IntArray, IntArray]:
    """(face, i, j, size) of the lowest corner of each cell and its edge, in leaf cells."""
    face, i, j = _face_ij_of_ids(range_min(ids))
    size = np.left_shift(1, MAX_LEVEL - levels(ids)).astype(np.int64)
    return face, i & -size, j & -size, size


def centers(ids: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
    """(lat, lng) of the centre of each cell in degrees, in the shape of ids; as s2sphere's to_lat_lng.

    Raises:
        CellIdError: a number that is not a cell id.
    """
    array = _as_ids(ids)
    face, i, j, size = _corners_ij(array.ravel())
    s = (0.5 / _LIMIT) * (2 * i + size).astype(np.float64)
    t = (0.5 / _LIMIT) * (2 * j + size).astype(np.float64)
    lat, lng = _degrees_of_st(face, s, t)
    return lat.reshape(array.shape), lng.reshape(array.shape)


def vertices(ids: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
    """(lat, lng) of the four corners of each cell in degrees, shape (..., 4), counter-clockwise."""
    array = _as_ids(ids)
    face, i, j, size = _corners_ij(array.ravel())
    s = np.stack([i, i + size, i + size, i], axis=-1).ravel() / _LIMIT
    t = np.stack([j, j, j + size, j + size], axis=-1).ravel() / _LIMIT
    lat, lng = _degrees_of_st(np.repeat(face, 4), s, t)
    return lat.reshape(*array.shape, 4), lng.reshape(*array.shape, 4)


# ------------------------------------------------------------------------------------------------
# Neighbours


def _ids_beyond_faces(face: IntArray, i: IntArray, j: IntArray) -> IdArray:
    """Leaf ids of face coordinates that may lie beyond their face, of one shape.

    Such a pair is moved to the leaf just outside the edge, projected on the sphere and read on the face
    that it fell on. A straight projection does, as in s2sphere: only within about a metre of a cube corner
    may the leaf be the next one along the edge.
    """
    ids = _ids_of_face_ij(face, np.clip(i, 0, _LIMIT - 1), np.clip(j, 0, _LIMIT - 1))
    outside = (i < 0) | (i >= _LIMIT) | (j < 0) | (j >= _LIMIT)
    if outside.any():
        u = (2 * np.clip(i[outside], -1, _LIMIT) + (1 - _LIMIT)) / _LIMIT
        v = (2 * np.clip(j[outside], -1, _LIMIT) + (1 - _LIMIT)) / _LIMIT
        other, u, v = _face_uv_of_xyz(*_xyz_of_face_uv(face[outside], u, v))
        s, t = (np.clip(np.floor(_LIMIT * (0.5 * (w + 1))), 0, _LIMIT - 1) for w in (u, v))
        ids[outside] = _ids_of_face_ij(other, s.astype(np.int64), t.astype(np.int64))
    return ids


def edge_neighbors(ids: npt.ArrayLike) -> IdArray:
    """The four cells of the same level that share an edge with each cell, shape (..., 4), across faces too.

    In the order of s2sphere's get_edge_neighbors: below, right, above and left of the cell on its face.

    Raises:
        CellIdError: a number that is not a cell id.
    """
    array = _as_ids(ids)
    level = levels(array)[..., None]
    face, i, j = (part[..., None] for part in _face_ij_of_ids(array))  # of the leaf in the middle
    size = np.left_shift(1, MAX_LEVEL - level).astype(np.int64)
    i, j = i + size * np.array([0, 1, 0, -1]), j + size * np.array([-1, 0, 1, 0])
    return _ancestors(_ids_beyond_faces(np.broadcast_to(face, i.shape), i, j), level)


def all_neighbors(ids: npt.ArrayLike, finer: int = 0) -> IdArray:
    """The cells that touch each cell from outside, corners included, shape (..., 4 * 2**finer + 4).

    They are `finer` levels below the cell itself; so eight of its own level. In the order of s2sphere's
    get_all_neighbors, which names a cell more than once where three faces meet (and around a whole face).

    Raises:
        CellIdError: a number that is not a cell id.
        ValueError: neighbours smaller than a leaf.
    """
    array = _as_ids(ids)
    level = levels(array) + finer
    if finer < 0 or np.any(level > MAX_LEVEL):
        raise ValueError(f"neighbours {finer} levels finer than the cell would not be within its level..30")
    side = 1 << finer
    steps: list[tuple[int, int]] = []
    for k in range(-1, side + 1):
        if 0 <= k < side:
            steps += [(k, -1), (k, side)]
        steps += [(-1, k), (side, k)]
    face, i, j, size = (part[..., None] for part in _corners_ij(array))
    steps_i, steps_j = np.array(steps).T
    i, j = i + (size >> finer) * steps_i, j + (size >> finer) * steps_j
    return _ancestors(_ids_beyond_faces(np.broadcast_to(face, i.shape), i, j), level[..., None])


# ------------------------------------------------------------------------------------------------
# Tokens: the hexadecimal id without its trailing zeros


def tokens(ids: npt.ArrayLike) -> list[str]:
    """The token of each id, a list in the (flattened) order of ids."""
    return [f"{cell:016x}".rstrip("0") for cell in _as_ids(ids).ravel().tolist()]


def from_tokens(values: Iterable[str]) -> IdArray:
    """Ids of tokens, shape (n,). Raises CellIdError naming the first that is not a token."""
    ids = []
    for index, token in enumerate(values):
        digits = str(token).strip().lower()
        if not 0 < len(digits) <= 16 or not set(digits) <= set("0123456789abcdef"):
            raise CellIdError(f"index {index}: {token!r} is not an S2 cell token")
        ids.append(int(digits.ljust(16, "0"), 16))
    return _as_ids(np.array(ids, dtype=np.uint64))
