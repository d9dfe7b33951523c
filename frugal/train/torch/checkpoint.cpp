#include "frugal/train/torch/checkpoint.h"

#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <span>
#include <utility>

#include "frugal/base/crc32c.h"
#include "frugal/base/error.h"
#include "frugal/base/str.h"
#include "frugal/format/gguf.h"

namespace frugal::train {

namespace {

constexpr std::string_view kPrefix = "checkpoint-";
constexpr std::size_t kKept = 2;

/// A tensor of the run and its name in the file.
struct Entry {
  std::string name;
  Tensor value;
};

std::vector<Entry> entries_of(const Network& network, Optimizer& optimizer) {
  std::vector<Entry> entries;
  for (const Parameter& parameter : network.parameters()) {
    entries.push_back({parameter.name, parameter.value});
  }
  for (const Parameter& own : network.memory()) entries.push_back({own.name, own.value});
  for (const Slot& slot : optimizer.slots()) {
    const auto names = optimizer.state_names(slot);
    for (std::size_t i = 0; i < names.size(); ++i) {
      entries.push_back({str("state.{}.{}", names[i], slot.name), slot.state[i]});
    }
  }
  return entries;
}

std::span<const std::byte> bytes_of(const Tensor& tensor) {
  return {reinterpret_cast<const std::byte*>(tensor.data_ptr<float>()),
          static_cast<std::size_t>(tensor.numel()) * sizeof(float)};
}

format::Metadata metadata_of(const RunState& state, std::uint64_t optimizer_steps,
                             std::uint32_t checksum) {
  format::Metadata out;
  out.set("general.architecture", std::string("frugal-checkpoint"));
  out.set("train.step", state.step);
  out.set("train.optimizer_steps", optimizer_steps);
  out.set("train.tokens", state.tokens);
  out.set("train.seconds", state.seconds);
  out.set("train.loss", state.loss);
  out.set("train.validation", state.validation);
  out.set("train.epoch", state.data.epoch);
  out.set("train.row", state.data.row);
  out.set("train.schedule.factor", state.schedule.factor);
  out.set("train.schedule.best", state.schedule.best);
  out.set("train.schedule.waited", state.schedule.waited);
  out.set("train.recipe", state.recipe);
  out.set("train.checksum", checksum);
  return out;
}

template <class T>
T need(const std::optional<T>& value, const format::TensorFile& file, std::string_view key) {
  if (!value) throw Error(ErrorKind::kCorrupt, str("{}: key '{}' is missing", file.path(), key));
  return *value;
}

std::uint64_t count_at(const format::TensorFile& file, std::string_view key) {
  return need(file.metadata().get_uint(key), file, key);
}

double number_at(const format::TensorFile& file, std::string_view key) {
  return need(file.metadata().get_float(key), file, key);
}

RunState state_of(const format::TensorFile& file) {
  RunState state;
  state.step = count_at(file, "train.step");
  state.tokens = count_at(file, "train.tokens");
  state.seconds = number_at(file, "train.seconds");
  state.loss = number_at(file, "train.loss");
  state.validation = number_at(file, "train.validation");
  state.data.epoch = count_at(file, "train.epoch");
  state.data.row = count_at(file, "train.row");
  state.schedule.factor = number_at(file, "train.schedule.factor");
  state.schedule.best = number_at(file, "train.schedule.best");
  state.schedule.waited = static_cast<std::uint32_t>(count_at(file, "train.schedule.waited"));
  state.recipe = need(file.metadata().get_string("train.recipe"), file, "train.recipe");
  return state;
}

void check_whole(const format::TensorFile& file) {
  std::uint32_t checksum = 0;
  for (const format::TensorInfo& tensor : file.tensors()) {
    checksum = crc32c(file.data(tensor), checksum);
  }
  const std::uint64_t stored = count_at(file, "train.checksum");
  if (stored != checksum) {
    throw Error(ErrorKind::kCorrupt,
                str("{}: checksum {:08x}, expected {:08x}: the file is damaged", file.path(),
                    checksum, stored));
  }
}

void copy_in(const format::TensorFile& file, const Entry& entry) {
  const format::TensorInfo* info = file.find(entry.name);
  const auto sizes = entry.value.sizes();
  const std::vector<std::uint64_t> dims(sizes.rbegin(), sizes.rend());
  if (info == nullptr || info->type != DType::kF32 || info->dims != dims) {
    throw Error(ErrorKind::kInvalidArgument,
                str("{}: tensor '{}' is not as this recipe's model has it, expected a checkpoint "
                    "of the same run (--fresh begins anew)",
                    file.path(), entry.name));
  }
  const at::NoGradGuard no_gradient;
  const Tensor stored = at::empty(sizes, at::kFloat);
  std::memcpy(stored.data_ptr<float>(), info->data, info->bytes);
  entry.value.copy_(stored);
}

std::uint64_t step_of(const std::filesystem::path& path) {
  const std::string stem = path.stem().string();
  const auto step = parse_int(std::string_view(stem).substr(kPrefix.size()));
  return step && *step >= 0 ? static_cast<std::uint64_t>(*step) : 0;
}

}  // namespace

std::vector<std::filesystem::path> Checkpoints::newest_first() const {
  std::vector<std::filesystem::path> found;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(folder_, ignored)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(kPrefix) && name.ends_with(".gguf")) found.push_back(entry.path());
  }
  std::sort(found.begin(), found.end(),
            [](const auto& a, const auto& b) { return step_of(a) > step_of(b); });
  return found;
}

