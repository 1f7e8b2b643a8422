// In the place of initial_network.cc where the training program is built alone (POISE_TRAIN_ONLY).
#include "poise/train/initialise.h"

namespace poise {

Result<InitialWeights> read_initial_network(const std::string& given) {
  return unsupported(given + ": there is no such checkpoint, and the training program built alone reads no network " +
                     "files: start from a .ckpt, .safetensors or .pth");
}

}  // namespace poise
