#pragma once

#include <boost/asio/ip/address.hpp>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "runtime/task.hpp"

namespace bandstand::http {

constexpr base::Reason kBadNetwork{"http.bad_network"};

/// A network in CIDR notation, "10.0.0.0/8" or "fd00::/8"; a bare address is a network of one.
class Network {
public:
    static base::Result<Network> parse(std::string_view text);
    bool contains(const asio::ip::address& address) const;

private:
    Network(asio::ip::address_v6 prefix, unsigned bits) : prefix_{prefix}, bits_{bits} {}
    asio::ip::address_v6 prefix_;  // IPv4 as v4-mapped
    unsigned bits_;
};

/// Which addresses a connection may go to, checked after the name was resolved, for each connect and
/// redirect.
class AddressPolicy {
public:
    static AddressPolicy any();
    /// Refuses what is not globally reachable (IANA special-purpose registries: private, loopback, link-local
    /// with the cloud metadata addresses, shared, multicast, reserved, their v4-mapped and NAT64 forms),
    /// except `allowed`.
    static AddressPolicy public_only(std::vector<Network> allowed = {});
    bool permits(const asio::ip::address& address) const;

private:
    bool everything_ = false;
    std::vector<Network> allowed_;
};

}  // namespace bandstand::http
