#pragma once

/// Recipes and settings that people write, in TOML: every key is asked for, or it is a mistake.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <limits>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace frugal {

/// Both ends included.
struct IntegerRange {
  std::int64_t least = std::numeric_limits<std::int64_t>::min();
  std::int64_t most = std::numeric_limits<std::int64_t>::max();
};
struct NumberRange {
  double least = std::numeric_limits<double>::lowest();
  double most = std::numeric_limits<double>::max();
};

/// A TOML file that is read once, key by key, and then asked whether anything was left over.
///
/// A key is a path such as "train.steps", or "source[2].file" in an array of tables.  The getters
/// without `_or` want the key to be there; those with it give `fallback` where it is not.  Numbers
/// may be written as integers.
///
/// Errors:  kNotFound, kPermission, kIo as read_text_file; kCorrupt, with line and column, for what
///          is not TOML; kInvalidArgument, with file, line, column, key, what was found and
///          expected, for a missing key, another type and a value outside its range.  A fallback
///          outside the range is a bug and fails FRUGAL_CHECK.
/// Threads: one at a time.
class Toml {
 public:
  [[nodiscard]] static Toml parse(const std::filesystem::path& path);
  /// `name` stands for the path.
  [[nodiscard]] static Toml from_text(std::string_view text, std::string name);
  ~Toml();
  Toml(Toml&& other) noexcept;
  Toml& operator=(Toml&& other) noexcept;

  /// What `--set KEY=VALUE` does: `value` is a TOML value where it reads as one, else a text.
  /// Errors: kInvalidArgument for a path through what is no table or behind the end of an array.
  void set(std::string_view key, std::string_view value);

  [[nodiscard]] bool has(std::string_view key);
  [[nodiscard]] std::int64_t integer(std::string_view key, IntegerRange range = {});
  [[nodiscard]] std::int64_t integer_or(std::string_view key, std::int64_t fallback,
                                        IntegerRange range = {});
  [[nodiscard]] double number(std::string_view key, NumberRange range = {});
  [[nodiscard]] double number_or(std::string_view key, double fallback, NumberRange range = {});
  [[nodiscard]] bool boolean(std::string_view key);
  [[nodiscard]] bool boolean_or(std::string_view key, bool fallback);
  [[nodiscard]] std::string text(std::string_view key);
  [[nodiscard]] std::string text_or(std::string_view key, std::string_view fallback);
  /// A text that is one of `allowed`.
  [[nodiscard]] std::string choice(std::string_view key,
                                   std::initializer_list<std::string_view> allowed);
  [[nodiscard]] std::string choice_or(std::string_view key, std::string_view fallback,
                                      std::initializer_list<std::string_view> allowed);
  /// Empty where the key is absent.
  [[nodiscard]] std::vector<std::int64_t> integers(std::string_view key, IntegerRange range = {});
  [[nodiscard]] std::vector<double> numbers(std::string_view key, NumberRange range = {});
  [[nodiscard]] std::vector<std::string> texts(std::string_view key);
  /// Elements of an array, 0 where the key is absent.
  [[nodiscard]] std::size_t count(std::string_view key);
  /// Names in a table, sorted; none where the key is absent.  What they hold is yet to be asked
  /// for.
  [[nodiscard]] std::vector<std::string> members(std::string_view key);

  /// To be called when all was asked for.
  /// Errors: kInvalidArgument that names the first key, in the file's order, that nobody asked for,
  ///         the keys that were expected beside it, and the one it may have been meant to be.
  void finish() const;

  [[nodiscard]] const std::string& name() const { return name_; }

 private:
  struct Node;
  struct Reader;
  struct Leaf;

  Toml(std::unique_ptr<Node> root, std::string name);

  [[nodiscard]] const Node* find(std::string_view key);
  [[nodiscard]] const Node& need(std::string_view key, std::string_view expected);
  [[nodiscard]] std::vector<const Node*> elements(std::string_view key);
  [[nodiscard]] std::string where(const Node& node) const;
  [[noreturn]] void refuse(const Node& node, std::string_view key, std::string_view expected) const;
  [[nodiscard]] std::int64_t integer_of(const Node& node, std::string_view key,
                                        IntegerRange range) const;
  [[nodiscard]] double number_of(const Node& node, std::string_view key, NumberRange range) const;
  [[nodiscard]] const std::string& text_of(const Node& node, std::string_view key) const;
  [[nodiscard]] bool wanted(const std::string& path) const;
  [[nodiscard]] std::string advice(const std::string& path) const;

  std::unique_ptr<Node> root_;
  std::string name_;
  std::set<std::string, std::less<>> asked_;
};

}  // namespace frugal
