#include "frugal/net/http_client.h"

#include <httplib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "frugal/base/error.h"
#include "frugal/base/quiet_thread.h"
#include "frugal/base/str.h"

// The library's timeouts are per read: a server that sends a byte a second keeps it reading for
// hours.  So a second thread waits for the end of the request or of the time, and shuts the
// connection down in the second case.  It holds a duplicate of the descriptor, because the number
// of one that the library has closed may by then name another file.

namespace frugal::net {

namespace {

class Deadline {
 public:
  explicit Deadline(Seconds timeout) {
    thread_ = start_quiet_thread([this, timeout] { wait(timeout); });
  }
  ~Deadline() {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      done_ = true;
    }
    wake_.notify_all();
    thread_.join();
    if (socket_ >= 0) ::close(socket_);
  }
  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;

  /// The connection to end when the time is up.
  void watch(int socket) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (socket_ >= 0) ::close(socket_);
    socket_ = ::dup(socket);
    if (expired_) shut();
  }
  [[nodiscard]] bool expired() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return expired_;
  }

 private:
  void shut() const {
    if (socket_ >= 0) ::shutdown(socket_, SHUT_RDWR);
  }
  void wait(Seconds timeout) {
    const std::chrono::duration<double> time(timeout.value());
    std::unique_lock<std::mutex> lock(mutex_);
    if (wake_.wait_for(lock, time, [this] { return done_; })) return;
    expired_ = true;
    shut();
  }

  std::mutex mutex_;
  std::condition_variable wake_;
  std::thread thread_;
  int socket_ = -1;
  bool done_ = false;
  bool expired_ = false;
};

/// "https://host:port" and "/path?query".
struct Place {
  std::string server;
  std::string path;
};

Place parse_url(const std::string& url) {
  constexpr std::size_t kLongest = 2000;
  const auto refuse = [&url](std::string_view why) {
    throw Error(
        ErrorKind::kInvalidArgument,
        str("'{}': {}, expected http://HOST[:PORT]/PATH or https://…", printable(url), why));
  };
  const std::size_t begin = url.starts_with("https://") ? 8 : 7;
  if (begin == 7 && !url.starts_with("http://")) refuse("is no URL");
  if (url.size() > kLongest) refuse("is too long");
  for (const char letter : url) {
    if (static_cast<unsigned char>(letter) <= ' ' || letter == 0x7f) refuse("holds white space");
  }
  const std::size_t slash = std::min(url.find('/', begin), url.size());
  if (slash == begin) refuse("names no host");
  if (url.substr(begin, slash - begin).find('@') != std::string::npos) {
    throw Error(ErrorKind::kInvalidArgument,
                "the URL holds a user name: give it by the environment, others can read URLs");
  }
  return {.server = url.substr(0, slash), .path = slash == url.size() ? "/" : url.substr(slash)};
}

std::string_view reason(httplib::Error error) {
  switch (error) {
    case httplib::Error::Connection:
      return "no connection";
    case httplib::Error::ConnectionTimeout:
      return "no connection in time";
    case httplib::Error::SSLServerVerification:
    case httplib::Error::SSLLoadingCerts:
      return "its certificate is not trusted";
    case httplib::Error::SSLConnection:
      return "no TLS connection";
    default:
      return "no HTTP answer";
  }
}

}  // namespace

HttpReply http_get(const HttpRequest& request) {
  const Place place = parse_url(request.url);
  FRUGAL_CHECK(request.timeout > Seconds(0.0));
  Deadline deadline(request.timeout);
  httplib::Client client(place.server);
  if (!client.is_valid()) {
    throw Error(ErrorKind::kInvalidArgument, str("'{}': is no URL", printable(request.url)));
  }
  // The library's own come later than the deadline, so that it is always the one that tells.
  constexpr double kLater = 1.0;
  const auto timeout = std::chrono::microseconds(
      static_cast<std::chrono::microseconds::rep>(1e6 * (request.timeout.value() + kLater)));
  client.set_connection_timeout(timeout);
  client.set_read_timeout(timeout);
  client.set_write_timeout(timeout);
  client.set_follow_location(false);
  client.set_keep_alive(false);
  client.enable_server_certificate_verification(request.check_certificate);
  client.set_socket_options([&deadline](int socket) { deadline.watch(socket); });
  if (!request.user.empty()) client.set_basic_auth(request.user, request.password);
  HttpReply reply;
  bool too_long = false;
  const httplib::Result result = client.Get(place.path, [&](const char* bytes, std::size_t size) {
    too_long = size > request.max_bytes - reply.body.size();
    if (!too_long) reply.body.append(bytes, size);
    return !too_long;
  });
  const auto fail = [&request](std::string_view why) {
    throw Error(ErrorKind::kIo, str("{}: {}", printable(request.url, 200), why));
  };
  if (too_long) fail(str("more than {} bytes", request.max_bytes));
  if (deadline.expired()) fail(str("no answer in {:g} s", request.timeout.value()));
  if (!result) fail(reason(result.error()));
  reply.status = result->status;
  return reply;
}

}  // namespace frugal::net
