#include "notifier.h"
#include "retry.h"
#include <chrono>

namespace orders {

using namespace std::chrono_literals;

Task<bool> Notifier::send(std::string message) {
  bool delivered = false;
  co_await pool_.run(loop_, [&] { delivered = transport_(message); });
  if (delivered) {
    std::lock_guard lock(mu_);
    sent_.push_back(std::move(message));
  }
  co_return delivered;
}

Task<void> Notifier::confirm(Order order) {
  std::string message = "order " + std::to_string(order.id) + ": " + order.article;
  for (int attempt = 0; attempt < 5; ++attempt) {
    if (co_await send(message)) co_return;
    back_off(attempt);
  }
}

Task<void> Notifier::remind(Order order) {
  std::string message = "order " + std::to_string(order.id) + " is waiting for you";
  for (auto pause = 1ms; pause < 20ms; pause *= 2) {
    if (co_await send(message)) co_return;
    co_await loop_.sleep_for(pause);
  }
}

std::vector<std::string> Notifier::sent() const {
  std::lock_guard lock(mu_);
  return sent_;
}

} // namespace orders
