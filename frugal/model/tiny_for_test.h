#pragma once

/// Loading small files, and what is said of those that are refused.  For the tests of this folder.

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "frugal/base/error.h"
#include "frugal/model/model.h"
#include "tests/support/tiny_model.h"

namespace frugal::model {

/// The model stays mapped when its folder goes.
inline Model load_tiny(const test::TinyModel& tiny) {
  const test::TempFolder folder;
  return load(test::write_tiny_model(folder / "m.gguf", tiny));
}

/// Fails the test unless loading ends in an error of this kind whose message holds `part`.
inline void expect_refused(const test::TinyModel& tiny, ErrorKind kind, std::string_view part) {
  try {
    (void)load_tiny(tiny);
    ADD_FAILURE() << "it loaded, expected: " << part;
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), kind) << error.what();
    EXPECT_NE(std::string(error.what()).find(part), std::string::npos)
        << error.what() << "\nexpected: " << part;
  }
}

/// The same file with one more key, or another value of it.
inline test::TinyModel with_key(test::TinyModel tiny, const std::string& key,
                                const format::MetaValue& value) {
  tiny.edit_metadata = [=, earlier = tiny.edit_metadata](format::Metadata& meta) {
    if (earlier) earlier(meta);
    meta.set(key, value);
  };
  return tiny;
}

inline test::TinyModel without_key(test::TinyModel tiny, const std::string& key) {
  tiny.edit_metadata = [=, earlier = tiny.edit_metadata](format::Metadata& meta) {
    if (earlier) earlier(meta);
    meta.erase(key);
  };
  return tiny;
}

/// The same file with one more tensor, or one of that name in another shape.
inline test::TinyModel with_tensor(test::TinyModel tiny, const test::TinyTensor& tensor) {
  tiny.omit.push_back(tensor.name);
  tiny.add.push_back(tensor);
  return tiny;
}

/// One number of one tensor.
inline test::TinyModel with_number(test::TinyModel tiny, const std::string& tensor,
                                   std::size_t index, float value) {
  tiny.edit = [=](const std::string& name, std::span<float> values) {
    if (name == tensor) values[index] = value;
  };
  return tiny;
}

/// Every one of these tensors is named when it is missing.
inline void expect_all_needed(const test::TinyModel& tiny, const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    test::TinyModel lacking = tiny;
    lacking.omit.push_back(name);
    expect_refused(lacking, ErrorKind::kCorrupt, "no tensor '" + name + "'");
  }
}

}  // namespace frugal::model
