#!/usr/bin/env python3
"""Renders the person of docs/images/figure.jpg, on whom `scripts/quickstart` shows what Poise does: rounded cones blended
into a body, lit by a sun and a sky, on a lawn before trees out of focus. Nothing was ever trained on it.

    /usr/bin/python3 scripts/figure.py docs/images/figure.jpg

Needs NumPy and Pillow; writes the same picture each time.
"""
import sys

import numpy as np
from PIL import Image, ImageFilter

WIDTH, HEIGHT = 480, 640
SEED = 16
CAMERA, FOCAL, HORIZON = np.array([.12, 1.30, 4.6]), 1.78 * HEIGHT, .365
SKIN, HAIR, SHIRT, TROUSERS, SHOES = range(5)
COLOURS = np.array([[.80, .58, .46], [.16, .10, .07], [.62, .14, .12], [.15, .20, .34], [.85, .84, .80]])

# Metres, y up, z towards the viewer, who sees the person's left on the right.
JOINTS = {
    "neck": (0, 1.44, 0), "head": (.015, 1.60, .02), "chest": (0, 1.27, .02), "belly": (0, 1.08, .02), "pelvis": (0, 1.0, .01),
    "l_shoulder": (.185, 1.385, 0), "l_elbow": (.36, 1.17, -.02), "l_wrist": (.43, .94, .10), "l_hand": (.44, .87, .12),
    "r_shoulder": (-.185, 1.385, 0), "r_elbow": (-.44, 1.31, .02), "r_wrist": (-.54, 1.55, .05), "r_hand": (-.57, 1.64, .06),
    "l_hip": (.095, .93, 0), "l_knee": (.15, .50, .05), "l_ankle": (.18, .09, 0), "l_toe": (.21, .035, .14),
    "r_hip": (-.095, .93, 0), "r_knee": (-.14, .50, .05), "r_ankle": (-.19, .09, -.02), "r_toe": (-.22, .035, .12),
}
# from, to, radii at both ends, material, how softly it blends into its own kind
CONES = [
    ("pelvis", "belly", .150, .122, SHIRT, .06), ("belly", "chest", .118, .14, SHIRT, .06),
    ("l_shoulder", "r_shoulder", .062, .062, SHIRT, .07), ("chest", "neck", .13, .055, SHIRT, .07),
    ("neck", "head", .052, .055, SKIN, .03),
]
for s in "lr":
    CONES += [
        (f"{s}_shoulder", f"{s}_elbow", .062, .050, SHIRT, .03), (f"{s}_elbow", f"{s}_wrist", .040, .028, SKIN, .03),
        (f"{s}_wrist", f"{s}_hand", .030, .036, SKIN, .03), (f"{s}_hip", f"{s}_knee", .088, .064, TROUSERS, .04),
        (f"{s}_knee", f"{s}_ankle", .064, .048, TROUSERS, .04), (f"{s}_ankle", f"{s}_toe", .045, .035, SHOES, .03),
    ]
CONES.append(("l_hip", "r_hip", .088, .088, TROUSERS, .05))


def cone(p, a, b, ra, rb):
    ab = b - a
    t = np.clip(((p - a) @ ab) / (ab @ ab), 0, 1)
    return np.linalg.norm(p - a - t[:, None] * ab, axis=1) - (ra + (rb - ra) * t)


def ellipsoid(p, centre, radii):
    q = (p - np.array(centre)) / np.array(radii)
    k = np.linalg.norm(q, axis=1)
    return (k - 1) * min(radii)


