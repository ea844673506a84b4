#include "calls.h"
#include <sys/syscall.h>

namespace snarl_rt {

const char *call_name(uint8_t call) {
  static constexpr const char *names[] = {
      "a call",
#define CALL(result, name, parameters, arguments) #name,
#define POLL(name, parameters, arguments, descriptors, ready) #name,
#include "blocking.inc"
#include "polling.inc"
      "fcntl",
#undef CALL
#undef POLL
  };
  switch (call) { // what the compiler made of it under _FORTIFY_SOURCE
  case kCall___read_chk: return "read";
  case kCall___recv_chk: return "recv";
  case kCall___poll_chk: return "poll";
  case kCall___ppoll_chk: return "ppoll";
  default: return names[call < kCallNames ? call : 0];
  }
}

const char *system_call_name(int number) {
  switch (number) {
#define NAME(name)                                                                                                     \
  case SYS_##name: return #name;
    NAME(read)
    NAME(write) NAME(readv) NAME(writev) NAME(pread64) NAME(pwrite64) NAME(open) NAME(openat) NAME(close) NAME(poll)
        NAME(ppoll) NAME(select) NAME(pselect6) NAME(epoll_wait) NAME(epoll_pwait) NAME(io_uring_enter) NAME(recvfrom)
            NAME(recvmsg) NAME(sendto) NAME(sendmsg) NAME(accept) NAME(accept4) NAME(connect) NAME(ioctl) NAME(fsync)
                NAME(fdatasync) NAME(sync) NAME(flock) NAME(fcntl) NAME(nanosleep) NAME(clock_nanosleep) NAME(wait4)
                    NAME(waitid) NAME(rename) NAME(renameat2) NAME(unlink) NAME(unlinkat) NAME(ftruncate)
                        NAME(fallocate) NAME(getdents64) NAME(newfstatat) NAME(msgrcv) NAME(msgsnd) NAME(semop)
                            NAME(sendfile) NAME(copy_file_range)
#undef NAME
                                default : return nullptr;
  }
}

} // namespace snarl_rt
