#include "http/url.hpp"

#include <algorithm>
#include <charconv>

namespace bandstand::http {
namespace {

using base::ErrorKind;

std::unexpected<base::Error> bad(std::string_view why) {
    return base::fail(ErrorKind::invalid_argument, kBadUrl, why);
}

std::string lower(std::string_view text) {
    std::string out{text};
    for (auto& c : out) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return out;
}

std::uint16_t usual_port(std::string_view scheme) {
    return scheme == "https" || scheme == "wss" ? 443 : 80;
}

bool allowed_in_host(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
}
bool allowed_in_v6(char c) {
    return (c >= 'a' && c <= 'f') || (c >= '0' && c <= '9') || c == ':' || c == '.';
}

int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

base::Result<std::uint16_t> parse_port(std::string_view text, std::uint16_t usual) {
    if (text.empty()) return usual;
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (error != std::errc{} || end != text.data() + text.size() || port == 0)
        return bad("the port is not 1-65535");
    return port;
}

// Splits "host:port" or "[v6]:port" into the URL's host and port.
base::Result<void> parse_authority(std::string_view authority, Url& url) {
    if (authority.contains('@')) return bad("user names and passwords in a URL are not accepted");
    std::string_view host;
    std::string_view port;
    if (authority.starts_with('[')) {
        const auto close = authority.find(']');
        if (close == std::string_view::npos) return bad("an IPv6 address without its closing bracket");
        host = authority.substr(1, close - 1);
        const auto rest = authority.substr(close + 1);
        if (!rest.empty() && !rest.starts_with(':')) return bad("text behind an IPv6 address");
        port = rest.empty() ? rest : rest.substr(1);
        url.host = lower(host);
        if (url.host.empty() || !std::ranges::all_of(url.host, allowed_in_v6))
            return bad("not an IPv6 address");
    } else {
        const auto colon = authority.find(':');
        host = authority.substr(0, colon);
        if (colon != std::string_view::npos) port = authority.substr(colon + 1);
        url.host = lower(host);
        if (url.host.empty() || url.host.size() > 253 || !std::ranges::all_of(url.host, allowed_in_host)) {
            return bad("the host name is empty, too long, or has characters that host names do not have");
        }
    }
    auto number = parse_port(port, usual_port(url.scheme));
    if (!number) return std::unexpected(std::move(number).error());
    url.port = *number;
    return base::ok();
}

}  // namespace

base::Result<Url> Url::parse(std::string_view text) {
    if (text.size() > kMaxUrlBytes) return bad("longer than 4096 bytes");
    const auto printable = [](char c) {
        return c > ' ' && c != '\x7f' && c != '\\' && c != '"' && c != '<' && c != '>';
    };
    if (!std::ranges::all_of(text,
                             [&](char c) { return static_cast<unsigned char>(c) < 0x80 && printable(c); })) {
        return bad("spaces, control characters or unescaped letters: percent-encode them");
    }
    const auto colon = text.find("://");
    if (colon == std::string_view::npos) return bad("not an absolute URL");
    Url url;
    url.scheme = lower(text.substr(0, colon));
    if (url.scheme != "http" && url.scheme != "https" && url.scheme != "ws" && url.scheme != "wss") {
        return bad("only http and https (ws and wss) are spoken");
    }
    auto rest = text.substr(colon + 3);
    rest = rest.substr(0, rest.find('#'));
    const auto path = rest.find_first_of("/?");
    if (auto fine = parse_authority(rest.substr(0, path), url); !fine)
        return std::unexpected(std::move(fine).error());
    url.target = path == std::string_view::npos ? "/" : std::string{rest.substr(path)};
    if (url.target.starts_with('?')) url.target.insert(0, 1, '/');
    return url;
}

base::Result<Url> Url::resolve(std::string_view location) const {
    const auto mark = location.find_first_of(":/?#");
    if (mark != std::string_view::npos && location[mark] == ':') return parse(location);
    if (location.starts_with("//")) return parse(scheme + ":" + std::string{location});
    const auto origin = scheme + "://" + authority();
    if (location.starts_with('/')) return parse(origin + std::string{location});
    const auto path = target.substr(0, target.find('?'));
    if (location.starts_with('?')) return parse(origin + path + std::string{location});
    return parse(origin + path.substr(0, path.rfind('/') + 1) + std::string{location});
}

std::string Url::authority() const {
    std::string out = host.contains(':') ? "[" + host + "]" : host;
    if (port != usual_port(scheme)) out += ":" + std::to_string(port);
    return out;
}

std::string Url::text() const {
    return scheme + "://" + authority() + target;
}

std::string percent_decode(std::string_view text, bool plus_is_space) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool escape = text[i] == '%' && i + 2 < text.size() && hex_value(text[i + 1]) >= 0 &&
                            hex_value(text[i + 2]) >= 0;
        if (escape) {
            out += static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
            i += 2;
        } else {
            out += plus_is_space && text[i] == '+' ? ' ' : text[i];
        }
    }
    return out;
}

std::string percent_encode(std::string_view text) {
    constexpr std::string_view kDigits = "0123456789ABCDEF";
    std::string out;
    for (const char c : text) {
        const bool unreserved = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                                c == '-' || c == '.' || c == '_' || c == '~';
        if (unreserved) {
            out += c;
            continue;
        }
        const auto byte = static_cast<unsigned char>(c);
        out += '%';
        out += kDigits[byte >> 4U];
        out += kDigits[byte & 15U];
    }
    return out;
}

}  // namespace bandstand::http
