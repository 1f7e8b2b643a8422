// The tracker's switches on drawn scenes with exact truth, as the table of docs/tracking.md:
//   build/release/tests/tracking_ablation [dis|farneback|lk|none]

#include <cstdio>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "kit/scene_tracking.h"
#include "poise/track/lucas_kanade.h"
#ifdef POISE_HAS_OPENCV
#include "poise/track/opencv/dense_flow.h"
#endif

namespace poise {
namespace {

std::unique_ptr<Flow> open_flow(const std::string& name) {
  if (name == "none") return nullptr;
  if (name == "lk") return std::make_unique<LucasKanade>();
#ifdef POISE_HAS_OPENCV
  if (name == "dis") return dense_flow();
  if (name == "farneback") return dense_flow({.kind = DenseFlowOptions::Kind::kFarneback});
#endif
  throw std::runtime_error("this build has no flow \"" + name + "\"");
}

struct FilmedScene {
  kit::Film film;
  kit::SceneFinder finder;
};

std::vector<FilmedScene> film_scenes(kit::SceneOptions (*scene_of)(int, std::uint64_t), const std::string& flow_name) {
  constexpr std::uint64_t kScenes = 5;
  constexpr int kPeople = 5;
  std::vector<FilmedScene> scenes;
  for (std::uint64_t seed = 1; seed <= kScenes; ++seed) {
    const std::unique_ptr<Flow> flow = open_flow(flow_name);
    scenes.push_back(
        {kit::film(kit::Scene(scene_of(kPeople, seed)), flow.get()), kit::SceneFinder({.drop = 0.1, .seed = seed})});
  }
  return scenes;
}

double figure(const MotFigures& figures, const std::string& wanted) {
  for (const auto& [name, value] : figures_of(figures)) {
    if (name == wanted) return value;
  }
  throw std::runtime_error("no figure " + wanted);
}

void print_row(const std::vector<FilmedScene>& scenes, const char* kind, Similarity similarity, bool propagate) {
  TrackerOptions options;
  options.similarity = similarity;
  options.propagate = propagate;
  std::vector<MotFigures> figures;
  int missed = 0, recovered = 0;
  for (const FilmedScene& scene : scenes) {
    const kit::TrackedScene tracked = kit::track_scene(scene.film, scene.finder, options);
    figures.push_back(tracked.figures);
    missed += tracked.missed;
    recovered += tracked.recovered;
  }
  const MotFigures all = combine(figures);
  std::printf("| %s | %s | %s | %.1f | %.1f | %.1f | %lld | %d of %d |\n", kind, propagate ? "yes" : "no",
              std::string(name_of(similarity)).c_str(), 100 * all.clear.mota, 100 * all.identity.idf1,
              100 * figure(all, "HOTA"), static_cast<long long>(all.clear.id_switches), recovered, missed);
}

void print_table(const std::string& flow_name) {
  std::printf("| scene | propagation | likeness | MOTA | IDF1 | HOTA | switches | recovered |\n");
  std::printf("|---|---|---|---|---|---|---|---|\n");
  struct Kind {
    const char* name;
    kit::SceneOptions (*scene_of)(int people, std::uint64_t seed);
  };
  for (const auto& [kind, scene_of] : {Kind{"crossing", kit::crossing_people}, {"fast", kit::fast_people}}) {
    const std::vector<FilmedScene> scenes = film_scenes(scene_of, flow_name);
    for (const bool propagate : {false, true}) {
      for (const Similarity similarity :
           {Similarity::kBox, Similarity::kPose, Similarity::kFlow, Similarity::kMultiFlow}) {
        print_row(scenes, kind, similarity, propagate);
      }
    }
  }
}

}  // namespace
}  // namespace poise

int main(int argc, char** argv) try {
#ifdef POISE_HAS_OPENCV
  const std::string flow = argc > 1 ? argv[1] : "dis";
#else
  const std::string flow = argc > 1 ? argv[1] : "lk";
#endif
  poise::print_table(flow);
  return 0;
} catch (const std::exception& error) {
  std::cerr << "tracking_ablation: " << error.what() << "\n";
  return 1;
}
