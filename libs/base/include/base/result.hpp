#pragma once

#include <charconv>
#include <concepts>
#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace bandstand::base {

/// How a caller may react: a closed set, one per gRPC status (libs/rpc maps them, once, for everyone).
enum class ErrorKind {
    cancelled,
    invalid_argument,
    deadline_exceeded,
    not_found,
    already_exists,
    permission_denied,
    resource_exhausted,
    failed_precondition,
    conflict,  ///< gRPC ABORTED: read again and retry
    out_of_range,
    unimplemented,
    internal,
    unavailable,  ///< worth a retry with back-off
    data_loss,
    unauthenticated,
};

/// "invalid_argument" for ErrorKind::invalid_argument, and so on.
std::string_view name(ErrorKind kind);

/// What happened, stable and greppable: `constexpr Reason kStaleFact{"billing.stale_fact"};`
struct Reason {
    std::string_view name;
    friend bool operator==(Reason, Reason) = default;
};

/// An expected failure. Made by fail(), so a reason is never forgotten.
class [[nodiscard]] Error {
public:
    Error(ErrorKind kind, Reason reason, std::string detail)
        : kind_{kind}, reason_{reason.name}, detail_{std::move(detail)} {}

    ErrorKind kind() const { return kind_; }
    Reason reason() const { return Reason{reason_}; }
    /// For the log's reader: "save entitlement: guild 41 …". Carries no secrets.
    const std::string& detail() const { return detail_; }
    /// The same error, saying what we were doing: `return std::unexpected(std::move(e).during("load
    /// queue"))`.
    Error during(std::string_view what) &&;
    /// "billing.stale_fact: already at version 7", for logs and test output.
    std::string describe() const;

private:
    ErrorKind kind_;
    std::string reason_;  // owned: an error that crossed gRPC has no constant to point to
    std::string detail_;
};

template <class T>
using Result = std::expected<T, Error>;

inline Result<void> ok() {
    return {};
}

namespace detail {

inline void append(std::string& out, std::string_view text) {
    out += text;
}
template <std::same_as<bool> Flag>  // a plain bool parameter would win over string_view for a literal
void append(std::string& out, Flag value) {
    out += value ? "true" : "false";
}
template <class Number>
    requires((std::integral<Number> || std::floating_point<Number>) && !std::same_as<Number, bool>)
void append(std::string& out, Number value) {
    char digits[64];
    const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
    out.append(digits, end);
}
template <class Id>
    requires requires(const Id& id) { id.value(); }
void append(std::string& out, const Id& id) {
    append(out, id.value());
}

}  // namespace detail

/// Joins text, numbers and ids with single spaces: `join("guild", guild, "entry", 4)`.
template <class... Parts>
std::string join(const Parts&... parts) {
    std::string out;
    const auto add = [&out](const auto& part) {
        if (!out.empty()) out += ' ';
        detail::append(out, part);
    };
    (add(parts), ...);
    return out;
}

/// `return fail(ErrorKind::conflict, kStaleFact, "already at version", current.version);`
template <class... Parts>
std::unexpected<Error> fail(ErrorKind kind, Reason reason, const Parts&... parts) {
    return std::unexpected<Error>(Error{kind, reason, join(parts...)});
}

}  // namespace bandstand::base
