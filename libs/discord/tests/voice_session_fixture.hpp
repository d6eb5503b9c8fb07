#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "discord/voice_session.hpp"

namespace bandstand::discord {

using nlohmann::json;

constexpr base::GuildId kGuild{41};
constexpr base::UserId kBot{7};
constexpr base::ChannelId kStage{100};
constexpr base::ChannelId kOtherStage{200};
constexpr std::uint32_t kSsrc = 0x1234;

inline std::string message(int op, json d, std::optional<int> seq = std::nullopt) {
    json text{{"op", op}, {"d", std::move(d)}};
    if (seq) text["seq"] = *seq;
    return text.dump();
}
inline std::string hello(double interval_ms = 13750) {
    return message(8, {{"v", 8}, {"heartbeat_interval", interval_ms}});
}
inline json ready_d() {
    return {{"ssrc", kSsrc},
            {"ip", "127.0.0.1"},
            {"port", 5000},
            {"modes", {"aead_aes256_gcm_rtpsize", "aead_xchacha20_poly1305_rtpsize"}},
            {"heartbeat_interval", 1}};  // bogus: only Hello counts
}
inline json description_d(int first_key_byte = 1, const char* mode = "aead_aes256_gcm_rtpsize") {
    json key = json::array();
    for (int i = 0; i < 32; ++i) key.push_back((first_key_byte + i) % 256);
    return {{"mode", mode}, {"secret_key", key}, {"dave_protocol_version", 0}};
}
inline base::Bytes discovery_answer(std::uint32_t ssrc = kSsrc, std::string_view ip = "203.0.113.9",
                                    std::uint16_t port = 40000) {
    base::Bytes answer(74);
    const base::MutableBytes out{answer};
    base::write_be<std::uint16_t>(2, out);
    base::write_be<std::uint16_t>(70, out.subspan(2));
    base::write_be(ssrc, out.subspan(4));
    std::ranges::copy(base::as_bytes(ip), out.begin() + 8);
    base::write_be(port, out.subspan(72));
    return answer;
}

/// A session, the time, and what the last event led to.
class VoiceSessionTest : public ::testing::Test {
protected:
    // ---- events
    void join(base::ChannelId channel = kStage) { see(session_.join(channel, now_)); }
    void own_state(base::ChannelId channel = kStage, std::string session = "session-1") {
        see(session_.on_own_state(channel, std::move(session), now_));
    }
    void server(std::string token = "token-1", std::string endpoint = "voice.example:2048") {
        see(session_.on_server(std::move(token), std::move(endpoint), now_));
    }
    void opened() { see(session_.on_ws_open(now_)); }
    void text(const std::string& what) { see(session_.on_ws_text(what, now_)); }
    void closed(int code) { see(session_.on_ws_closed(static_cast<std::uint16_t>(code), "", now_)); }
    void datagram(const base::Bytes& bytes) { see(session_.on_datagram(bytes, now_)); }
    /// Lets time pass as a driver would, timer by timer; collects what happened.
    void pass(base::Duration time) {
        const auto end = now_ + time;
        voice::Actions all;
        while (due_ && *due_ <= end) {
            now_ = std::max(now_, *due_);
            due_.reset();
            auto actions = session_.on_timer(now_);
            note(actions);
            all.insert(all.end(), actions.begin(), actions.end());
        }
        now_ = end;
        seen_ = std::move(all);
    }

    // ---- ways to get somewhere
    void reach_opening() {
        join();
        own_state();
        server();
    }
    void reach_identifying() {
        reach_opening();
        opened();
        text(hello());
    }
    void reach_discovering() {
        reach_identifying();
        text(message(2, ready_d(), 1));
    }
    void reach_selecting() {
        reach_discovering();
        datagram(discovery_answer());
    }
    void reach_ready() {
        reach_selecting();
        text(message(4, description_d(), 2));
    }
    void keep_alive(base::Duration time) {
        for (base::Duration passed{}; passed < time; passed += std::chrono::seconds{1}) {
            pass(std::chrono::seconds{1});
            text(message(6, {{"t", 1}}));
        }
    }

    // ---- what the last event led to
    template <class T>
    std::vector<T> all() const {
        std::vector<T> found;
        for (const auto& action : seen_) {
            if (const auto* match = std::get_if<T>(&action)) found.push_back(*match);
        }
        return found;
    }
    template <class T>
    bool has() const {
        return !all<T>().empty();
    }
    template <class T>
    T one() const {
        auto found = all<T>();
        EXPECT_EQ(found.size(), 1U);
        if (found.empty()) throw std::runtime_error{"the action is not there"};
        return found.front();
    }
    /// The `d` of every message sent with this opcode.
    std::vector<json> sent(int op) const {
        std::vector<json> found;
        for (const auto& send : all<voice::SendText>()) {
            const auto parsed = json::parse(send.text);
            if (parsed.at("op") == op) found.push_back(parsed.at("d"));
        }
        return found;
    }

    void see(voice::Actions actions) {
        note(actions);
        seen_ = std::move(actions);
    }
    void note(const voice::Actions& actions) {
        for (const auto& action : actions) {
            if (const auto* set = std::get_if<voice::SetTimer>(&action)) due_ = set->at;
        }
    }

    base::Instant now_{std::chrono::hours{1}};
    std::optional<base::Instant> due_;
    VoiceSession session_{{kGuild, kBot, kStage}};
    voice::Actions seen_;
};

}  // namespace bandstand::discord
