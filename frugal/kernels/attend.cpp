#include "frugal/kernels/attend.h"

#include "frugal/base/error.h"

namespace frugal::kernels {

void attend(const Kernels& kernels, KvType type, const AttendArgs& args) {
  FRUGAL_CHECK(args.rows >= 1 && args.rows <= kAttendRows);
  for (std::size_t r = 0; r < args.rows; ++r) {
    FRUGAL_CHECK(args.begin[r] < args.end[r]);
    FRUGAL_CHECK(args.q[r] != args.out[r]);
  }
  switch (type) {
    case KvType::kF32:
      return kernels.attend_f32(args);
    case KvType::kF16:
      return kernels.attend_f16(args);
    case KvType::kQ8_0:
      return kernels.attend_q8_0(args);
  }
}

}  // namespace frugal::kernels
