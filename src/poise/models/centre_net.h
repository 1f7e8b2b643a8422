#pragma once
// CentreNet: objects as points. ResNet and stride-2 deconvolutions, named as PoseResNet's, whose weights can start it;
// the trunk's own maps are added to theirs through 1x1 convolutions, because an object may be smaller than the trunk's
// stride of 32. Sources: Zhou, Wang and Kraehenbuehl, "Objects as Points", 2019, section 4 and appendix C; lateral
// connections: Lin et al., Feature Pyramid Networks, CVPR 2017, section 3. Pure functions of values: thread-safe.

#include "poise/geometry/point.h"
#include "poise/graph/graph.h"
#include "poise/models/family.h"

namespace poise {

struct CentreNetOptions {
  int depth = 18;         // 18 34 50 101 152
  Size input{320, 320};   // sides are multiples of 32
  int categories = 1;     // of objects
  int deconv_layers = 2;  // 1 to 3: maps of stride 16, 8 or 4
  int deconv_filters = 64;
  int deconv_kernel = 4;  // 4 3 2
  int context = 0;     // residual blocks behind the trunk's last, 0 to 8: they see more of the picture; each starts as
                       // nothing, so that weights of a network without it fit
  int neck = 0;        // residual blocks behind the first deconvolution, at a stride of 16; the same
  float width = 0.5F;  // of the trunk, as PoseResNet's
  std::uint64_t seed = 0;  // of the initial weights
};

/// (N, 3, H, W) -> heatmap (N, categories, h, w) in [0, 1], size (N, 2, h, w) width then height, offset (N, 2, h, w) x
/// then y, both in cells: codec/centre.h reads them. N is free. Errors: kInvalidArgument, naming the option.
Result<Graph> centre_net(const CentreNetOptions& options);

/// Its defaults with parameters by name laid over them. Errors: kInvalidArgument, naming the parameter.
Result<CentreNetOptions> centre_net_options(const Json& parameters);
const NetworkFamily& centre_net_family();

}  // namespace poise
