#pragma once

/// A few pages over HTTP, for machines to scrape.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace frugal::net {

/// One path that can be read.
struct HttpPage {
  std::string path;  ///< "/metrics"
  std::string content_type;
  std::function<std::string()> body;  ///< called on a thread of the server, one call at a time
};

/// Serves pages on a thread of its own until destruction.  Answers GET only; a request may be
/// 8 KiB, and a client has 5 s to say what it wants.
///
/// Errors:  kIo when the address cannot be listened on.
/// Threads: made and destroyed by one; a page that throws answers 500.
class HttpServer {
 public:
  /// `port` 0 takes any free one.
  HttpServer(const std::string& host, std::uint16_t port, std::vector<HttpPage> pages);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  [[nodiscard]] std::uint16_t port() const;

 private:
  struct Running;
  std::unique_ptr<Running> running_;
};

}  // namespace frugal::net
