/* snarl/annotate.h: tells snarl what it cannot see by itself: locks made of atomics, fibers, order that comes from
 * elsewhere, orders of locks that are meant to be, names. C and C++.
 *
 * Nothing has to be linked. The functions call libsnarl_rt.so if the process was started under it (`snarl run`, or
 * LD_PRELOAD) and do nothing otherwise: one load and one test. Processors other than x86-64 and static programs have
 * nothing to call.
 *
 * A lock, a tag: any address that stands for the object. Not for locks that snarl knows (pthread, C11, std::).
 */
#ifndef SNARL_ANNOTATE_H
#define SNARL_ANNOTATE_H

#ifdef __cplusplus
extern "C" {
#endif

/* How a lock is taken; may be or-ed. */
enum snarl_mode {
  SNARL_EXCLUSIVE = 0,
  SNARL_SHARED = 1,   /* readers do not exclude each other */
  SNARL_TIMED = 2,    /* gives up after a while: no part of a deadlock */
  SNARL_RECURSIVE = 4 /* whoever holds it may take it again */
};

/* What the library is asked to do; used by the functions below only. */
enum snarl_request {
  SNARL_REQUEST_LOCK_CREATE = 1,
  SNARL_REQUEST_LOCK_DESTROY,
  SNARL_REQUEST_LOCK_WAIT,
  SNARL_REQUEST_LOCK_ACQUIRED,
  SNARL_REQUEST_LOCK_FAILED,
  SNARL_REQUEST_LOCK_RELEASE,
  SNARL_REQUEST_HAPPENS_BEFORE,
  SNARL_REQUEST_HAPPENS_AFTER,
  SNARL_REQUEST_ORDER_ON_PURPOSE,
  SNARL_REQUEST_ON_PURPOSE_BEGIN,
  SNARL_REQUEST_ON_PURPOSE_END,
  SNARL_REQUEST_NAME_LOCK,
  SNARL_REQUEST_NAME_THREAD,
  SNARL_REQUEST_FIBER_CREATE,
  SNARL_REQUEST_FIBER_CURRENT,
  SNARL_REQUEST_FIBER_SWITCH,
  SNARL_REQUEST_FIBER_DESTROY
};

static __inline__ __attribute__((always_inline, unused)) void *snarl_request_(int request, const volatile void *object,
                                                                             const void *more, int mode) {
#if defined(__x86_64__) && defined(__linux__) && !defined(SNARL_NO_ANNOTATIONS)
  /* Through the global offset table, which is where a weak name that nobody defines is 0 with every linker, in
   * programs that are position independent and in those that are not. */
  void *(*library)(int, const volatile void *, const void *, int);
  __asm__(".weak snarl_rt_annotate\n\tmovq snarl_rt_annotate@GOTPCREL(%%rip), %0" : "=r"(library));
  if (__builtin_expect(library != 0, 0)) return library(request, object, more, mode);
#else
  (void)request, (void)object, (void)more, (void)mode;
#endif
  return 0;
}

#define SNARL_ANNOTATION_ static __inline__ __attribute__((always_inline, unused))

/* ---- Locks of your own.  wait; ...get it...; acquired;  ...  release; ...give it back...  */

/* A lock begins to be at this address. Needed only where memory is used again. */
SNARL_ANNOTATION_ void snarl_lock_create(const volatile void *lock) {
  snarl_request_(SNARL_REQUEST_LOCK_CREATE, lock, 0, 0);
}
/* It is no more; told if somebody holds it. */
SNARL_ANNOTATION_ void snarl_lock_destroy(const volatile void *lock) {
  snarl_request_(SNARL_REQUEST_LOCK_DESTROY, lock, 0, 0);
}
/* The thread wants the lock and may have to wait. Not before an attempt that cannot block. */
SNARL_ANNOTATION_ void snarl_lock_wait(const volatile void *lock, int mode) {
  snarl_request_(SNARL_REQUEST_LOCK_WAIT, lock, 0, mode);
}
/* It has it. */
SNARL_ANNOTATION_ void snarl_lock_acquired(const volatile void *lock, int mode) {
  snarl_request_(SNARL_REQUEST_LOCK_ACQUIRED, lock, 0, mode);
}
/* After snarl_lock_wait: it gave up. */
SNARL_ANNOTATION_ void snarl_lock_failed(const volatile void *lock) {
  snarl_request_(SNARL_REQUEST_LOCK_FAILED, lock, 0, 0);
}
/* It is about to give it back. */
SNARL_ANNOTATION_ void snarl_lock_release(const volatile void *lock) {
  snarl_request_(SNARL_REQUEST_LOCK_RELEASE, lock, 0, 0);
}

/* ---- Order that snarl does not see: queues of atomics, pipes, your own events.
 * What a thread did before happens_before(tag) comes before what another does after happens_after(tag). */

SNARL_ANNOTATION_ void snarl_happens_before(const volatile void *tag) {
  snarl_request_(SNARL_REQUEST_HAPPENS_BEFORE, tag, 0, 0);
}
SNARL_ANNOTATION_ void snarl_happens_after(const volatile void *tag) {
  snarl_request_(SNARL_REQUEST_HAPPENS_AFTER, tag, 0, 0);
}

/* ---- Orders of locks that are meant to be */

/* Taking `second` while holding `first` is right, whatever the order is elsewhere. Any locks, also pthread's. */
SNARL_ANNOTATION_ void snarl_order_on_purpose(const volatile void *first, const volatile void *second) {
  snarl_request_(SNARL_REQUEST_ORDER_ON_PURPOSE, first, (const void *)second, 0);
}
/* What this thread locks in between says nothing about order. Nests. */
SNARL_ANNOTATION_ void snarl_on_purpose_begin(void) { snarl_request_(SNARL_REQUEST_ON_PURPOSE_BEGIN, 0, 0, 0); }
SNARL_ANNOTATION_ void snarl_on_purpose_end(void) { snarl_request_(SNARL_REQUEST_ON_PURPOSE_END, 0, 0, 0); }

/* ---- Names, for reports. Copied. */

SNARL_ANNOTATION_ void snarl_name_lock(const volatile void *lock, const char *name) {
  snarl_request_(SNARL_REQUEST_NAME_LOCK, lock, name, 0);
}
/* The calling thread or fiber; not bound to 15 characters as pthread_setname_np is. */
SNARL_ANNOTATION_ void snarl_name_thread(const char *name) { snarl_request_(SNARL_REQUEST_NAME_THREAD, 0, name, 0); }

/* ---- Fibers: each has locks and a history of its own. 0 is a valid answer: there is no library, or no memory. */

/* A fiber begins to be; what its creator did comes before what it does. */
SNARL_ANNOTATION_ void *snarl_fiber_create(void) { return snarl_request_(SNARL_REQUEST_FIBER_CREATE, 0, 0, 0); }
/* The fiber that runs here, or the thread itself: what to switch back to. */
SNARL_ANNOTATION_ void *snarl_fiber_current(void) { return snarl_request_(SNARL_REQUEST_FIBER_CURRENT, 0, 0, 0); }
/* Right before the stack is changed. */
SNARL_ANNOTATION_ void snarl_fiber_switch(void *fiber) { snarl_request_(SNARL_REQUEST_FIBER_SWITCH, fiber, 0, 0); }
/* A fiber that does not run and never will again; what it did comes before what follows. */
SNARL_ANNOTATION_ void snarl_fiber_destroy(void *fiber) { snarl_request_(SNARL_REQUEST_FIBER_DESTROY, fiber, 0, 0); }

#undef SNARL_ANNOTATION_

#ifdef __cplusplus
} /* extern "C" */

namespace snarl {
/* What is locked in this scope says nothing about order. */
class order_on_purpose {
public:
  order_on_purpose() { snarl_on_purpose_begin(); }
  ~order_on_purpose() { snarl_on_purpose_end(); }
  order_on_purpose(const order_on_purpose &) = delete;
  order_on_purpose &operator=(const order_on_purpose &) = delete;
};
} /* namespace snarl */
#endif

#endif
