// Every backend against the reference, operator by operator. `conformance_operators_test --perf` prints their speed.

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <set>

#include "operator_cases.h"
#include "poise/base/random.h"
#include "poise/engine/session.h"
#include "poise/graph/ops/operator.h"

namespace poise {
namespace {

using conformance::OperatorCase;

std::vector<Tensor> inputs_of(const OperatorCase& one) {
  std::vector<Tensor> inputs;
  for (std::size_t i = 0; i < one.shapes.size(); ++i) {
    Random random(900 + i);
    Tensor tensor(one.shapes[i]);
    for (float& value : tensor.floats()) {
      value = static_cast<float>(random.uniform(one.range[i].first, one.range[i].second));
    }
    inputs.push_back(std::move(tensor));
  }
  return inputs;
}

std::vector<TensorView> views_of(const std::vector<Tensor>& tensors) {
  return std::vector<TensorView>(tensors.begin(), tensors.end());
}

std::vector<Tensor> run(const OperatorCase& one, const std::string& backend, const std::vector<Tensor>& inputs,
                        Precision precision = Precision::kFloat32) {
  Session session = Session::create(Graph(one.graph), {backend, 2, precision}).value();
  std::vector<Tensor> outputs;
  session.run(views_of(inputs), outputs).value();
  return outputs;
}

double as_number(const Tensor& tensor, std::int64_t i) {
  switch (tensor.type()) {
    case DType::kFloat32:
      return tensor.as<float>()[i];
    case DType::kInt64:
      return static_cast<double>(tensor.as<std::int64_t>()[i]);
    case DType::kInt32:
      return tensor.as<std::int32_t>()[i];
    case DType::kUint8:
      return tensor.as<std::uint8_t>()[i];
    case DType::kInt8:
      return tensor.as<std::int8_t>()[i];
    case DType::kBool:
      return tensor.as<bool>()[i] ? 1 : 0;
    case DType::kFloat64:
      return tensor.as<double>()[i];
  }
  return 0;
}

void expect_equal(const Tensor& have, const Tensor& want, float tolerance) {
  ASSERT_EQ(have.shape(), want.shape());
  ASSERT_EQ(have.type(), want.type());
  double most = 0;
  double worst = 0;
  for (std::int64_t i = 0; i < want.count(); ++i) {
    ASSERT_TRUE(std::isfinite(as_number(have, i))) << i;
    most = std::max(most, std::abs(as_number(want, i)));
    worst = std::max(worst, std::abs(as_number(want, i) - as_number(have, i)));
  }
  EXPECT_LE(worst, tolerance * most);
}

class OperatorTest : public testing::TestWithParam<std::size_t> {};

const std::vector<OperatorCase>& cases() {
  static const std::vector<OperatorCase> list = conformance::operator_cases();
  return list;
}

TEST_P(OperatorTest, BackendsAgreeWithTheReference) {
  const OperatorCase& one = cases()[GetParam()];
  SCOPED_TRACE(one.op + ": " + one.what);
  const std::vector<Tensor> inputs = inputs_of(one);
  const std::vector<Tensor> want = run(one, "reference", inputs);
  for (const std::string& backend : backend_names()) {
    if (backend == "reference") continue;
    const std::vector<Tensor> have = run(one, backend, inputs);
    ASSERT_EQ(have.size(), want.size());
    for (std::size_t i = 0; i < want.size(); ++i) expect_equal(have[i], want[i], one.tolerance);
  }
}

/// Each operator among bfloat16 convolutions: the rounding of their inputs (2^-9) and of their results, no more.
TEST_P(OperatorTest, Bfloat16IsNearTheReference) {
  const auto native = native_precisions();
  if (std::find(native.begin(), native.end(), Precision::kBfloat16) == native.end()) {
    GTEST_SKIP() << "this processor does not compute in bf16";
  }
  const OperatorCase& one = cases()[GetParam()];
  SCOPED_TRACE(one.op + ": " + one.what);
  const std::vector<Tensor> inputs = inputs_of(one);
  const std::vector<Tensor> want = run(one, "reference", inputs);
  const std::vector<Tensor> have = run(one, "onednn", inputs, Precision::kBfloat16);
  ASSERT_EQ(have.size(), want.size());
  for (std::size_t i = 0; i < want.size(); ++i) expect_equal(have[i], want[i], std::max(one.tolerance, 0.01F));
}

std::string name_of_case(const testing::TestParamInfo<std::size_t>& info) {
  std::string name = cases()[info.param].op + "_" + cases()[info.param].what;
  for (char& c : name) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
  }
  return name;
}

INSTANTIATE_TEST_SUITE_P(Conformance, OperatorTest, testing::Range(std::size_t{0}, cases().size()), name_of_case);

TEST(Operators, EachHasACase) {
  std::set<std::string> covered;
  for (const OperatorCase& one : cases()) covered.insert(one.op);
  for (const Operator& op : operators()) EXPECT_TRUE(covered.contains(std::string(op.name))) << op.name;
}

/// Median milliseconds of each case on each backend, one thread: what to look at when an operator is slow.
int print_speed() {
  std::printf("%-24s %-30s", "operator", "case");
  for (const std::string& backend : backend_names()) std::printf(" %12s", backend.c_str());
  std::printf("   ms, median of 21, 1 thread\n");
  for (const OperatorCase& one : cases()) {
    const std::vector<Tensor> inputs = inputs_of(one);
    std::printf("%-24s %-30s", one.op.c_str(), one.what.c_str());
    for (const std::string& backend : backend_names()) {
      Session session = Session::create(Graph(one.graph), {backend, 1}).value();
      std::vector<Tensor> outputs;
      std::vector<double> times;
      for (int i = 0; i < 21; ++i) {
        const auto begin = std::chrono::steady_clock::now();
        session.run(views_of(inputs), outputs).value();
        const auto taken = std::chrono::steady_clock::now() - begin;
        times.push_back(std::chrono::duration<double, std::milli>(taken).count());
      }
      std::nth_element(times.begin(), times.begin() + 10, times.end());
      std::printf(" %12.4f", times[10]);
    }
    std::printf("\n");
  }
  return 0;
}

}  // namespace
}  // namespace poise

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  if (argc > 1 && std::string(argv[1]) == "--perf") return poise::print_speed();
  return RUN_ALL_TESTS();
}
