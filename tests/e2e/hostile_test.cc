// Small files that ask for much memory: refused, or only added up, before it is taken.
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "e2e/program.h"

namespace poise {
namespace {

// The protobuf wire format, by hand; onnx.proto has the field numbers.
std::string varint(std::uint64_t value) {
  std::string out;
  for (; value >= 0x80U; value >>= 7U) out += static_cast<char>((value & 0x7fU) | 0x80U);
  return out + static_cast<char>(value);
}
std::string number(std::uint64_t field, std::uint64_t value) { return varint(field << 3U) + varint(value); }
std::string block(std::uint64_t field, const std::string& bytes) {
  return varint(field << 3U | 2U) + varint(bytes.size()) + bytes;
}
std::string value_info(const std::string& name) {
  std::string shape;
  for (const std::uint64_t extent : {1, 3, 8, 8}) shape += block(1, number(1, extent));
  return block(1, name) + block(2, block(1, number(1, 1) + block(2, shape)));
}
std::string integers(const std::string& name, const std::vector<std::int64_t>& values) {
  const std::string raw(reinterpret_cast<const char*>(values.data()), values.size() * sizeof values[0]);
  return block(5, number(1, values.size()) + number(2, 7) + block(8, name) + block(9, raw));
}
std::string node(const std::string& op, const Strings& inputs, const std::string& output) {
  std::string out;
  for (const std::string& input : inputs) out += block(1, input);
  return block(1, out + block(2, output) + block(4, op));
}
/// x + the largest of `value`.
std::string added(const std::string& x, const std::string& value, const std::string& output) {
  return node("ReduceMax", {value}, "max_" + output) + node("Add", {x, "max_" + output}, output);
}
std::string model(const std::string& graph) {
  return number(1, 8) + block(7, graph + block(11, value_info("x")) + block(12, value_info("y"))) +
         block(8, number(2, 13));
}

class Hostile : public Program {
 protected:
  /// The most memory that any program run so far has taken; it never falls.
  static long peak_megabytes() {
    rusage usage{};
    getrusage(RUSAGE_CHILDREN, &usage);
    return usage.ru_maxrss / 1024;
  }
  Outcome info(const std::string& graph) const {
    write("hostile.onnx", model(graph));
    return run({"info", "hostile.onnx"});
  }
  static constexpr long kMostMegabytes = 400;
};

TEST_F(Hostile, ConstantsOfLargeShapesAreRefusedBeforeTheyAreMade) {
  const std::string one = block(5, number(1, 1) + number(1, 1) + number(2, 1) + block(8, "one") + block(9, "\1\1\1\1"));
  const std::string large = integers("s", {46000, 46000});
  for (const std::string& graph : {
           node("ConstantOfShape", {"s"}, "c") + added("x", "c", "y") + large,
           node("Tile", {"one", "s"}, "c") + added("x", "c", "y") + one + large,
           node("Expand", {"one", "s"}, "c") + added("x", "c", "y") + one + large,
           node("Pad", {"one", "s"}, "c") + added("x", "c", "y") + one + integers("s", {23000, 23000, 23000, 23000}),
       }) {
    const Outcome outcome = info(graph);
    EXPECT_EQ(outcome.code, 1);
    EXPECT_TRUE(contains(outcome.err, "--max-memory")) << outcome.err;
  }
  EXPECT_LT(peak_megabytes(), kMostMegabytes);
}

TEST_F(Hostile, SixteenMediumOnesCountTogether) {
  std::string nodes;
  for (int i = 0; i < 16; ++i) {
    const std::string id = std::to_string(i);
    nodes += node("ConstantOfShape", {"s"}, "c" + id);
    nodes += added(i == 0 ? "x" : "a" + std::to_string(i - 1), "c" + id, i == 15 ? "y" : "a" + id);
  }
  const Outcome outcome = info(nodes + integers("s", {10000, 10000}));
  EXPECT_EQ(outcome.code, 1);
  EXPECT_TRUE(contains(outcome.err, "--max-memory")) << outcome.err;
  EXPECT_LT(peak_megabytes(), kMostMegabytes);
}

/// Ninety thousand nodes that fold into as many constants of 16 kB: 1.5 GB, were they made.
TEST_F(Hostile, ManySmallConstantsCountTogether) {
  constexpr int kPairs = 45'000;
  std::string nodes = node("ConstantOfShape", {"s"}, "a0");
  for (int i = 1; i <= kPairs; ++i) {
    const std::string id = std::to_string(i);
    nodes += node("ConstantOfShape", {"s"}, "c" + id);
    nodes += node("Add", {"a" + std::to_string(i - 1), "c" + id}, "a" + id);
  }
  const Outcome outcome = info(nodes + added("x", "a" + std::to_string(kPairs), "y") + integers("s", {4096}));
  EXPECT_LE(outcome.code, 1) << outcome.err;
  EXPECT_LT(outcome.peak_megabytes, kMostMegabytes);
  const Outcome limited = run({"info", "hostile.onnx", "--max-memory", "256M"});
  EXPECT_EQ(limited.code, 1) << "all of them are there while it is folded: " << limited.out;
  EXPECT_TRUE(contains(limited.err, "--max-memory")) << limited.err;
}

TEST_F(Hostile, InfoOnlyPlans) {
  const std::string graph = node("ConstantOfShape", {"s"}, "c") + added("x", "c", "y") + integers("s", {16000, 16000});
  const Outcome outcome = info(graph);
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_TRUE(contains(outcome.out, "1024.0 MB weights")) << outcome.out;
  EXPECT_EQ(run({"info", "hostile.onnx", "--max-memory", "512M"}).code, 1);
  EXPECT_LT(peak_megabytes(), kMostMegabytes);
}

/// What would be waited for without end, and what is no file at all.
TEST_F(Hostile, PipesAndDevicesAreNotWaitedFor) {
  ASSERT_EQ(::mkfifo((folder_ / "pipe").c_str(), 0600), 0);
  write("res.json", "[]");
  for (const Strings& words :
       {Strings{"metrics", "coco", "pipe", "res.json"}, Strings{"metrics", "coco", "res.json", "pipe"},
        Strings{"predict", "res.json", "--boxes", "pipe"}, Strings{"data", "check", "pipe", "--images", "."}}) {
    const Outcome outcome = run(words);
    EXPECT_EQ(outcome.code, 1) << words[0];
    EXPECT_FALSE(outcome.err.empty());
  }
  EXPECT_TRUE(contains(run({"metrics", "coco", "pipe", "res.json"}).err, "pipe: it is a pipe that nobody writes to"));
  for (const char* device : {"/dev/zero", "/dev/random"}) {
    EXPECT_TRUE(contains(run({"metrics", "coco", device, "res.json"}).err, "it is a device or socket")) << device;
  }
  const int listening = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = (folder_ / "socket").string();
  ASSERT_LT(path.size(), sizeof address.sun_path);
  path.copy(address.sun_path, path.size());
  ASSERT_EQ(::bind(listening, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  EXPECT_TRUE(contains(run({"metrics", "coco", "socket", "res.json"}).err, "socket: it is a device or socket"));
  ::close(listening);
  if (::geteuid() == 0 && fs::exists("/proc/kmsg")) {
    EXPECT_EQ(run({"metrics", "coco", "/proc/kmsg", "res.json"}).code, 1);
  }
}

TEST_F(Hostile, LabelsReadNoPictureOutsideTheFolder) {
  fs::create_directories(folder_ / "images");
  for (const std::string name : {"../../etc/passwd", "/etc/passwd", "..\\\\secret.png"}) {
    write("gt.json", R"({"images": [{"id": 1, "file_name": ")" + name + R"(", "width": 9, "height": 9}],
      "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 1, 5, 5], "area": 25, "iscrowd": 0,
                       "num_keypoints": 1, "keypoints": [2, 2, 2]}],
      "categories": [{"id": 1, "name": "person", "keypoints": ["nose"]}]})");
    const Outcome check = run({"data", "check", "gt.json", "--images", "images"});
    EXPECT_EQ(check.code, 1);
    EXPECT_TRUE(contains(check.out, "lies outside the folder of images")) << check.out;
    const Outcome pack = run({"data", "pack", "gt.json", "--images", "images", "--out", "packed"});
    EXPECT_EQ(pack.code, 1);
    EXPECT_TRUE(contains(pack.err, "lies outside the folder of images")) << pack.err;
    const Outcome eval = run({"eval", "--detector", "poise-person", "-a", "gt.json", "-i", "images"});
    EXPECT_EQ(eval.code, 1);
    EXPECT_TRUE(contains(eval.err, "lies outside the folder of images")) << eval.err;
  }
}

}  // namespace
}  // namespace poise
