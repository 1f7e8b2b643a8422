#!/usr/bin/env python3
"""Pictures put together for a detector of people. Of things that are nobody: cut-outs of animals, food, furniture and
vehicles over windows of pictures that hold nobody. Of people partly hidden by such things. And of people cut out of their
pictures (GrabCut within the box) and set, in all sizes, among things in other places.

    apt-get download tuxpaint-stamps-default mate-backgrounds lomiri-wallpapers-16.04 lomiri-wallpapers-20.04 \
        plasma-workspace-wallpapers
    for d in *.deb; do dpkg -x $d debian; done
    python3 scripts/teacher/things.py --cutouts debian --photos debian \
        --people LSPET models/labels/lspet_boxes.json --people CCP models/labels/ccp_boxes.json --out things

Writes things/NNNNN.jpg and things/boxes.json (COCO). Same seed, same pictures. Needs Pillow, and OpenCV for --elsewhere.
"""
import argparse
import json
import multiprocessing
import pathlib
import random

from PIL import Image, ImageDraw, ImageEnhance, ImageFilter

CUTOUTS = ["animals", "food", "hobbies", "household", "naturalforces", "plants", "seasonal", "sports", "town", "vehicles"]
NOT_THINGS = ["santa", "snowman", "soldier", "elf", "angel", "nativity", "scarecrow", "statue", "hand", "wreath", "menorah"]
PHOTOS = ["mate/nature/*.jpg", "backgrounds/*_by_*.jpg", "Autumn/**/1920x1080.jpg", "BytheWater/**/1920x1080.jpg",
          "ColdRipple/**/1920x1080.jpg", "DarkestHour/**/1920x1080.jpg", "EveningGlow/**/1920x1080.jpg",
          "FallenLeaf/**/1920x1080.jpg", "Grey/**/1920x1080.jpg", "Path/**/1920x1080.jpg", "ColorfulCups/**/*.jpg"]


def cutouts_of(folder):
    found = []
    for path in sorted(folder.glob("**/stamps/**/*.png")):
        group = path.parts[path.parts.index("stamps") + 1]
        if group not in CUTOUTS or any(w in path.stem.lower() for w in NOT_THINGS):
            continue
        image = Image.open(path).convert("RGBA")
        image.thumbnail((320, 320))
        box = image.getbbox()
        if box and min(box[2] - box[0], box[3] - box[1]) >= 24:
            found.append(image.crop(box))
    return found


def colours(image, rng):
    for kind in (ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color):
        image = kind(image).enhance(rng.uniform(0.6, 1.4))
    return image


def thing(cutouts, length, rng):
    image = rng.choice(cutouts)
    if rng.random() < 0.5:
        image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    if rng.random() < 0.4:
        image = image.rotate(rng.uniform(-40, 40), resample=Image.Resampling.BILINEAR, expand=True)
    scale = length / max(image.size)
    size = [max(2, round(side * scale * rng.uniform(0.8, 1.25))) for side in image.size]
    image = image.resize(size, Image.Resampling.BILINEAR)
    alpha = image.getchannel("A")
    image = colours(image.convert("RGB"), rng)
    if rng.random() < 0.3:
        image = image.filter(ImageFilter.GaussianBlur(rng.uniform(0, 1.5)))
    image.putalpha(alpha)
    return image


