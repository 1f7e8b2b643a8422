#!/usr/bin/env python3
"""Pictures of things, so that a detector of people learns what is not one: cut-outs of animals, food, furniture and
vehicles pasted over windows of pictures that hold nobody, and before people, who then are partly hidden.

    apt-get download tuxpaint-stamps-default mate-backgrounds lomiri-wallpapers-16.04 lomiri-wallpapers-20.04 \
        plasma-workspace-wallpapers
    for d in *.deb; do dpkg -x $d debian; done
    python3 scripts/teacher/things.py --cutouts debian --photos debian \
        --people LSPET models/labels/lspet_boxes.json --people CCP models/labels/ccp_boxes.json --out things

Writes things/NNNNN.jpg and things/boxes.json (COCO). Same seed, same pictures. Needs Pillow.
"""
import argparse
import json
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


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cutouts", type=pathlib.Path, required=True)
    parser.add_argument("--photos", type=pathlib.Path, required=True)
    parser.add_argument("--people", nargs=2, action="append", required=True, metavar=("FOLDER", "BOXES"))
    parser.add_argument("--nobody", type=int, default=3000)
    parser.add_argument("--hidden", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    args = parser.parse_args()
    maker = Maker(args)
    args.out.mkdir(parents=True, exist_ok=True)
    images, annotations = [], []
    for number in range(1, args.nobody + args.hidden + 1):
        if number % 500 == 0:
            print(number, "pictures", flush=True)
        rng = random.Random(args.seed * 1_000_003 + number)
        image, boxes = maker.nobody(rng) if number <= args.nobody else maker.hidden(rng)
        name = f"{number:05}.jpg"
        image.save(args.out / name, quality=rng.randrange(60, 95))
        images.append({"id": number, "file_name": name, "width": image.width, "height": image.height})
        for box, crowd in boxes:
            annotations.append({"id": len(annotations) + 1, "image_id": number, "category_id": 1, "bbox": box, "iscrowd": crowd})
    labels = {"categories": [{"id": 1, "name": "person"}], "images": images, "annotations": annotations}
    (args.out / "boxes.json").write_text(json.dumps(labels))


if __name__ == "__main__":
    main()
