# The preloaded library's core without preloading: its sources linked into a test, the verbs called directly.
# The wrappers and the start of the process stay out; test/unit/runtime/process_stub.cpp stands in for the latter.
file(GLOB RUNTIME_CORE CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/runtime/*.cpp)
list(FILTER RUNTIME_CORE EXCLUDE REGEX "/(interpose_[a-z]*|process|hang[a-z_]*)\\.cpp$")
file(GLOB RUNTIME_UNIT_SOURCES CONFIGURE_DEPENDS unit/runtime/*.cpp)
add_executable(snarl_rt_unit ${RUNTIME_UNIT_SOURCES} ${RUNTIME_CORE})
target_include_directories(snarl_rt_unit PRIVATE ${CMAKE_SOURCE_DIR})
target_compile_definitions(snarl_rt_unit PRIVATE SNARL_FAULTS) # memory can be refused
target_link_libraries(snarl_rt_unit PRIVATE GTest::gtest_main)
gtest_discover_tests(snarl_rt_unit DISCOVERY_MODE PRE_TEST)
