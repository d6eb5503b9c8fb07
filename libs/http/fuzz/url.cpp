#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/assert.hpp"
#include "http/address_policy.hpp"
#include "http/url.hpp"

// What parses must print to something that parses to the same, and never name a host with odd characters.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace bandstand::http;
    const std::string_view text{reinterpret_cast<const char*>(data), size};
    if (const auto url = Url::parse(text)) {
        const auto again = Url::parse(url->text());
        BASE_ASSERT(again && again->text() == url->text());
        BASE_ASSERT(url->host.find_first_of("@/\\ ?#") == std::string::npos);
        static_cast<void>(url->resolve(text));
    }
    static_cast<void>(Network::parse(text));
    static_cast<void>(percent_decode(text, true));
    return 0;
}
