#include "audio_core/send_thread.hpp"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <ctime>
#include <system_error>
#include <thread>

#include "atomic_stack.hpp"
#include "base/assert.hpp"

namespace bandstand::audio_core {
namespace {

constexpr std::size_t kEventsPerStream = 64;

std::unexpected<base::Error> failure(std::string_view what, int code) {
    return base::fail(base::ErrorKind::resource_exhausted, kSendThreadFailed, what,
                      std::generic_category().message(code));
}

void signal_eventfd(int fd) {
    const std::uint64_t one = 1;
    // Fails only when the counter is full, and then the reader is awake anyway.
    [[maybe_unused]] const auto written = ::write(fd, &one, sizeof one);
}

void drain_eventfd(int fd) {
    std::uint64_t count = 0;
    [[maybe_unused]] const auto got = ::read(fd, &count, sizeof count);
}

timespec to_timespec(base::Duration duration) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(duration);
    return {static_cast<time_t>(seconds.count()), static_cast<long>((duration - seconds).count())};
}

/// A Transport that owns its descriptor. Made and destroyed on the loop thread, used on the send thread.
struct Session {
    Session(int duplicate, Transport from) : fd{duplicate}, rtp{from.rtp}, sealer{std::move(from.sealer)} {}
    ~Session() { ::close(fd); }
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    int fd;
    RtpStart rtp;
    std::unique_ptr<PacketSealer> sealer;
    Session* next = nullptr;
};

base::Result<std::unique_ptr<Session>> make_session(Transport transport) {
    BASE_ASSERT(transport.sealer != nullptr);
    const int duplicate = ::fcntl(transport.fd, F_DUPFD_CLOEXEC, 0);
    if (duplicate < 0) return failure("duplicate the voice socket:", errno);
    return std::make_unique<Session>(duplicate, std::move(transport));
}

enum class Wish : std::uint8_t { pause, play };

/// Everything that the decisions of one stream work on.
struct StreamParts {
    explicit StreamParts(std::size_t ring_bytes) : ring{ring_bytes}, events{kEventsPerStream} {}
    PacketRing ring;
    StreamStats stats;
    StreamEvents events;
};

}  // namespace

struct SendStream::Shared : StreamParts, PacedStream {
    Shared(std::size_t ring_bytes, std::unique_ptr<Session> first)
        : StreamParts{ring_bytes}, PacedStream{ring, stats, events, first->rtp}, session{std::move(first)} {}
    ~Shared() { delete new_session.load(); }

    // Orders: written by the loop thread, the last one counts.
    std::atomic<Wish> wish{Wish::pause};
    std::atomic<std::uint64_t> flush_before{0};
    std::atomic<Session*> new_session{nullptr};
    std::atomic<bool> ordered{false};  // on the stack of orders
    Shared* next_ordered = nullptr;
    Shared* next_leaving = nullptr;

    // The send thread's own.
    std::unique_ptr<Session> session;
    std::uint64_t flushed_before = 0;
};

using Shared = SendStream::Shared;

struct SendThread::Impl {
    explicit Impl(SendThreadOptions chosen) : options{chosen}, pacer{chosen.pacer} {}
    ~Impl();

    base::Result<void> start();
    void free_retired();
    void order(Shared& stream);
    void wake() const { signal_eventfd(wake_fd); }

    // On the send thread.
    void run();
    void take_orders(base::Instant now);
    void obey(Shared& stream, base::Instant now);
    void transmit(Shared& stream, base::Instant deadline);
    void sleep() const;

    SendThreadOptions options;
    const base::Clock& clock = base::system_clock();
    Pacer pacer;
    std::array<std::byte, kMaxDatagramBytes> datagram;
    bool news = false;

    AtomicStack<Shared, &Shared::next_ordered> orders;
    AtomicStack<Shared, &Shared::next_leaving> leaving;  // handle is gone; the send thread lets go of it
    AtomicStack<Shared, &Shared::next_leaving> retired;  // ... and the loop thread frees it
    AtomicStack<Session, &Session::next> retired_sessions;
    std::atomic<bool> stopping{false};
    Counter wakeups;

    int wake_fd = -1;
    int events_fd = -1;
    bool realtime = false;
    std::size_t streams = 0;
    std::thread thread;
};

base::Result<void> SendThread::Impl::start() {
    wake_fd = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    events_fd = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (wake_fd < 0 || events_fd < 0) return failure("create an eventfd:", errno);
    // Signals belong to the loop thread: a new thread inherits the mask.
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = 0;
    try {
        thread = std::thread{[this] { run(); }};
    } catch (const std::system_error& refused) {
        error = refused.code().value();
    }
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    if (error != 0) return failure("start the send thread:", error);
    if (options.realtime) {
        const sched_param priority{.sched_priority = 1};
        realtime = pthread_setschedparam(thread.native_handle(), SCHED_FIFO, &priority) == 0;
    }
    return base::ok();
}

SendThread::Impl::~Impl() {
    stopping.store(true, std::memory_order_release);
    if (thread.joinable()) {
        wake();
        thread.join();
        take_orders(clock.now());  // what left last
    }
    free_retired();
    if (wake_fd >= 0) ::close(wake_fd);
    if (events_fd >= 0) ::close(events_fd);
}

void SendThread::Impl::free_retired() {
    for (auto* stream = retired.take_all(); stream != nullptr;) {
        delete std::exchange(stream, stream->next_leaving);
    }
    for (auto* session = retired_sessions.take_all(); session != nullptr;) {
        delete std::exchange(session, session->next);
    }
}

void SendThread::Impl::order(Shared& stream) {
    if (!stream.ordered.exchange(true)) orders.push(&stream);
    wake();
}

