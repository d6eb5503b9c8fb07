#include "check.hpp"

namespace bandstand::messaging {
namespace {

using enum base::ErrorKind;

base::Result<void> check_text(std::string_view what, std::string_view text, std::size_t limit) {
    if (text.size() > limit) {
        return base::fail(invalid_argument, kBadMessage, what, "has", text.size(), "bytes, the limit is",
                          limit);
    }
    if (text.find('\0') != std::string_view::npos) {
        return base::fail(invalid_argument, kBadMessage, what, "contains a NUL character");
    }
    return base::ok();
}

base::Result<void> check_headers(const Headers& headers) {
    if (headers.size() > kMaxHeaders) {
        return base::fail(invalid_argument, kBadMessage, headers.size(), "headers, the limit is",
                          kMaxHeaders);
    }
    std::size_t bytes = 0;
    for (const auto& [name, value] : headers) {
        bytes += name.size() + value.size();
        if (auto good = check_text("header name", name, kMaxHeaderBytes); !good) return good;
        if (auto good = check_text("header value", value, kMaxHeaderBytes); !good) return good;
    }
    if (bytes > kMaxHeaderBytes) {
        return base::fail(invalid_argument, kBadMessage, "headers have", bytes, "bytes, the limit is",
                          kMaxHeaderBytes);
    }
    return base::ok();
}

base::Result<void> check_one(const Message& message) {
    if (message.event_id.empty()) return base::fail(invalid_argument, kBadMessage, "the event id is empty");
    if (auto good = check_text("event id", message.event_id, kMaxEventIdBytes); !good) return good;
    if (auto good = check_text("key", message.key, kMaxKeyBytes); !good) return good;
    if (message.payload.size() > kMaxPayloadBytes) {
        return base::fail(invalid_argument, kMessageTooBig, "event", message.event_id, "has",
                          message.payload.size(), "bytes, the limit is", kMaxPayloadBytes);
    }
    return check_headers(message.headers);
}

}  // namespace

base::Result<void> check(const TopicSpec& topic, const std::vector<Message>& messages) {
    if (topic.name.empty() || topic.partitions < 1) {
        return base::fail(invalid_argument, kBadMessage, "topic", topic.name, "has no name or no partition");
    }
    if (messages.size() > kMaxPublishMessages) {
        return base::fail(invalid_argument, kBadMessage, messages.size(),
                          "messages in one publish, the limit is", kMaxPublishMessages);
    }
    std::size_t bytes = 0;
    for (const auto& message : messages) {
        if (auto good = check_one(message); !good) return good;
        bytes += message.payload.size();
    }
    if (bytes > kMaxPublishBytes) {
        return base::fail(invalid_argument, kMessageTooBig, bytes, "bytes in one publish, the limit is",
                          kMaxPublishBytes);
    }
    return base::ok();
}

base::Result<void> check(const Subscription& subscription) {
    if (subscription.group.empty() || subscription.member.empty() || subscription.topics.empty()) {
        return base::fail(invalid_argument, kBadMessage, "a subscription needs a group, a member and topics");
    }
    return base::ok();
}

}  // namespace bandstand::messaging
