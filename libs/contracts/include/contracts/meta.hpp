#pragma once

#include <google/protobuf/timestamp.pb.h>

#include <optional>
#include <string>

#include "bandstand/common/v1/meta.pb.h"
#include "base/clock.hpp"

namespace bandstand::contracts {

/// What every event carries. `producer` is the service, `traceparent` the span that wrote it (empty: not
/// traced). An empty `event_id` gets a fresh UUIDv7; a command passes its own ("interaction:<id>"), which
/// makes it idempotent.
common::v1::EventMeta make_meta(const base::Clock& clock, std::string producer, std::string traceparent = {},
                                std::string event_id = {});

google::protobuf::Timestamp to_proto(base::WallTime time);
/// Nothing for a timestamp outside the years that 64-bit nanoseconds can tell (1677 to 2262) or with bad
/// nanos.
std::optional<base::WallTime> to_wall_time(const google::protobuf::Timestamp& time);

}  // namespace bandstand::contracts
