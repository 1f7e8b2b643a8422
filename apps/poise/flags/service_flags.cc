#include "flags/service_flags.h"

#include "device.h"
#include "flags/draw_flags.h"
#include "model_store.h"

namespace poise::app {

void ServiceFlags::add_to(CLI::App& command, PoseServiceOptions& service) {
  command.add_option("-m,--model", model, "an ONNX file, or a model's name; otherwise the default")->type_name("FILE");
  add_draw_flags(command, service.draw, "Drawing");
  add_finder_flags(command, detector, service.finder.doubles, service.finder.estimate, device, true);
  card.add_to(command, "Model card (over MODEL.card.json, the file's own card, and --preset)");
}

Status ServiceFlags::put(PoseFinderOptions& finder) const {
  POISE_RETURN_IF_ERROR(set_device(device, finder.estimate.run));
  finder.estimate.card.preset = card.preset;
  POISE_TRY(finder.estimate.card.flags, card.json());
  finder.model = model;
  finder.whole_picture = detector.detector == "none";
  if (!finder.whole_picture) finder.detector = detector.detector;
  finder.detect.run = finder.estimate.run;
  finder.detect.threshold = detector.threshold;
  finder.detect.nms = detector.nms;
  finder.detect.card.preset = detector.preset;
  if (auto folder = models_folder(); folder.ok()) finder.models = *folder;
  return {};
}

void add_max_pixels_flag(CLI::App& command, PoseServiceOptions& service, const std::string& group) {
  command.add_option("--max-pixels", service.max_pixels, "of a picture")
      ->check(CLI::Range(1, 256'000'000))
      ->capture_default_str()
      ->group(group);
}

}  // namespace poise::app
