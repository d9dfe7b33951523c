#include "frugal/train/train.h"

#include "frugal/base/error.h"
#include "frugal/base/str.h"
#include "frugal/train/plugin.h"

namespace frugal::train {

TrainOutcome train(const Recipe& recipe, const TrainOptions& options) {
  const auto& library = torch_plugin();
  if (library.plugin == nullptr) {
    throw Error(ErrorKind::kUnsupported,
                str("training needs LibTorch: {}; install it (Debian: libtorch-dev, or a LibTorch "
                    "of your own by CMAKE_PREFIX_PATH) and build again",
                    library.why));
  }
  return library.plugin->train(recipe, options);
}

std::string torch_version() {
  const auto& library = torch_plugin();
  return library.plugin == nullptr ? "" : library.plugin->torch_version();
}

}  // namespace frugal::train