def body(p):
    """Distance to the body, and the material that is nearest."""
    best = np.full((len(COLOURS), len(p)), 9.0)
    flat = p * np.array([1, 1, 1.25])  # trunks are wider than deep
    for start, end, ra, rb, material, soft in CONES:
        trunk = start in ("pelvis", "belly", "chest")
        d = cone(flat if trunk else p, np.array(JOINTS[start]), np.array(JOINTS[end]), ra, rb)
        if trunk:
            d /= 1.25
        if material == SHIRT:  # folds
            d += .004 * np.sin(38 * p[:, 1] + 14 * p[:, 0] + 9 * np.sin(11 * p[:, 0]))
        if material == TROUSERS:
            d += .003 * np.sin(55 * p[:, 1] + 23 * p[:, 0])
        h = np.clip(.5 + .5 * (best[material] - d) / soft, 0, 1)
        best[material] = best[material] * (1 - h) + d * h - soft * h * (1 - h)
    x, y, z = JOINTS["head"]
    face = np.minimum(ellipsoid(p, (x, y + .02, z), (.078, .112, .095)), ellipsoid(p, (x, y - .045, z + .02), (.058, .065, .075)))
    face = np.minimum(face, ellipsoid(p, (x, y + .0, z + .098), (.014, .026, .022)))
    for side in (-1, 1):
        face = np.minimum(face, ellipsoid(p, (x + side * .079, y + .005, z - .01), (.014, .030, .022)))
        face = np.maximum(face, -ellipsoid(p, (x + side * .031, y + .032, z + .098), (.021, .012, .02)))
    best[SKIN] = np.minimum(best[SKIN], face)
    hair = ellipsoid(p, (x, y + .055, z - .022), (.092, .100, .104)) + .003 * np.sin(160 * p[:, 0] + 40 * p[:, 1])
    best[HAIR] = np.maximum(hair, -ellipsoid(p, (x, y - .02, z + .11), (.076, .095, .10)))
    return best.min(0), best.argmin(0)


def noise(rng, height, width, power):
    """Grey noise whose spectrum falls with `power`, mean 0, deviation 1."""
    fy, fx = np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None]
    spectrum = np.fft.rfft2(rng.standard_normal((height, width))) / np.maximum(np.hypot(fy, fx), 1 / max(height, width)) ** power
    grey = np.fft.irfft2(spectrum, (height, width))
    return (grey - grey.mean()) / grey.std()


def background(rng):
    y = np.linspace(0, 1, HEIGHT)[:, None, None]
    sky = np.array([.74, .83, .93]) * (1 - .15 * y)
    trees = np.array([.23, .31, .17]) * (1 + .45 * noise(rng, HEIGHT, WIDTH, 1.15)[..., None])
    crowns = 1 / (1 + np.exp(-40 * (y - .20 - .07 * noise(rng, HEIGHT, WIDTH, 1.7)[:1, :, None])))
    far = sky * (1 - crowns) + np.clip(trees, .03, 1) * crowns
    far = np.asarray(Image.fromarray((np.clip(far, 0, 1) * 255).astype(np.uint8)).filter(ImageFilter.GaussianBlur(5))) / 255.0
    lawn = np.array([.33, .42, .20]) * (1 + .16 * noise(rng, HEIGHT, WIDTH, .7)[..., None] + .25 * (y - .7))
    edge = 1 / (1 + np.exp(-160 * (y - .74)))
    return far * (1 - edge) + lawn * edge


