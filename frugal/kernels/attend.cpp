#include "frugal/kernels/attend.h"

#include "frugal/base/error.h"

namespace frugal::kernels {

namespace {

template <class T>
void check(const AttendArgs<T>& args) {
  FRUGAL_CHECK(args.count >= 1);
  FRUGAL_CHECK(args.stride >= args.head_dim);
  FRUGAL_CHECK(args.q != args.out);
}

}  // namespace

void attend(const Kernels& kernels, const AttendArgs<float>& args) {
  check(args);
  kernels.attend_f32(args);
}

void attend(const Kernels& kernels, const AttendArgs<std::uint16_t>& args) {
  check(args);
  kernels.attend_f16(args);
}

}  // namespace frugal::kernels
