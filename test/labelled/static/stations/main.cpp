#include <thread>

#include "rail.h"

int main() {
  rail::Network net;
  rail::Station *a = net.add(1), *b = net.add(2);
  rail::Train t1, t2;
  a->onEvent([a](int) { a->tick(); });  // clean: self-deadlock
  b->onEvent([b](int n) { b->announce(std::to_string(n)); });  // maybe: self-deadlock, callback-under-lock
  auto work = [&](rail::Station* p, rail::Station* q, rail::Train& t) {
    p->arrive(t);
    t.board(*p, 3);
    t.move(*p, *q);
    t.addLoad(2);
    t.reload(1);
    p->tryArrive(t);
    p->announce("x");
    p->announceAll({"y"});
    p->announceRight({"z"});
    p->swapWith(*q);
    p->swapWithRight(*q);
    p->swapById(*q);
    p->copyFrom(*q);
    *p = *q;
    p->tick();
    p->board(1);
    p->alight(1);
    p->evacuate();
    p->fireRight(1);
    p->fire(2);
    std::vector<rail::Station*> all{p, q};
    p->mergeAll(all);
    net.link(1, 2);
    net.unlink(3, 4);
    net.findOrAdd(5);
    net.findOrAddRight(6);
    net.each([](rail::Station& s) { s.tick(); });
    net.refresh();
    net.refreshRight();
    net.visit();
    net.gatedA();
    net.gatedB();
    net.chainA();
    net.chainB();
    net.chainC();
    net.handOver(0);
    net.readInWrite();
    net.sharedA();
    net.sharedB();
    return net.total() + t.station()->passengers() + p->capacity() + static_cast<int>(p->summary().size());
  };
  std::thread x([&] { work(a, b, t1); });
  std::thread y([&] { work(b, a, t2); });
  x.join();  // clean: thread-lifetime
  y.join();  // clean: thread-lifetime
  return a->passengers() + static_cast<int>(net.size() + a->summaryRight().size());
}
