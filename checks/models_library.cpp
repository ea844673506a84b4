// The rest of the standard library as far as objects flow through it: containers, smart pointers, callables, helpers.
#include "models_tables.h"

namespace snarl {

void add_library_models(ModelTables &t) {
  // Of libstdc++, libc++ and MSVC's library: what is reached through one is an element of its container.
  t.types({"__gnu_cxx::__normal_iterator",
           "std::_Rb_tree_iterator",
           "std::_Rb_tree_const_iterator",
           "std::_List_iterator",
           "std::_List_const_iterator",
           "std::_Fwd_list_iterator",
           "std::_Fwd_list_const_iterator",
           "std::_Deque_iterator",
           "std::__detail::_Node_iterator",
           "std::__detail::_Node_const_iterator",
           "std::__wrap_iter",
           "std::__tree_iterator",
           "std::__tree_const_iterator",
           "std::__map_iterator",
           "std::__map_const_iterator",
           "std::__hash_iterator",
           "std::__hash_const_iterator",
           "std::__hash_map_iterator",
           "std::__hash_map_const_iterator",
           "std::__list_iterator",
           "std::__list_const_iterator",
           "std::__deque_iterator",
           "std::reverse_iterator"},
          {TypeKind::Iterator});
  t.types({"std::vector",
           "std::deque",
           "std::list",
           "std::forward_list",
           "std::map",
           "std::multimap",
           "std::set",
           "std::multiset",
           "std::unordered_map",
           "std::unordered_multimap",
           "std::unordered_set",
           "std::unordered_multiset",
           "std::queue",
           "std::priority_queue",
           "std::stack",
           "std::array",
           "std::basic_string",
           "std::string",
           "std::pair",
           "std::tuple",
           "std::bitset",
           "std::variant",
           "std::any",
           "std::basic_string_view",
           "std::initializer_list",
           "std::flat_map",
           "std::flat_set",
           "std::filesystem::path",
           "absl::flat_hash_map",
           "absl::flat_hash_set",
           "QVector",
           "QList",
           "QMap",
           "QHash",
           "QString",
           "QByteArray",
           "QQueue",
           "boost::circular_buffer",
           "boost::container::flat_map",
           "llvm::SmallVector",
           "llvm::DenseMap",
           "llvm::StringMap",
           "llvm::DenseSet"},
          {TypeKind::Container});
  TypeModel pointer{TypeKind::Pointer};
  t.types({"std::shared_ptr", "std::__shared_ptr", "std::__shared_ptr_access", "boost::shared_ptr",
           "boost::intrusive_ptr", "QSharedPointer", "QPointer", "llvm::IntrusiveRefCntPtr", "boost::scoped_ptr"},
          pointer);
  pointer.owner = true;
  t.types({"std::unique_ptr", "std::optional", "boost::optional", "std::auto_ptr", "QScopedPointer"}, pointer);
  t.types({"std::reference_wrapper", "std::span", "std::not_null", "gsl::not_null"},
          {TypeKind::Pointer, {}, {}, false, true});
  t.types({"std::weak_ptr", "boost::weak_ptr", "QWeakPointer"}, {TypeKind::WeakPointer});
  t.types({"std::function", "std::move_only_function", "std::copyable_function", "boost::function",
           "std::packaged_task", "folly::Function", "absl::AnyInvocable", "absl::FunctionRef", "llvm::function_ref",
           "std::function_ref", "llvm::unique_function", "fu2::function"},
          {TypeKind::Callable});

  t.calls({"std::move",
           "std::forward",
           "std::ref",
           "std::cref",
           "std::addressof",
           "std::as_const",
           "std::to_address",
           "std::static_pointer_cast",
           "std::dynamic_pointer_cast",
           "std::const_pointer_cast",
           "std::launder",
           "std::reinterpret_pointer_cast",
           "std::get",
           "std::get_if",
           "std::make_optional",
           "std::forward_like",
           "__builtin_addressof",
           "std::move_if_noexcept",
           "std::next",
           "std::prev",
           "std::begin",
           "std::data"},
          {CallKind::Forward, 0});
  t.calls({"std::swap", "std::iter_swap", "boost::swap"}, {CallKind::Swap, 0});
  t.calls({"std::make_pair", "std::make_tuple", "std::tie", "std::forward_as_tuple", "std::make_any",
           "std::make_exception_ptr"},
          {CallKind::Keep, 0});
  t.calls({"std::exchange"}, {CallKind::Exchange, 0});
  t.calls({"std::make_unique", "std::make_shared", "std::allocate_shared", "std::make_unique_for_overwrite",
           "boost::make_shared", "malloc", "calloc", "realloc", "std::malloc", "std::calloc", "strdup", "strndup",
           "aligned_alloc", "g_malloc", "g_malloc0"},
          {CallKind::MakeNew, 0});
  t.calls({"free", "std::free", "g_free", "pthread_self"}, {CallKind::Pure});
  t.calls({"pthread_exit", "thrd_exit"}, {CallKind::EndThread});
  t.calls({"std::bind", "std::bind_front", "std::mem_fn", "boost::bind", "std::bind_back"}, {CallKind::Bind, 0});
  t.calls({"printf", "puts", "strlen", "strcmp", "strncmp", "memcmp", "strchr", "strstr", "strtol", "strtoul", "atoi",
           "std::printf", "std::puts", "syslog", "perror", "close", "shutdown"},
          {CallKind::Reads});
}

} // namespace snarl
