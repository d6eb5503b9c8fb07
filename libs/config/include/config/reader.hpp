#pragma once

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "base/secret.hpp"
#include "config/environment.hpp"

namespace bandstand::config {

constexpr base::Reason kInvalid{"config.invalid"};

/// Where a socket listens or connects: `host:port`, an IPv6 host in brackets ("[::1]:9102").
struct Address {
    std::string host;  ///< without brackets
    std::uint16_t port = 0;

    static std::optional<Address> parse(std::string_view text);
    friend bool operator==(const Address&, const Address&) = default;
};
std::string to_string(const Address& address);

/// Reads settings into a service's own struct and remembers what was wrong, so that all of it is told at
/// once:
///
///     config::Reader read{environment};
///     Config config{.port = read.port("OPS_PORT", 9100, "Port of /metrics."),
///                   .database = read.required_secret("DATABASE_URL", "PostgreSQL address.")};
///     if (auto valid = read.finish(); !valid) return std::unexpected(std::move(valid).error());
///
/// A bad or missing value yields the default (or an empty one) and a problem. The value of a secret is never
/// told. The last argument of each is one sentence for the reference page.
class Reader {
public:
    explicit Reader(Environment environment) : environment_{std::move(environment)} {}

    std::string text(std::string_view name, std::string_view otherwise, std::string_view doc);
    std::string required_text(std::string_view name, std::string_view doc);
    /// From NAME, or from the file that NAME_FILE names (at most 64 KiB; a trailing line end is not part of
    /// it). Empty when neither is set.
    base::Secret secret(std::string_view name, std::string_view doc);
    base::Secret required_secret(std::string_view name, std::string_view doc);
    /// Comma separated; spaces around an item and empty items are dropped.
    std::vector<std::string> list(std::string_view name, std::string_view doc);
    std::vector<base::Secret> secret_list(std::string_view name, std::string_view doc);
    /// `min` and `max` are allowed values.
    std::int64_t number(std::string_view name, std::int64_t otherwise, std::int64_t min, std::int64_t max,
                        std::string_view doc);
    /// 0..65535; 0 lets the system choose a free port.
    std::uint16_t port(std::string_view name, std::uint16_t otherwise, std::string_view doc);
    Address address(std::string_view name, std::string_view otherwise, std::string_view doc);
    /// Whole milliseconds from 0 to a day.
    std::chrono::milliseconds duration_ms(std::string_view name, std::chrono::milliseconds otherwise,
                                          std::string_view doc);
    /// true, false, 1, 0, yes, no, on, off.
    bool flag(std::string_view name, bool otherwise, std::string_view doc);
    /// `otherwise` is one of `allowed`.
    std::string choice(std::string_view name, std::string_view otherwise,
                       std::initializer_list<std::string_view> allowed, std::string_view doc);

    /// A rule between several settings was broken; `what` holds no secret.
    void problem(std::string_view name, std::string_view what);
    /// Errors: kInvalid, whose detail names every problem: "OPS_PORT: …; DATABASE_URL: …".
    base::Result<void> finish() const;
    /// A Markdown table of every setting that was read so far.
    std::string reference() const;

private:
    struct Entry {
        std::string name;
        std::string kind;
        std::string otherwise;
        std::string doc;
    };
    std::optional<std::string> look_up(std::string_view name, std::string kind, std::string_view otherwise,
                                       std::string_view doc);
    std::optional<std::string> look_up_secret(std::string_view name, std::string kind,
                                              std::string_view otherwise, std::string_view doc);

    Environment environment_;
    std::vector<Entry> entries_;
    std::vector<std::string> problems_;
};

}  // namespace bandstand::config
