#include "frugal/train/plugin.h"

#include <dlfcn.h>

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

const OpenedPlugin<TorchPlugin>& torch_plugin() {
  static const auto opened = open<TorchPlugin>("libfrugal_train.so", "frugal_torch_plugin");
  return opened;
}

const OpenedPlugin<SubwordPlugin>& subword_plugin() {
  static const auto opened = open<SubwordPlugin>("libfrugal_subwords.so", "frugal_subword_plugin");
  return opened;
}

}  // namespace frugal::train