def cut_out(image, box):
    """The person in a box, RGBA and cropped to what of it was found, or None where the outline is not to be trusted."""
    import cv2
    import numpy as np
    x, y, w, h = box
    margin = 0.25 * max(w, h)
    left, top = max(0, round(x - margin)), max(0, round(y - margin))
    image = image.crop((left, top, min(image.width, round(x + w + margin)), min(image.height, round(y + h + margin))))
    scale = 192 / max(w, h)
    x, y, w, h = (round(v * scale) for v in (x - left, y - top, w, h))
    pixels = cv2.resize(np.asarray(image)[:, :, ::-1], None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    mask = np.full(pixels.shape[:2], cv2.GC_BGD, np.uint8)
    mask[max(y, 0):y + h, max(x, 0):x + w] = cv2.GC_PR_FGD
    if not (mask == cv2.GC_BGD).any():
        return None
    cv2.setRNGSeed(1)
    try:
        cv2.grabCut(pixels, mask, None, np.zeros((1, 65)), np.zeros((1, 65)), 4, cv2.GC_INIT_WITH_MASK)
    except cv2.error:
        return None
    found = ((mask == cv2.GC_FGD) | (mask == cv2.GC_PR_FGD)).astype(np.uint8)
    found = cv2.morphologyEx(found, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(found)
    if count < 2:
        return None
    largest = 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
    fx, fy, fw, fh, area = stats[largest]
    # one piece, as long as the box, neither nearly all of it (its surroundings came along) nor little
    if area < 0.85 * found.sum() or fh < 0.85 * h or fw < 0.7 * w or not 0.3 < area / (fw * fh) < 0.75:
        return None
    alpha = cv2.GaussianBlur((labels == largest).astype(np.float32) * 255, (0, 0), 0.8)
    rgba = np.dstack([pixels[:, :, ::-1], alpha.astype(np.uint8)])[fy:fy + fh, fx:fx + fw]
    return Image.fromarray(rgba, "RGBA")


class Maker:
    def __init__(self, args):
        self.cutouts = cutouts_of(args.cutouts)
        self.photos = []
        for path in sorted({p for pattern in PHOTOS for p in args.photos.glob("**/" + pattern)}):
            image = Image.open(path)
            image.draft("RGB", (1000, 1000))
            image.thumbnail((1000, 1000))
            self.photos.append(image.convert("RGB"))
        self.people = []
        for folder, labels in args.people:
            labels = json.loads(pathlib.Path(labels).read_text())
            boxes = {}
            for one in labels["annotations"]:
                boxes.setdefault(one["image_id"], []).append((one["bbox"], one.get("iscrowd", 0)))
            self.people += [(pathlib.Path(folder), i["file_name"], boxes.get(i["id"], [])) for i in labels["images"]]
        self.free = [e for e in self.people if e[0] == pathlib.Path(args.people[-1][0])]  # whose people stand free
        self.cast = []
        print(len(self.cutouts), "cut-outs,", len(self.photos), "photographs,", len(self.people), "pictures of people")

    def open(self, entry):
        for folder in (entry[0], entry[0] / "images"):
            if (folder / entry[1]).exists():
                return Image.open(folder / entry[1]).convert("RGB")
        raise FileNotFoundError(entry[1])

    def window(self, rng, size):
        """A window that holds nobody, of a photograph or a picture of people."""
        for _ in range(40):
            if rng.random() < 0.25:
                image, boxes = rng.choice(self.photos), []
            else:
                entry = rng.choice(self.people)
                image, boxes = self.open(entry), entry[2]
            w = rng.uniform(0.25, 1) * image.width
            h = w * size[1] / size[0]
            if h > image.height or w < 40:
                continue
            x, y = rng.uniform(0, image.width - w), rng.uniform(0, image.height - h)
            if any(b[0] - 4 < x + w and b[0] + b[2] + 4 > x and b[1] - 4 < y + h and b[1] + b[3] + 4 > y for b, _ in boxes):
                continue
            return image.resize(size, Image.Resampling.BILINEAR, (x, y, x + w, y + h))
        return Image.new("RGB", size, tuple(rng.randrange(256) for _ in range(3)))

    def furniture(self, image, rng):
        """Boards, frames and panels: rectangles of other windows' surfaces, or of one colour, light to dark."""
        for _ in range(rng.randrange(1, 7)):
            w, h = (max(3, round(side * rng.uniform(0.02, 0.6) ** 1.3)) for side in image.size)
            x, y = rng.randrange(-w // 2, image.width - w // 2), rng.randrange(-h // 2, image.height - h // 2)
            if rng.random() < 0.5:
                panel = self.window(rng, (max(w, 8), max(h, 8))).resize((w, h))
            else:
                panel = Image.new("RGB", (w, h), tuple(rng.randrange(256) for _ in range(3)))
                shade = Image.linear_gradient("L").rotate(rng.choice((0, 90, 180, 270))).resize((w, h))
                panel = Image.composite(panel, ImageEnhance.Brightness(panel).enhance(rng.uniform(0.3, 1)), shade)
            image.paste(panel, (x, y))
            if rng.random() < 0.3:
                ImageDraw.Draw(image).rectangle((x, y, x + w, y + h), outline=tuple(rng.randrange(256) for _ in range(3)),
                                                width=rng.randrange(1, 5))

    def nobody(self, rng):
        size = rng.choice(((480, 360), (360, 480), (420, 420), (480, 300)))
        image = self.window(rng, size)
        if rng.random() < 0.6:
            self.furniture(image, rng)
        for _ in range(rng.randrange(1, 12)):
            length = max(size) * 0.06 * (10 ** rng.random())
            one = thing(self.cutouts, length, rng)
            at = rng.randrange(-one.width // 3, size[0]), rng.randrange(-one.height // 3, size[1])
            image.paste(one, at, one)
        return image, []

    def hidden(self, rng):
        entry = rng.choice(self.people)
        image = self.open(entry)
        boxes = []
        for box, crowd in entry[2]:
            x, y, w, h = box
            if not crowd and rng.random() < 0.35 and h > 40:  # a table, a wall: what is below its edge is not to be seen
                edge = y + h * rng.uniform(0.35, 0.9)
                reach = w * rng.uniform(1.2, 3)
                left = round(x + w / 2 - reach * rng.uniform(0.35, 0.65))
                size = max(8, round(reach)), max(8, round(y + h - edge + rng.uniform(2, 40)))
                board = self.window(rng, size)
                image.paste(colours(board, rng), (left, round(edge)))
                h = edge - y
                if left > x + w * 0.1 or left + reach < x + w * 0.9:
                    crowd = 1  # legs beside the board
            elif not crowd and rng.random() < 0.6:
                for _ in range(rng.randrange(1, 3)):
                    one = thing(self.cutouts, max(w, h) * rng.uniform(0.15, 0.55), rng)
                    at = (round(x + w * rng.random() - one.width / 2), round(y + h * rng.uniform(0.3, 1) - one.height / 2))
                    image.paste(one, at, one)
            boxes.append(([round(x, 1), round(y, 1), round(w, 1), round(h, 1)], crowd))
        return image, boxes

    def elsewhere(self, rng):
        import numpy as np
        size = rng.choice(((480, 360), (360, 480), (420, 420), (480, 300), (480, 320)))
        image = self.window(rng, size)
        if rng.random() < 0.5:
            self.furniture(image, rng)
        owner = np.zeros((size[1], size[0]), np.int32)  # whose each pixel is
        whole = []
        far = rng.random()
        count = rng.choice((1, 1, 2, 2, 3, 4, 5, 6, 8, 10))
        lengths = sorted(max(size) * 0.07 * 10 ** min(1.1, max(0, far + rng.uniform(-0.25, 0.25))) for _ in range(count))
        for length in lengths:
            if rng.random() < 0.5:
                self.paste(image, owner, 0, thing(self.cutouts, max(12, length * rng.uniform(0.2, 1)), rng), rng)
            one = rng.choice(self.cast)
            if rng.random() < 0.25:  # cut off at the waist, by what is not there: close to a table or the edge
                one = one.crop((0, 0, one.width, round(one.height * rng.uniform(0.35, 0.7))))
            if rng.random() < 0.5:
                one = one.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
            if rng.random() < 0.2:
                one = one.rotate(rng.uniform(-25, 25), resample=Image.Resampling.BILINEAR, expand=True)
                one = one.crop(one.getchannel("A").getbbox())
            scale = length / max(one.size)
            one = one.resize([max(4, round(side * scale * rng.uniform(0.9, 1.1))) for side in one.size], Image.Resampling.BICUBIC)
            alpha = one.getchannel("A")
            one = colours(one.convert("RGB"), rng)
            one.putalpha(alpha)
            whole.append(self.paste(image, owner, len(whole) + 1, one, rng))
        for _ in range(rng.randrange(0, 5)):
            self.paste(image, owner, 0, thing(self.cutouts, max(size) * 0.05 * 8 ** rng.random(), rng), rng)
        boxes = []
        for number, pixels in enumerate(whole, 1):
            rows, columns = np.nonzero(owner == number)
            if len(rows) < 12:
                continue
            x, y = int(columns.min()), int(rows.min())
            box = [x, y, int(columns.max()) + 1 - x, int(rows.max()) + 1 - y]
            boxes.append((box, int(len(rows) < 0.3 * pixels or min(box[2:]) < 5)))
        return image, boxes

    @staticmethod
    def paste(image, owner, number, one, rng):
        """Sets a cut-out somewhere, mostly within the picture; the pixels it covers are its. Returns how many it has in all."""
        import numpy as np
        at = (rng.randrange(-one.width // 4, max(1, image.width - one.width * 3 // 4)),
              rng.randrange(-one.height // 4, max(1, image.height - one.height * 2 // 3)))
        image.paste(one, at, one)
        covered = Image.new("L", image.size)
        covered.paste(one.getchannel("A"), at)
        owner[np.asarray(covered) > 127] = number
        return int((np.asarray(one.getchannel("A")) > 127).sum())


def find(number):
    """Somebody cut out, the largest person of a picture; more often of the last folder."""
    rng = random.Random(ARGS.seed * 1_000_003 - number)
    entry = rng.choice(MAKER.free if rng.random() < 0.6 else MAKER.people)
    boxes = [b for b, crowd in entry[2] if not crowd and b[3] >= 60]
    return cut_out(MAKER.open(entry), max(boxes, key=lambda b: b[2] * b[3])) if boxes else None


def make(number):
    rng = random.Random(ARGS.seed * 1_000_003 + number)
    if number <= ARGS.nobody:
        image, boxes = MAKER.nobody(rng)
    elif number <= ARGS.nobody + ARGS.hidden:
        image, boxes = MAKER.hidden(rng)
    else:
        image, boxes = MAKER.elsewhere(rng)
    name = f"{number:05}.jpg"
    image.save(ARGS.out / name, quality=rng.randrange(60, 95))
    return name, image.size, boxes


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cutouts", type=pathlib.Path, required=True)
    parser.add_argument("--photos", type=pathlib.Path, required=True)
    parser.add_argument("--people", nargs=2, action="append", required=True, metavar=("FOLDER", "BOXES"))
    parser.add_argument("--nobody", type=int, default=3000)
    parser.add_argument("--hidden", type=int, default=3000)
    parser.add_argument("--elsewhere", type=int, default=0)
    parser.add_argument("--cast", type=int, default=3000, help="people to try to cut out")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    images, annotations = [], []
    count = args.nobody + args.hidden + args.elsewhere
    global ARGS, MAKER  # for the processes
    ARGS, MAKER = args, Maker(args)
    if args.elsewhere:
        with multiprocessing.Pool() as pool:
            MAKER.cast = [one for one in pool.imap(find, range(args.cast), chunksize=20) if one]
        print(len(MAKER.cast), "people cut out of", args.cast, flush=True)
    with multiprocessing.Pool() as pool:
        for number, (name, size, boxes) in enumerate(pool.imap(make, range(1, count + 1), chunksize=10), 1):
            if number % 500 == 0:
                print(number, "pictures", flush=True)
            images.append({"id": number, "file_name": name, "width": size[0], "height": size[1]})
            for box, crowd in boxes:
                annotations.append({"id": len(annotations) + 1, "image_id": number, "category_id": 1, "bbox": box, "iscrowd": crowd})
    labels = {"categories": [{"id": 1, "name": "person"}], "images": images, "annotations": annotations}
    (args.out / "boxes.json").write_text(json.dumps(labels))


if __name__ == "__main__":
    main()
