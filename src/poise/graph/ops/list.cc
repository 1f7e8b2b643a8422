#include <array>

#include "poise/graph/ops/rules.h"

namespace poise {

std::span<const Operator> operators() {
  static const std::array kOperators = {
      kAbs,
      kAdd,
      kAnd,
      kArgMax,
      kArgMin,
      kAveragePool,
      kBatchNormalization,
      kCast,
      kCeil,
      kClip,
      kConcat,
      kConstant,
      kConstantOfShape,
      kConv,
      kConvTranspose,
      kDepthToSpace,
      kDequantizeLinear,
      kDiv,
      kDropout,
      kElu,
      kEqual,
      kErf,
      kExp,
      kExpand,
      kFlatten,
      kFloor,
      kGather,
      kGemm,
      kGlobalAveragePool,
      kGlobalMaxPool,
      kGreater,
      kGreaterOrEqual,
      kHardSigmoid,
      kHardSwish,
      kIdentity,
      kInstanceNormalization,
      kLayerNormalization,
      kLeakyRelu,
      kLess,
      kLessOrEqual,
      kLog,
      kLogSoftmax,
      kLrn,
      kMatMul,
      kMax,
      kMaxPool,
      kMin,
      kMul,
      kNeg,
      kNot,
      kOr,
      kPad,
      kPow,
      kPRelu,
      kQuantizeLinear,
      kRange,
      kReciprocal,
      kReduceMax,
      kReduceMean,
      kReduceMin,
      kReduceSum,
      kRelu,
      kReshape,
      kResize,
      kRound,
      kSelu,
      kShape,
      kSigmoid,
      kSlice,
      kSoftmax,
      kSoftplus,
      kSpaceToDepth,
      kSplit,
      kSqrt,
      kSqueeze,
      kSub,
      kTanh,
      kTile,
      kTranspose,
      kUnsqueeze,
      kWhere,
  };
  return kOperators;
}

const Operator* find_operator(std::string_view name) {
  for (const Operator& op : operators()) {
    if (op.name == name) return &op;
  }
  return nullptr;
}

}  // namespace poise
