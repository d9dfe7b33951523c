#include "frugal/agent/environment.h"

#include <openssl/evp.h>

#include <array>

#include "frugal/base/error.h"
#include "frugal/base/str.h"

namespace frugal::agent {

std::string Environment::hash() const {
  return canonical_hash(database());
}

std::string canonical_hash(const Json& value) {
  const SortedJson sorted = value;
  const std::string text = sorted.dump(-1, ' ', false, SortedJson::error_handler_t::replace);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int length = 0;
  if (EVP_Digest(text.data(), text.size(), digest.data(), &length, EVP_sha256(), nullptr) != 1) {
    throw Error(ErrorKind::kUnsupported, "SHA-256: not in this build of OpenSSL");
  }
  std::string out;
  for (unsigned int i = 0; i < length; ++i) out += str("{:02x}", digest.at(i));
  return out;
}

}  // namespace frugal::agent
