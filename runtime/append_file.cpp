#include "append_file.h"
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/uio.h>

namespace snarl_rt {
namespace {

constexpr int kHighDescriptor = 1000, kLessHigh = 200;

bool look_at(int fd, struct stat &status) {
  return raw_syscall(SYS_newfstatat, fd, reinterpret_cast<long>(""), reinterpret_cast<long>(&status), AT_EMPTY_PATH) ==
         0;
}

} // namespace

long AppendFile::open(const char *path, int flags) {
  long opened =
      raw_syscall(SYS_openat, AT_FDCWD, reinterpret_cast<long>(path), O_WRONLY | O_APPEND | O_CLOEXEC | flags, 0666);
  if (opened < 0) return opened;
  long high = raw_syscall(SYS_fcntl, opened, F_DUPFD_CLOEXEC, kHighDescriptor);
  if (high < 0) high = raw_syscall(SYS_fcntl, opened, F_DUPFD_CLOEXEC, kLessHigh);
  if (high >= 0) raw_syscall(SYS_close, opened);
  int fd = static_cast<int>(high >= 0 ? high : opened);
  struct stat status;
  if (!look_at(fd, status)) { // it could never be told from a file of the program's
    raw_syscall(SYS_close, fd);
    return -EBADF;
  }
  device_ = status.st_dev;
  inode_ = status.st_ino;
  store(fd_, fd);
  return 0;
}

long AppendFile::create(const char *path) {
  return open(path, O_CREAT | O_EXCL);
}

/// The descriptor is ours, if need be after the file was opened again. Its present size.
bool AppendFile::ready(const char *path, uint64_t &size) {
  struct stat status;
  for (int attempt = 0; attempt < 2; ++attempt) {
    if (fd_ >= 0 && look_at(fd_, status) && status.st_dev == device_ && status.st_ino == inode_) {
      size = static_cast<uint64_t>(status.st_size);
      return true;
    }
    store(fd_, -1);
    if (open(path, 0) < 0) return false;
  }
  return false;
}

bool AppendFile::append(const char *path, const void *data, size_t size, const void *head, size_t head_size) {
  Locked locked(lock_);
  uint64_t before;
  if (!ready(path, before)) return false;
  size_t all = head_size + size;
  rlimit limit{RLIM_INFINITY, RLIM_INFINITY};
  raw_syscall(SYS_prlimit64, 0, RLIMIT_FSIZE, 0, reinterpret_cast<long>(&limit));
  if (before + all > limit.rlim_cur) return false;
  iovec pieces[] = {{const_cast<void *>(head), head_size}, {const_cast<void *>(data), size}};
  long written = raw_syscall(SYS_writev, fd_, reinterpret_cast<long>(pieces), 2);
  if (written == static_cast<long>(all)) return true;
  if (written > 0) raw_syscall(SYS_ftruncate, fd_, static_cast<long>(before));
  return false;
}

bool AppendFile::overwrite(const char *path, uint64_t position, const void *data, size_t size) {
  Locked locked(lock_);
  uint64_t now;
  if (!ready(path, now) || position + size > now) return false;
  // Through another descriptor: what is written by this one is appended wherever it should go (pwrite(2), bugs).
  long fd = raw_syscall(SYS_openat, AT_FDCWD, reinterpret_cast<long>(path), O_WRONLY | O_CLOEXEC);
  if (fd < 0) return false;
  long written =
      raw_syscall(SYS_pwrite64, fd, reinterpret_cast<long>(data), static_cast<long>(size), static_cast<long>(position));
  raw_syscall(SYS_close, fd);
  return written == static_cast<long>(size);
}

void AppendFile::start_over() {
  lock_.reset();
  struct stat status;
  if (fd_ >= 0 && look_at(fd_, status) && status.st_dev == device_ && status.st_ino == inode_)
    raw_syscall(SYS_close, fd_);
  fd_ = -1;
}

} // namespace snarl_rt
