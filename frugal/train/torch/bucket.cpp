#include "frugal/train/torch/bucket.h"

#include <utility>

namespace frugal::train {

namespace {

Bucket bucket_of(const std::vector<Slot>& slots, std::vector<std::size_t> members) {
  Bucket bucket;
  std::int64_t size = 0;
  for (const std::size_t slot : members) size += slots[slot].value.numel();
  bucket.flat = at::zeros({size}, slots[members.front()].value.options().requires_grad(false));
  std::int64_t first = 0;
  for (const std::size_t slot : members) {
    const Tensor& value = slots[slot].value;
    bucket.parts.push_back(bucket.flat.narrow(0, first, value.numel()).view(value.sizes()));
    first += value.numel();
  }
  bucket.slots = std::move(members);
  return bucket;
}

}  // namespace

std::vector<Bucket> make_buckets(const std::vector<Slot>& slots, std::size_t bytes) {
  std::vector<Bucket> buckets;
  std::vector<std::size_t> members;
  std::size_t filled = 0;
  for (std::size_t slot = slots.size(); slot-- > 0;) {
    const std::size_t size = slots[slot].value.nbytes();
    if (!members.empty() && filled + size > bytes) {
      buckets.push_back(bucket_of(slots, std::exchange(members, {})));
      filled = 0;
    }
    members.push_back(slot);
    filled += size;
  }
  if (!members.empty()) buckets.push_back(bucket_of(slots, std::move(members)));
  return buckets;
}

}  // namespace frugal::train
