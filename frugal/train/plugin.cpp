#include "frugal/train/plugin.h"

#include <dlfcn.h>

#include <cstdlib>
#include <filesystem>
#include <vector>

#include "frugal/base/str.h"

namespace frugal::train {

namespace {

std::vector<std::filesystem::path> places(const std::string& file) {
  std::error_code ignored;
  const auto folder = std::filesystem::read_symlink("/proc/self/exe", ignored).parent_path();
  return {folder / file, folder.parent_path() / "lib" / "frugal" / file};
}

// RTLD_LOCAL: what one library brings along, no other sees.
template <class Plugin>
OpenedPlugin<Plugin> open(const std::string& file, const char* symbol) {
  const auto none = [](std::string why) { return OpenedPlugin<Plugin>{nullptr, std::move(why)}; };
  for (const std::filesystem::path& path : places(file)) {
    std::error_code ignored;
    if (!std::filesystem::exists(path, ignored)) continue;
    void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) return none(dlerror());
    void* found = dlsym(library, symbol);
    if (found == nullptr) return none(dlerror());
    const Plugin* plugin = reinterpret_cast<const Plugin* (*)()>(found)();
    if (plugin->version == kPluginVersion) return {plugin, {}};
    return none(str("{}: version {}, expected {}", path.string(), plugin->version, kPluginVersion));
  }
  return none(str("{} is not there", places(file).front().string()));
}

}  // namespace

// OpenMP's threads spin for milliseconds between two loops, or, told to be passive, sleep at once:
// a step has thousands of loops, so a spin of about 20 µs was a fifth faster than the one and
// nearly twice as fast as the other.  OpenMP reads this once, when it is loaded.
const OpenedPlugin<TorchPlugin>& torch_plugin() {
  if (std::getenv("OMP_WAIT_POLICY") == nullptr) ::setenv("GOMP_SPINCOUNT", "20000", 0);
  static const auto opened = open<TorchPlugin>("libfrugal_train.so", "frugal_torch_plugin");
  return opened;
}

const OpenedPlugin<SubwordPlugin>& subword_plugin() {
  static const auto opened = open<SubwordPlugin>("libfrugal_subwords.so", "frugal_subword_plugin");
  return opened;
}

}  // namespace frugal::train
