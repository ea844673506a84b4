// A file that only grows, through a descriptor that lives in the program's table.
//
// The program may close the descriptor, or close it and get the same number for a file of its own. So it sits at a high
// number and is checked against device and inode before each write; if it is not ours any more, the file is opened
// again by name.
//
// A write that does not fit the limit of file sizes is not tried, since the kernel would answer it with SIGXFSZ, which
// ends programs. What a full disk cut short is taken back, so that the file holds whole pieces only.
#pragma once
#include "base.h"

namespace snarl_rt {

class AppendFile {
public:
  /// Makes the file: 0, or -errno (-EEXIST if there is one).
  long create(const char *path);
  /// Appends head and data, all or nothing. False: the file is not there any more, or there is no room. May be called
  /// by several threads at once.
  bool append(const char *path, const void *data, size_t size, const void *head = nullptr, size_t head_size = 0);
  /// Writes over what is there already, which a full disk permits. As append.
  bool overwrite(const char *path, uint64_t position, const void *data, size_t size);
  bool is_open() const { return load(fd_) >= 0; }
  /// In a forked child: the parent's file is left alone, the next is another.
  void start_over();

private:
  long open(const char *path, int flags);
  bool ready(const char *path, uint64_t &size);

  SpinLock lock_;
  int fd_ = -1;
  uint64_t device_ = 0, inode_ = 0;
};

} // namespace snarl_rt
