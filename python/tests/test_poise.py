"""The package as its users use it. Run by scripts/test --long on the installed wheel: python -m unittest discover python/tests."""

import concurrent.futures
import doctest
import gc
import json
import multiprocessing
import os
import pathlib
import pickle
import subprocess
import sys
import tempfile
import threading
import unittest

import numpy as np

import poise

ROOT = pathlib.Path(__file__).resolve().parents[2]
PHOTO = str(ROOT / "docs/images/figure.jpg")
FIGURES = str(ROOT / "docs/images/skeletons.jpg")


def find_in_worker(finder_and_picture):
    finder, picture = finder_and_picture
    return finder(picture)


class Finding(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.finder = poise.PoseFinder(threads=1)
        cls.pixels = poise.load(PHOTO)
        cls.people = cls.finder(PHOTO)

    def same(self, people):
        np.testing.assert_array_equal(people.keypoints, self.people.keypoints)
        np.testing.assert_array_equal(people.scores, self.people.scores)

    def test_arrays_have_the_promised_shapes_and_types(self):
        n = len(self.people)
        self.assertEqual(n, 1)
        for name, shape, kind in [("keypoints", (n, 17, 2), np.float32), ("scores", (n, 17), np.float32),
                                  ("boxes", (n, 4), np.float32), ("person_scores", (n,), np.float32),
                                  ("box_scores", (n,), np.float32), ("ids", (n,), np.int64)]:
            array = getattr(self.people, name)
            self.assertEqual((array.shape, array.dtype), (shape, np.dtype(kind)), name)
        self.assertEqual(self.people.size, (480, 640))
        self.assertEqual(self.people.source, PHOTO)
        wrist = self.people.joint("left_wrist")[0]
        self.assertAlmostEqual(wrist[0], self.people.keypoints[0, 9, 0])
        x, y, w, h = self.people.boxes[0]
        np.testing.assert_allclose(self.people.boxes_xyxy[0], [x, y, x + w, y + h])

    def test_whatever_a_picture_is_called(self):
        data = pathlib.Path(PHOTO).read_bytes()
        for source in (pathlib.Path(PHOTO), data, bytearray(data), memoryview(data), self.pixels,
                       memoryview(self.pixels)):
            self.same(self.finder(source))

    def test_arrays_may_lie_in_memory_as_they_like(self):
        bgr = np.ascontiguousarray(self.pixels[:, :, ::-1])
        self.same(self.finder(bgr, order="bgr"))
        self.same(self.finder(self.pixels[:, :, ::-1], order="bgr"))  # not one pixel after the other
        self.same(self.finder(np.asfortranarray(self.pixels)))
        self.same(self.finder(np.ascontiguousarray(self.pixels[::-1])[::-1]))  # rows backwards
        wide = np.full((640, 600, 3), 7, np.uint8)
        wide[:, 60:540] = self.pixels
        self.same(self.finder(wide[:, 60:540]))
        read_only = self.pixels.copy()
        read_only.flags.writeable = False
        self.same(self.finder(read_only))
        rgba = np.dstack([self.pixels, np.full((640, 480), 9, np.uint8)])
        self.same(self.finder(rgba))
        self.assertEqual(self.finder(self.pixels[:, :, 0]).keypoints.shape[1:], (17, 2))

    def test_what_is_no_picture_is_said(self):
        cases = [
            (self.pixels.astype(np.float32), TypeError, "uint8"),
            (self.pixels.astype(np.int16), TypeError, "uint8"),
            (self.pixels[:0], ValueError, "no pixels"),
            (self.pixels.transpose(2, 0, 1), ValueError, "first axis"),
            (np.zeros((5, 4, 2), np.uint8), ValueError, "channels"),
            (np.zeros(12, np.uint8), ValueError, "shape"),
            (np.zeros((2, 2, 3, 3), np.uint8), ValueError, "shape"),
            (3, TypeError, "int"),
            (None, TypeError, "NoneType"),
            ({"a": 1}, TypeError, "dict"),
            ("nowhere.jpg", FileNotFoundError, "nowhere.jpg"),
            (b"GIF89a", poise.PoiseError, "GIF"),
            (b"", ValueError, ""),
        ]
        for source, error, words in cases:
            with self.subTest(type(source)), self.assertRaises(error) as caught:
                self.finder(source)
            self.assertIn(words, str(caught.exception))
        with self.assertRaisesRegex(ValueError, "one of rgb"):
            self.finder(self.pixels, order="yuv")
        with self.assertRaisesRegex(TypeError, "no option is named modle"):
            poise.PoseFinder(modle="pose.onnx")
        with self.assertRaisesRegex(ValueError, "threads"):
            poise.PoseFinder(threads=-1)
        with self.assertRaisesRegex(ValueError, "must be a string"):
            poise.PoseFinder(precision=16)

    def test_boxes_that_are_known(self):
        boxes, scores = poise.Detector(threads=1)(PHOTO)
        np.testing.assert_array_equal(boxes, self.people.boxes)
        np.testing.assert_array_equal(scores, self.people.box_scores)
        self.same(poise.Estimator(threads=1)(self.pixels, boxes))
        twice = self.finder(self.pixels, boxes=np.vstack([boxes, boxes]))
        self.assertEqual(len(twice), 2, "a pose a box, twice the same too")
        self.assertEqual(len(self.finder(PHOTO, boxes=[])), 0)
        with self.assertRaisesRegex(ValueError, r"\(n, 4\)"):
            self.finder(self.pixels, boxes=[[1, 2, 3]])
        with self.assertRaises(ValueError):
            self.finder(self.pixels, boxes=[[1, 2, np.nan, 4]])

    def test_many_pictures_keep_their_order(self):
        black = np.zeros((64, 64, 3), np.uint8)
        found = list(self.finder([PHOTO, black, self.pixels, black, PHOTO]))
        self.assertEqual([len(people) for people in found], [1, 0, 1, 0, 1])
        with tempfile.TemporaryDirectory() as folder:
            for name in ("b.jpg", "a.jpg"):
                pathlib.Path(folder, name).write_bytes(pathlib.Path(PHOTO).read_bytes())
            names = [os.path.basename(people.source) for people in self.finder(folder)]
        self.assertEqual(names, ["a.jpg", "b.jpg"])
        endless = self.finder(black for _ in iter(int, 1))
        self.assertEqual(len(next(endless)), 0)
        endless.close()
        with self.assertRaises(FileNotFoundError):
            list(self.finder([PHOTO, "nowhere.jpg"]))

    def test_the_program_finds_the_same_joints_bit_for_bit(self):
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run([sys.executable, "-m", "poise", "predict", PHOTO, "--out", folder, "--threads", "1", "--no-image",
                            "--quiet"], check=True)
            written = json.loads(next(pathlib.Path(folder).rglob("*.poses.json")).read_text())
        mine = self.people.to_json()
        self.assertEqual(mine["persons"], written["persons"])
        self.assertEqual(mine["model"], written["model"])

    def test_pickling(self):
        again = pickle.loads(pickle.dumps(self.people))
        self.same(again)
        self.assertEqual(again.skeleton, self.people.skeleton)
        options = poise.Options(threads=1, card={"padding": 1.3}, model=None)
        self.assertEqual(pickle.loads(pickle.dumps(options)), options)
        self.same(pickle.loads(pickle.dumps(self.finder))(PHOTO))

    def test_some_of_the_people(self):
        people = self.finder(self.pixels, boxes=[[60, 115, 283, 452], [0, 0, 480, 640]])
        self.assertEqual(len(people[people.boxes[:, 0] == 0]), 1)
        np.testing.assert_array_equal(people[1].keypoints[0], people.keypoints[1])
        self.assertEqual([len(one) for one in people], [1, 1])
        with self.assertRaises(IndexError):
            people[2]


class Results(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.pixels = poise.load(PHOTO)
        cls.people = poise.PoseFinder(threads=1)(cls.pixels)

    def test_drawing_leaves_the_picture_alone(self):
        before = self.pixels.copy()
        drawn = self.people.draw()
        np.testing.assert_array_equal(before, self.pixels)
        self.assertGreater(np.count_nonzero(drawn != before), 1000)
        np.testing.assert_array_equal(self.people.draw(joints=False, limbs=False), before)
        self.assertTrue(self.people._repr_png_().startswith(b"\x89PNG"))
        with self.assertRaisesRegex(ValueError, "no option of drawing"):
            self.people.draw(colour="red")
        with self.assertRaisesRegex(ValueError, "480x640"):
            self.people.draw(on=np.zeros((4, 4, 3), np.uint8))
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "drawn.png")
            self.people.save(path)
            np.testing.assert_array_equal(poise.load(path), drawn)
            self.assertEqual(os.listdir(folder), ["drawn.png"])

    def test_forms(self):
        coco = self.people.to_coco(image_id=7)
        self.assertEqual([entry["image_id"] for entry in coco], [7])
        np.testing.assert_allclose(np.reshape(coco[0]["keypoints"], (17, 3))[:, :2], self.people.keypoints[0])
        self.assertIn("pose_keypoints_2d", self.people.to_text("openpose"))
        self.assertTrue(self.people.to_text("csv").startswith("source,person"))
        with self.assertRaises(poise.PoiseError):
            self.people.to_text("xml")

    def test_a_table(self):
        try:
            import pandas  # noqa: F401
        except ImportError:
            self.skipTest("pandas is not installed")
        table = self.people.to_df()
        self.assertEqual(len(table), 17)
        self.assertEqual(table[table.joint == "left_wrist"].x.iloc[0], self.people.keypoints[0, 9, 0])

    def test_supervision(self):
        try:
            import supervision  # noqa: F401
        except ImportError:
            self.skipTest("supervision is not installed")
        points = self.people.to_supervision()
        np.testing.assert_array_equal(points.xy, self.people.keypoints)

    def test_pil(self):
        try:
            from PIL import Image
        except ImportError:
            self.skipTest("Pillow is not installed")
        finder = poise.PoseFinder(threads=1)
        picture = Image.fromarray(self.pixels)
        np.testing.assert_array_equal(finder(picture).keypoints, self.people.keypoints)
        for mode in ("L", "P", "RGBA", "CMYK", "1"):
            self.assertEqual(finder(picture.convert(mode)).size, (480, 640), mode)

    def test_skeletons(self):
        skeleton = poise.Skeleton.named("coco17")
        self.assertEqual(skeleton, self.people.skeleton)
        self.assertIn("wholebody133", poise.Skeleton.names())
        for a, b in skeleton.limbs:
            self.assertLess(max(a, b), len(skeleton))
        with self.assertRaises(FileNotFoundError):
            poise.Skeleton.named("octopus")

    def test_metrics(self):
        truth = {"images": [{"id": 1}], "categories": [{"id": 1, "name": "person"}], "annotations": [
            {"id": 1, "image_id": 1, "category_id": 1, "bbox": self.people.boxes[0].tolist(), "area": 9e4, "iscrowd": 0}]}
        report = poise.metrics.coco(truth, self.people.to_coco(1), boxes=True)
        self.assertAlmostEqual(report.ap, 1)
        self.assertAlmostEqual(report.figures["AP75"], 1)
        with self.assertRaisesRegex(AttributeError, "AP50"):
            report.apple
        with self.assertRaises(FileNotFoundError):
            poise.metrics.coco("none.json", "none.json")
        with self.assertRaisesRegex(ValueError, "crowdpose"):
            poise.metrics.coco(truth, [], rules="mine")


class Videos(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.finder = poise.PoseFinder(threads=1)
        cls.pixels = poise.load(PHOTO)

    def test_ids_stay(self):
        frames = [np.roll(self.pixels, 6 * i, axis=1) for i in range(4)]
        found = list(poise.track(frames, finder=self.finder, fps=25))
        self.assertEqual([people.ids.tolist() for people in found], [[1]] * 4)
        self.assertEqual([people.seconds for people in found], [0, 0.04, 0.08, 0.12])
        self.assertEqual([people.index for people in found], [0, 1, 2, 3])
        times = [people.seconds for people in poise.track(((f, t) for f, t in zip(frames, (0, 1, 4))), finder=self.finder)]
        self.assertEqual(times, [0, 1, 4])

    def test_what_cannot_be_followed_is_said(self):
        tracker = poise.Tracker(self.finder, smooth=False)
        tracker(self.pixels, 1.0)
        with self.assertRaisesRegex(ValueError, "time"):
            tracker(self.pixels, 0.5)
        with self.assertRaisesRegex(ValueError, "similarity"):
            poise.Tracker(self.finder, similarity="taste")
        with self.assertRaises(FileNotFoundError):
            poise.track("nowhere.mp4", finder=self.finder)
        with self.assertRaises(TypeError):
            list(poise.track([(self.pixels, 0, 1)], finder=self.finder))

    def test_files(self):
        video = str(ROOT / "tests/golden/videos/plain.mp4")
        try:
            import av  # noqa: F401
        except ImportError:
            try:
                import cv2  # noqa: F401
            except ImportError:
                with self.assertRaisesRegex(ImportError, "pip install av"):
                    poise.track(video, finder=self.finder)
                self.skipTest("neither PyAV nor OpenCV is installed; that this is said was tested")
        times = [people.seconds for people in poise.track(video, finder=self.finder)]
        self.assertGreater(len(times), 1)
        self.assertEqual(times[0], 0)
        self.assertEqual(times, sorted(times))


class Company(unittest.TestCase):
    """Threads, processes, references."""

    @classmethod
    def setUpClass(cls):
        cls.pixels = poise.load(PHOTO)

    def test_threads_share_a_finder(self):
        finder = poise.PoseFinder(threads=2)
        wanted = finder(self.pixels)
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            for found in pool.map(finder, [self.pixels] * 24):
                np.testing.assert_allclose(found.keypoints, wanted.keypoints, atol=.01)

    def test_the_lock_is_released_in_work(self):
        finder = poise.PoseFinder(threads=1)
        counted = 0
        done = threading.Event()

        def count():
            nonlocal counted
            while not done.is_set():
                counted += 1

        other = threading.Thread(target=count)
        other.start()
        try:
            before = counted
            finder(self.pixels)
            during = counted - before
        finally:
            done.set()
            other.join()
        self.assertGreater(during, 1000, "another thread ran while the network did")

    def test_processes(self):
        finder = poise.PoseFinder()
        wanted = finder(self.pixels)
        for method in ("fork", "spawn"):
            with self.subTest(method), multiprocessing.get_context(method).Pool(2) as pool:
                for found in pool.map(find_in_worker, [(finder, self.pixels)] * 3):
                    np.testing.assert_allclose(found.keypoints, wanted.keypoints, atol=.01)

    def test_a_forked_child_works_while_others_worked(self):
        finder = poise.PoseFinder(threads=2)
        wanted = finder(self.pixels)
        stop = threading.Event()

        def work():
            while not stop.is_set():
                finder(self.pixels)

        workers = [threading.Thread(target=work) for _ in range(3)]
        for worker in workers:
            worker.start()
        finder(self.pixels)
        stop.set()  # a fork while a thread is at work copies its locks, held for ever: docs/python.md
        for worker in workers:
            worker.join()
        for _ in range(3):
            child = os.fork()
            if child == 0:
                good = np.allclose(finder(self.pixels).keypoints, wanted.keypoints, atol=.01)
                os._exit(0 if good else 1)
            self.assertEqual(os.waitpid(child, 0)[1], 0)

    def test_arrays_outlive_what_made_them(self):
        finder = poise.PoseFinder(threads=1)
        keypoints = finder(self.pixels).keypoints
        copy = keypoints.copy()
        del finder
        gc.collect()
        np.testing.assert_array_equal(keypoints, copy)

    def test_nothing_leaks(self):
        finder = poise.PoseFinder(threads=1, whole_picture=True)
        small = self.pixels[:64, :48]
        references = sys.getrefcount(small)

        def resident():
            with open("/proc/self/statm") as file:
                return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

        def work(times):
            for _ in range(times):
                finder(small)
                poise.load(PHOTO)
                with self.assertRaises(ValueError):
                    finder._finder.find(small, "yuv")

        work(30)
        gc.collect()
        before = resident()
        work(100)
        gc.collect()
        self.assertLess(resident() - before, 20 << 20)  # a picture is .9 MB: ninety would be
        self.assertEqual(sys.getrefcount(small), references)


class Programs(unittest.TestCase):
    def test_the_program_is_there(self):
        said = subprocess.run([sys.executable, "-m", "poise", "--version"], capture_output=True, text=True)
        self.assertEqual((said.returncode, said.stdout), (0, f"poise {poise.__version__}\n"))
        wrong = subprocess.run([sys.executable, "-m", "poise", "predcit"], capture_output=True, text=True)
        self.assertEqual(wrong.returncode, 2)
        self.assertIn("predict", wrong.stderr)

    def test_the_documents_examples_run(self):
        before = os.getcwd()
        os.chdir(ROOT)
        try:
            results = doctest.testfile(str(ROOT / "docs/python.md"), module_relative=False, optionflags=doctest.ELLIPSIS,
                                       verbose=False)
            modules = [doctest.testmod(module, verbose=False) for module in (poise, poise._finder)]
        finally:
            os.chdir(before)
        self.assertGreater(results.attempted, 15)
        self.assertEqual([r.failed for r in (results, *modules)], [0, 0, 0])


if __name__ == "__main__":
    unittest.main()
