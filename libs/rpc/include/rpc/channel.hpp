#pragma once

#include <memory>
#include <string>

#include "rpc/options.hpp"

namespace bandstand::rpc {

/// A connection to one server, made at the first call and again whenever it broke. Copies share it.
class Channel {
public:
    /// `address` is host:port.
    explicit Channel(std::string address, ChannelOptions options = {});

    const std::string& address() const;

    struct State;
    const std::shared_ptr<State>& state() const { return state_; }

private:
    std::shared_ptr<State> state_;
};

}  // namespace bandstand::rpc
