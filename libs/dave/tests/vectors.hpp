#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "base/bytes.hpp"
#include "base/ids.hpp"
#include "config/environment.hpp"
#include "mls/crypto.hpp"

namespace bandstand::dave {

using Json = nlohmann::json;

/// One of the files of tests/data (README.md there).
inline Json load_vectors(const std::string& name) {
    const auto root = config::Environment::of_process().get("BANDSTAND_SOURCE_DIR");
    std::ifstream file{root.value_or(".") + "/libs/dave/tests/data/" + name + ".json"};
    EXPECT_TRUE(file) << name << ": run through ctest, or set BANDSTAND_SOURCE_DIR";
    return Json::parse(file);
}

inline base::Bytes bytes(const Json& hex) {
    return *base::from_hex(hex.get<std::string>());
}
inline mls::Secret secret(const Json& hex) {
    return mls::Secret{bytes(hex)};
}
inline Json hex(base::ByteView value) {
    return Json(base::to_hex(value));
}
inline base::UserId user(const Json& digits) {
    return *base::parse_id<base::UserId>(digits.get<std::string>());
}

}  // namespace bandstand::dave
