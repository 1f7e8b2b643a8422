#!/usr/bin/env python3
"""Writes what OpenCV makes of a small picture, for image/warp_test, image/resize_test and crop/crop_test.

Made with python3-opencv 4.6.0 of Debian 12; run it in this folder. Deterministic.
Colour order does not matter to any of these operations, so pictures are stored as OpenCV writes them.
"""
import cv2
import numpy as np

rng = np.random.default_rng(7)
WIDTH, HEIGHT = 53, 41


def source():
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    planes = [4.5 * x, 6.0 * y, 127 + 127 * np.sin(x * 0.9) * np.cos(y * 0.7)]
    noise = rng.integers(-20, 21, (HEIGHT, WIDTH, 3))
    return np.clip(np.stack(planes, 2) + noise, 0, 255).astype(np.uint8)


def similarity(scale, degrees, cx, cy, w, h):
    """(cx, cy) goes to the middle of w x h."""
    c, s = scale * np.cos(np.radians(degrees)), scale * np.sin(np.radians(degrees))
    return np.array([[c, s, w / 2 - c * cx - s * cy], [-s, c, h / 2 + s * cx - c * cy]])


def write_warps(image):
    cases = [
        (np.array([[1.0, 0, 0], [0, 1, 0]]), WIDTH, HEIGHT),
        (np.array([[1.0, 0, 3.5], [0, 1, -2.25]]), 48, 40),
        (similarity(1.37, 0, 25.2, 20.1, 48, 64), 48, 64),
        (similarity(0.61, 33, 20, 22, 40, 40), 40, 40),
        (similarity(2.3, -75, 50, 5, 36, 48), 36, 48),
        (np.array([[-0.9, 0.2, 60], [0.1, 1.4, -11]]), 56, 44),
        (similarity(5.0, 10, 200, 200, 16, 16), 16, 16),
    ]
    with open("warp_cases.txt", "w", encoding="ascii") as out:
        for i, (m, w, h) in enumerate(cases):
            warped = cv2.warpAffine(image, m, (w, h), flags=cv2.INTER_LINEAR)
            cv2.imwrite(f"warp_{i}.png", warped)
            print(*(repr(float(v)) for v in m.ravel()), w, h, file=out)


def write_resizes(image):
    with open("resize_cases.txt", "w", encoding="ascii") as out:
        for i, (w, h, mode) in enumerate(
            [(20, 17, "area"), (26, 20, "area"), (53, 20, "area"), (80, 66, "linear"), (54, 42, "linear")]
        ):
            flag = cv2.INTER_AREA if mode == "area" else cv2.INTER_LINEAR
            cv2.imwrite(f"resize_{i}.png", cv2.resize(image, (w, h), interpolation=flag))
            print(w, h, file=out)


def crop_matrix(box, padding, degrees, size):
    """The published recipe by another road: three corners of the padded rectangle, and OpenCV solves for the map."""
    x, y, w, h = box
    aspect = size[0] / size[1]
    w, h = (w, w / aspect) if w > aspect * h else (h * aspect, h)
    w, h = w * padding, h * padding
    middle = np.array([x + box[2] / 2, y + box[3] / 2])
    t = np.radians(degrees)
    across, down = np.array([np.cos(t), np.sin(t)]), np.array([-np.sin(t), np.cos(t)])
    half = w / 2
    tall = half * size[1] / size[0]
    image_points = [middle - half * across - tall * down, middle + half * across - tall * down,
                    middle - half * across + tall * down]
    crop_points = [(0, 0), (size[0], 0), (0, size[1])]
    return cv2.getAffineTransform(np.float32(image_points), np.float32(crop_points))


def write_crops(image):
    with open("crop_cases.txt", "w", encoding="ascii") as out:
        for box in [(10, 20, 30, 90), (10.5, 3.25, 200, 40), (-15, -8, 33, 44), (300, 200, 12, 16)]:
            for padding in (1.0, 1.25):
                for degrees in (0, 30, -80):
                    for size in ((192, 256), (288, 384), (256, 256), (48, 64)):
                        m = crop_matrix(box, padding, degrees, size)
                        print(*box, padding, degrees, *size, *(repr(float(v)) for v in m.ravel()), file=out)
    # The padded box in whole pixels, black outside, averaged: shrinking, growing and hanging over two edges.
    with open("crop_area_cases.txt", "w", encoding="ascii") as out:
        for i, (box, size) in enumerate([((6, 2, 27, 36), (18, 24)), ((20, 10, 9, 12), (24, 32)),
                                         ((-9, 13, 42, 56), (30, 40))]):
            x, y, w, h = box
            big = np.zeros((HEIGHT + 200, WIDTH + 200, 3), np.uint8)
            big[100:100 + HEIGHT, 100:100 + WIDTH] = image
            part = big[100 + y:100 + y + h, 100 + x:100 + x + w]
            cv2.imwrite(f"crop_area_{i}.png", cv2.resize(part, size, interpolation=cv2.INTER_AREA))
            print(*box, *size, file=out)


picture = source()
cv2.imwrite("warp_source.png", picture)
write_warps(picture)
write_resizes(picture)
write_crops(picture)
