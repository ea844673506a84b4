// Runs tasks in the order of their dependencies on a small pool.
#include <condition_variable>
#include <deque>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

class Pool {
public:
  explicit Pool(unsigned n) {
    for (unsigned i = 0; i < n; ++i) threads_.emplace_back([this] { run(); });
  }
  ~Pool() {
    {
      std::lock_guard lock(mutex_);
      closed_ = true;
    }
    ready_.notify_all();
  }
  template <class F> auto submit(F f) -> std::future<std::invoke_result_t<F>> {
    auto task = std::make_shared<std::packaged_task<std::invoke_result_t<F>()>>(std::move(f));
    auto result = task->get_future();
    {
      std::lock_guard lock(mutex_);
      queue_.push_back([task] { (*task)(); });
    }
    ready_.notify_one();
    return result;
  }

private:
  void run() {
    for (;;) {
      std::function<void()> job;
      {
        std::unique_lock lock(mutex_);
        ready_.wait(lock, [this] { return closed_ || !queue_.empty(); });
        if (queue_.empty()) return;
        job = std::move(queue_.front());
        queue_.pop_front();
      }
      job();
    }
  }
  std::mutex mutex_;
  std::condition_variable ready_;
  std::deque<std::function<void()>> queue_;
  bool closed_ = false;
  std::vector<std::jthread> threads_;
};

class Graph {
public:
  void add(std::string name, std::set<std::string> needs, std::function<int()> work) {
    tasks_.emplace(std::move(name), Task{std::move(needs), std::move(work), {}});
  }
  std::map<std::string, int> run(Pool &pool) {
    std::map<std::string, int> done;
    while (done.size() < tasks_.size()) {
      std::vector<std::pair<std::string, std::future<int>>> wave;
      for (auto &[name, task] : tasks_) {
        bool ready = !done.contains(name);
        for (auto &need : task.needs) ready = ready && done.contains(need);
        if (ready) wave.emplace_back(name, pool.submit(task.work));
      }
      if (wave.empty()) throw std::runtime_error("a cycle");
      for (auto &[name, result] : wave) done[name] = result.get();
    }
    return done;
  }

private:
  struct Task {
    std::set<std::string> needs;
    std::function<int()> work;
    std::optional<int> result;
  };
  std::map<std::string, Task> tasks_;
};

int main() {
  Pool pool(2);
  Graph graph;
  graph.add("a", {}, [] { return 1; });
  graph.add("b", {"a"}, [] { return 2; });
  return graph.run(pool).size() == 2 ? 0 : 1;
}
