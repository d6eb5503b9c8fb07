#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/server.hpp"

namespace bandstand::http {

/// Finds the handler of a path. A decision without I/O.
class Router {
public:
    void add(std::string method, std::string_view pattern, Handler handler);
    void add_websocket(std::string_view pattern, WebSocketHandler handler);

    struct Match {
        const Handler* handler = nullptr;  ///< null: the path exists, but not with this method
        std::map<std::string, std::string> params{};
    };
    /// Nothing when no pattern fits the path of `target`. Segments are decoded after the split: an escaped
    /// slash belongs to its segment.
    std::optional<Match> find(std::string_view method, std::string_view target) const;
    const WebSocketHandler* find_websocket(std::string_view target,
                                           std::map<std::string, std::string>& params) const;

private:
    struct Route {
        std::vector<std::string> segments;
        std::map<std::string, Handler> handlers{};
        WebSocketHandler websocket{};
    };
    Route& route_of(std::string_view pattern);
    static bool fits(const Route& route, const std::vector<std::string>& path,
                     std::map<std::string, std::string>& params);
    std::vector<Route> routes_;  // more literal first
};

/// Fills method, target, path and query of a request from its request line.
ServerRequest parse_target(std::string method, std::string target);

}  // namespace bandstand::http
