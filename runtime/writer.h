// The trace file: lines formatted by hand, one write(2) each, and one system call more to see whether the descriptor is
// still ours (append_file.h). Lines are written for new things only, so that does not count.
#pragma once
#include "append_file.h"
#include "trace_format.h"

namespace snarl_rt {

/// One line being made. Starts in the caller's buffer and moves to mapped pages when it is too small.
class Line {
public:
  explicit Line(char letter) { put(letter); }
  ~Line();
  Line(const Line &) = delete;
  /// A space and the number, hexadecimal.
  Line &hex(uint64_t value);
  /// A space and one letter.
  Line &letter(char c);
  /// A space and the text, with newlines and backslashes escaped. At most `limit` characters.
  Line &text(const char *text, size_t limit = 4096);
  /// Characters as they are.
  Line &raw(const char *text, size_t length);

  /// False: there was no memory for it.
  bool whole() const { return !lost_; }
  const char *data() const { return data_; }
  size_t size() const { return size_; }

private:
  void put(char c);
  void grow();
  static constexpr size_t kInline = 360;
  char inline_[kInline];
  char *data_ = inline_;
  size_t size_ = 0, capacity_ = kInline;
  bool lost_ = false;
};

class Trace {
public:
  /// Opens the file if it is not open yet, writing V and M lines. False if nothing can be written.
  bool start();
  bool started() const { return load(started_); }
  /// There was something to write, but no file could be opened.
  bool unwritable() const { return load(started_) && load(failed_) && written_ == 0; }
  /// Where the files will be: as it is now, since the program may change its working directory.
  void choose_directory();
  /// Appends the line and its newline. Opens the file at the first line.
  void write(Line &line);
  /// A forked child: the next line opens a file of its own. No other thread is running.
  void start_over();
  /// Counts something that was not recorded; the C line is written at powers of two and when the process ends.
  void count(const char *name, uint64_t how_many = 1);
  /// The C lines as they stand.
  void write_counters();
  /// Number of the file in this process's line of forks, 1 to 255: what was announced in another one was not in this
  /// one.
  uint8_t epoch() const { return load(epoch_); }
  const char *directory() const { return directory_; }
  /// Where somebody outside leaves a question for this process (hang_ask.cpp). False if there is no room for it.
  bool ask_path(char *path, size_t capacity) const;
  const char *path() const { return path_; }
  SpinLock &lock() { return lock_; }

private:
  bool open_file();
  void write_bytes(const char *data, size_t size);
  void write_start();
  void lose();
  void tell_lost();

  SpinLock lock_;
  bool started_ = false, failed_ = false;
  uint8_t epoch_ = 1;
  AppendFile file_;
  int pid_ = 0;
  uint64_t written_ = 0;
  uint64_t lost_ = 0, lost_at_ = 0; ///< lines; where in the file their number is
  char executable_[1024] = {};
  char directory_[1024] = {};
  char path_[1100] = {};
};

extern Trace trace;

/// Puts the working directory before a relative path if there is room.
void make_absolute(char *path, size_t capacity);

} // namespace snarl_rt
