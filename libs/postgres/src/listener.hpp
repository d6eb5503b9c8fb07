#pragma once

#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "connection.hpp"

namespace bandstand::postgres {

/// The pool's one connection for LISTEN: opened with the first channel, opened again when it is lost.
class Listener : public std::enable_shared_from_this<Listener> {
public:
    explicit Listener(const Pool::State& pool);
    std::shared_ptr<void> add(std::string channel, std::function<void(std::string_view)> callback);
    void close();

private:
    struct Channel {
        bool listening = false;
        std::list<std::shared_ptr<std::function<void(std::string_view)>>> callbacks;
    };

    runtime::Task<void> run(std::shared_ptr<Listener> self);
    runtime::Task<base::Result<void>> serve_one_connection();
    runtime::Task<base::Result<void>> listen_to_new_channels(Connection& connection);
    void tell(const std::string& channel, std::string_view payload);

    runtime::Context context_;
    PoolOptions options_;
    std::map<std::string, Channel> channels_;
    std::unique_ptr<Connection> connection_;
    asio::steady_timer pause_;
    bool running_ = false;
    bool closed_ = false;
};

}  // namespace bandstand::postgres
