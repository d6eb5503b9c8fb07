#pragma once

#include <functional>
#include <memory>
#include <string>

#include "discord/voice_session.hpp"
#include "runtime/context.hpp"
#include "runtime/task.hpp"

namespace bandstand::discord {

/// A descriptor of the connected, non-blocking UDP socket, for a send thread. Its own duplicate: it stays
/// valid, and the local port stays taken, until the last owner lets go.
class VoiceUdp {
public:
    explicit VoiceUdp(int fd) : fd_{fd} {}
    ~VoiceUdp();
    VoiceUdp(const VoiceUdp&) = delete;
    VoiceUdp& operator=(const VoiceUdp&) = delete;
    int fd() const { return fd_; }

private:
    int fd_;
};

/// Called on the loop. May call back into the connection. All but the first three may be left empty.
struct VoiceCallbacks {
    /// Ask the main gateway (op 4) to join; then feed on_own_state() and on_server().
    std::function<void(base::ChannelId)> on_join_wanted{};
    /// Send from now on, through `udp`, with a new cipher; replaces an earlier Ready.
    std::function<void(const TransportParams&, std::shared_ptr<const VoiceUdp> udp)> on_ready{};
    /// The end of run(), unless leave() was called.
    std::function<void(base::Reason, const std::string& detail)> on_gave_up{};
    /// Stop sending; on_ready or on_gave_up follows.
    std::function<void(base::Reason, const std::string& detail)> on_lost{};
    std::function<void(base::ChannelId)> on_moved{};
    /// Every datagram of the voice server, valid during the call, with its time of arrival.
    std::function<void(base::ByteView, base::Instant)> on_datagram{};
    std::function<void(const voice::Speaking&)> on_speaking{};
    std::function<void(base::UserId)> on_user_left{};
};

struct VoiceOptions {
    std::string ca_file{};  ///< PEM of certificates to trust besides the system's; empty = none
};

/// Runs a VoiceSession over a websocket and a UDP socket. Loop thread only; must outlive run().
///
///     VoiceConnection voice{context, intent, options, callbacks};
///     tasks.spawn("voice", voice.run());
///     voice.join(channel);
class VoiceConnection {
public:
    VoiceConnection(runtime::Context context, VoiceIntent intent, VoiceOptions options,
                    VoiceCallbacks callbacks);
    ~VoiceConnection();
    VoiceConnection(const VoiceConnection&) = delete;
    VoiceConnection& operator=(const VoiceConnection&) = delete;

    /// Returns after leave(), which closes the websocket, or when it is stopped. After on_gave_up it goes on
    /// waiting, for another join().
    runtime::Task<base::Result<void>> run();

    // The events of VoiceSession. They may be called before run() has started.
    void join(base::ChannelId channel);
    void leave();
    void on_own_state(base::ChannelId channel, std::string session_id);
    void on_server(std::string token, std::string endpoint);
    void set_speaking(bool speaking);
    const VoiceSession& session() const;

private:
    class Driver;
    std::unique_ptr<Driver> driver_;
};

}  // namespace bandstand::discord
