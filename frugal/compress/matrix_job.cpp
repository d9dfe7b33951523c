// The order of work: all inputs that matter are split into passes by memory; a pass runs the text
// through the model once, then the method learns from each of its inputs and its matrices are
// made and kept in the RoundedStore. When none is left, `quantize` writes the output and takes
// them from there. A job that was stopped plans again with the inputs that still have unfinished
// matrices; since every sum depends on the text alone, other passes give the same bytes.

#include "frugal/compress/matrix_job.h"

#include <algorithm>
#include <set>
#include <utility>

#include "frugal/base/crc32c.h"
#include "frugal/base/str.h"
#include "frugal/compress/storable.h"
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

bool is_output(const Input& input, const model::Model& model) {
  return input.tensors.front() == model.output.weight.name;
}

}  // namespace

MatrixJob::MatrixJob(const model::Model& model, std::span<const text::TokenId> text,
                     MatrixMethod& method, std::filesystem::path output, MatrixJobOptions options)
    : model_(model),
      text_(text),
      method_(method),
      output_(std::move(output)),
      options_(std::move(options)),
      kernels_(options_.rounding.kernels ? *options_.rounding.kernels
                                         : kernels::choose_kernels("")),
      targets_(targets_of(model, method, options_)),
      store_(output_.string() + ".rounded", key()) {
  options_.rounding.ready =
      [this](const TensorInfo& tensor) -> std::optional<std::vector<std::byte>> {
    if (store_.find(tensor.name) == nullptr) return std::nullopt;
    return store_.read(tensor.name);
  };
  plan();
}

std::vector<MatrixJob::Target> MatrixJob::targets_of(const model::Model& model,
                                                     const MatrixMethod& method,
                                                     MatrixJobOptions& options) {
  // Types are chosen as for weighted rounding: there will be weights for columns.
  options.rounding.ready = [](const TensorInfo&) { return std::nullopt; };
  std::vector<Target> targets;
  const TypePlan plan = types_of(*model.file, options.rounding);
  for (std::size_t i = 0; i < plan.types.size(); ++i) {
    const TensorInfo& tensor = model.file->tensors()[i];
    if (!model::is_rounded(tensor) || !can_decode(tensor.type)) continue;
    if (method.takes(tensor, plan.types[i])) targets.push_back({&tensor, plan.types[i]});
  }
  return targets;
}

std::string MatrixJob::key() const {
  refuse_same_file(*model_.file, output_);
  std::uint32_t types = 0;
  for (const Target& each : targets_) {
    types = sum_text(str("{} {}\n", each.tensor->name, name(each.type)), types);
  }
  return str("{} {} {} model {:08x} types {:08x} text {:08x} of {} context {} max {}",
             method_.key(), options_.version, kernels::isa_name(kernels_.isa),
             sum_model(*model_.file), types, crc32c(std::as_bytes(text_)), text_.size(),
             options_.context, options_.max_tokens);
}

const MatrixJob::Target* MatrixJob::target(const std::string& tensor) const {
  const auto found = std::find_if(targets_.begin(), targets_.end(),
                                  [&](const Target& each) { return each.tensor->name == tensor; });
  return found == targets_.end() ? nullptr : &*found;
}

// Of a method that reads no text, every matrix is an input of its own.
std::vector<Input> MatrixJob::inputs() const {
  if (method_.sums() != Sums::kNone) return inputs_of(model_, true);
  std::vector<Input> inputs;
  for (const Target& each : targets_) {
    inputs.push_back({{each.tensor->name}, static_cast<std::size_t>(each.tensor->cols())});
  }
  return inputs;
}

