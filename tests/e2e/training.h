#pragma once
// What the tests of `poise train` share: a small data set, a small network, and a run's folder.

#include <map>

#include "kit/figure_set.h"
#include "poise/base/sha256.h"
#include "program.h"

namespace poise {

class TrainProgram : public Program {
 protected:
  void SetUp() override {
    if (!fs::exists(fs::path(POISE_PROGRAM).parent_path() / "poise-train")) {
      GTEST_SKIP() << "built without LibTorch: scripts/setup --torch installs it, then build again";
    }
    Program::SetUp();
  }

  /// set/: train.json, val.json and images/, of 96 x 96 pixels.
  void write_data(int train, int val) const {
    for (const auto& [part, count, seed] : {std::tuple("train", train, 1), std::tuple("val", val, 1000)}) {
      const Json set = kit::write_figure_set(
          folder_ / "set/images",
          {.count = count, .size = {96, 96}, .seed = static_cast<std::uint64_t>(seed), .below = part});
      write(std::string("set/") + part + ".json", set.dump());
    }
  }

  /// A network of 0.2 M parameters on 64 x 64 pixels; `train`: keys of TRAIN.
  void write_config(const std::string& name, const std::string& train, const std::string& more = "",
                    int joints = 17) const {
    write(name, "MODEL: {NAME: pose_resnet, NUM_JOINTS: " + std::to_string(joints) +
                    ", IMAGE_SIZE: [64, 64], EXTRA: {NUM_LAYERS: 18, WIDTH: 0.125, SIGMA: 1, HEATMAP_SIZE: [16, 16], "
                    "NUM_DECONV_FILTERS: [16, 16, 16]}}\n"
                    "TRAIN: {BATCH_SIZE: 4, EMA: 0.9, " +
                    train + "}\nPRINT_FREQ: 1\n" + more);
  }

  Strings train(const Strings& more = {}) const {
    Strings words{"train", "tiny.yaml", "--data", "set", "--out", "run", "--threads", "1"};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }

  /// All files of a folder by name and hash, but for the lock, which names its process; empty where there is no folder.
  std::map<std::string, std::string> hashes(const std::string& folder) const {
    std::map<std::string, std::string> found;
    if (!exists(folder)) return found;
    for (const auto& entry : fs::directory_iterator(folder_ / folder)) {
      if (entry.path().filename() == "run.lock") continue;
      const std::string bytes = slurp(entry.path());
      found[entry.path().filename().string()] =
          sha256_hex({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
    }
    return found;
  }
};

}  // namespace poise
