#include "contracts/meta.hpp"

#include <cstdint>
#include <utility>

#include "base/random.hpp"

namespace bandstand::contracts {
namespace {

constexpr std::int64_t kNanosPerSecond = 1'000'000'000;
// The whole seconds that fit 64-bit nanoseconds, on both sides of 1970.
constexpr std::int64_t kMaxSeconds = INT64_MAX / kNanosPerSecond - 1;

}  // namespace

common::v1::EventMeta make_meta(const base::Clock& clock, std::string producer, std::string traceparent,
                                std::string event_id) {
    const auto now = clock.wall_now();
    common::v1::EventMeta meta;
    meta.set_event_id(event_id.empty() ? base::make_uuid(now) : std::move(event_id));
    *meta.mutable_occurred_at() = to_proto(now);
    meta.set_traceparent(std::move(traceparent));
    meta.set_producer(std::move(producer));
    return meta;
}

google::protobuf::Timestamp to_proto(base::WallTime time) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
    google::protobuf::Timestamp out;
    out.set_seconds(seconds.time_since_epoch().count());
    out.set_nanos(static_cast<std::int32_t>((time - seconds).count()));
    return out;
}

std::optional<base::WallTime> to_wall_time(const google::protobuf::Timestamp& time) {
    if (time.seconds() > kMaxSeconds || time.seconds() < -kMaxSeconds) return std::nullopt;
    if (time.nanos() < 0 || time.nanos() >= kNanosPerSecond) return std::nullopt;
    return base::WallTime{std::chrono::seconds{time.seconds()} + std::chrono::nanoseconds{time.nanos()}};
}

}  // namespace bandstand::contracts
