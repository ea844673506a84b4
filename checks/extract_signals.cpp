// What a signal handler must not reach: library functions that are not async-signal-safe (POSIX.1-2017, 2.4.3; the
// Linux manual page signal-safety(7)) and C++ that allocates or writes to streams. The first few of each
// function are kept: one is enough to say.
#include "extract_body.h"
#include "llvm/ADT/StringSet.h"

namespace snarl {

using namespace clang;

static constexpr unsigned kMaxUnsafe = 3; ///< per function

/// C functions that are known to be unsafe. What is on neither list is not judged.
static const llvm::StringSet<> &unsafe_functions() {
  static const llvm::StringSet<> names{
      // memory
      "malloc", "calloc", "realloc", "free", "posix_memalign", "aligned_alloc", "strdup", "strndup", "asprintf",
      "vasprintf", "getline", "reallocarray", "memalign", "valloc",
      // stdio
      "printf", "fprintf", "vprintf", "vfprintf", "sprintf", "snprintf", "vsprintf", "vsnprintf", "dprintf", "vdprintf",
      "puts", "fputs", "putchar", "putc", "fputc", "fopen", "fdopen", "freopen", "fclose", "fflush", "fread", "fwrite",
      "fgets", "fgetc", "getc", "getchar", "scanf", "fscanf", "sscanf", "perror", "fseek", "ftell", "rewind", "setvbuf",
      "popen", "pclose", "tmpfile", "ungetc", "fputs_unlocked", "psignal", "psiginfo",
      // processes and the environment
      "exit", "atexit", "system", "getenv", "setenv", "putenv", "unsetenv", "rand", "srand", "random", "srandom",
      // threads
      "pthread_create", "pthread_join", "pthread_cancel", "pthread_exit", "pthread_once", "pthread_mutex_init",
      "pthread_mutex_destroy", "pthread_cond_init", "pthread_key_create", "pthread_setspecific", "thrd_create",
      "thrd_join",
      // time, locale, messages
      "localtime", "gmtime", "ctime", "asctime", "localtime_r", "ctime_r", "mktime", "strftime", "tzset", "setlocale",
      "strerror", "strsignal", "strtok", "syslog", "vsyslog", "openlog", "closelog",
      // loading and looking up
      "dlopen", "dlsym", "dlclose", "dladdr", "getaddrinfo", "gethostbyname", "getpwnam", "getpwuid", "getgrnam",
      "getgrgid", "opendir", "readdir", "closedir", "qsort", "bsearch", "backtrace_symbols", "glob", "regcomp",
      "regexec", "iconv", "sigwait", "g_malloc", "g_free", "g_print"};
  return names;
}

static bool grows(llvm::StringRef method) {
  return method.starts_with("push") || method.starts_with("emplace") || method.starts_with("insert") ||
         method.starts_with("append") || method == "resize" || method == "reserve" || method == "assign" ||
         method == "clear" || method == "erase";
}

/// What is unsafe about the expression, as people call it; empty: nothing that is known.
static std::string unsafe_in_handlers(Unit &unit, const Stmt *s) {
  if (isa<CXXThrowExpr>(s)) return "throw";
  if (auto *made = dyn_cast<CXXNewExpr>(s)) return made->getNumPlacementArgs() ? "" : "operator new";
  if (isa<CXXDeleteExpr>(s)) return "operator delete";
  if (auto *construct = dyn_cast<CXXConstructExpr>(s)) {
    const CXXConstructorDecl *constructor = construct->getConstructor();
    const CXXRecordDecl *record = constructor->getParent();
    if (!record->isInStdNamespace() || construct->isElidable() || constructor->isMoveConstructor()) return "";
    const TypeModel *model = unit.type_model(record);
    if (!model) return "";
    if (model->kind == TypeKind::Thread || model->kind == TypeKind::JThread) return "std::thread";
    if (record->getName() == "basic_string" && construct->getNumArgs() && !constructor->isDefaultConstructor())
      return "std::string";
    return "";
  }
  auto *call = dyn_cast<CallExpr>(s);
  const FunctionDecl *fn = call ? call->getDirectCallee() : nullptr;
  if (!fn || !unit.is_system(fn->getLocation())) return "";
  if (fn->getDeclName().isIdentifier() && !isa<CXXMethodDecl>(fn)) {
    llvm::StringRef name = fn->getName();
    name.consume_front("__builtin_");
    if (unsafe_functions().contains(name)) return name.str();
    if (fn->isInStdNamespace() &&
        (name == "make_unique" || name == "make_shared" || name == "to_string" || name == "getline"))
      return "std::" + name.str();
  }
  if (fn->getOverloadedOperator() == OO_LessLess && call->getNumArgs()) {
    const CXXRecordDecl *stream = call->getArg(0)->getType()->getAsCXXRecordDecl();
    if (stream && stream->isInStdNamespace() && stream->getName().ends_with("stream")) return "operator<< on a stream";
  }
  auto *method = dyn_cast<CXXMethodDecl>(fn);
  if (!method || method->isConst()) return "";
  const TypeModel *model = unit.type_model(method->getParent());
  if (!model || model->kind != TypeKind::Container || method->getParent()->getName() == "array") return "";
  bool map = method->getParent()->getName().contains("map");
  bool string = method->getParent()->getName() == "basic_string";
  if ((method->getDeclName().isIdentifier() && grows(method->getName())) ||
      (map && method->getOverloadedOperator() == OO_Subscript) ||
      (string && (method->getOverloadedOperator() == OO_PlusEqual || method->getOverloadedOperator() == OO_Equal)))
    return unit.name(method).str().str();
  return "";
}

void Body::note_unsafe(const Stmt *s) {
  if (unsafe_ >= kMaxUnsafe || !isa<CallExpr, CXXConstructExpr, CXXNewExpr, CXXDeleteExpr, CXXThrowExpr>(s)) return;
  std::string what = unsafe_in_handlers(unit_, s);
  if (what.empty()) return;
  ++unsafe_;
  // A call of a function that has no body in sight.
  Op &op = add(OpKind::Call, cast<Expr>(s)->getExprLoc());
  op.callee = op.callee_name = op.api = Symbol(what);
}

/// sigaction(): the handler is a member of the structure that is passed, often of a union in it.
bool Body::signal_handlers(const Expr *call, const Expr *action) {
  Path object = without_deref(path(action));
  QualType type = strip(action)->getType();
  if (auto *address = dyn_cast<UnaryOperator>(strip(action)); address && address->getOpcode() == UO_AddrOf)
    type = address->getSubExpr()->getType();
  if (type->isPointerType()) type = type->getPointeeType();
  const RecordDecl *record = type->getAsRecordDecl();
  if (!object.known() || !record || !record->getDefinition()) return true;
  auto starts = [&](const Path &base, const FieldDecl *member) {
    if (member->getName() != "sa_handler" && member->getName() != "sa_sigaction") return;
    Path kept = field(base, member);
    Op &op = add(OpKind::Spawn, call->getExprLoc());
    op.value.path = std::move(kept);
    op.spawn = SpawnKind::Signal;
    op.api = Symbol("sigaction");
  };
  for (const FieldDecl *member : record->getDefinition()->fields()) {
    starts(object, member);
    if (const RecordDecl *inner = member->getType()->getAsRecordDecl(); inner && inner->isUnion())
      for (const FieldDecl *choice : inner->fields()) starts(field(object, member), choice);
  }
  return true;
}

} // namespace snarl
