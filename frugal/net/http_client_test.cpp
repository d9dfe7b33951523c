#include "frugal/net/http_client.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <thread>

#include "frugal/base/clock.h"
#include "frugal/base/error.h"
#include "frugal/base/str.h"

namespace frugal::net {
namespace {

/// A server that answers one connection as badly as a test wants.
class RawServer {
 public:
  explicit RawServer(std::function<void(int socket, const std::atomic<bool>& ended)> answer) {
    listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    FRUGAL_CHECK(::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    FRUGAL_CHECK(::listen(listener_, 1) == 0);
    socklen_t size = sizeof address;
    FRUGAL_CHECK(::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this, answer = std::move(answer)] {
      const int socket = ::accept(listener_, nullptr, nullptr);
      if (socket < 0) return;
      answer(socket, ended_);
      ::close(socket);
    });
  }
  ~RawServer() {
    ended_ = true;
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
  }
  RawServer(const RawServer&) = delete;
  RawServer& operator=(const RawServer&) = delete;

  [[nodiscard]] std::string url() const { return str("http://127.0.0.1:{}/power", port_); }

 private:
  int listener_ = -1;
  int port_ = 0;
  std::atomic<bool> ended_ = false;
  std::thread thread_;
};

bool send_text(int socket, const std::string& text) {
  return ::send(socket, text.data(), text.size(), MSG_NOSIGNAL) ==
         static_cast<ssize_t>(text.size());
}

std::string fault(const HttpRequest& request, ErrorKind kind = ErrorKind::kIo) {
  try {
    (void)http_get(request);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), kind) << error.what();
    return error.what();
  }
  ADD_FAILURE() << "nothing was thrown";
  return {};
}

TEST(HttpGet, ReadsStatusAndBody) {
  const RawServer server([](int socket, const auto& /*ended*/) {
    send_text(socket, "HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\n\r\nhello");
  });
  const HttpReply reply = http_get({.url = server.url()});
  EXPECT_EQ(reply.status, 404);
  EXPECT_EQ(reply.body, "hello");
}

TEST(HttpGet, GivesUpOnAServerThatSaysNothing) {
  const RawServer server([](int /*socket*/, const std::atomic<bool>& ended) {
    while (!ended) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  });
  const std::string text = fault({.url = server.url(), .timeout = Seconds(0.1)});
  EXPECT_NE(text.find("no answer in 0.1 s"), std::string::npos) << text;
}

TEST(HttpGet, GivesUpOnAServerThatDripsItsHeaders) {
  const RawServer server([](int socket, const std::atomic<bool>& ended) {
    send_text(socket, "HTTP/1.1 200 OK\r\nX-Slow: ");
    while (!ended && send_text(socket, "x")) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  });
  const std::string text = fault({.url = server.url(), .timeout = Seconds(0.2)});
  EXPECT_NE(text.find("no answer in 0.2 s"), std::string::npos) << text;
}

TEST(HttpGet, RefusesABodyWithoutEnd) {
  const RawServer server([](int socket, const std::atomic<bool>& ended) {
    send_text(socket, "HTTP/1.1 200 OK\r\n\r\n");
    while (!ended && send_text(socket, std::string(4096, 'x'))) continue;
  });
  const std::string text =
      fault({.url = server.url(), .timeout = Seconds(20.0), .max_bytes = 100'000});
  EXPECT_NE(text.find("more than 100000 bytes"), std::string::npos) << text;
}

TEST(HttpGet, RefusesWhatIsNoHttp) {
  const RawServer server([](int socket, const auto& /*ended*/) {
    send_text(socket, std::string(300, '\xff') + "\r\n\r\n");
  });
  EXPECT_NE(fault({.url = server.url()}).find("no HTTP answer"), std::string::npos);
}

TEST(HttpGet, SaysThatNobodyListens) {
  std::string url;
  {
    const RawServer gone([](int /*socket*/, const auto& /*ended*/) {});
    url = gone.url();
  }
  EXPECT_NE(fault({.url = url}).find("no connection"), std::string::npos);
}

TEST(HttpGet, RefusesWhatIsNoUrl) {
  for (const std::string_view url : {"", "ftp://host/", "http://", "http:///x", "host/power",
                                     "http://host/a b", "http://host/\r\nX: y"}) {
    EXPECT_NE(fault({.url = std::string(url)}, ErrorKind::kInvalidArgument), "") << url;
  }
  const std::string text = fault({.url = "http://user:secret@host/"}, ErrorKind::kInvalidArgument);
  EXPECT_EQ(text.find("secret"), std::string::npos) << text;
}

}  // namespace
}  // namespace frugal::net
