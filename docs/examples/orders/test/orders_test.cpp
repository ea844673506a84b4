// The service's tests. They pass, every time. What snarl sees in them is not in their output.
#include "order_service.h"
#include <atomic>
#include <chrono>
#include <cstdio>
#include <memory>
#include <thread>

using namespace orders;
using namespace std::chrono_literals;

static int failures = 0;

static void expect(bool holds, const char *what) {
  std::printf("%s %s\n", holds ? "ok  " : "FAIL", what);
  failures += !holds;
}

/// A network that loses the first message.
static Notifier::Transport lossy_transport() {
  return [lost = std::make_shared<std::atomic<bool>>(false)](const std::string &) { return lost->exchange(true); };
}

static void run(EventLoop &loop, Task<void> task) {
  loop.spawn(std::move(task));
  loop.run();
}

static void test_order_is_paid_and_confirmed() {
  EventLoop loop;
  WorkerPool pool(2);
  OrderService service(loop, pool, lossy_transport());
  service.accounts().open(OrderService::shop, 0);
  service.accounts().open(7, 10'00);
  service.inventory().add("lamp", 3);
  service.prices().store("lamp", 4'00);

  run(loop, service.place({1, 7, "lamp", 2}));
  expect(service.accounts().balance(7) == 2'00, "the customer paid");
  expect(service.inventory().available("lamp") == 1, "the goods are reserved");
  expect(service.notifier().sent().size() == 1, "the order is confirmed, although a message was lost");

  run(loop, service.cancel(1));
  expect(service.accounts().balance(7) == 10'00, "the customer got the money back");
  expect(service.open_orders() == 0, "no order is open");
}

static void test_books_balance_while_customers_pay() {
  Ledger ledger;
  Accounts accounts(ledger);
  accounts.open(1, 50'00);
  accounts.open(2, 50'00);
  std::string statement;
  {
    std::jthread customer([&] { accounts.transfer(1, 2, 5'00); });
    std::jthread auditor([&] {
      std::this_thread::sleep_for(50ms); // audits come later than payments, usually
      statement = ledger.statement(accounts, 2);
    });
  }
  expect(accounts.total() == 100'00, "no money is lost");
  expect(statement == "in 500, out 0, left 5500", "the statement is right");
}

static void test_cache_shrinks_while_prices_arrive() {
  PriceCache cache(100);
  {
    std::jthread feed([&] {
      for (int i = 0; i < 1000; ++i) cache.store("article " + std::to_string(i), i);
    });
    std::jthread control([&] { cache.set_capacity(10); });
  }
  expect(cache.usage() <= 100, "the cache keeps its bound");
}

static void test_ledger_is_compacted_in_the_background() {
  EventLoop loop;
  WorkerPool pool(2);
  OrderService service(loop, pool, lossy_transport());
  for (int i = 0; i < 10; ++i) service.ledger().record({1, 2, 1'00});
  service.compact_ledger();
  pool.drain();
  expect(service.entries_left() == 1, "payments between two accounts are added up");
}

int main() {
  test_order_is_paid_and_confirmed();
  test_books_balance_while_customers_pay();
  test_cache_shrinks_while_prices_arrive();
  test_ledger_is_compacted_in_the_background();
  return failures != 0;
}
