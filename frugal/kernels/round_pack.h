#pragma once

/// Private to this folder: what a search has chosen, laid out as the block formats want it.

#include <cstddef>
#include <cstdint>

namespace frugal::kernels {

/// Scales and codes of one block, in the order of its groups and elements.
struct BlockParts {
  float d = 0.0F;                ///< a number that a binary16 holds, as is the next
  float minimum = 0.0F;          ///< dmin of Q2_K, Q4_K, Q5_K; m of Q4_1, Q5_1
  std::int8_t scales[16] = {};   ///< whole scales of groups; without the bias of the format
  std::uint8_t minima[16] = {};  ///< whole minima of groups
  std::uint8_t codes[256] = {};  ///< from 0
};

using Pack = void (*)(const BlockParts& parts, std::byte* to);

void pack_q4_0(const BlockParts& parts, std::byte* to);
void pack_q4_1(const BlockParts& parts, std::byte* to);
void pack_q5_0(const BlockParts& parts, std::byte* to);
void pack_q5_1(const BlockParts& parts, std::byte* to);
void pack_iq4_nl(const BlockParts& parts, std::byte* to);
void pack_q2_k(const BlockParts& parts, std::byte* to);
void pack_q3_k(const BlockParts& parts, std::byte* to);
void pack_q4_k(const BlockParts& parts, std::byte* to);
void pack_q5_k(const BlockParts& parts, std::byte* to);
void pack_q6_k(const BlockParts& parts, std::byte* to);
void pack_iq4_xs(const BlockParts& parts, std::byte* to);

}  // namespace frugal::kernels
