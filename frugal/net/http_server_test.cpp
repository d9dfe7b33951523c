#include "frugal/net/http_server.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "frugal/base/error.h"
#include "frugal/base/str.h"
#include "frugal/net/http_client.h"

namespace frugal::net {
namespace {

HttpReply get(const HttpServer& server, std::string_view path) {
  return http_get(
      {.url = str("http://127.0.0.1:{}{}", server.port(), path), .timeout = Seconds(20)});
}

TEST(HttpServer, ServesItsPages) {
  int calls = 0;
  const HttpServer server(
      "127.0.0.1", 0,
      {{"/metrics", "text/plain", [&] { return str("call {}", ++calls); }},
       {"/broken", "text/plain", []() -> std::string { throw std::runtime_error("no page"); }}});
  EXPECT_GT(server.port(), 0);
  EXPECT_EQ(get(server, "/metrics").body, "call 1");
  EXPECT_EQ(get(server, "/metrics").body, "call 2");
  EXPECT_EQ(get(server, "/else").status, 404);
  EXPECT_EQ(get(server, "/broken").status, 500);
}

TEST(HttpServer, SaysThatAPortIsTaken) {
  const HttpServer server("127.0.0.1", 0, {});
  try {
    const HttpServer other("127.0.0.1", server.port(), {});
    FAIL() << "both listen on " << server.port();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kIo);
  }
}

TEST(HttpServer, EndsWithoutARequest) {
  for (int i = 0; i < 5; ++i) const HttpServer server("127.0.0.1", 0, {});
}

}  // namespace
}  // namespace frugal::net
