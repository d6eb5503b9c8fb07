#pragma once

#include <malloc.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "audio_core/opus.hpp"
#include "audio_core/transport_sealer.hpp"
#include "base/random.hpp"
#include "loopback.hpp"
#include "measure.hpp"
#include "media/reader.hpp"

namespace bandstand::bench {

template <class T>
T must(base::Result<T> result) {
    if (!result) {
        std::cerr << result.error().describe() << '\n';
        std::exit(1);
    }
    return *std::move(result);
}

/// One file on its way to one stream, as a player of the audio service drives it.
class Player {
public:
    Player(audio_core::SendThread& sender, const Sinks& sinks, std::size_t number,
           const std::filesystem::path& file, bool transcode)
        : reader_{
              must(media::Reader::open(must(media::FileSource::open(file)), {}, file.filename().string()))} {
        if (transcode)
            encoder_.emplace(must(audio_core::OpusEncoder::create({.bitrate = 128'000, .complexity = 5})));
        base::Bytes secret(crypto::kTransportKeyBytes);
        base::fill_random(secret);
        auto cipher = must(crypto::TransportCipher::create(crypto::TransportMode::aes256_gcm_rtpsize,
                                                           must(crypto::TransportKey::from(secret))));
        const int socket = sinks.connect(number);
        auto sealer = std::make_unique<audio_core::TransportSealer>(std::move(cipher));
        stream_ = must(sender.add({socket, {static_cast<std::uint32_t>(number), 0, 0}, std::move(sealer)}));
        ::close(socket);
    }

    audio_core::SendStream& stream() { return *stream_; }

    /// Makes at most `most` packets while fewer than `ahead` wait; false if there was nothing to do.
    bool produce(std::size_t ahead, std::size_t most) {
        std::size_t made = 0;
        while (made < most && stream_->packets().frames() < ahead && make_packet()) ++made;
        return made > 0;
    }

private:
    bool make_packet() {
        const auto packet = next();
        if (!packet) {
            must(reader_->seek(std::chrono::milliseconds{0}));
            return true;
        }
        return stream_->packets().push({1, frame_++}, packet->data);
    }
    std::optional<audio_core::OpusPacket> next() {
        if (!encoder_) return must(reader_->next_packet());
        const auto frame = must(reader_->next_frame());
        if (!frame) return std::nullopt;
        return must(encoder_->encode(*frame));
    }

    std::unique_ptr<media::Reader> reader_;
    std::optional<audio_core::OpusEncoder> encoder_;
    std::unique_ptr<audio_core::SendStream> stream_;
    std::uint32_t frame_ = 0;
};

/// Plays `file` on `streams` streams for `wall` and measures it, after a second to settle.
inline Run play(const Sinks& sinks, std::size_t streams, const std::filesystem::path& file, bool transcode,
                bool realtime, base::Duration wall) {
    // Passthrough packets cost nothing to hold; transcoded ones are made late, so that a change is heard at
    // once.
    const std::size_t ahead = transcode ? 25 : 50;
    auto sender = must(audio_core::SendThread::start({.realtime = realtime}));
    ::malloc_trim(0);  // memory of runs before must not hide what this one takes
    const auto resident_before = resident_bytes();
    std::vector<std::unique_ptr<Player>> players;
    for (std::size_t i = 0; i < streams; ++i) {
        players.push_back(std::make_unique<Player>(*sender, sinks, i, file, transcode));
        players.back()->produce(ahead, ahead);
    }
    for (auto& player : players) player->stream().play();

    std::atomic<bool> stop{false};
    std::vector<std::thread> pool;
    const std::size_t threads = std::max(std::thread::hardware_concurrency(), 1U);
    for (std::size_t first = 0; first < threads; ++first) {
        pool.emplace_back([&, first] {
            while (!stop) {
                bool busy = false;
                for (auto i = first; i < streams; i += threads) busy |= players[i]->produce(ahead, 5);
                if (!busy) std::this_thread::sleep_for(std::chrono::milliseconds{5});
            }
        });
    }

    const auto snapshot = [&] {
        Run run{.streams = streams, .send_cpu = sender->load().cpu, .process_cpu = process_cpu()};
        for (auto& player : players) {
            const auto& stats = player->stream().stats();
            run.packets += stats.packets.value();
            for (const auto& gaps : stats.gaps) run.gaps += gaps.value();
            for (const auto& gap : stats.gap_ns) run.missing_s += static_cast<double>(gap.value()) / 1e9;
            add(run.lateness, stats.lateness.buckets());
        }
        return run;
    };
    std::this_thread::sleep_for(std::chrono::seconds{1});
    const auto start = now();
    const auto before = snapshot();
    std::this_thread::sleep_for(wall);
    auto run = snapshot();
    run.wall = now() - start;
    run.resident_bytes_per_stream =
        (static_cast<double>(resident_bytes()) - static_cast<double>(resident_before)) /
        static_cast<double>(streams);
    stop = true;
    for (auto& thread : pool) thread.join();
    run.send_cpu -= before.send_cpu;
    run.process_cpu -= before.process_cpu;
    run.packets -= before.packets;
    run.gaps -= before.gaps;
    run.missing_s -= before.missing_s;
    run.lateness = run.lateness - before.lateness;
    return run;
}

}  // namespace bandstand::bench
