// Prints the tables of docs/energy-model.md.

#include <cstdio>

#include "frugal/carbon/estimators/validation.h"

int main() {
  namespace tables = frugal::carbon::estimators;
  std::printf("<!-- priors -->\n%s\n<!-- gpu prices -->\n%s\n", tables::prior_prices().c_str(),
              tables::gpu_prices().c_str());
  std::printf("<!-- gpu validation -->\n%s\n<!-- cpu validation -->\n%s",
              tables::gpu_validation().c_str(), tables::cpu_validation().c_str());
  return 0;
}
