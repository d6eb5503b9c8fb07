#include "router.hpp"

#include <algorithm>
#include <ranges>

#include "http/url.hpp"

namespace bandstand::http {
namespace {

std::vector<std::string_view> split(std::string_view path) {
    std::vector<std::string_view> parts;
    if (path.starts_with('/')) path.remove_prefix(1);
    while (true) {
        const auto slash = path.find('/');
        parts.push_back(path.substr(0, slash));
        if (slash == std::string_view::npos) return parts;
        path.remove_prefix(slash + 1);
    }
}

std::vector<std::string> segments_of(std::string_view target) {
    std::vector<std::string> decoded;
    for (const auto part : split(target.substr(0, target.find('?')))) decoded.push_back(percent_decode(part));
    return decoded;
}

bool captures(std::string_view segment) {
    return segment.starts_with('{');
}
bool captures_rest(std::string_view segment) {
    return segment.ends_with("*}");
}

std::string_view capture_name(std::string_view segment) {
    segment.remove_prefix(1);
    segment.remove_suffix(captures_rest(segment) ? 2 : 1);
    return segment;
}

}  // namespace

Router::Route& Router::route_of(std::string_view pattern) {
    const auto parts = split(pattern);
    std::vector<std::string> segments{parts.begin(), parts.end()};
    const auto known = std::ranges::find(routes_, segments, &Route::segments);
    if (known != routes_.end()) return *known;
    // Literal before capture, at the first segment where two patterns differ; a capture of the rest comes
    // last.
    const auto rank = [](const std::string& segment) {
        return captures_rest(segment) ? 2 : captures(segment) ? 1 : 0;
    };
    const auto place = std::ranges::find_if(routes_, [&](const Route& other) {
        return std::ranges::lexicographical_compare(segments, other.segments, {}, rank, rank);
    });
    return *routes_.insert(place, Route{.segments = std::move(segments)});
}

void Router::add(std::string method, std::string_view pattern, Handler handler) {
    route_of(pattern).handlers[std::move(method)] = std::move(handler);
}

void Router::add_websocket(std::string_view pattern, WebSocketHandler handler) {
    route_of(pattern).websocket = std::move(handler);
}

bool Router::fits(const Route& route, const std::vector<std::string>& path,
                  std::map<std::string, std::string>& params) {
    std::map<std::string, std::string> found;
    for (std::size_t i = 0; i < route.segments.size(); ++i) {
        const std::string_view segment = route.segments[i];
        if (i >= path.size()) return false;
        if (captures_rest(segment)) {
            std::string rest;
            for (std::size_t k = i; k < path.size(); ++k) rest.append(k > i ? "/" : "").append(path[k]);
            found.emplace(capture_name(segment), std::move(rest));
            params = std::move(found);
            return true;
        }
        if (captures(segment)) {
            if (path[i].empty()) return false;
            found.emplace(capture_name(segment), path[i]);
        } else if (segment != path[i]) {
            return false;
        }
    }
    if (path.size() != route.segments.size()) return false;
    params = std::move(found);
    return true;
}

std::optional<Router::Match> Router::find(std::string_view method, std::string_view target) const {
    const auto parts = segments_of(target);
    std::optional<Match> best;
    for (const auto& route : routes_) {
        Match match;
        if (route.handlers.empty() || !fits(route, parts, match.params)) continue;
        const auto handler = route.handlers.find(std::string{method});
        if (handler != route.handlers.end()) {
            match.handler = &handler->second;
            return match;
        }
        if (!best) best = std::move(match);
    }
    return best;
}

const WebSocketHandler* Router::find_websocket(std::string_view target,
                                               std::map<std::string, std::string>& params) const {
    const auto parts = segments_of(target);
    for (const auto& route : routes_) {
        if (route.websocket && fits(route, parts, params)) return &route.websocket;
    }
    return nullptr;
}

ServerRequest parse_target(std::string method, std::string target) {
    ServerRequest request;
    request.method = std::move(method);
    const auto question = target.find('?');
    request.path = percent_decode(std::string_view{target}.substr(0, question));
    if (question != std::string::npos) {
        for (const auto part : std::views::split(std::string_view{target}.substr(question + 1), '&')) {
            const std::string_view pair{part.begin(), part.end()};
            if (pair.empty()) continue;
            const auto equals = pair.find('=');
            const auto value =
                equals == std::string_view::npos ? std::string_view{} : pair.substr(equals + 1);
            request.query.emplace(percent_decode(pair.substr(0, equals), true), percent_decode(value, true));
        }
    }
    request.target = std::move(target);
    return request;
}

}  // namespace bandstand::http
