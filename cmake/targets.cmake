# One CMake target per room. Rooms include one another by path from the
# project's root, and only along the arrows in ARCHITECTURE.md.

# A room's library: atrium_room(NAME SOURCES ... DEPS ...).
function(atrium_room name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_include_directories(${name} PUBLIC ${PROJECT_SOURCE_DIR})
  target_compile_options(${name} PRIVATE -Wall -Wextra -Wno-unused-parameter -Wno-missing-field-initializers)
  target_link_libraries(${name} PUBLIC ${ARG_DEPS})
endfunction()

# A test binary, registered with CTest: atrium_test(NAME SOURCES ... DEPS ... [LABELS ...]
# [TIMEOUT seconds, 300] [NOT_SANITIZED] [ONE_THREAD]). Sanitized builds build and register only those that run
# sanitized; what has one thread only has nothing for ThreadSanitizer to find.
function(atrium_test name)
  cmake_parse_arguments(ARG "NOT_SANITIZED;ONE_THREAD" "TIMEOUT" "SOURCES;DEPS;LABELS" ${ARGN})
  if(ATRIUM_SANITIZE STREQUAL thread AND ARG_ONE_THREAD)
    set(ARG_NOT_SANITIZED ON)
  endif()
  add_executable(${name} ${ARG_SOURCES})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR})
  target_compile_options(${name} PRIVATE -Wall -Wextra -Wno-unused-parameter -Wno-missing-field-initializers)
  target_link_libraries(${name} PRIVATE ${ARG_DEPS} GTest::gmock GTest::gtest_main)
  if(ATRIUM_SANITIZE AND ARG_NOT_SANITIZED)
    return()
  endif()
  if(NOT ARG_LABELS)
    set(ARG_LABELS unit)
  endif()
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 300)
  endif()
  if(NOT ARG_NOT_SANITIZED)
    set_property(GLOBAL APPEND PROPERTY ATRIUM_SANITIZED_TESTS ${name})
  endif()
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES LABELS "${ARG_LABELS}" TIMEOUT ${ARG_TIMEOUT})
  # gRPC and GLib are not instrumented: what they do between themselves is not judged.
  if(ATRIUM_SANITIZE STREQUAL thread)
    set_tests_properties(${name} PROPERTIES ENVIRONMENT
      "TSAN_OPTIONS=ignore_noninstrumented_modules=1:suppressions=${PROJECT_SOURCE_DIR}/tests/tsan.supp")
  elseif(ATRIUM_SANITIZE)
    # What UBSan finds ends the test; by itself it only prints.
    set_tests_properties(${name} PROPERTIES ENVIRONMENT "UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1")
  endif()
endfunction()

# A fuzz target, only with ATRIUM_FUZZ (clang): atrium_fuzz(NAME SOURCES ... DEPS ...).
function(atrium_fuzz name)
  if(NOT ATRIUM_FUZZ)
    return()
  endif()
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR})
  target_compile_options(${name} PRIVATE -fsanitize=fuzzer)
  target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  target_link_libraries(${name} PRIVATE ${ARG_DEPS})
endfunction()
