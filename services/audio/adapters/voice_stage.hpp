#pragma once

#include <memory>
#include <string>

#include "discord/voice_connection.hpp"
#include "engine/player_sound.hpp"
#include "ports/stage.hpp"

namespace bandstand::audio {

/// A voice connection to Discord, and the sound that goes through it.
class VoiceStage final : public ports::Stage {
public:
    VoiceStage(SoundParts parts, discord::VoiceOptions options, domain::PlayerKey key, ports::Report report);
    ~VoiceStage() override;

    void perform(const domain::Effect& effect) override;
    std::optional<domain::Position> position() const override { return sound_->position(); }
    void tick() override { sound_->report_metrics(); }
    runtime::Task<void> close() override;

private:
    struct Link;
    void open(const domain::OpenVoice& order);
    void hang_up();
    /// They do nothing once `current` is false: a connection may outlive us until its task has ended.
    discord::VoiceCallbacks callbacks_for(std::shared_ptr<const bool> current);
    void attach(const discord::TransportParams& params, const discord::VoiceUdp& udp);
    void warn(std::string_view event, base::Reason reason, const std::string& detail) const;

    SoundParts parts_;
    discord::VoiceOptions options_;
    domain::PlayerKey key_;
    ports::Report report_;
    std::shared_ptr<PlayerSound> sound_;
    std::shared_ptr<Link> link_;     // shared with its running task
    std::shared_ptr<bool> current_;  // false once link_ is another one
};

}  // namespace bandstand::audio
