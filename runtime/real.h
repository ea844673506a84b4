// The functions behind the wrappers: `real::pthread_mutex_lock(m)`.
//
// Each pointer starts out aimed at its own resolver, so a call through it needs no test and no start-up order: wrappers
// are entered before our constructor has run (jemalloc locks while the program is still being relocated).
// A call that comes while its function is being looked up can only be the look-up's own; no second thread can be
// running then, and it silently succeeds.
#pragma once
#include "base.h"
#include <mqueue.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/msg.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <threads.h>
#include <time.h>

namespace snarl_rt::real {

#define REAL(result, name, parameters, arguments, version) extern result(*name) parameters;
#include "real.inc"
#undef REAL

/// Looks everything up at once. From the constructor: later calls then never resolve.
void resolve_all();

/// The next definition of a name, of a version or the default one. Null if there is none.
void *find(const char *name, const char *version);

/// Is there a C++ library that was loaded with the program? One that came later by dlopen is out of sight.
bool have_guards();

/// The .eh_frame_hdr of the object that holds `pc`, or null.
const uint8_t *unwind_header(uintptr_t pc);

/// The mapping of the object that holds `pc`. False if there is none.
bool object_range(uintptr_t pc, uintptr_t &start, uintptr_t &end);

} // namespace snarl_rt::real