void SendThread::Impl::run() {
    pthread_setname_np(pthread_self(), "send");
    prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);  // ns; the default of 50 us is lateness for nothing
    while (!stopping.load(std::memory_order_acquire)) {
        take_orders(clock.now());
        pacer.run(clock.now(), [this](PacedStream& stream, base::Instant deadline) {
            transmit(static_cast<Shared&>(stream), deadline);
        });
        if (std::exchange(news, false)) signal_eventfd(events_fd);
        sleep();
        wakeups.add();
    }
}

void SendThread::Impl::take_orders(base::Instant now) {
    // Who is leaving gave its last order before, so it is in the list of orders that is taken after.
    auto* goodbye = leaving.take_all();
    for (auto* stream = orders.take_all(); stream != nullptr;) {
        auto& ordered = *std::exchange(stream, stream->next_ordered);
        ordered.ordered.store(false);  // from here on a further order queues it again
        obey(ordered, now);
    }
    while (goodbye != nullptr) {
        auto* gone = std::exchange(goodbye, goodbye->next_leaving);
        pacer.remove(*gone);
        retired.push(gone);
    }
}

void SendThread::Impl::obey(Shared& stream, base::Instant now) {
    if (auto* session = stream.new_session.exchange(nullptr)) {
        retired_sessions.push(stream.session.release());
        stream.session.reset(session);
        stream.restart_rtp(session->rtp);
    }
    const auto wish = stream.wish.load();
    const auto mark = stream.flush_before.load();
    if (mark != stream.flushed_before) {
        stream.flushed_before = mark;
        stream.flush(mark);
    }
    wish == Wish::play ? stream.play() : stream.pause();
    if (!stream.idle()) pacer.add(stream, now);
}

void SendThread::Impl::transmit(Shared& stream, base::Instant deadline) {
    if (const auto packet = stream.tick(deadline)) {
        const auto size = stream.session->sealer->seal(packet->header, packet->opus, datagram);
        const auto taken =
            size == 0 ? -1 : ::send(stream.session->fd, datagram.data(), size, MSG_DONTWAIT | MSG_NOSIGNAL);
        stream.sent(*packet, deadline, clock.now(), taken == static_cast<ssize_t>(size), size);
    }
    news |= stream.take_news();
    if (stream.idle()) pacer.remove(stream);
}

void SendThread::Impl::sleep() const {
    pollfd wake_up{wake_fd, POLLIN, 0};
    const auto deadline = pacer.next_deadline();
    timespec timeout{};
    if (deadline) {
        const auto left = *deadline - clock.now();
        if (left <= base::Duration::zero()) return;
        timeout = to_timespec(left);
    }
    if (::ppoll(&wake_up, 1, deadline ? &timeout : nullptr, nullptr) > 0) drain_eventfd(wake_fd);
}

SendThread::SendThread(std::unique_ptr<Impl> impl) : impl_{std::move(impl)} {}

SendThread::~SendThread() {
    BASE_ASSERT(impl_->streams == 0);
}

base::Result<std::unique_ptr<SendThread>> SendThread::start(SendThreadOptions options) {
    auto impl = std::make_unique<Impl>(options);
    if (auto started = impl->start(); !started) return std::unexpected(std::move(started).error());
    return std::unique_ptr<SendThread>{new SendThread{std::move(impl)}};
}

base::Result<std::unique_ptr<SendStream>> SendThread::add(Transport transport) {
    impl_->free_retired();
    auto session = make_session(std::move(transport));
    if (!session) return std::unexpected(std::move(session).error());
    auto* shared = new Shared{impl_->options.ring_bytes, *std::move(session)};
    ++impl_->streams;
    return std::unique_ptr<SendStream>{new SendStream{shared, this}};
}

int SendThread::events_fd() const {
    return impl_->events_fd;
}

void SendThread::acknowledge_events() {
    drain_eventfd(impl_->events_fd);
}

SendThread::Load SendThread::load() const {
    Load load{{}, impl_->streams, impl_->wakeups.value(), impl_->realtime};
    clockid_t cpu_clock{};
    timespec cpu{};
    if (pthread_getcpuclockid(impl_->thread.native_handle(), &cpu_clock) == 0 &&
        clock_gettime(cpu_clock, &cpu) == 0) {
        load.cpu = std::chrono::seconds{cpu.tv_sec} + std::chrono::nanoseconds{cpu.tv_nsec};
    }
    return load;
}

SendStream::~SendStream() {
    --thread_->impl_->streams;
    thread_->impl_->leaving.push(shared_);
    thread_->impl_->wake();
}

PacketRing& SendStream::packets() {
    return shared_->ring;
}

void SendStream::play() {
    shared_->wish.store(Wish::play);
    thread_->impl_->order(*shared_);
}

void SendStream::pause() {
    shared_->wish.store(Wish::pause);
    thread_->impl_->order(*shared_);
}

void SendStream::flush() {
    shared_->flush_before.store(shared_->ring.mark());
    thread_->impl_->order(*shared_);
}

void SendStream::stop() {
    shared_->wish.store(Wish::pause);
    flush();
}

base::Result<void> SendStream::set_transport(Transport transport) {
    auto session = make_session(std::move(transport));
    if (!session) return std::unexpected(std::move(session).error());
    delete shared_->new_session.exchange(session->release());  // one that was never used
    thread_->impl_->order(*shared_);
    thread_->impl_->free_retired();
    return base::ok();
}

const StreamStats& SendStream::stats() const {
    return shared_->stats;
}

std::optional<StreamEvent> SendStream::next_event() {
    return shared_->events.pop();
}

}  // namespace bandstand::audio_core
