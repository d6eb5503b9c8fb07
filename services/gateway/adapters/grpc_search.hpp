#pragma once

#include <string>

#include "ports/library_search.hpp"
#include "rpc/channel.hpp"

namespace bandstand::gateway {

/// Player.Search of any audio process.
class GrpcSearch final : public ports::LibrarySearch {
public:
    explicit GrpcSearch(rpc::Channel audio) : audio_{std::move(audio)} {}
    runtime::Task<base::Result<std::vector<ports::Suggestion>>> search(std::string text,
                                                                       base::Duration limit) override;

private:
    rpc::Channel audio_;
};

}  // namespace bandstand::gateway
