#include "frugal/train/plugin.h"

#include <c10/util/Exception.h>
#include <torch/version.h>

#include <new>
#include <string>

#include "frugal/base/error.h"
#include "frugal/base/str.h"
#include "frugal/train/torch/trainer.h"

// LibTorch takes most of a second and 150 MiB to load, which no other verb should pay: so it lives
// in a library of its own, opened when something is to be trained.

namespace frugal::train {

namespace {

// The first line of LibTorch's message; the rest is a stack of its own functions.
std::string first_line(const char* text) {
  const std::string all = text;
  return all.substr(0, all.find('\n'));
}

TrainOutcome train_with_torch(const Recipe& recipe, const TrainOptions& options) {
  try {
    return Trainer(recipe, options).run();
  } catch (const c10::Error& error) {
    throw Error(ErrorKind::kUnsupported,
                str("{}: LibTorch: {}", recipe.name, first_line(error.what_without_backtrace())));
  } catch (const std::bad_alloc&) {
    throw Error(
        ErrorKind::kIo,
        str("{}: out of memory, expected room for {} x {} tokens at once (fewer data.rows?)",
            recipe.name, recipe.data.rows, recipe.data.length));
  }
}

const char* version_of_torch() {
  return TORCH_VERSION;
}

}  // namespace

}  // namespace frugal::train

extern "C" __attribute__((visibility("default"))) const frugal::train::TorchPlugin*
frugal_torch_plugin() {
  static const frugal::train::TorchPlugin plugin{.version = frugal::train::kPluginVersion,
                                                 .train = frugal::train::train_with_torch,
                                                 .torch_version = frugal::train::version_of_torch};
  return &plugin;
}
