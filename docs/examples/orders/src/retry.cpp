#include "retry.h"
#include <algorithm>
#include <chrono>
#include <thread>

namespace orders {

void back_off(int attempt) {
  using namespace std::chrono_literals;
  std::this_thread::sleep_for(std::min(1ms * (1 << std::min(attempt, 10)), 200ms));
}

} // namespace orders
