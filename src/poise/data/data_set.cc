#include "poise/data/data_set.h"

#include <algorithm>
#include <string>
#include <utility>

namespace poise {
namespace {

/// Joints of another set by name.
class RemappedDataSet : public DataSet {
 public:
  RemappedDataSet(DataSetPtr set, Skeleton skeleton, std::vector<int> source)
      : set_(std::move(set)), skeleton_(std::move(skeleton)), source_(std::move(source)) {}
  std::size_t size() const override { return set_->size(); }
  const Skeleton& skeleton() const override { return skeleton_; }
  std::vector<Stratum> strata() const override { return set_->strata(); }
  Person get(std::size_t i) const override {
    Person person = set_->get(i);
    std::vector<Annotation::TrueKeypoint> keypoints(source_.size());
    std::vector<float> weights(source_.size(), 0.0F);
    for (std::size_t j = 0; j < source_.size(); ++j) {
      if (source_[j] < 0) continue;
      keypoints[j] = person.keypoints.at(static_cast<std::size_t>(source_[j]));
      weights[j] = person.weights.at(static_cast<std::size_t>(source_[j]));
    }
    person.keypoints = std::move(keypoints);
    person.weights = std::move(weights);
    return person;
  }

 private:
  DataSetPtr set_;
  Skeleton skeleton_;
  std::vector<int> source_;  // of each joint, -1: none
};

class MixedDataSet : public DataSet {
 public:
  MixedDataSet(std::vector<DataSetPtr> sets, const std::vector<double>& weights) : sets_(std::move(sets)) {
    for (std::size_t k = 0; k < sets_.size(); ++k) {
      const std::size_t begin = begins_.back();
      for (Stratum stratum : sets_[k]->strata()) {
        strata_.push_back({begin + stratum.begin, begin + stratum.end, stratum.weight * weights[k]});
      }
      begins_.push_back(begin + sets_[k]->size());
    }
  }
  std::size_t size() const override { return begins_.back(); }
  const Skeleton& skeleton() const override { return sets_.front()->skeleton(); }
  std::vector<Stratum> strata() const override { return strata_; }
  Person get(std::size_t i) const override {
    const auto after = std::upper_bound(begins_.begin(), begins_.end(), i);
    const auto k = static_cast<std::size_t>(after - begins_.begin()) - 1;
    return sets_.at(k)->get(i - begins_[k]);
  }

 private:
  std::vector<DataSetPtr> sets_;
  std::vector<std::size_t> begins_{0};
  std::vector<Stratum> strata_;
};

class Subset : public DataSet {
 public:
  Subset(DataSetPtr set, std::vector<std::size_t> indices) : set_(std::move(set)), indices_(std::move(indices)) {}
  std::size_t size() const override { return indices_.size(); }
  const Skeleton& skeleton() const override { return set_->skeleton(); }
  Person get(std::size_t i) const override { return set_->get(indices_.at(i)); }

 private:
  DataSetPtr set_;
  std::vector<std::size_t> indices_;
};

}  // namespace

Result<DataSetPtr> with_skeleton(DataSetPtr set, const Skeleton& skeleton) {
  if (set->skeleton() == skeleton) return set;
  std::vector<int> source;
  for (const Joint& joint : skeleton.joints) source.push_back(set->skeleton().index_of(joint.name).value_or(-1));
  if (std::all_of(source.begin(), source.end(), [](int s) { return s < 0; })) {
    std::string theirs;
    for (std::size_t j = 0; j < set->skeleton().joints.size() && j < 3; ++j) {
      theirs += set->skeleton().joints[j].name + ", ";
    }
    return invalid_argument("none of the data's joints (" + theirs + "...) is one of the skeleton " + skeleton.name +
                            ": joints are matched by name");
  }
  return DataSetPtr(std::make_shared<RemappedDataSet>(std::move(set), skeleton, std::move(source)));
}

Result<DataSetPtr> mixed(const std::vector<DataSetPtr>& sets, const std::vector<double>& weights,
                         const Skeleton& skeleton) {
  if (sets.empty() || sets.size() != weights.size())
    return invalid_argument("as many weights as data sets, one at least");
  std::vector<DataSetPtr> parts;
  for (std::size_t k = 0; k < sets.size(); ++k) {
    if (!(weights[k] > 0 && weights[k] <= 1000)) return invalid_argument("the weight of a data set must be 0 to 1000");
    POISE_TRY(DataSetPtr part, with_skeleton(sets[k], skeleton));
    parts.push_back(std::move(part));
  }
  return DataSetPtr(std::make_shared<MixedDataSet>(std::move(parts), weights));
}

Result<DataSetPtr> subset(DataSetPtr set, std::vector<std::size_t> indices) {
  for (const std::size_t i : indices) {
    if (i >= set->size()) {
      return invalid_argument("person " + std::to_string(i) + " of a set of " + std::to_string(set->size()));
    }
  }
  return DataSetPtr(std::make_shared<Subset>(std::move(set), std::move(indices)));
}

}  // namespace poise
