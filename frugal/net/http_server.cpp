#include "frugal/net/http_server.h"

#include <httplib.h>
#include <sys/socket.h>

#include <atomic>
#include <mutex>
#include <thread>

#include "frugal/base/error.h"
#include "frugal/base/quiet_thread.h"
#include "frugal/base/str.h"

namespace frugal::net {

struct HttpServer::Running {
  httplib::Server server;
  std::mutex pages;  ///< one body is made at a time
  std::atomic<bool> ended = false;
  std::thread thread;
  int port = 0;
};

HttpServer::HttpServer(const std::string& host, std::uint16_t port, std::vector<HttpPage> pages)
    : running_(std::make_unique<Running>()) {
  constexpr std::time_t kPatience = 5;  // s
  constexpr std::size_t kLongest = 8192;
  constexpr std::size_t kThreads = 2;
  Running& running = *running_;
  // The library's default, SO_REUSEPORT, lets a second program take the port as well.
  running.server.set_socket_options([](int socket) {
    const int yes = 1;
    (void)::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  });
  running.server.new_task_queue = [] { return new httplib::ThreadPool(kThreads); };
  running.server.set_read_timeout(kPatience);
  running.server.set_write_timeout(kPatience);
  running.server.set_keep_alive_max_count(1);  // an idle client must not hold a thread
  running.server.set_payload_max_length(kLongest);
  for (const HttpPage& page : pages) {
    running.server.Get(page.path, [page, &running](const httplib::Request& /*request*/,
                                                   httplib::Response& response) {
      const std::lock_guard<std::mutex> lock(running.pages);
      response.set_content(page.body(), page.content_type);
    });
  }
  running.port = port == 0 ? running.server.bind_to_any_port(host) : port;
  const bool bound = port == 0 ? running.port > 0 : running.server.bind_to_port(host, port);
  if (!bound) {
    throw Error(ErrorKind::kIo, str("{}:{}: cannot be listened on: is it in use?", host, port));
  }
  running.thread = start_quiet_thread([&running] {
    (void)running.server.listen_after_bind();
    running.ended = true;
  });
  // `stop` before the server runs would be lost.
  while (!running.server.is_running() && !running.ended) std::this_thread::yield();
}

HttpServer::~HttpServer() {
  running_->server.stop();
  running_->thread.join();
}

std::uint16_t HttpServer::port() const {
  return static_cast<std::uint16_t>(running_->port);
}

}  // namespace frugal::net
