#include "adapters/voice_stage.hpp"

#include <array>
#include <utility>
#include <variant>

#include "base/random.hpp"
#include "crypto/transport_cipher.hpp"
#include "domain/reasons.hpp"
#include "observe/observer.hpp"

namespace bandstand::audio {
namespace {

class TransportSealer final : public audio_core::PacketSealer {
public:
    explicit TransportSealer(crypto::TransportCipher cipher) : cipher_{std::move(cipher)} {}

    std::size_t seal(const audio_core::RtpHeader& header, base::ByteView opus,
                     base::MutableBytes out) noexcept override {
        std::array<std::byte, audio_core::kRtpHeaderBytes> clear{};
        if (!audio_core::write_rtp_header(header, clear)) return 0;
        return cipher_.seal(clear, opus, out).value_or(0);
    }

private:
    crypto::TransportCipher cipher_;
};

// RTP sequence and timestamp start anywhere (RFC 3550 section 5.1).
base::Result<audio_core::Transport> transport_of(const discord::TransportParams& params, int fd) {
    auto cipher = crypto::TransportCipher::create(params.mode, params.key);
    if (!cipher) return std::unexpected(std::move(cipher).error().during("make transport cipher"));
    std::array<std::byte, sizeof(std::uint16_t) + sizeof(std::uint32_t)> random{};
    base::fill_random(random);
    const audio_core::RtpStart start{
        .ssrc = params.ssrc,
        .sequence = base::read_be<std::uint16_t>(random),
        .timestamp = base::read_be<std::uint32_t>(base::ByteView{random}.subspan(2))};
    return audio_core::Transport{
        .fd = fd, .rtp = start, .sealer = std::make_unique<TransportSealer>(std::move(*cipher))};
}

base::Reason reason_for_members(base::Reason reason) {
    if (reason == discord::kVoiceJoinTimeout) return domain::kVoiceNoAnswer;
    if (reason == discord::kVoiceKicked || reason == discord::kVoiceDisconnected) return domain::kVoiceKicked;
    return domain::kVoiceFailed;
}

}  // namespace

/// One voice connection and the reports of it. Outlives hang_up() until its task has ended.
struct VoiceStage::Link {
    Link(runtime::Context context, discord::VoiceIntent intent, const discord::VoiceOptions& options,
         discord::VoiceCallbacks callbacks)
        : connection{std::move(context), intent, options, std::move(callbacks)} {}

    static runtime::Task<base::Result<void>> run(std::shared_ptr<Link> self, observe::Log log,
                                                 base::GuildId guild) {
        auto ended = co_await self->connection.run();
        if (!ended) {
            log.warn("voice_connection_ended", {{"guild_id", guild}, {"detail", ended.error().describe()}});
        }
        co_return base::ok();
    }

    discord::VoiceConnection connection;
};

VoiceStage::VoiceStage(SoundParts parts, discord::VoiceOptions options, domain::PlayerKey key,
                       ports::Report report)
    : parts_{std::move(parts)}, options_{std::move(options)}, key_{key}, report_{std::move(report)} {
    sound_ = PlayerSound::create(parts_, report_, [this](bool speaking) {
        if (link_) link_->connection.set_speaking(speaking);
    });
}

VoiceStage::~VoiceStage() {
    hang_up();
    sound_->shut();
}

void VoiceStage::perform(const domain::Effect& effect) {
    const auto begin = [this]<class E>(const E& order) {
        if constexpr (std::is_same_v<E, domain::OpenVoice>) {
            open(order);
        } else if constexpr (std::is_same_v<E, domain::ForwardVoiceState>) {
            if (link_) link_->connection.on_own_state(order.state.channel, order.state.session_id);
        } else if constexpr (std::is_same_v<E, domain::ForwardVoiceServer>) {
            if (link_) link_->connection.on_server(order.server.token, order.server.endpoint);
        } else if constexpr (std::is_same_v<E, domain::CloseVoice>) {
            hang_up();
        } else if constexpr (std::is_same_v<E, domain::OpenStream>) {
            sound_->open(order);
        } else if constexpr (std::is_same_v<E, domain::QueueStream>) {
            sound_->queue(order.stream);
        } else if constexpr (std::is_same_v<E, domain::SeekStream>) {
            sound_->seek(order);
        } else if constexpr (std::is_same_v<E, domain::CloseStream>) {
            sound_->close(order.stream);
        } else if constexpr (std::is_same_v<E, domain::PauseSound>) {
            sound_->pause();
        } else if constexpr (std::is_same_v<E, domain::ResumeSound>) {
            sound_->resume();
        } else if constexpr (std::is_same_v<E, domain::ApplyVolume>) {
            sound_->set_volume(order.percent);
        }
    };
    std::visit(begin, effect);
}

runtime::Task<void> VoiceStage::close() {
    hang_up();
    sound_->shut();
    co_return;
}

void VoiceStage::open(const domain::OpenVoice& order) {
    hang_up();
    sound_->set_bitrate(order.bitrate);
    current_ = std::make_shared<bool>(true);
    const auto callbacks = callbacks_for(current_);
    link_ = std::make_shared<Link>(parts_.context, discord::VoiceIntent{key_.guild, key_.bot, order.channel},
                                   options_, callbacks);
    parts_.tasks.spawn("voice", Link::run(link_, parts_.context.observer().log(), key_.guild));
    link_->connection.join(order.channel);
}

discord::VoiceCallbacks VoiceStage::callbacks_for(std::shared_ptr<const bool> current) {
    discord::VoiceCallbacks callbacks;
    callbacks.on_join_wanted = [this, current](base::ChannelId) {
        if (*current) report_(domain::JoinWanted{});
    };
    callbacks.on_ready = [this, current](const discord::TransportParams& params,
                                         const std::shared_ptr<const discord::VoiceUdp>& udp) {
        if (*current) attach(params, *udp);
    };
    callbacks.on_lost = [this, current](base::Reason reason, const std::string& detail) {
        if (!*current) return;
        warn("voice_interrupted", reason, detail);
        sound_->hold();
        report_(domain::VoiceInterrupted{});
    };
    callbacks.on_gave_up = [this, current](base::Reason reason, const std::string& detail) {
        if (!*current) return;
        warn("voice_gave_up", reason, detail);
        report_(domain::VoiceGaveUp{std::string{reason_for_members(reason).name}, detail});
    };
    return callbacks;
}

void VoiceStage::attach(const discord::TransportParams& params, const discord::VoiceUdp& udp) {
    auto transport = transport_of(params, udp.fd());
    auto attached = transport ? sound_->attach(std::move(*transport))
                              : base::Result<void>{std::unexpected(std::move(transport).error())};
    if (attached) return report_(domain::VoiceReady{});
    warn("voice_not_attached", attached.error().reason(), attached.error().detail());
    report_(domain::VoiceGaveUp{std::string{domain::kVoiceFailed.name},
                                "The voice connection could not be used."});
}

void VoiceStage::hang_up() {
    sound_->detach();
    if (!link_) return;
    *current_ = false;
    const auto link = std::exchange(link_, nullptr);
    link->connection.leave();
}

void VoiceStage::warn(std::string_view event, base::Reason reason, const std::string& detail) const {
    parts_.context.observer().log().warn(
        event, {{"guild_id", key_.guild}, {"bot_id", key_.bot}, {"reason", reason.name}, {"detail", detail}});
}

}  // namespace bandstand::audio
