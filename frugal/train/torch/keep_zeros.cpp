#include "frugal/train/torch/keep_zeros.h"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

namespace frugal::train {

Network::Lens zeros_kept(const Network& network) {
  using Masks = std::map<std::string, Tensor, std::less<>>;
  const auto masks = std::make_shared<Masks>();
  for (const Parameter& parameter : network.parameters()) {
    if (parameter.value.dim() != 2) continue;
    Tensor stays = parameter.value.detach().ne(0.0);
    if (!stays.all().item<bool>()) masks->emplace(parameter.name, std::move(stays));
  }
  return
      [masks = std::shared_ptr<const Masks>(masks)](const std::string& name, const Tensor& value) {
        const auto mask = masks->find(name);
        return mask == masks->end() ? value : value * mask->second;
      };
}

}  // namespace frugal::train
