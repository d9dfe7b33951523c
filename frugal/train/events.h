#pragma once

/// Curves of a training run, in the files that TensorBoard reads.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace frugal::train {

/// One point of a curve.
struct Scalar {
  std::string_view tag;  ///< "loss/train"
  float value = 0.0F;
};

/// A record of TensorFlow's files: u64 length, u32 masked CRC of it, the bytes, u32 masked CRC of
/// them; little-endian.  masked(crc) = rotate_right(crc, 15) + 0xA282EAD8.
///
/// Errors:  none.
/// Threads: safe from all.
/// Source:  "TFRecord and tf.train.Example", tensorflow.org, section "TFRecords format details".
[[nodiscard]] std::string tf_record(std::string_view bytes);

/// Appends to a file of its own in `folder`; a run that goes on gets another one, and TensorBoard
/// joins them.  A record is written in one piece and taken back when the disk is full, so that at
/// worst a power cut leaves half of the last record, which readers pass over.
///
/// Errors:  kNotFound, kPermission, kIo with the path.
/// Threads: one at a time.
/// Source:  event.proto and summary.proto of TensorBoard; file version "brain.Event:2".
class EventFile {
 public:
  /// Seconds since 1970.
  using WallClock = std::function<double()>;

  /// `first_step`: curves of earlier files from this step on are void; 0 for a new run.
  explicit EventFile(const std::filesystem::path& folder, std::int64_t first_step = 0,
                     WallClock clock = {});

  void add(std::int64_t step, std::span<const Scalar> scalars);

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  struct Descriptor {
    int number = -1;
    Descriptor() = default;
    ~Descriptor();
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
  };

  void open(const std::filesystem::path& folder, double now);
  void append(const std::string& event);

  std::filesystem::path path_;
  WallClock clock_;
  Descriptor descriptor_;
  std::uint64_t size_ = 0;
};

}  // namespace frugal::train
