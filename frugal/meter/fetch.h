#pragma once

/// How meters reach what answers over HTTP, without knowing how that is done.

#include <functional>
#include <string>

#include "frugal/base/units.h"

namespace frugal::meter {

struct FetchRequest {
  std::string url;
  std::string user = {};  ///< empty: no authentication
  std::string password = {};
  bool check_certificate = true;
  Seconds timeout{2.0};
};

/// The body of a successful answer.  Throws Error with kIo, kPermission or kNotFound, within the
/// timeout, where there is none.
using FetchFn = std::function<std::string(const FetchRequest&)>;

}  // namespace frugal::meter
