#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "audio_core/pacer.hpp"
#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "base/result.hpp"

namespace bandstand::audio_core {

constexpr base::Reason kSendThreadFailed{"audio.send_thread_failed"};

/// Largest datagram that a sealer may make: below every path MTU that Discord's servers are reached by.
constexpr std::size_t kMaxDatagramBytes = 1400;

/// Turns one Opus packet into a datagram: RTP header, end-to-end and transport encryption.
class PacketSealer {
public:
    virtual ~PacketSealer() = default;
    /// Writes the whole datagram to `out` (kMaxDatagramBytes) and gives its size; 0 if it cannot be sealed.
    /// Runs on the send thread: never allocates, locks or logs.
    virtual std::size_t seal(const RtpHeader& header, base::ByteView opus,
                             base::MutableBytes out) noexcept = 0;
};

/// A voice session's way out.
struct Transport {
    int fd = -1;  ///< connected UDP socket; duplicated, so the caller may close its own at any time
    RtpStart rtp;
    std::unique_ptr<PacketSealer> sealer;
};

class SendThread;

/// One stream as the player holds it. Made by SendThread::add(), must not outlive its thread. Destruction
/// stops sending at once (stop() first and wait for `quiet` to end softly).
///
/// play() … set_transport() and next_event() belong to the loop thread; packets() to whoever produces;
/// stats() to anybody. Orders are not queued but overwrite each other (the last one counts), so none is ever
/// lost or refused; they take effect at once when the thread sleeps, else at the next slot.
class SendStream {
public:
    ~SendStream();
    SendStream(const SendStream&) = delete;
    SendStream& operator=(const SendStream&) = delete;

    PacketRing& packets();
    void play();   ///< send what is in the ring and what will come; starts with kRefillFrames, or less before
                   ///< an end
    void pause();  ///< five silence frames, then nothing; the ring stays as it is, play() goes on with the
                   ///< next frame
    void flush();  ///< drops everything pushed before this call: for skip and seek. The producer has stopped.
    void stop();   ///< flush() and pause()

    /// Goes on in a new voice session with the same ring: pause() before, play() when it is ready.
    base::Result<void> set_transport(Transport transport);

    const StreamStats& stats() const;
    /// Events in order; empty until SendThread::events_fd() became readable.
    std::optional<StreamEvent> next_event();

    struct Shared;  ///< what both threads see; opaque

private:
    friend class SendThread;
    explicit SendStream(Shared* shared, SendThread* thread) : shared_{shared}, thread_{thread} {}
    Shared* shared_;
    SendThread* thread_;
};

struct SendThreadOptions {
    PacerOptions pacer{};
    std::size_t ring_bytes = PacketRing::kDefaultBytes;  ///< per stream
    bool realtime = false;  ///< ask for SCHED_FIFO; goes on without if the system refuses
};

/// A thread that does nothing but seal and send, one packet per stream and 20 ms, on absolute deadlines.
///
/// In a tick it allocates nothing, takes no lock and logs nothing. It sleeps in ppoll() until the next slot
/// that has a stream, and without streams until it is woken. All functions belong to the loop thread.
class SendThread {
public:
    static base::Result<std::unique_ptr<SendThread>> start(SendThreadOptions options = {});
    /// Stops at once and joins. Every stream is gone before.
    ~SendThread();

    /// Errors: kSendThreadFailed if the socket cannot be duplicated.
    base::Result<std::unique_ptr<SendStream>> add(Transport transport);

    /// Readable (eventfd) when a stream has events: acknowledge_events(), then next_event() of every stream.
    int events_fd() const;
    void acknowledge_events();

    struct Load {
        base::Duration cpu{};     ///< CPU time of the thread since it started
        std::size_t streams = 0;  ///< streams that are added
        std::uint64_t wakeups = 0;
        bool realtime = false;  ///< SCHED_FIFO was granted
    };
    Load load() const;

private:
    friend class SendStream;
    struct Impl;
    explicit SendThread(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace bandstand::audio_core
