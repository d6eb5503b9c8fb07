#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "domain/player_events.hpp"
#include "runtime/task.hpp"

namespace bandstand::audio::ports {

/// How what happened outside reaches the player. Loop thread only.
using Report = std::function<void(domain::Input)>;

/// Where one player sounds: its voice connection and the streams that it plays there. Loop thread only.
class Stage {
public:
    virtual ~Stage() = default;
    /// Begins the effect and returns; what comes of it is reported. Effects that are not about voice or
    /// streams are none of its business and ignored.
    virtual void perform(const domain::Effect& effect) = 0;
    /// How far the listener is in the stream that sounds; nothing when none does.
    virtual std::optional<domain::Position> position() const = 0;
    /// About once a second: brings metrics up to date.
    virtual void tick() = 0;
    /// Stops sounding and drops the connection. No report follows.
    virtual runtime::Task<void> close() = 0;
};

using StageFactory = std::function<std::unique_ptr<Stage>(domain::PlayerKey, Report)>;

}  // namespace bandstand::audio::ports
