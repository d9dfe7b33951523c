#include "frugal/kernels/kernels.h"

#include <string>

#include "frugal/base/error.h"
#include "frugal/base/str.h"
#include "frugal/kernels/tables.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace frugal::kernels {

namespace {

#if defined(__x86_64__)
// The features of FRUGAL_TARGET_AVX2 and its successors.  The compiler's run-time library
// also asks whether the operating system saves the wide registers.
bool has_f16c() {  // Clang's __builtin_cpu_supports does not know this name
  unsigned int eax = 0;
  unsigned int ebx = 0;
  unsigned int ecx = 0;
  unsigned int edx = 0;
  return __get_cpuid(1, &eax, &ebx, &ecx, &edx) != 0 && (ecx & bit_F16C) != 0;
}

bool runs_avx2() {
  return __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0 && has_f16c();
}

bool runs_avx512() {
  return runs_avx2() && __builtin_cpu_supports("avx512f") != 0 &&
         __builtin_cpu_supports("avx512bw") != 0 && __builtin_cpu_supports("avx512dq") != 0 &&
         __builtin_cpu_supports("avx512vl") != 0;
}

bool runs_avx512vnni() {
  return runs_avx512() && __builtin_cpu_supports("avx512vnni") != 0;
}
#endif

}  // namespace

std::string_view isa_name(Isa isa) {
  switch (isa) {
    case Isa::kScalar:
      return "scalar";
    case Isa::kAvx2:
      return "avx2";
    case Isa::kAvx512:
      return "avx512";
    case Isa::kAvx512Vnni:
      return "avx512vnni";
  }
  return "unknown";
}

std::vector<const Kernels*> runnable_kernels() {
  std::vector<const Kernels*> tables{&scalar::table()};
#if defined(__x86_64__)
  if (runs_avx2()) tables.push_back(&avx2::table());
  if (runs_avx512()) tables.push_back(&avx512::table());
  if (runs_avx512vnni()) tables.push_back(&avx512vnni::table());
#endif
  return tables;
}

const Kernels& choose_kernels(std::string_view forced) {
  const std::vector<const Kernels*> tables = runnable_kernels();
  if (forced.empty()) return *tables.back();
  std::string names;
  for (const Kernels* table : tables) {
    if (isa_name(table->isa) == forced) return *table;
    names += str("{}'{}'", names.empty() ? "" : ", ", isa_name(table->isa));
  }
  throw Error(ErrorKind::kUnsupported,
              str("instruction set: found '{}', expected one that this build and CPU can run: {}",
                  printable(forced), names));
}

}  // namespace frugal::kernels
