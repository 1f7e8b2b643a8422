#include "poise/data/pose_examples.h"

#include <utility>

namespace poise {
namespace {

class PoseExamples : public Examples {
 public:
  PoseExamples(DataSetPtr set, const SampleOptions& sample, const std::optional<AugmentOptions>& augment)
      : set_(std::move(set)), sample_(sample), augment_(augment) {}

  std::size_t size() const override { return set_->size(); }
  std::vector<Stratum> strata() const override { return set_->strata(); }
  ExampleShapes shapes() const override {
    return {{3, sample_.input.size.height, sample_.input.size.width},
            sample_.codec->target_shape(sample_.answer).value(),
            {set_->skeleton().size()}};
  }
  Status make(std::size_t i, Random random, std::uint64_t epoch, const SampleView& out) const override {
    const Person person = set_->get(i);
    const Augmentation augmentation = augment_ ? draw_augmentation(*augment_, strength(*augment_, epoch), person,
                                                                   set_->skeleton(), sample_.crop(), random)
                                               : plain(person);
    return make_sample(person, set_->skeleton(), augmentation, sample_, out);
  }

 private:
  DataSetPtr set_;
  SampleOptions sample_;
  std::optional<AugmentOptions> augment_;
};

}  // namespace

Result<ExamplesPtr> pose_examples(DataSetPtr set, const SampleOptions& sample,
                                  const std::optional<AugmentOptions>& augment) {
  POISE_RETURN_IF_ERROR(check(sample));
  if (augment) POISE_RETURN_IF_ERROR(check(*augment));
  return ExamplesPtr(std::make_shared<PoseExamples>(std::move(set), sample, augment));
}

}  // namespace poise
