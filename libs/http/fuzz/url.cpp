// Url::parse, its resolution of redirects, and the networks of an address policy take text of the outside
// world.
#include "http/url.hpp"

#include <cstdint>
#include <string_view>

#include "base/assert.hpp"
#include "http/address_policy.hpp"

using namespace bandstand;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text{reinterpret_cast<const char*>(data), size};
    static_cast<void>(http::percent_decode(text, true));
    if (const auto url = http::Url::parse(text)) {
        BASE_ASSERT(url->port != 0 && !url->host.empty() && url->target.starts_with('/'));
        BASE_ASSERT(url->text().find_first_of("\r\n \t") == std::string::npos);
        const auto again = http::Url::parse(url->text());
        if (url->text().size() <= http::kMaxUrlBytes) BASE_ASSERT(again && again->text() == url->text());
    }
    static const auto base_url = http::Url::parse("http://a:81/dir/file?q=1");
    if (const auto next = base_url->resolve(text)) BASE_ASSERT(!next->host.empty());
    if (const auto network = http::Network::parse(text)) {
        const auto loopback = asio::ip::make_address("127.0.0.1");
        const auto policy = http::AddressPolicy::public_only({*network});
        BASE_ASSERT(policy.permits(loopback) == network->contains(loopback));
    }
    return 0;
}
