#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "base/bytes.hpp"
#include "config/environment.hpp"
#include "mls/crypto.hpp"

namespace bandstand::mls {

using Json = nlohmann::json;

/// One of the official files (tests/data/README.md).
inline Json load_vectors(const std::string& name) {
    const auto root = config::Environment::of_process().get("BANDSTAND_SOURCE_DIR");
    std::ifstream file{root.value_or(".") + "/libs/mls/tests/data/" + name + ".json"};
    EXPECT_TRUE(file) << name << ": run through ctest, or set BANDSTAND_SOURCE_DIR";
    return Json::parse(file);
}

inline base::Bytes bytes(const Json& hex) {
    return *base::from_hex(hex.get<std::string>());
}
inline Secret secret(const Json& hex) {
    return Secret{bytes(hex)};
}
inline Json hex(const Secret& value) {
    return Json(base::to_hex(value.view()));
}
inline Json hex(base::ByteView value) {
    return Json(base::to_hex(value));
}

/// Prints how much of a file ran, and why the rest did not; a file of which nothing ran fails.
class Tally {
public:
    explicit Tally(std::string file) : file_{std::move(file)} {}
    void ran() { ++ran_; }
    void skipped(const std::string& reason) { ++skipped_[reason]; }
    ~Tally() {
        std::string line = file_ + ": " + std::to_string(ran_) + " entries run";
        for (const auto& [reason, count] : skipped_)
            line += ", " + std::to_string(count) + " out of the subset (" + reason + ")";
        std::printf("[ VECTORS  ] %s\n", line.c_str());
        EXPECT_GT(ran_, 0) << file_;
    }

private:
    std::string file_;
    int ran_ = 0;
    std::map<std::string, int> skipped_;
};

/// The entries of cipher suite 2.
template <class Check>
void for_suite_2(const std::string& file, Check check) {
    Tally tally{file};
    for (const auto& entry : load_vectors(file)) {
        if (entry.at("cipher_suite") != 2) {
            tally.skipped("other cipher suites");
            continue;
        }
        check(entry);
        tally.ran();
    }
}

}  // namespace bandstand::mls
