// A stress test of the accounts: a customer pays, an auditor reads. It hangs within seconds, and says nothing.
#include "accounts.h"
#include "ledger.h"
#include <atomic>
#include <cstdio>
#include <thread>

using namespace orders;

int main() {
  Ledger ledger;
  Accounts accounts(ledger);
  accounts.open(1, 1'000'000);
  accounts.open(2, 0);
  accounts.transfer(1, 2, 1); // so that the first statement is not empty

  std::atomic<bool> open = true;
  size_t characters = 0;
  {
    std::jthread customer([&] {
      for (int i = 0; i < 1'000'000; ++i) accounts.transfer(1, 2, 1);
      open = false;
    });
    std::jthread auditor([&] {
      while (open) characters += ledger.statement(accounts, 2).size();
    });
  }
  std::printf("no money is lost: %s, %zu characters of statements\n", accounts.total() == 1'000'000 ? "ok" : "FAIL",
              characters);
}
