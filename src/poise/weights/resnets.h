#pragma once
// The ResNets of the literature: He et al., CVPR 2016, table 1. A checkpoint's names tell which it is, a depth names
// it. Constant data: thread-safe.

#include <array>

namespace poise {

struct ResNet {
  int depth;
  bool bottleneck;  // 1x1, 3x3, 1x1 to four times the planes; otherwise two 3x3
  std::array<int, 4> blocks;
};
inline constexpr std::array<ResNet, 5> kResNets{{{18, false, {2, 2, 2, 2}},
                                                 {34, false, {3, 4, 6, 3}},
                                                 {50, true, {3, 4, 6, 3}},
                                                 {101, true, {3, 4, 23, 3}},
                                                 {152, true, {3, 8, 36, 3}}}};

}  // namespace poise