void MatrixJob::plan() {
  std::uint64_t largest = 0;
  std::uint64_t for_one = 0;
  for (Input& input : inputs()) {
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
      largest = std::max(largest, method_.bytes_to_make(*to->tensor, to->type));
    }
    if (!unfinished) continue;
    for_one = std::max(for_one, method_.bytes_to_learn(input.cols));
    inputs_.push_back(std::move(input));
  }
  const std::uint64_t other = for_one + largest;
  const Sums sums = method_.sums();
  passes_ =
      passes_within(inputs_, options_.sums_bytes - std::min(options_.sums_bytes, other), sums);
  std::uint64_t most = 0;
  for (const auto& pass : passes_) {
    std::uint64_t bytes = 0;
    for (const Input& input : pass) bytes += bytes_of_sums(sums, input.cols);
    most = std::max(most, bytes);
  }
  forecast_.bytes = most + other;
  if (sums == Sums::kNone) return;
  forecast_.passes = passes_.size();
  forecast_.tokens =
      windows_read(model_, text_, {.context = options_.context, .max_tokens = options_.max_tokens})
          .tokens();
}

void MatrixJob::report(std::string_view stage, std::uint64_t done, std::uint64_t total) const {
  report_progress(options_.rounding.progress, {.stage = stage, .done = done, .total = total});
}

void MatrixJob::make_tensor(const Target& to, ThreadPool& pool) {
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
                        report(method_.stage(), bytes_done_ + (done * from_bytes), bytes_all_);
                      }};
  MadeMatrix made = method_.make(kernels_, pool, tensor, rows);
  made.record.tensor = tensor.name;
  made.record.type = to.type;
  store_.add(made.record, made.stored);
}

std::vector<SecondMoments> MatrixJob::moments_of(std::size_t pass) const {
  const std::span<const Input> wanted = passes_[pass];
  if (method_.sums() == Sums::kNone) {
    std::vector<SecondMoments> nothing;
    for (const Input& input : wanted) nothing.push_back({.input = input});
    return nothing;
  }
  const bool output = std::any_of(wanted.begin(), wanted.end(),
                                  [&](const Input& input) { return is_output(input, model_); });
  return second_moments(model_, text_, wanted,
                        {.context = options_.context,
                         .max_tokens = options_.max_tokens,
                         .output = output,
                         .threads = options_.rounding.threads,
                         .kernels = &kernels_,
                         .progress =
                             [&](const ProgressUpdate& update) {
                               report(update.stage, (pass * update.total) + update.done,
                                      passes_.size() * update.total);
                             }},
                        method_.sums());
}

void MatrixJob::run_pass(std::size_t pass, ThreadPool& pool) {
  for (SecondMoments& moments : moments_of(pass)) {
    const std::vector<std::string> tensors = moments.input.tensors;
    const bool usable = method_.learn(std::move(moments), pool);
    moments = {};  // its memory is wanted for the results
    for (const std::string& tensor : tensors) {
      const Target* to = target(tensor);
      if (to == nullptr || store_.find(tensor) != nullptr) continue;
      if (usable) {
        make_tensor(*to, pool);
      } else {
        blind_.push_back({tensor, "has no usable input"});
      }
      bytes_done_ += to->tensor->bytes;
      report(method_.stage(), bytes_done_, bytes_all_);
    }
  }
}

JobResult MatrixJob::run() {
  {
    ThreadPool pool(options_.rounding.threads);
    for (std::size_t pass = 0; pass < passes_.size(); ++pass) run_pass(pass, pool);
  }
  JobResult result{.file = quantize(*model_.file, output_, options_.rounding)};
  result.matrices = store_.records();
  result.forecast = forecast_;
  result.without = blind_;
  std::set<std::string_view> known;
  for (const Unweighted& each : blind_) known.insert(each.tensor);
  for (const Target& each : targets_) {
    const std::string& tensor = each.tensor->name;
    const bool made = store_.find(tensor) != nullptr;
    if (made) result.numbers += each.tensor->rows() * each.tensor->cols();
    if (made || known.contains(tensor)) continue;
    result.without.push_back({tensor, "is no factor of a product"});
  }
  store_.remove();
  return result;
}

}  // namespace frugal::compress
