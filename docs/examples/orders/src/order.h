#pragma once
#include <cstdint>
#include <string>

namespace orders {

using AccountId = uint32_t;
using OrderId = uint64_t;
using Money = int64_t; ///< in cents

struct Order {
  OrderId id = 0;
  AccountId customer = 0;
  std::string article;
  int count = 0;
};

} // namespace orders
