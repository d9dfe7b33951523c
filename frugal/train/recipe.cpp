#include "frugal/train/recipe.h"

#include <algorithm>
#include <functional>

#include "frugal/base/error.h"
#include "frugal/base/str.h"
#include "frugal/base/toml.h"

namespace frugal::train {

namespace {

constexpr std::int64_t kMany = 1'000'000'000'000;
constexpr NumberRange kShare{.least = 0.0, .most = 1.0};
constexpr NumberRange kPositive{.least = 1e-12, .most = 1e12};
constexpr NumberRange kNotNegative{.least = 0.0, .most = 1e12};

std::size_t size(Toml& toml, std::string_view key, std::size_t fallback, std::int64_t least,
                 std::int64_t most) {
  return static_cast<std::size_t>(
      toml.integer_or(key, static_cast<std::int64_t>(fallback), {.least = least, .most = most}));
}

std::vector<std::filesystem::path> paths(Toml& toml, std::string_view key) {
  const std::vector<std::string> texts = toml.texts(key);
  return {texts.begin(), texts.end()};
}

Shape read_shape(Toml& toml) {
  constexpr std::int64_t kMax = 1 << 20;
  Shape s;
  s.architecture = toml.choice_or("model.architecture", "llama", {"llama", "bert"});
  const auto needed = [&](std::string_view key) {
    return static_cast<std::size_t>(toml.integer(key, {.least = 1, .most = kMax}));
  };
  s.layers = needed("model.layers");
  s.width = needed("model.width");
  s.heads = needed("model.heads");
  s.kv_heads = size(toml, "model.kv_heads", s.heads, 1, kMax);
  s.feed_forward = needed("model.feed_forward");
  s.context = needed("model.context");
  s.rope_base = toml.number_or("model.rope_base", s.rope_base, kPositive);
  s.norm_epsilon = toml.number_or("model.norm_epsilon", s.norm_epsilon, kPositive);
  s.tied = toml.boolean_or("model.tied", s.tied);
  return s;
}

ModelRecipe read_model(Toml& toml) {
  ModelRecipe m;
  m.from = toml.text_or("model.from", "");
  if (!m.from.empty()) {
    for (const std::int64_t layer : toml.integers("model.keep", {.least = 0, .most = 4096})) {
      m.keep.push_back(static_cast<std::size_t>(layer));
    }
    m.keep_zeros = toml.boolean_or("model.keep_zeros", false);
    return m;
  }
  m.shape = read_shape(toml);
  m.vocabulary = toml.text_or("model.vocabulary", "");
  if (m.vocabulary.empty()) {
    m.vocabulary_size = static_cast<std::size_t>(
        toml.integer("model.vocabulary_size", {.least = 300, .most = 1 << 20}));
    m.vocabulary_texts = paths(toml, "model.vocabulary_texts");
    m.spaces_apart = toml.boolean_or("model.spaces_apart", m.spaces_apart);
    m.digits_apart = toml.boolean_or("model.digits_apart", m.digits_apart);
  }
  return m;
}

DataRecipe read_data(Toml& toml) {
  DataRecipe d;
  const std::string kind =
      toml.choice_or("data.kind", "conversations", {"conversations", "text", "labels"});
  d.kind = kind == "text"     ? DataKind::kText
           : kind == "labels" ? DataKind::kLabels
                              : DataKind::kConversations;
  d.train = paths(toml, "data.train");
  d.validation = paths(toml, "data.validation");
  if (d.kind == DataKind::kLabels) d.labels = toml.texts("data.labels");
  if (d.kind == DataKind::kConversations) {
    d.everyone =
        toml.choice_or("data.targets", "assistant", {"assistant", "everyone"}) == "everyone";
  }
  d.length = size(toml, "data.length", d.length, 8, 1 << 20);
  d.rows = size(toml, "data.rows", d.rows, 1, 1 << 16);
  d.accumulate = size(toml, "data.accumulate", d.accumulate, 1, 1 << 16);
  return d;
}

OptimizerRecipe read_optimizer(Toml& toml) {
  OptimizerRecipe o;
  o.rule = toml.choice_or("optimizer.rule", o.rule, {"sgd", "adam", "adamw", "adagrad", "muon"});
  o.rate = toml.number_or("optimizer.rate", o.rate, kPositive);
  o.momentum = toml.number_or("optimizer.momentum", o.momentum, kShare);
  o.beta1 = toml.number_or("optimizer.beta1", o.beta1, kShare);
  o.beta2 = toml.number_or("optimizer.beta2", o.beta2, kShare);
  o.epsilon = toml.number_or("optimizer.epsilon", o.epsilon, kPositive);
  o.decay = toml.number_or("optimizer.decay", o.decay, kNotNegative);
  o.muon_rate = toml.number_or("optimizer.muon_rate", o.muon_rate, kPositive);
  o.clip = toml.number_or("optimizer.clip", o.clip, kNotNegative);
  return o;
}

ScheduleOptions read_schedule(Toml& toml, std::uint64_t steps) {
  ScheduleOptions s;
  const std::string decay =
      toml.choice_or("schedule.decay", "cosine", {"constant", "linear", "cosine", "plateau"});
  s.decay = decay == "constant" ? Decay::kConstant
            : decay == "linear" ? Decay::kLinear
            : decay == "cosine" ? Decay::kCosine
                                : Decay::kPlateau;
  s.steps = steps;
  s.warmup = static_cast<std::uint64_t>(
      toml.integer_or("schedule.warmup", 0, {.least = 0, .most = kMany}));
  s.hold =
      static_cast<std::uint64_t>(toml.integer_or("schedule.hold", 0, {.least = 0, .most = kMany}));
  s.floor = toml.number_or("schedule.floor", 0.1, kShare);
  s.shrink = toml.number_or("schedule.shrink", s.shrink, {.least = 1e-6, .most = 0.999});
  s.patience = static_cast<std::uint32_t>(
      toml.integer_or("schedule.patience", s.patience, {.least = 0, .most = 1 << 20}));
  s.threshold = toml.number_or("schedule.threshold", s.threshold, {.least = 0.0, .most = 0.999});
  return s;
}

DistillRecipe read_distill(Toml& toml) {
  DistillRecipe d;
  d.teachers = paths(toml, "distill.teachers");
  d.temperature = toml.number_or("distill.temperature", d.temperature, kPositive);
  d.hard = toml.number_or("distill.hard", d.hard, kShare);
  d.hidden = toml.number_or("distill.hidden", d.hidden, kNotNegative);
  return d;
}

ExitsRecipe read_exits(Toml& toml) {
  ExitsRecipe e;
  for (const std::int64_t layer : toml.integers("exits.layers", {.least = 0, .most = 4096})) {
    e.layers.push_back(static_cast<std::size_t>(layer));
  }
  e.weight = toml.number_or("exits.weight", e.weight, kNotNegative);
  return e;
}

L0Recipe read_l0(Toml& toml) {
  L0Recipe g;
  g.target = toml.number_or("l0.target", g.target, kShare);
  g.initial = toml.number_or("l0.initial", g.initial, {.least = 0.02, .most = 0.98});
  g.rate = toml.number_or("l0.rate", g.rate, kPositive);
  g.multiplier_rate = toml.number_or("l0.multiplier_rate", g.multiplier_rate, kPositive);
  g.warmup =
      static_cast<std::uint64_t>(toml.integer_or("l0.warmup", 0, {.least = 0, .most = kMany}));
  g.temperature = toml.number_or("l0.temperature", g.temperature, kPositive);
  g.low = toml.number_or("l0.low", g.low, {.least = -10.0, .most = -1e-6});
  g.high = toml.number_or("l0.high", g.high, {.least = 1.0 + 1e-6, .most = 10.0});
  return g;
}

ParallelRecipe read_parallel(Toml& toml) {
  ParallelRecipe p;
  p.compress =
      toml.choice_or("parallel.compress", p.compress, {"none", "fp16", "int8", "topk", "powersgd"});
  p.top_share = toml.number_or("parallel.top_share", p.top_share, {.least = 1e-6, .most = 1.0});
  p.rank = size(toml, "parallel.rank", p.rank, 1, 1 << 10);
  p.bucket_mb = size(toml, "parallel.bucket_mb", p.bucket_mb, 1, 1 << 12);
  p.every = size(toml, "parallel.every", p.every, 1, 1 << 20);
  p.outer_rate = toml.number_or("parallel.outer_rate", p.outer_rate, kPositive);
  p.outer_momentum = toml.number_or("parallel.outer_momentum", p.outer_momentum, kShare);
  p.shard_optimizer = toml.boolean_or("parallel.shard_optimizer", p.shard_optimizer);
  return p;
}

SearchParameter read_parameter(Toml& toml, const std::string& at) {
  constexpr NumberRange kAny{.least = -1e300, .most = 1e300};
  SearchParameter p;
  p.key = toml.text(at + ".key");
  p.choices = toml.texts(at + ".choices");
  if (!p.choices.empty()) return p;
  p.low = toml.number(at + ".low", kAny);
  p.high = toml.number(at + ".high", kAny);
  p.whole = toml.boolean_or(at + ".whole", false);
  p.logarithmic = toml.boolean_or(at + ".log", false);
  return p;
}

SearchRecipe read_search(Toml& toml) {
  SearchRecipe s;
  s.method = toml.choice_or("search.method", s.method, {"grid", "random", "tpe"});
  s.trials = size(toml, "search.trials", s.trials, 1, 1 << 20);
  s.grid_steps = static_cast<std::uint32_t>(size(toml, "search.grid_steps", s.grid_steps, 1, 1000));
  s.pruner = toml.choice_or("search.pruner", s.pruner, {"none", "median", "halving"});
  s.prune_startup =
      static_cast<std::uint32_t>(size(toml, "search.prune_startup", s.prune_startup, 1, 1 << 20));
  s.prune_joules = toml.number_or("search.prune_joules", s.prune_joules, kNotNegative);
  for (std::size_t i = 0; i < toml.count("search.parameter"); ++i) {
    s.parameters.push_back(read_parameter(toml, str("search.parameter[{}]", i)));
  }
  return s;
}

void apply(Toml& toml, const std::vector<std::string>& changes) {
  for (const std::string& change : changes) {
    const std::size_t equals = change.find('=');
    if (equals == std::string::npos || equals == 0) {
      throw Error(
          ErrorKind::kInvalidArgument,
          str("--set '{}', expected KEY=VALUE, such as optimizer.rate=0.001", printable(change)));
    }
    toml.set(std::string(trim(change.substr(0, equals))),
             std::string(trim(change.substr(equals + 1))));
  }
}

void check(const Recipe& recipe, const Toml& toml) {
  const auto refuse = [&toml](std::string_view what) {
    throw Error(ErrorKind::kInvalidArgument, str("{}: {}", toml.name(), what));
  };
  if (recipe.data.train.empty()) refuse("data.train is empty, expected at least one file");
  const bool labels = recipe.data.kind == DataKind::kLabels;
  if (labels && recipe.data.labels.empty()) {
    refuse("data.labels is empty, expected the keys to learn");
  }
  if (recipe.model.from.empty() && labels != (recipe.model.shape.architecture == "bert")) {
    refuse("model.architecture must be bert where data.kind is labels, and only there");
  }
  const std::vector<std::size_t>& exits = recipe.exits.layers;
  if (std::adjacent_find(exits.begin(), exits.end(), std::greater_equal<>()) != exits.end()) {
    refuse("exits.layers must ascend, each layer once");
  }
  if (labels && !exits.empty()) refuse("exits.layers is for models that write, not for labels");
  if (recipe.parallel.shard_optimizer && recipe.parallel.every > 1) {
    refuse(
        "parallel.shard_optimizer needs ranks that are equal after every step, expected "
        "parallel.every = 1");
  }
}

}  // namespace

Recipe read_recipe(const std::filesystem::path& path, const std::vector<std::string>& changes) {
  Toml toml = Toml::parse(path);
  apply(toml, changes);
  Recipe r;
  r.name = toml.text_or("name", path.stem().string());
  r.output = toml.text_or("output", (std::filesystem::path("out") / r.name).string());
  r.seed = static_cast<std::uint64_t>(toml.integer_or("seed", 1, {.least = 0, .most = kMany}));
  r.steps = static_cast<std::uint64_t>(toml.integer("steps", {.least = 1, .most = kMany}));
  r.validate_every = static_cast<std::uint64_t>(
      toml.integer_or("validate_every", 200, {.least = 0, .most = kMany}));
  r.checkpoint_minutes = toml.number_or("checkpoint_minutes", r.checkpoint_minutes, kNotNegative);
  r.bfloat16 = toml.choice_or("precision", "float32", {"float32", "bfloat16"}) == "bfloat16";
  r.device = toml.choice_or("device", "auto", {"auto", "cpu", "cuda"});
  r.round_to = toml.choice_or("round_to", "", {"", "q8_0", "q5_1", "q5_0", "q4_1", "q4_0"});
  const std::string type = r.round_to.empty() ? "f16" : r.round_to;
  r.type =
      toml.choice_or("type", type, {"f32", "f16", "bf16", "q8_0", "q5_1", "q5_0", "q4_1", "q4_0"});
  r.model = read_model(toml);
  r.data = read_data(toml);
  r.optimizer = read_optimizer(toml);
  r.schedule = read_schedule(toml, r.steps);
  r.distill = read_distill(toml);
  r.exits = read_exits(toml);
  r.l0 = read_l0(toml);
  r.score_batches = size(toml, "scores.batches", r.score_batches, 1, 1 << 30);
  r.parallel = read_parallel(toml);
  r.search = read_search(toml);
  toml.finish();
  check(r, toml);
  return r;
}

}  // namespace frugal::train
