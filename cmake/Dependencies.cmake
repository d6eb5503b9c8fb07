# Third-party packages, all from Debian 12 and its backports (scripts/packages.txt).

find_package(Threads REQUIRED)
find_package(Boost 1.81 REQUIRED COMPONENTS system)
find_package(OpenSSL 3.0 REQUIRED)
find_package(ZLIB REQUIRED)
find_package(PostgreSQL REQUIRED)
find_package(Protobuf REQUIRED)
find_package(gRPC CONFIG REQUIRED)
find_package(prometheus-cpp CONFIG REQUIRED)
find_package(spdlog CONFIG REQUIRED)
find_package(opentelemetry-cpp CONFIG REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(rdkafka REQUIRED IMPORTED_TARGET rdkafka)
pkg_check_modules(opus REQUIRED IMPORTED_TARGET opus)
pkg_check_modules(soxr REQUIRED IMPORTED_TARGET soxr)
pkg_check_modules(sodium REQUIRED IMPORTED_TARGET libsodium)
pkg_check_modules(zstd REQUIRED IMPORTED_TARGET libzstd)
pkg_check_modules(ffmpeg REQUIRED IMPORTED_TARGET libavformat libavcodec libavutil libswresample)

if(BANDSTAND_TESTS)
  find_package(GTest REQUIRED)
  include(GoogleTest)
endif()
if(BANDSTAND_BENCHMARKS)
  find_package(benchmark REQUIRED)
endif()

# Asio and Beast are compiled once (BOOST_*_SEPARATE_COMPILATION in project_options), in libs/runtime and libs/http.
add_library(project_asio INTERFACE)
target_compile_definitions(project_asio INTERFACE
  BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_SEPARATE_COMPILATION BOOST_BEAST_SEPARATE_COMPILATION)
target_link_libraries(project_asio INTERFACE Boost::headers Boost::system Threads::Threads)
