#pragma once

/// One GET over HTTP or HTTPS that always ends.

#include <cstddef>
#include <string>

#include "frugal/base/units.h"

namespace frugal::net {

struct HttpRequest {
  std::string url;        ///< "https://host:port/path?query"
  std::string user = {};  ///< with `password`: basic authentication; empty: none
  std::string password = {};
  bool check_certificate = true;
  Seconds timeout{2.0};                           ///< for everything but asking a name server
  std::size_t max_bytes = std::size_t{1} << 20U;  ///< of the body
};

struct HttpReply {
  int status = 0;
  std::string body;
};

/// Redirections are not followed: they could carry the password elsewhere.
///
/// Errors:  kInvalidArgument for a URL that is none; kIo with the URL (never the password) when
///          there is no connection, the time is up, or the answer is too long or no HTTP.  A status
///          other than 200 is an answer.
/// Threads: any; each call has a connection of its own.
[[nodiscard]] HttpReply http_get(const HttpRequest& request);

}  // namespace frugal::net
