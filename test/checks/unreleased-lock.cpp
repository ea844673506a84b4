// Locks taken by hand: ways out that keep them, unlocking twice or without the lock, and contracts between functions.
// RUN: %snarl check --format=json %s -- -std=c++20 > %t.json || test $? = 1
// RUN: %python %S/Inputs/expected.py %s < %t.json
#include <mutex>
#include <pthread.h>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

pthread_mutex_t raw = PTHREAD_MUTEX_INITIALIZER;

class Store {
public:
  bool erase(int key) {
    mutex_.lock();
    for (int &v : values_)
      if (v == key) {
        v = 0;
        mutex_.unlock();
        return true;
      }
    return false; // expect: unreleased-lock
  }

  int early(const int *p) {
    mutex_.lock();
    if (!p) return -1; // expect: unreleased-lock
    int sum = *p + values_.front();
    mutex_.unlock();
    return sum;
  }

  void falls_off(int key) {
    mutex_.lock();
    if (key > 0) {
      values_.push_back(key);
      mutex_.unlock();
    }
  } // expect: unreleased-lock

  int converts(const std::string &text) {
    mutex_.lock();
    int n = std::stoi(text); // expect: unreleased-lock
    mutex_.unlock();
    return n;
  }

  void checks(int key) {
    mutex_.lock();
    validate(key); // expect: unreleased-lock
    values_.push_back(key);
    mutex_.unlock();
  }

  void twice(int key) {
    mutex_.lock();
    values_.push_back(key);
    mutex_.unlock();
    if (key > 3) mutex_.unlock(); // expect: unreleased-lock
  }

  int not_taken(int key) {
    int rc = -1;
    if (key < 0) goto out;
    mutex_.lock();
    rc = values_.front();
  out:
    mutex_.unlock(); // expect: unreleased-lock
    return rc;
  }

  void failed_try() {
    if (mutex_.try_lock()) values_.clear();
    mutex_.unlock(); // expect: unreleased-lock
  }

  void handled(const std::string &text) {
    mutex_.lock();
    try {
      values_.push_back(std::stoi(text));
    } catch (const std::invalid_argument &) {
      values_.clear();
    }
    mutex_.unlock();
  }

  void guarded(const std::string &text) {
    std::lock_guard<std::mutex> lock(mutex_);
    values_.push_back(std::stoi(text));
  }

  void if_needed(bool needed) {
    if (needed) mutex_.lock();
    values_.clear();
    if (needed) mutex_.unlock();
  }

  void if_many(int n, int limit) {
    if (n > limit && n != 7) mutex_.lock();
    values_.clear();
    if (n > limit && n != 7) mutex_.unlock();
  }

  int remembers(int n) {
    int locked = 0;
    if (n > 3) {
      mutex_.lock();
      locked = 1;
    }
    int front = values_.front();
    if (locked) mutex_.unlock();
    return front;
  }

  int one_way_out(int n) {
    int rc = -1;
    mutex_.lock();
    if (n < 0) goto out;
    values_.push_back(n);
    rc = 0;
  out:
    mutex_.unlock();
    return rc;
  }

  bool take() { // on success the caller has it
    mutex_.lock();
    if (values_.empty()) {
      mutex_.unlock();
      return false;
    }
    return true;
  }
  void give() { mutex_.unlock(); }

  void pause() { mutex_.lock(); }
  void resume() { mutex_.unlock(); }

  int tried() {
    if (!mutex_.try_lock()) return 0;
    int front = values_.front();
    mutex_.unlock();
    return front;
  }

  void opens_for_a_while() { // entered with the lock
    mutex_.unlock();
    std::this_thread::yield();
    mutex_.lock();
  }

  void spins() {
    while (!mutex_.try_lock()) std::this_thread::yield();
    values_.clear();
    mutex_.unlock();
  }

private:
  void validate(int key) {
    if (key < 0) throw std::out_of_range("key");
  }

  std::mutex mutex_;
  std::vector<int> values_;
};

struct Node {
  pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  Node *next = nullptr;
  int value = 0;
};

int hand_over_hand(Node *head, int value) {
  pthread_mutex_lock(&head->mutex);
  Node *node = head;
  while (node->next && node->value < value) {
    Node *next = node->next;
    pthread_mutex_lock(&next->mutex);
    pthread_mutex_unlock(&node->mutex);
    node = next;
  }
  int found = node->value;
  pthread_mutex_unlock(&node->mutex);
  return found;
}

int refused(int n) {
  if (pthread_mutex_lock(&raw) != 0) return -1;
  n += 1;
  pthread_mutex_unlock(&raw);
  return n;
}

[[noreturn]] void die();

void dies(int n) {
  pthread_mutex_lock(&raw);
  if (n < 0) die();
  pthread_mutex_unlock(&raw);
}

void *ends(void *n) {
  pthread_mutex_lock(&raw);
  if (!n) pthread_exit(nullptr); // expect: unreleased-lock
  pthread_mutex_unlock(&raw);
  return n;
}

void destroyed(Node *node) {
  pthread_mutex_lock(&node->mutex);
  node->value = 0;
  pthread_mutex_destroy(&node->mutex); // expect: unreleased-lock
}

int main() {
  Store s;
  std::thread t([&] { s.erase(1); });
  if (s.take()) s.give();
  s.pause();
  s.resume();
  t.join();
}
