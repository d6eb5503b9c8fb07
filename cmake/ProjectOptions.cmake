# Compiler, warnings, sanitizers, linker and cache: the same for every target of the project.

option(BANDSTAND_TESTS "Build the tests" ON)
option(BANDSTAND_BENCHMARKS "Build the benchmarks" OFF)
option(BANDSTAND_FUZZ "Build fuzz targets with libFuzzer instead of the corpus replay" OFF)
set(BANDSTAND_SANITIZE "" CACHE STRING "Sanitizers, as -fsanitize= takes them")

# GCC 12 destroys temporaries in co_await expressions twice: docs/decisions/0002-clang-19.md.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  message(FATAL_ERROR "GCC ${CMAKE_CXX_COMPILER_VERSION} miscompiles coroutines: use a preset (cmake --preset dev), "
                      "which takes clang 19.")
endif()

set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_CXX_SCAN_FOR_MODULES OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
if(CMAKE_BUILD_TYPE STREQUAL "Ci")
  # Optimising doubles the time to compile coroutines under sanitizers, and finds nothing more.
  set(CMAKE_CXX_FLAGS_CI "-O0 -g1")
endif()
if(CMAKE_BUILD_TYPE STREQUAL "Debug")
  set(CMAKE_CXX_FLAGS_DEBUG "-O0 -g1")
endif()

find_program(CCACHE ccache)
if(CCACHE)
  # Relative paths and no directory in the hash: build trees and checkouts share one cache.
  set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1
      CCACHE_SLOPPINESS=time_macros ${CCACHE})
endif()
find_program(MOLD mold)
if(MOLD)
  add_link_options(-fuse-ld=mold)
endif()

add_library(project_options INTERFACE)
target_compile_options(project_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Wnon-virtual-dtor
  -Woverloaded-virtual -Wimplicit-fallthrough -Werror
  -ffile-prefix-map=${CMAKE_SOURCE_DIR}/=)
target_compile_definitions(project_options INTERFACE
  BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_SEPARATE_COMPILATION BOOST_BEAST_SEPARATE_COMPILATION)

if(BANDSTAND_SANITIZE)
  add_compile_options(-fsanitize=${BANDSTAND_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${BANDSTAND_SANITIZE})
  if(BANDSTAND_SANITIZE MATCHES "undefined")
    # Debian's gRPC and protobuf carry no type information for these two checks.
    add_compile_options(-fno-sanitize=vptr,function)
  endif()
endif()
if(BANDSTAND_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
