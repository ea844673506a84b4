#include "sync.h"
#include <map>
#include <string>
#include <thread>
#include <vector>

namespace db {

class Version;

class Table {
 public:
  void Write(const std::string& k, const std::string& v) {
    syn::MutexLock l(&mu_);
    mem_[k] = v;
    ++seq_;
    if (mem_.size() > 10) MaybeCompact();
  }
  bool Read(const std::string& k, std::string* out) {
    LOCKED(mu_);
    auto it = mem_.find(k);
    if (it == mem_.end()) return false;
    *out = it->second;
    return true;
  }
  long Sequence() const { return seq_; }  // expect: unguarded-access
  void Compact() {
    syn::Releasable l(&mu_);
    auto copy = mem_;
    l.Release();
    long n = 0;
    for (auto& [k, v] : copy) n += static_cast<long>(v.size());
    compacted_bytes_ += n;  // expect: unguarded-access
  }
  void Background() {
    mu_.Lock();
    while (!shutdown_) {
      if (imm_ == nullptr) {
        bg_.Wait(&mu_);
        continue;
      }
      auto* work = imm_;
      imm_ = nullptr;
      mu_.Unlock();
      delete work;
      mu_.Lock();
      compacted_bytes_ += 1;  // clean: unguarded-access
    }
    mu_.Unlock();
  }
  void Stop() {
    syn::MutexLock l(&mu_);
    shutdown_ = true;
    bg_.SignalAll();
  }
  void Repair() {
    syn::MutexLock l(&mu_);  // side: self-deadlock
    mem_.clear();
    Write("repaired", "1");  // expect: self-deadlock
  }
  bool TryTrim() {
    if (!mu_.TryLock()) return false;
    mem_.erase(mem_.begin());  // clean: unguarded-access
    mu_.Unlock();
    return true;
  }
  void Reset(bool have_lock) {
    syn::MaybeLock l(have_lock ? nullptr : &mu_);
    mem_.clear();  // clean: unguarded-access
  }

 private:
  void MaybeCompact() {
    if (imm_ != nullptr) return;  // clean: unguarded-access
    imm_ = new std::map<std::string, std::string>(mem_);
    bg_.SignalAll();
  }
  syn::Mutex mu_;
  syn::CondVar bg_;
  std::map<std::string, std::string> mem_;
  std::map<std::string, std::string>* imm_ = nullptr;
  long seq_ = 0;
  long compacted_bytes_ = 0;
  bool shutdown_ = false;
};

syn::Mutex g_env_mu;
int g_open_files = 0;
syn::Mutex g_log_mu;
std::string g_log;

void Log(const std::string& s) {
  syn::MutexLock l(&g_log_mu);  // side: lock-order
  g_log += s;
}

void OpenFile() {
  syn::MutexLock l(&g_env_mu);  // side: lock-order
  ++g_open_files;
  Log("open");  // expect: lock-order
}

void Rotate() {
  syn::MutexLock l(&g_log_mu);  // side: lock-order
  g_log.clear();
  syn::MutexLock e(&g_env_mu);  // expect: lock-order
  g_open_files = 1;
}

int OpenFiles() { return g_open_files; }  // expect: unguarded-access

}  // namespace db

int main() {
  db::Table t;
  std::thread bg(&db::Table::Background, &t);
  std::vector<std::thread> ws;
  for (int i = 0; i < 3; ++i)
    ws.emplace_back([&t] {
      std::string s;
      t.Write("a", "b");
      t.Read("a", &s);
      t.Compact();
      t.TryTrim();
      t.Reset(false);
      db::OpenFile();
      db::Rotate();
      if (t.Sequence() > 5 && db::OpenFiles() > 2) t.Repair();
    });
  for (auto& w : ws) w.join();
  t.Stop();
  bg.join();
  return static_cast<int>(t.Sequence());  // clean: unguarded-access
}
