// The order of work: all inputs that matter are split into passes by memory; a pass runs the text
// through the model once, then each of its inputs becomes an ErrorFeedback and its matrices are
// rounded and kept in the RoundedStore. When none is left, `quantize` writes the output and takes
// them from there. A job that was stopped plans again with the inputs that still have unfinished
// matrices; since every sum depends on the text alone, other passes give the same bytes.

#include "frugal/compress/gptq_job.h"

#include <algorithm>
#include <set>
#include <utility>

#include "frugal/base/crc32c.h"
#include "frugal/base/str.h"
#include "frugal/compress/storable.h"
#include "frugal/kernels/block_grid.h"
#include "frugal/model/tensor_names.h"
#include "frugal/tensor/codec.h"

namespace frugal::compress {

namespace {

using format::TensorInfo;

std::uint32_t sum_text(std::string_view text, std::uint32_t before) {
  return crc32c(std::as_bytes(std::span(text.data(), text.size())), before);
}

// All that the numbers of a model depend on.
std::uint32_t sum_model(const format::TensorFile& file) {
  std::uint32_t sum = 0;
  for (const format::MetaEntry& entry : file.metadata().entries()) {
    sum = sum_text(str("{}={}\n", entry.key, format::to_text(entry.value)), sum);
  }
  for (const TensorInfo& tensor : file.tensors()) {
    sum = sum_text(str("{} {} {}\n", tensor.name, name(tensor.type), tensor.rows()), sum);
    sum = crc32c(file.data(tensor), sum);
  }
  return sum;
}

// Tensors that are to be stored in a type with a grid, by index.
std::vector<std::pair<std::size_t, DType>> in_grids(const format::TensorFile& file,
                                                    const TypePlan& plan) {
  std::vector<std::pair<std::size_t, DType>> found;
  for (std::size_t i = 0; i < plan.types.size(); ++i) {
    const TensorInfo& tensor = file.tensors()[i];
    const DType to = plan.types[i];
    if (!model::is_rounded(tensor) || !kernels::has_grid(to) || tensor.type == to) continue;
    if (can_decode(tensor.type)) found.emplace_back(i, to);
  }
  return found;
}

bool is_output(const Input& input, const model::Model& model) {
  return input.tensors.front() == model.output.weight.name;
}

}  // namespace

GptqJob::GptqJob(const model::Model& model, std::span<const text::TokenId> text,
                 std::filesystem::path output, GptqOptions options)
    : model_(model),
      text_(text),
      output_(std::move(output)),
      options_(std::move(options)),
      kernels_(options_.rounding.kernels ? *options_.rounding.kernels
                                         : kernels::choose_kernels("")),
      targets_(targets_of(model, options_)),
      store_(output_.string() + ".rounded", key()) {
  options_.rounding.ready =
      [this](const TensorInfo& tensor) -> std::optional<std::vector<std::byte>> {
    if (store_.find(tensor.name) == nullptr) return std::nullopt;
    return store_.read(tensor.name);
  };
  plan();
}

std::vector<GptqJob::Target> GptqJob::targets_of(const model::Model& model, GptqOptions& options) {
  // Types are chosen as for weighted rounding: there will be weights for columns.
  options.rounding.ready = [](const TensorInfo&) { return std::nullopt; };
  std::vector<Target> targets;
  const TypePlan types = types_of(*model.file, options.rounding);
  for (const auto& [index, type] : in_grids(*model.file, types)) {
    targets.push_back({&model.file->tensors()[index], type});
  }
  return targets;
}

std::string GptqJob::key() const {
  refuse_same_file(*model_.file, output_);
  std::uint32_t types = 0;
  for (const Target& each : targets_) {
    types = sum_text(str("{} {}\n", each.tensor->name, name(each.type)), types);
  }
  return str("gptq {} {} model {:08x} types {:08x} text {:08x} of {} context {} max {}",
             options_.version, kernels::isa_name(kernels_.isa), sum_model(*model_.file), types,
             crc32c(std::as_bytes(text_)), text_.size(), options_.context, options_.max_tokens);
}

const GptqJob::Target* GptqJob::target(const std::string& tensor) const {
  const auto found = std::find_if(targets_.begin(), targets_.end(),
                                  [&](const Target& each) { return each.tensor->name == tensor; });
  return found == targets_.end() ? nullptr : &*found;
}

void GptqJob::plan() {
  std::uint64_t largest = 0;
  std::uint64_t for_one = 0;
  for (Input& input : inputs_of(model_, true)) {
    bool unfinished = false;
    for (const std::string& tensor : input.tensors) {
      const Target* to = target(tensor);
      if (to == nullptr) continue;
      ++forecast_.matrices;
      forecast_.most_cols = std::max(forecast_.most_cols, input.cols);
      if (store_.find(tensor) != nullptr) {
        ++forecast_.finished;
        continue;
      }
      unfinished = true;
      bytes_all_ += to->tensor->bytes;
      const auto row = row_bytes(to->type, input.cols).value();
      largest = std::max<std::uint64_t>(largest, 2 * to->tensor->rows() * row);
    }
    if (!unfinished) continue;
    for_one = std::max(for_one, ErrorFeedback::bytes_of(input.cols));
    inputs_.push_back(std::move(input));
  }
  const std::uint64_t other = for_one + largest;
  passes_ = passes_within(inputs_, options_.sums_bytes - std::min(options_.sums_bytes, other));
  std::uint64_t sums = 0;
  for (const auto& pass : passes_) {
    std::uint64_t bytes = 0;
    for (const Input& input : pass) bytes += SquareMatrix::bytes_of(input.cols);
    sums = std::max(sums, bytes);
  }
  forecast_.passes = passes_.size();
  forecast_.tokens =
      windows_read(model_, text_, {.context = options_.context, .max_tokens = options_.max_tokens})
          .tokens();
  forecast_.bytes = sums + other;
}

void GptqJob::report(std::string_view stage, std::uint64_t done, std::uint64_t total) const {
  report_progress(options_.rounding.progress, {.stage = stage, .done = done, .total = total});
}

void GptqJob::round_tensor(const Target& to, const ErrorFeedback& feedback, ThreadPool& pool) {
  const TensorInfo& tensor = *to.tensor;
  const std::span<const std::byte> source = model_.file->data(tensor);
  const std::size_t from_bytes = row_bytes(tensor.type, tensor.cols()).value();
  const Rows rows{.type = to.type,
                  .count = tensor.rows(),
                  .read =
                      [&](std::size_t row, std::span<float> out) {
                        decode_row(tensor.type, source.data() + (row * from_bytes), out);
                        check_storable(out, to.type, {model_.file->path(), tensor.name, row});
                      },
                  .done =
                      [&](std::size_t done) {
                        report("round", bytes_done_ + (done * from_bytes), bytes_all_);
                      }};
  const RoundedMatrix rounded = round_matrix(kernels_, pool, rows, feedback);
  store_.add({.tensor = tensor.name,
              .type = to.type,
              .fed_back = rounded.fed_back,
              .loss_search = rounded.loss_search,
              .loss_gptq = rounded.loss_gptq,
              .damping = feedback.damping,
              .dead = feedback.dead},
             rounded.stored);
}

void GptqJob::round_pass(std::size_t pass, ThreadPool& pool) {
  const std::span<const Input> wanted = passes_[pass];
  const bool output = std::any_of(wanted.begin(), wanted.end(),
                                  [&](const Input& input) { return is_output(input, model_); });
  std::vector<SecondMoments> all = second_moments(
      model_, text_, wanted,
      {.context = options_.context,
       .max_tokens = options_.max_tokens,
       .output = output,
       .threads = options_.rounding.threads,
       .kernels = &kernels_,
       .progress = [&](const ProgressUpdate& update) {
         report(update.stage, (pass * update.total) + update.done, passes_.size() * update.total);
       }});
  for (SecondMoments& moments : all) {
    const auto feedback = make_feedback(moments, pool);
    moments.sum = {};  // its memory is wanted for the results
    for (const std::string& tensor : moments.input.tensors) {
      const Target* to = target(tensor);
      if (to == nullptr || store_.find(tensor) != nullptr) continue;
      if (feedback) {
        round_tensor(*to, *feedback, pool);
      } else {
        blind_.push_back({tensor, "has no usable input"});
      }
      bytes_done_ += to->tensor->bytes;
      report("round", bytes_done_, bytes_all_);
    }
  }
}

GptqResult GptqJob::run() {
  {
    ThreadPool pool(options_.rounding.threads);
    for (std::size_t pass = 0; pass < passes_.size(); ++pass) round_pass(pass, pool);
  }
  GptqResult result{.file = quantize(*model_.file, output_, options_.rounding)};
  result.matrices = store_.records();
  result.forecast = forecast_;
  result.without = blind_;
  std::set<std::string_view> known;
  for (const Unweighted& each : blind_) known.insert(each.tensor);
  for (const Target& each : targets_) {
    const std::string& tensor = each.tensor->name;
    if (store_.find(tensor) != nullptr || known.contains(tensor)) continue;
    result.without.push_back({tensor, "is no factor of a product"});
  }
  store_.remove();
  return result;
}

}  // namespace frugal::compress
