#include <thread>
#include "bank.h"

int main() {
  bank::Audit audit;
  bank::Bank b(audit);
  b.setRate(0.5);
  auto& x = b.open(10);
  auto& y = b.open(20);
  std::vector<std::thread> ts;
  for (int i = 0; i < 4; ++i) {
    ts.push_back(std::thread([&b, &x, &y, i] {
      bank::Account::transfer(i % 2 ? x : y, i % 2 ? y : x, 1);
      bank::Account::transferSafe(x, y, 1);
      bank::Account::transferOrdered(x, y, 1);
      bank::Account::transferTry(x, y, 1);
      x.mergeInto(y);
      x.deposit(3);
      b.open(i);
      b.setRate(i);
      b.reopen();
    }));
  }
  ts.emplace_back([&] {
    audit.flush(b);
    if (auto a = b.find(3)) a->peek();
    audit.last();
    if (b.rate() > 0) audit.size();
  });
  for (auto& t : ts) t.join();
  b.closeAll();
  return static_cast<int>(b.total() + b.rate()) + static_cast<int>(audit.last().size());  // clean: unguarded-access
}
