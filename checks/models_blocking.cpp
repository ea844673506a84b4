// Operations that can block their thread, by the class of what they wait for. Printing to standard output, closing
// descriptors, memory and locks are not among them.
#include "models_tables.h"

namespace snarl {
namespace {

CallModel block(BlockKind kind, int object = 0, int timeout = -1, CallModel::Unit unit = CallModel::None) {
  CallModel m{CallKind::Block, object, timeout};
  m.block = kind;
  m.unit = unit;
  return m;
}
/// Does not block if argument number `flags` has one of the bits.
CallModel unless(CallModel m, int flags, int64_t bits) {
  m.nonblock_flags = flags;
  m.nonblock_bits = bits;
  return m;
}
CallModel socket(int flags) {
  return unless(block(BlockKind::Socket, 0), flags, 0x40 /* MSG_DONTWAIT */);
}

} // namespace

void add_blocking_models(ModelTables &t) {
  using C = CallModel;
  t.calls({"sleep", "thrd_sleep_s"}, block(BlockKind::Sleep, -1, 0, C::Seconds));
  t.calls({"usleep"}, block(BlockKind::Sleep, -1, 0, C::Micros));
  t.calls({"nanosleep", "thrd_sleep"}, block(BlockKind::Sleep, -1));
  t.call("clock_nanosleep", block(BlockKind::Sleep, -1));
  t.calls({"std::this_thread::sleep_for", "boost::this_thread::sleep_for", "absl::SleepFor"},
          block(BlockKind::Sleep, -1, 0, C::Chrono));
  t.calls({"std::this_thread::sleep_until", "boost::this_thread::sleep_until"}, block(BlockKind::Sleep, -1));
  t.calls({"QThread::msleep"}, block(BlockKind::Sleep, -1, 0, C::Millis));
  t.calls({"QThread::sleep"}, block(BlockKind::Sleep, -1, 0, C::Seconds));
  t.calls({"pause", "sigsuspend", "sigwait", "sigwaitinfo"}, block(BlockKind::ThreadWait, -1));

  t.calls({"sem_wait"}, block(BlockKind::ThreadWait, 0));
  t.calls({"sem_timedwait", "sem_clockwait"}, block(BlockKind::ThreadWait, 0));
  t.calls({"pthread_barrier_wait"}, block(BlockKind::ThreadWait, 0));
  constexpr int64_t kNoHang = 1; // WNOHANG
  t.calls({"wait"}, block(BlockKind::Process, -1));
  t.calls({"wait3"}, unless(block(BlockKind::Process, -1), 1, kNoHang));
  t.calls({"waitpid", "wait4"}, unless(block(BlockKind::Process, -1), 2, kNoHang));
  t.calls({"waitid"}, unless(block(BlockKind::Process, -1), 3, kNoHang));
  t.calls({"system", "std::system", "popen", "pclose"}, block(BlockKind::Process, -1));
  t.calls({"QThread::wait", "QThreadPool::waitForDone"}, block(BlockKind::ThreadWait, -1));
  t.calls({"QProcess::waitForFinished", "QProcess::waitForStarted"}, block(BlockKind::Process, -1));

  t.calls({"folly::coro::blockingWait", "cppcoro::sync_wait", "unifex::sync_wait", "stdexec::sync_wait",
           "std::execution::sync_wait", "drogon::sync_wait", "QCoro::waitFor", "libcoro::sync_wait", "coro::sync_wait"},
          block(BlockKind::SyncBridge, -1));
  t.calls({"folly::Future::get", "folly::Future::wait", "folly::SemiFuture::get", "folly::SemiFuture::wait",
           "folly::Future::getVia", "folly::Future::waitVia", "concurrencpp::result::get", "concurrencpp::result::wait",
           "QEventLoop::exec", "QFuture::waitForFinished", "seastar::future::get",
           "drogon::orm::DbClient::execSqlSync"},
          block(BlockKind::SyncBridge, -1));
  for (std::string ns : {"asio::", "boost::asio::"}) {
    t.calls({ns + "io_context::run", ns + "io_context::run_one", ns + "io_service::run", ns + "io_context::run_for",
             ns + "io_context::run_until", ns + "thread_pool::join", ns + "thread_pool::wait"},
            block(BlockKind::SyncBridge, -1));
  }

  // Sockets: the flags argument with MSG_DONTWAIT exempts.
  t.calls({"recv", "send"}, socket(3));
  t.calls({"recvfrom", "sendto"}, socket(3));
  t.calls({"recvmsg", "sendmsg"}, socket(2));
  t.calls({"recvmmsg", "sendmmsg"}, socket(3));
  t.calls({"accept", "connect"}, socket(-2));
  t.call("accept4", socket(-2));
  t.call("poll", block(BlockKind::Poll, -1, 2, C::Millis));
  t.call("epoll_wait", block(BlockKind::Poll, 0, 3, C::Millis));
  t.call("epoll_pwait", block(BlockKind::Poll, 0, 3, C::Millis));
  t.calls({"select", "pselect", "ppoll"}, block(BlockKind::Poll, -1));
  t.calls({"getaddrinfo", "gethostbyname", "gethostbyname2", "gethostbyaddr", "getnameinfo", "gethostbyname_r",
           "gethostbyaddr_r", "res_query", "res_search"},
          block(BlockKind::NameLookup, -1));

  t.calls({"getchar", "getchar_unlocked", "scanf", "vscanf", "gets", "std::getchar", "std::scanf", "readline"},
          block(BlockKind::Input, -1));

  t.calls({"open", "openat", "creat", "fopen", "freopen", "std::fopen", "std::freopen", "fdopen"},
          block(BlockKind::FileIo, -1));
  CallModel on_fd = block(BlockKind::FileIo, 0);
  on_fd.nonblock_flags = -2;
  t.calls({"read", "write", "pread", "pwrite", "readv", "writev", "preadv", "pwritev", "pread64", "pwrite64",
           "sendfile", "splice"},
          on_fd);
  t.calls({"fsync", "fdatasync", "sync", "msync", "syncfs", "ftruncate", "truncate", "fallocate", "posix_fallocate"},
          block(BlockKind::FileIo, -1));
  t.calls({"stat", "lstat", "fstatat", "mkdir", "rmdir", "rename", "unlink", "remove", "opendir", "readdir", "scandir",
           "std::remove", "std::rename", "copy_file_range", "link", "symlink", "lockf"},
          block(BlockKind::FileIo, -1));
  t.call("flock", unless(block(BlockKind::FileIo, -1), 1, 4 | 8 /* LOCK_NB, LOCK_UN */));
  // stdio on a stream argument; extraction leaves out stdout and stderr.
  for (std::string ns : {"", "std::"}) {
    t.calls({ns + "fread", ns + "fwrite"}, block(BlockKind::FileIo, 3));
    t.calls({ns + "fgets"}, block(BlockKind::FileIo, 2));
    t.calls({ns + "fputs", ns + "fputc", ns + "putc", ns + "ungetc"}, block(BlockKind::FileIo, 1));
    t.calls({ns + "fgetc", ns + "getc", ns + "fflush", ns + "fscanf", ns + "fprintf", ns + "vfprintf", ns + "fseek",
             ns + "rewind"},
            block(BlockKind::FileIo, 0));
  }
  t.calls({"getline", "getdelim"}, block(BlockKind::FileIo, 2));
  t.types({"std::basic_ifstream", "std::basic_ofstream", "std::basic_fstream", "std::ifstream", "std::ofstream",
           "std::fstream", "QFile"},
          {TypeKind::Stream});
  for (std::string name : {"copy",
                           "copy_file",
                           "copy_symlink",
                           "create_directories",
                           "create_directory",
                           "create_symlink",
                           "create_hard_link",
                           "equivalent",
                           "exists",
                           "file_size",
                           "hard_link_count",
                           "is_block_file",
                           "is_directory",
                           "is_empty",
                           "is_regular_file",
                           "is_symlink",
                           "last_write_time",
                           "permissions",
                           "read_symlink",
                           "remove",
                           "remove_all",
                           "rename",
                           "resize_file",
                           "space",
                           "status",
                           "symlink_status",
                           "canonical",
                           "weakly_canonical",
                           "current_path",
                           "temp_directory_path"})
    t.call("std::filesystem::" + name, block(BlockKind::FileIo, -1));

  // Third party, by name.
  t.calls({"curl_easy_perform",
           "curl_multi_wait",
           "curl_multi_poll",
           "PQexec",
           "PQexecParams",
           "PQexecPrepared",
           "PQconnectdb",
           "PQgetResult",
           "PQprepare",
           "mysql_query",
           "mysql_real_query",
           "mysql_real_connect",
           "mysql_store_result",
           "sqlite3_step",
           "sqlite3_exec",
           "sqlite3_prepare_v2",
           "sqlite3_open",
           "sqlite3_open_v2",
           "redisCommand",
           "redisConnect",
           "redisConnectWithTimeout",
           "redisGetReply",
           "rocksdb::DB::Get",
           "leveldb::DB::Get",
           "mongoc_collection_find_with_opts",
           "SSL_read",
           "SSL_write",
           "SSL_connect",
           "SSL_accept",
           "SSL_do_handshake"},
          block(BlockKind::ThirdParty, -1));
}

} // namespace snarl