def render():
    rng = np.random.default_rng(SEED)
    image = background(rng)
    v, u = np.mgrid[0:HEIGHT, 0:WIDTH]
    directions = np.stack([(u - WIDTH / 2 + .5) / FOCAL, -(v - HEIGHT * HORIZON) / FOCAL, -np.ones_like(u, float)], -1).reshape(-1, 3)
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    sun = np.array([.55, .75, .5])
    sun /= np.linalg.norm(sun)

    ground = -CAMERA[1] / np.where(directions[:, 1] < -1e-3, directions[:, 1], -1e-3)
    spot = CAMERA + directions * ground[:, None]
    near = (directions[:, 1] < -1e-3) & (np.abs(spot[:, 0]) < 2) & (np.abs(spot[:, 2]) < 2)
    shadow = np.ones(len(directions))
    at, clear = spot[near], np.ones(near.sum())
    reach = np.full(len(at), .02)
    for _ in range(40):  # the shadow on the lawn, soft
        d, _ = body(at + sun * reach[:, None])
        clear = np.minimum(clear, np.clip(14 * d / reach, 0, 1))
        reach += np.clip(d, .02, .3)
    shadow[near] = .45 + .55 * clear
    image = image.reshape(-1, 3) * shadow[:, None]

    depth, hit = np.full(len(directions), 3.6), np.zeros(len(directions), bool)
    active = np.flatnonzero((np.abs(directions[:, 0] / directions[:, 2]) < .17))
    for _ in range(70):
        d, _ = body(CAMERA + directions[active] * depth[active, None])
        depth[active] += .8 * d
        hit[active[d < .0012]] = True
        active = active[(d >= .0012) & (depth[active] < 5.6)]
    p = CAMERA + directions[hit] * depth[hit, None]
    _, material = body(p)
    normal = np.stack([body(p + e)[0] - body(p - e)[0] for e in np.eye(3) * .002], 1)
    normal /= np.linalg.norm(normal, axis=1, keepdims=True) + 1e-9
    ambient = np.clip(sum((body(p + normal * r)[0] / r) for r in (.03, .08, .16)) / 3, .15, 1)
    lit, reach = np.ones(len(p)), np.full(len(p), .03)
    for _ in range(24):
        d, _ = body(p + normal * .01 + sun * reach[:, None])
        lit = np.minimum(lit, np.clip(10 * d / reach, 0, 1))
        reach += np.clip(d, .02, .2)
    colour = COLOURS[material]
    x, y, z = JOINTS["head"]
    features = np.zeros(len(p))
    for side in (-1, 1):  # pupils, brows
        features = np.maximum(features, np.clip(1.6 - np.hypot(p[:, 0] - x - side * .031, (p[:, 1] - y - .03) * 1.6) / .010, 0, 1))
        features = np.maximum(features, .8 * np.clip(1.5 - np.hypot((p[:, 0] - x - side * .033) * .35, p[:, 1] - y - .058) / .006, 0, 1))
    mouth = np.clip(1.5 - np.hypot((p[:, 0] - x) * .3, p[:, 1] - y + .058) / .007, 0, 1)
    face = (material == SKIN) & (p[:, 2] > z + .03) & (np.abs(p[:, 1] - y) < .1) & (np.abs(p[:, 0] - x) < .08)
    colour = np.where(face[:, None], colour * (1 - features[:, None] * .85), colour)
    colour = np.where(face[:, None], colour * (1 - mouth[:, None]) + mouth[:, None] * np.array([.55, .24, .22]), colour)
    stripes = (material == SHIRT) & (np.sin(95 * p[:, 1] + 2 * np.sin(9 * p[:, 0])) > .72)
    colour = np.where(stripes[:, None], np.array([.88, .86, .82]), colour)
    cloth = noise(rng, HEIGHT, WIDTH, .9).reshape(-1)[hit]
    light = (.95 * np.clip(normal @ sun, 0, 1) * lit)[:, None] * np.array([1, .96, .88]) + (ambient * (.42 + .18 * normal[:, 1]))[:, None] * np.array([.86, .95, 1.08])
    image[hit] = colour * light * (1 + .05 * cloth[:, None])
    image = np.clip(image, 0, 1).reshape(HEIGHT, WIDTH, 3) ** (1 / 1.15)
    picture = Image.fromarray((image * 255).astype(np.uint8)).filter(ImageFilter.GaussianBlur(.6))
    grain = rng.normal(0, 3.0, (HEIGHT, WIDTH, 3))
    return Image.fromarray(np.clip(np.asarray(picture) + grain, 0, 255).astype(np.uint8))


def seen(point):
    """Where a point of the body lies in the picture: the truth of tests."""
    x, y, z = np.array(point) - CAMERA
    return round(WIDTH / 2 - .5 - FOCAL * x / z, 1), round(HEIGHT * HORIZON + FOCAL * y / z, 1)


if __name__ == "__main__":
    for name, point in JOINTS.items():
        print(name, *seen(point))
    render().save(sys.argv[1], quality=88)
