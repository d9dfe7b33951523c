#pragma once

/// The phrase books of the scenarios; each is a text in the folder `phrases`.

#include "frugal/agent/phrase_book.h"

namespace frugal::agent {

[[nodiscard]] const PhraseBook& customer_service_phrases();
[[nodiscard]] const PhraseBook& tutoring_phrases();
[[nodiscard]] const PhraseBook& finance_phrases();

}  // namespace frugal::agent
