#include "append_file.h"
#include <fcntl.h>
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
  struct stat status;
  if (look_at(static_cast<int>(high >= 0 ? high : opened), status)) {
    device_ = status.st_dev;
    inode_ = status.st_ino;
  }
  store(fd_, high >= 0 ? high : opened);
  return 0;
}

bool AppendFile::still_ours() const {
  struct stat status;
  return fd_ >= 0 && look_at(fd_, status) && status.st_dev == device_ && status.st_ino == inode_;
}

long AppendFile::create(const char *path) {
  return open(path, O_CREAT | O_EXCL);
}

bool AppendFile::append(const char *path, const void *data, size_t size, const void *head, size_t head_size) {
  int fd;
  {
    Locked locked(lock_);
    if (!still_ours()) {
      store(fd_, -1);
      if (open(path, 0) < 0) return false;
    }
    fd = fd_;
  }
  iovec pieces[] = {{const_cast<void *>(head), head_size}, {const_cast<void *>(data), size}};
  return raw_syscall(SYS_writev, fd, reinterpret_cast<long>(pieces), 2) == static_cast<long>(head_size + size);
}

void AppendFile::start_over() {
  lock_.reset();
  if (still_ours()) raw_syscall(SYS_close, fd_);
  fd_ = -1;
}

} // namespace snarl_rt
