// Tells customers what became of their orders.
#pragma once
#include "event_loop.h"
#include "order.h"
#include "task.h"
#include "worker_pool.h"
#include <functional>
#include <mutex>
#include <string>
#include <vector>

namespace orders {

class Notifier {
public:
  /// Delivers one message; false if it should be tried again. May take its time: it runs on the pool.
  using Transport = std::function<bool(const std::string &)>;

  Notifier(EventLoop &loop, WorkerPool &pool, Transport transport)
      : loop_(loop), pool_(pool), transport_(std::move(transport)) {}

  Task<void> confirm(Order order);
  Task<void> remind(Order order);
  std::vector<std::string> sent() const;

private:
  Task<bool> send(std::string message);

  EventLoop &loop_;
  WorkerPool &pool_;
  const Transport transport_;
  mutable std::mutex mu_;
  std::vector<std::string> sent_;
};

} // namespace orders
