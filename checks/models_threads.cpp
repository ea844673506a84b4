// Threads, executors, condition variables, semaphores, futures, atomics.
#include "models_tables.h"

namespace snarl {
namespace {

CallModel wait(int condition, int lock, How how = How::Lock) {
  return {CallKind::Wait, condition, lock, how};
}
CallModel notify(bool all) {
  CallModel m{CallKind::Notify, 0};
  m.write = all;
  return m;
}
CallModel spawn(int callable, SpawnKind kind, int first_argument = -1) {
  CallModel m{CallKind::Spawn, callable, first_argument};
  m.spawn = kind;
  return m;
}
CallModel atomic(bool write) {
  CallModel m{CallKind::AtomicOp, 0};
  m.write = write;
  return m;
}

} // namespace

void add_thread_models(ModelTables &t) {
  for (std::string ns : {"std::", "boost::"}) {
    t.types({ns + "condition_variable", ns + "condition_variable_any"}, {TypeKind::CondVar});
    t.types({ns + "future", ns + "shared_future", ns + "unique_future"}, {TypeKind::Future});
    t.types({ns + "promise", ns + "packaged_task"}, {TypeKind::Promise});
    t.types({ns + "latch", ns + "barrier"}, {TypeKind::Semaphore});
    t.type(ns + "once_flag", {TypeKind::Once});
    t.call(ns + "async", spawn(0, SpawnKind::Async, 1));
  }
  t.types({"std::thread", "boost::thread", "boost::scoped_thread"}, {TypeKind::Thread});
  t.type("std::jthread", {TypeKind::JThread});
  t.types({"std::counting_semaphore", "std::binary_semaphore", "sem_t", "QSemaphore", "folly::Baton",
           "folly::SaturatingSemaphore", "absl::Notification", "absl::BlockingCounter", "absl::Barrier"},
          {TypeKind::Semaphore});
  t.types({"std::atomic", "std::__atomic_base", "std::atomic_ref", "std::atomic_flag", "boost::atomic", "QAtomicInt",
           "QAtomicInteger", "QAtomicPointer", "QBasicAtomicInteger", "tbb::atomic"},
          {TypeKind::Atomic});
  t.types({"pthread_once_t", "once_flag"}, {TypeKind::Once});
  t.types({"pthread_cond_t", "cnd_t", "absl::CondVar", "QWaitCondition"}, {TypeKind::CondVar});
  t.types({"pthread_t", "thrd_t", "std::thread::id"}, {TypeKind::Thread});
  t.type("pthread_barrier_t", {TypeKind::Semaphore});

  t.call("pthread_create", spawn(2, SpawnKind::Thread, 3));
  t.call("thrd_create", spawn(1, SpawnKind::Thread, 2));
  t.calls({"pthread_join", "thrd_join", "pthread_tryjoin_np", "pthread_timedjoin_np"}, {CallKind::Join, 0});
  t.calls({"pthread_detach", "thrd_detach"}, {CallKind::Detach, 0});
  t.call("QtConcurrent::run", spawn(0, SpawnKind::Pool, 1));
  t.calls({"signal", "sigset", "bsd_signal", "std::signal"}, spawn(1, SpawnKind::Signal));

  t.call("sigaction", spawn(1, SpawnKind::Signal));

  t.call("pthread_cond_wait", wait(0, 1));
  t.calls({"pthread_cond_timedwait", "pthread_cond_clockwait"}, wait(0, 1, How::Timed));
  t.call("cnd_wait", wait(0, 1));
  t.call("cnd_timedwait", wait(0, 1, How::Timed));
  t.calls({"pthread_cond_signal", "cnd_signal"}, notify(false));
  t.calls({"pthread_cond_broadcast", "cnd_broadcast"}, notify(true));

  t.calls({"pthread_once", "call_once", "std::call_once", "boost::call_once", "absl::call_once"}, {CallKind::InPlace});

  t.calls({"atomic_load", "atomic_load_explicit", "std::atomic_load", "std::atomic_load_explicit", "__c11_atomic_load",
           "__atomic_load_n", "__atomic_load", "__opencl_atomic_load", "atomic_is_lock_free"},
          atomic(false));
  for (std::string prefix : {"atomic_", "std::atomic_"})
    for (std::string name :
         {"store", "exchange", "compare_exchange_strong", "compare_exchange_weak", "fetch_add", "fetch_sub", "fetch_or",
          "fetch_xor", "fetch_and", "flag_test_and_set", "flag_clear", "init"})
      t.calls({prefix + name, prefix + name + "_explicit"}, atomic(true));
  for (std::string name : {"store_n",          "store",      "exchange_n", "exchange",     "compare_exchange_n",
                           "compare_exchange", "add_fetch",  "sub_fetch",  "and_fetch",    "or_fetch",
                           "xor_fetch",        "nand_fetch", "fetch_add",  "fetch_sub",    "fetch_and",
                           "fetch_or",         "fetch_xor",  "fetch_nand", "test_and_set", "clear"})
    t.calls({"__atomic_" + name, "__c11_atomic_" + name}, atomic(true));
  for (std::string name : {"fetch_and_add", "fetch_and_sub", "fetch_and_or", "fetch_and_and", "fetch_and_xor",
                           "add_and_fetch", "sub_and_fetch", "or_and_fetch", "and_and_fetch", "xor_and_fetch",
                           "bool_compare_and_swap", "val_compare_and_swap", "lock_test_and_set", "lock_release"})
    t.call("__sync_" + name, atomic(true));

  // Executors. asio's functions take the executor or its context first; which kind it is says the argument's type.
  for (std::string ns : {"asio::", "boost::asio::", "net::"}) {
    t.types({ns + "io_context", ns + "io_service", ns + "strand", ns + "io_context::strand", ns + "any_io_executor",
             ns + "executor", ns + "io_context::executor_type", ns + "io_context::basic_executor_type"},
            {TypeKind::Executor});
    t.types({ns + "thread_pool", ns + "static_thread_pool", ns + "system_executor", ns + "system_context"},
            {TypeKind::Pool});
    t.calls({ns + "post", ns + "dispatch", ns + "defer"}, spawn(1, SpawnKind::EventLoop));
    t.call(ns + "co_spawn", spawn(1, SpawnKind::EventLoop));
    for (std::string executor : {"io_context", "io_service", "strand", "io_context::strand"})
      t.calls({ns + executor + "::post", ns + executor + "::dispatch", ns + executor + "::defer"},
              spawn(0, SpawnKind::EventLoop));
  }
  t.types({"folly::EventBase", "folly::IOThreadPoolExecutor", "QEventLoop", "uv_loop_s"}, {TypeKind::Executor});
  t.types({"folly::CPUThreadPoolExecutor", "QThreadPool", "tbb::task_group", "tbb::task_arena"}, {TypeKind::Pool});
  t.calls({"folly::EventBase::runInEventBaseThread", "folly::EventBase::runInLoop",
           "folly::EventBase::runInEventBaseThreadAlwaysEnqueue", "folly::EventBase::runOnDestruction"},
          spawn(0, SpawnKind::EventLoop));
  t.calls({"folly::CPUThreadPoolExecutor::add", "folly::ThreadPoolExecutor::add", "folly::Executor::add",
           "QThreadPool::start", "tbb::task_group::run"},
          spawn(0, SpawnKind::Pool));
  t.calls({"folly::Future::thenValue", "folly::Future::thenTry", "folly::Future::then", "folly::SemiFuture::deferValue",
           "folly::SemiFuture::defer", "folly::SemiFuture::deferError", "folly::Future::thenError",
           "seastar::future::then", "seastar::future::then_wrapped", "seastar::future::finally",
           "seastar::future::handle_exception"},
          spawn(0, SpawnKind::EventLoop));
  t.call("QTimer::singleShot", spawn(1, SpawnKind::EventLoop));
  t.call("QMetaObject::invokeMethod", spawn(1, SpawnKind::EventLoop));
  t.calls({"tbb::parallel_for", "tbb::parallel_for_each", "tbb::parallel_reduce", "tbb::parallel_invoke"},
          spawn(-2, SpawnKind::Pool));
}

} // namespace snarl
