#include "testing/seeded.hpp"

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "config/environment.hpp"

namespace bandstand::testing {
namespace {

std::uint64_t seed_of_environment() {
    const auto given = config::Environment::of_process().get("TEST_SEED");
    return given ? std::strtoull(given->c_str(), nullptr, 10) : base::random_seed();
}

// FNV-1a: the same on every machine, unlike std::hash.
std::uint64_t hash(std::string_view text) {
    std::uint64_t value = 0xcbf29ce484222325U;
    for (const char c : text) value = (value ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
    return value;
}

std::uint64_t seed_of_current_test() {
    const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
    return seed() ^ hash(std::string{test->test_suite_name()} + "." + test->name());
}

}  // namespace

std::uint64_t seed() {
    static const std::uint64_t value = seed_of_environment();
    return value;
}

SeededTest::SeededTest() : random_{seed_of_current_test()} {}

SeededTest::~SeededTest() {
    if (HasFailure())
        std::fprintf(stderr, "to repeat this failure: TEST_SEED=%llu\n",
                     static_cast<unsigned long long>(seed()));
}

}  // namespace bandstand::testing