void Checkpoints::save(const Network& network, Optimizer& optimizer, const RunState& state,
                       const std::vector<Parameter>& further) const {
  std::vector<Entry> entries = entries_of(network, optimizer);
  for (const Parameter& one : further) entries.push_back({one.name, one.value});
  std::uint32_t checksum = 0;
  for (Entry& entry : entries) {
    entry.value = entry.value.detach().to(at::kCPU, at::kFloat).contiguous();
    checksum = crc32c(bytes_of(entry.value), checksum);
  }
  std::vector<format::TensorSource> sources;
  for (const Entry& entry : entries) {
    const auto sizes = entry.value.sizes();
    format::TensorSource source;
    source.name = entry.name;
    source.dims.assign(sizes.rbegin(), sizes.rend());
    source.produce = [&entry](const format::TensorSource::Sink& sink) {
      sink(bytes_of(entry.value));
    };
    sources.push_back(std::move(source));
  }
  const std::filesystem::path path = folder_ / str("{}{}.gguf", kPrefix, state.step);
  format::write_gguf(path, metadata_of(state, optimizer.steps(), checksum), sources);
  const auto all = newest_first();
  std::error_code ignored;
  for (std::size_t i = kKept; i < all.size(); ++i) std::filesystem::remove(all[i], ignored);
}

bool Checkpoints::load(Network& network, Optimizer& optimizer, RunState& state,
                       std::vector<std::string>& notes,
                       const std::vector<Parameter>& further) const {
  const auto all = newest_first();
  for (const std::filesystem::path& path : all) {
    try {
      const auto file = format::TensorFile::open(path);
      check_whole(*file);
      const RunState found = state_of(*file);
      if (found.recipe != state.recipe) {
        throw Error(ErrorKind::kInvalidArgument,
                    str("{}: is of another recipe than this, expected the same model, data and "
                        "optimizer (--fresh begins anew)",
                        path.string()));
      }
      for (const Entry& entry : entries_of(network, optimizer)) copy_in(*file, entry);
      for (const Parameter& one : further) {
        if (file->find(one.name) != nullptr) copy_in(*file, {one.name, one.value});
      }
      optimizer.resume(count_at(*file, "train.optimizer_steps"));
      state = found;
      return true;
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kCorrupt) throw;
      notes.emplace_back(error.what());
    }
  }
  if (all.empty()) return false;
  throw Error(ErrorKind::kCorrupt,
              str("{}; no checkpoint before it is whole (--fresh begins anew)", notes.back()));
}

void Checkpoints::remove_all() const {
  std::error_code ignored;
  for (const std::filesystem::path& path : newest_first()) std::filesystem::remove(path, ignored);
}

}  // namespace frugal::train
