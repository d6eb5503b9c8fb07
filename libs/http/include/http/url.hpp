#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace bandstand::http {

constexpr base::Reason kBadUrl{"http.bad_url"};
constexpr std::size_t kMaxUrlBytes = 4096;

/// An absolute URL as a request needs it.
struct Url {
    std::string scheme;  ///< http, https, ws or wss
    std::string host;    ///< lower case; an IPv6 literal without its brackets
    std::uint16_t port = 0;
    std::string target;  ///< path and query, begins with '/'; never a fragment

    /// Errors: kBadUrl for anything that is not an absolute http(s)/ws(s) URL, has user info, control
    /// characters or spaces, a bad port, or more than kMaxUrlBytes.
    static base::Result<Url> parse(std::string_view text);
    /// Resolves a Location header against this URL (RFC 3986 §5.2): absolute, scheme-relative, or a path.
    base::Result<Url> resolve(std::string_view location) const;
    bool secure() const { return scheme == "https" || scheme == "wss"; }
    /// "host:port", with brackets around IPv6 and without the scheme's usual port: the Host header.
    std::string authority() const;
    std::string text() const;
};

/// Decodes %XX (and '+' to a space where `plus_is_space`). A truncated or non-hex escape stays as it is.
std::string percent_decode(std::string_view text, bool plus_is_space = false);
/// Escapes everything but RFC 3986 unreserved characters.
std::string percent_encode(std::string_view text);

}  // namespace bandstand::http
