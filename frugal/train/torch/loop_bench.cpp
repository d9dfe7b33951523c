// Our training loop against the least that LibTorch needs: the same network, batches and AdamW,
// without recipe, checkpoints, events or progress.  Both in turn; the ratio of the medians is what
// counts.

#include <torch/optim/adamw.h>

#include <cstdio>
#include <fstream>
#include <vector>

#include "frugal/base/clock.h"
#include "frugal/base/statistics.h"
#include "frugal/base/str.h"
#include "frugal/base/thread_pool.h"
#include "frugal/model/huggingface.h"
#include "frugal/train/packer.h"
#include "frugal/train/torch/trainer.h"
#include "tests/support/temp_folder.h"
#include "tests/support/tiny_model.h"

namespace {

using namespace frugal;

constexpr std::size_t kSteps = 8;
constexpr std::size_t kRounds = 5;

std::filesystem::path write_recipe(const test::TempFolder& folder) {
  const auto vocabulary = test::write_tiny_model(folder / "vocabulary.gguf", {});
  std::ofstream(folder / "data.txt") << test::tiny_text(60'000);
  std::ofstream(folder / "recipe.toml") << str(R"(name = "bench"
output = "{0}/out"
steps = {1}
validate_every = 0
[model]
layers = 6
width = 256
heads = 4
kv_heads = 2
feed_forward = 768
context = 512
vocabulary = "{2}"
[data]
kind = "text"
train = ["{0}/data.txt"]
length = 512
rows = 8
[optimizer]
rule = "adamw"
[schedule]
decay = "constant"
)",
                                               folder.path().string(), kSteps, vocabulary.string());
  return folder / "recipe.toml";
}

// Tokens per second.
double ours(const train::Recipe& recipe) {
  const train::TrainOutcome outcome =
      train::Trainer(recipe, {.threads = usable_cpus(), .fresh = true}).run();
  return static_cast<double>(outcome.tokens) / outcome.time.value();
}

double bare(const train::Recipe& recipe) {
  train::Network network(model::open_tensors(recipe.output / "bench.gguf"), at::kCPU);
  std::vector<at::Tensor> parameters;
  for (const train::Parameter& parameter : network.parameters()) {
    if (parameter.value.requires_grad()) parameters.push_back(parameter.value);
  }
  torch::optim::AdamW optimizer(parameters, torch::optim::AdamWOptions(recipe.optimizer.rate));
  train::Packer packer(train::TokenStore::open(recipe.output / "train.tokens"),
                       {.length = 512, .rows = 8, .seed = recipe.seed});
  std::uint64_t tokens = 0;
  const Seconds start = monotonic_now();
  for (std::size_t step = 0; step < kSteps; ++step) {
    const train::Batch batch = packer.next();
    tokens += batch.token_count;
    const train::Inputs inputs = train::inputs_of(batch, at::kCPU);
    const at::Tensor places = inputs.targets.ne(train::kNoTarget).nonzero().view(-1);
    const at::Tensor logits = network.logits(network.hidden(inputs).index_select(0, places));
    const at::Tensor loss = at::cross_entropy_loss(logits, inputs.targets.index_select(0, places));
    optimizer.zero_grad();
    loss.backward();
    optimizer.step();
  }
  return static_cast<double>(tokens) / (monotonic_now() - start).value();
}

}  // namespace

int main() {
  const test::TempFolder folder;
  const train::Recipe recipe = train::read_recipe(write_recipe(folder), {});
  std::vector<double> rates[2];
  for (std::size_t round = 0; round < kRounds; ++round) {
    rates[0].push_back(ours(recipe));
    rates[1].push_back(bare(recipe));
  }
  const double mine = quantile(rates[0], 0.5);
  const double least = quantile(rates[1], 0.5);
  std::printf("frugal train  %8.0f token/s\nbare LibTorch %8.0f token/s\nratio         %8.3f\n",
              mine, least, mine / least);
  return 0;
}
