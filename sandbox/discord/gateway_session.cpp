#include "sandbox/discord/gateway_session.hpp"

namespace bandstand::sandbox {

const std::string& GatewaySession::append(std::string_view type, const Json& data) {
    ++sequence_;
    kept_.push_back(R"({"t":")" + std::string{type} + R"(","s":)" + std::to_string(sequence_) +
                    R"(,"op":0,"d":)" + to_text(data) + "}");
    if (kept_.size() > kRing) kept_.pop_front();
    return kept_.back();
}

std::optional<std::deque<std::string>> GatewaySession::after(std::int64_t sequence) const {
    const auto missed = sequence_ - sequence;
    if (missed < 0 || missed > static_cast<std::int64_t>(kept_.size())) return std::nullopt;
    return std::deque<std::string>{kept_.end() - missed, kept_.end()};
}

}  // namespace bandstand::sandbox
